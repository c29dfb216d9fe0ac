import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const RING = 0x1000;
const BUFFERS = 0x1_0000;
const FCTTV = 0x0170;
const FCRTL = 0x2160;
const FCRTH = 0x2168;
const FCRTV = 0x2460;
const XOFFTXC = 0x4054;
const TFCE = 0x1000_0000;

/** Bit times of 512 at 1000 Mb/s, in nanoseconds. */
const QUANTUM = 512;

/** A card without receive descriptors that asks its partner to pause from 2000 bytes in its packet buffer on. */
async function card(model: "i350" | "82576", time: number, threshold: number): Promise<Bench> {
  const bench = await Bench.create(model);
  const { pf } = bench;
  for (let index = 0; index < 32; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
  for (const [offset, value] of [
    [0xc000, RING],
    [0xc008, 512],
    [0xc00c, 0x0200_0002],
    [0xc028, 0x0200_0000],
    [0x0100, 0x0000_8002],
    [0x0000, TFCE | 0x41],
    [FCTTV, time],
    [FCRTL, 0x8000_0000 + 1008],
    [FCRTH, 2000],
    [FCRTV, threshold],
  ] as const) {
    pf.write(offset, 4, value);
  }
  return bench;
}

/** Frames that wait for descriptors. */
function fill(bench: Bench, frames = 8): void {
  for (let frame = 0; frame < frames; frame++) bench.port.uplink.inject(new Uint8Array(300).fill(0xff, 0, 6));
  bench.card.service(64);
}

/** The times of the PAUSE frames that left. */
function pauses(bench: Bench): number[] {
  const times: number[] = [];
  bench.port.uplink.drain((frame) => {
    expect([frame[12], frame[13], frame[14], frame[15]]).toEqual([0x88, 0x08, 0, 1]);
    times.push(((frame[16] as number) << 8) | (frame[17] as number));
  });
  return times;
}

describe.each(["i350", "82576"] as const)("%s §8.5.7 FCRTV", (model) => {
  it("XOFF is sent again when that much of the partner's pause is left, as long as the buffer is too full", async () => {
    const bench = await card(model, 0x300, 0x100);
    fill(bench);
    expect([pauses(bench), bench.card.nextDeadlineNs]).toEqual([[0x300], 0x200 * QUANTUM]);
    bench.clock.advance(0x200 * QUANTUM - 1);
    bench.card.service(64);
    expect(pauses(bench)).toEqual([]);
    bench.clock.advance(1);
    bench.card.service(64);
    expect([pauses(bench), bench.card.nextDeadlineNs]).toEqual([[0x300], 0x400 * QUANTUM]);
    // Between the two thresholds still.
    bench.pf.write(0xc018, 4, 4);
    bench.card.service(64);
    bench.clock.advance(0x200 * QUANTUM);
    bench.card.service(64);
    expect(pauses(bench)).toEqual([0x300]);
    bench.pf.write(0xc018, 4, 31);
    bench.card.service(64);
    expect([pauses(bench), bench.pf.read(XOFFTXC, 4)]).toEqual([[0], 3]);
    bench.clock.advance(0x400 * QUANTUM);
    bench.card.service(64);
    expect([pauses(bench), bench.card.nextDeadlineNs]).toEqual([[], Number.POSITIVE_INFINITY]);
  });

  it.each([
    ["0", 0x300, 0],
    ["as long as the pause", 0x80, 0x80],
  ])("of %s: never", async (_, time, threshold) => {
    const bench = await card(model, time, threshold);
    fill(bench);
    expect([pauses(bench), bench.card.nextDeadlineNs]).toEqual([[time], Number.POSITIVE_INFINITY]);
  });

  it("with one quantum to the next XOFF there are 16 all the same, as long as nobody takes the frames", async () => {
    const bench = await card(model, 2, 1);
    fill(bench);
    const started = bench.clock.nowNs;
    for (let turn = 0; turn < 5; turn++) {
      bench.clock.advance(bench.card.nextDeadlineNs - bench.clock.nowNs);
      bench.card.service(64);
    }
    expect([pauses(bench), bench.clock.nowNs - started]).toEqual([[2, 2, 2, 2, 2, 2], 5 * 16 * QUANTUM]);
  });

  it("at 100 Mb/s a pause lasts ten times as long; a restored card knows when XOFF is due", async () => {
    const bench = await card(model, 0x300, 0x100);
    bench.port.partner = { abilities: 0x0101, gigabit: false, eee: 0 };
    fill(bench);
    pauses(bench);
    const other = await Bench.create(model);
    other.card.restore(structuredClone(bench.card.save()));
    expect(other.card.nextDeadlineNs).toBe(0x200 * QUANTUM * 10);
    other.clock.advance(0x200 * QUANTUM * 10);
    other.card.service(64);
    expect(pauses(other)).toEqual([0x300]);
  });
});
