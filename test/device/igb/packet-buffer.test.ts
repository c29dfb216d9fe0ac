import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const RING = 0x1000;
const BUFFERS = 0x1_0000;
const DROP_EN = 0x8000_0000;

/** A frame for everybody, `number` in its last byte. */
function frame(number: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length).fill(0xff, 0, 6);
  bytes[length - 1] = number;
  return bytes;
}

/** A card whose queue 0 has a ring of 8 descriptors with buffers of 2 KiB and none of them its own yet. */
async function card(srrctl: number): Promise<Bench> {
  const bench = await Bench.create("82576");
  for (let index = 0; index < 8; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
  const registers = { 49152: RING, 49156: 0, 49160: 128, 49164: srrctl, 256: 0x0000_8002 };
  for (const [offset, value] of Object.entries(registers)) bench.pf.write(Number(offset), 4, value);
  return bench;
}

function give(bench: Bench, tail: number): void {
  bench.pf.write(0xc018, 4, tail);
  bench.port.service(1024);
}

/** Of the first frames in memory the last bytes. */
const received = (bench: Bench, count: number): number[] =>
  Array.from({ length: count }, (_, index) => bench.map.read((BUFFERS + 2048 * index + 59) as never, 1));
const MPC = 0x4010;

describe("82576 §7.1.2: a frame from the wire waits in the packet buffer for descriptors", () => {
  it("SRRCTL.Drop_En=0: until RDT moves, in order, and none is missed", async () => {
    const bench = await card(0x0200_0000);
    for (const number of [3, 5, 9]) bench.port.uplink.inject(frame(number));
    bench.port.service(1024);
    expect(bench.pf.read(0xc010, 4)).toBe(0);
    give(bench, 2);
    expect(received(bench, 3)).toEqual([3, 5, 0]);
    give(bench, 5);
    expect(received(bench, 3)).toEqual([3, 5, 9]);
    expect([bench.pf.read(0xc010, 4), bench.pf.read(MPC, 4)]).toEqual([3, 0]);
  });

  it.each([
    ["SRRCTL.Drop_En=1", DROP_EN + 0x0200_0000, 0],
    ["QDE", 0x0200_0000, 1],
  ])("%s: it is dropped and counted", async (_, srrctl, qde) => {
    const bench = await card(srrctl);
    bench.pf.write(0x2408, 4, qde);
    bench.port.uplink.inject(frame(3));
    bench.port.service(1024);
    give(bench, 2);
    expect(received(bench, 1)).toEqual([0]);
    expect(bench.pf.read(MPC, 4)).toBe(1);
  });

  it("what its 64 KiB do not hold is missed", async () => {
    const bench = await card(0x0200_0000);
    for (let number = 0; number < 80; number++) bench.port.uplink.inject(frame(number, 1016));
    bench.port.service(1024);
    expect(bench.pf.read(MPC, 4)).toBe(16);
    give(bench, 1);
    expect(bench.map.read((BUFFERS + 1015) as never, 1)).toBe(16);
  });

  it("a disabled queue keeps nothing", async () => {
    const bench = await card(0x0200_0000);
    bench.pf.write(0xc028, 4, 0);
    bench.port.uplink.inject(frame(3));
    bench.port.service(1024);
    bench.pf.write(0xc028, 4, 0x0200_0000);
    give(bench, 2);
    expect(received(bench, 1)).toEqual([0]);
  });
});
