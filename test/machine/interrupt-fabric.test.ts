import { describe, expect, it } from "vitest";
import { type DeliveredInterrupt, InterruptFabric } from "../../host/machine/interrupt-fabric.ts";

const IDS = [0, 5, 6, 0x15, 0xff, 0x1_0005];

/** The processors among IDS that take an interrupt for a destination. */
function taken(options: Partial<DeliveredInterrupt>): number[] {
  const fabric = new InterruptFabric();
  const seen: number[] = [];
  for (const id of IDS) fabric.connect(id, () => seen.push(id));
  const rest = { destination: 0, vector: 0x41, deliveryMode: 0, logical: false, level: false, wide: false };
  expect(fabric.deliver({ ...rest, redirectionHint: false, ...options })).toBe(seen.length);
  return seen;
}

describe("interrupt destinations", () => {
  it("SDM 3A §12.6.2.1: of 8 bits, 0xff is every processor; of 32 bits, only 0xffffffff is", () => {
    expect(taken({ destination: 0xff })).toEqual(IDS);
    expect(taken({ destination: 0xff, wide: true })).toEqual([0xff]);
    expect(taken({ destination: 0xffff_ffff, wide: true })).toEqual(IDS);
    expect(taken({ destination: 0x1_0005, wide: true })).toEqual([0x1_0005]);
    expect(taken({ destination: 7 })).toEqual([]);
  });

  it("SDM 3A §12.6.2.2: of 8 bits, a logical destination has one bit for each of the first eight processors", () => {
    expect(taken({ destination: 0b0110_0001, logical: true })).toEqual([0, 5, 6]);
    expect(taken({ destination: 0b0110_0000, logical: true, deliveryMode: 1 })).toEqual([5]);
    expect(taken({ destination: 0b0110_0000, logical: true, redirectionHint: true })).toEqual([5]);
  });

  it("SDM 3A §12.12.10.2: of 32 bits, a logical destination is a cluster and a bit for each of its processors", () => {
    const logical = { logical: true, wide: true };
    expect(taken({ destination: 0x0000_0060, ...logical })).toEqual([5, 6]);
    expect(taken({ destination: 0x0001_0020, ...logical })).toEqual([0x15]);
    expect(taken({ destination: 0x1000_0020, ...logical })).toEqual([0x1_0005]);
    expect(taken({ destination: 0x000f_8000, ...logical })).toEqual([0xff]);
    expect(taken({ destination: 0xffff_ffff, ...logical })).toEqual(IDS);
  });
});
