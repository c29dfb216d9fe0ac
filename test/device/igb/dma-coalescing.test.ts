import { describe, expect, it } from "vitest";
import { FormatError } from "../../../host/core/errors.ts";
import { Bench } from "./bench.ts";

const RING = 0x1000;
const TX_RING = 0x2000;
const BUFFERS = 0x1_0000;
const DMACR = 0x2508;
const DMCTXTH = 0x3550;
const DMCTLX = 0x2514;
const DMCRTRH = 0x5dd0;
const FCRTC = 0x2170;
const ENABLE = 0x8000_0000;
const EXIT = 0x0200_0000;
const ALL = 0xffff_ffff;
const US = 1000;

/** A card that rests after 4 µs; what comes then waits for `watchdog` × 32 µs, or until 2 KiB wait. */
async function card(watchdog = 3, threshold = 2): Promise<Bench> {
  const bench = await Bench.create("i350");
  const { pf } = bench;
  for (let index = 0; index < 64; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
  for (const [offset, value] of [
    [0xc000, RING],
    [0xc008, 1024],
    [0xc00c, 0x0200_0002],
    [0xc028, 0x0200_0000],
    [0xc018, 63],
    [0xe000, TX_RING],
    [0xe008, 1024],
    [0xe028, 0x0200_0000],
    [0x0100, 0x0000_8002],
    [0x0400, 0x0000_0002],
    [DMCTLX, ENABLE + 4],
    [DMCTXTH, 0xe4],
    [DMACR, (ENABLE | (threshold << 16) | watchdog) >>> 0],
  ] as const) {
    pf.write(offset, 4, value);
  }
  bench.card.service(64);
  bench.clock.advance(4 * US);
  return bench;
}

function receive(bench: Bench, length = 100): void {
  expect(bench.port.uplink.inject(new Uint8Array(length).fill(0xff, 0, 6))).toBe(true);
  bench.card.service(64);
}

/** Frames in memory: RDH. */
const taken = ({ pf }: Bench): number => pf.read(0xc010, 4);

describe("I350 §5.9 DMA coalescing", () => {
  it("DMACR.DMACWT: a frame waits in the packet buffer for that many times 32 µs, those behind it no longer", async () => {
    const bench = await card();
    receive(bench);
    expect([taken(bench), bench.card.nextDeadlineNs]).toEqual([0, (4 + 96) * US]);
    bench.clock.advance(95 * US);
    receive(bench);
    expect(taken(bench)).toBe(0);
    bench.clock.advance(1 * US);
    bench.card.service(64);
    expect([taken(bench), bench.card.nextDeadlineNs]).toEqual([2, Number.POSITIVE_INFINITY]);
  });

  it("DMCTLX.TTLX: it begins when there was no DMA for that many microseconds", async () => {
    const bench = await card();
    receive(bench);
    bench.clock.advance(96 * US);
    bench.card.service(64);
    bench.clock.advance(3 * US);
    receive(bench);
    expect(taken(bench)).toBe(2);
    bench.clock.advance(4 * US);
    receive(bench);
    expect(taken(bench)).toBe(2);
  });

  it("DMACR.DMACTHR: more bytes than that in the packet buffer end it", async () => {
    const bench = await card();
    receive(bench, 1000);
    receive(bench, 1000);
    expect(taken(bench)).toBe(0);
    receive(bench, 100);
    expect(taken(bench)).toBe(3);
  });

  it("DMCTXTH: a doorbell ends it when the transmit buffer has more room, else waits like a frame", async () => {
    for (const { threshold, sent } of [
      { threshold: 0xe4, sent: 1 },
      { threshold: 0, sent: 0 },
      { threshold: 0xfff, sent: 0 },
    ]) {
      const bench = await card();
      bench.map.writeBytes(TX_RING as never, new Uint8Array(Uint32Array.of(0x3000, 0, 0x2b30_0040, 64 << 14).buffer));
      bench.pf.write(DMCTXTH, 4, threshold);
      receive(bench);
      bench.pf.write(0xe018, 4, 1);
      bench.card.service(64);
      expect([bench.port.uplink.drain(() => {}), taken(bench)]).toEqual([sent, sent]);
      bench.clock.advance(96 * US);
      bench.card.service(64);
      expect([bench.port.uplink.drain(() => {}), taken(bench)]).toEqual([1 - sent, 1]);
    }
  });

  it("DMACR.EXIT_DC ends it once and reads as zero; DMAC_EN=0 ends it for good", async () => {
    const bench = await card();
    receive(bench);
    bench.pf.write(DMACR, 4, (ENABLE | EXIT | (2 << 16) | 3) >>> 0);
    bench.card.service(64);
    expect([taken(bench), bench.pf.read(DMACR, 4)]).toEqual([1, ENABLE + (2 << 16) + 3]);
    bench.clock.advance(4 * US);
    receive(bench);
    expect(taken(bench)).toBe(1);
    bench.pf.write(DMACR, 4, (2 << 16) | 3);
    bench.card.service(64);
    expect(taken(bench)).toBe(2);
    bench.clock.advance(4 * US);
    receive(bench);
    expect(taken(bench)).toBe(3);
  });

  it("I350 §8.5.4 FCRTH, where FCRTC is 0: more bytes than that in the packet buffer are no secret to the partner", async () => {
    const bench = await card(3, 0);
    const { pf } = bench;
    for (const [offset, value] of [
      [0x0170, 0x300],
      [0x2160, 0x400],
      [0x2168, 0x800],
      [0x0000, 0x1000_0041],
    ] as const) {
      pf.write(offset, 4, value);
    }
    receive(bench, 1000);
    expect(taken(bench)).toBe(0);
    receive(bench, 1000);
    receive(bench, 1000);
    expect(taken(bench)).toBe(3);
  });

  it("of a state what waits while nothing does is no deadline, and what is no moment is refused", async () => {
    for (const model of ["i350", "82576"] as const) {
      const bench = await Bench.create(model);
      bench.clock.advance(100 * US);
      const state = structuredClone(bench.card.save());
      const [port] = state.ports as [(typeof state.ports)[number]];
      port.peripherals.coalescing.sinceNs = 99;
      bench.card.restore(state);
      expect(bench.card.nextDeadlineNs).toBe(Number.POSITIVE_INFINITY);
      for (const moment of [-2, 0.5, 2 ** 60]) {
        port.peripherals.coalescing.sinceNs = moment;
        expect(() => bench.card.restore(state)).toThrow(FormatError);
      }
    }
  });

  it("IMIRVP, IMIR, ETQF: with filters for immediate interrupts nothing waits", async () => {
    const bench = await card();
    bench.pf.write(0x5ac0, 4, 0x8);
    receive(bench);
    expect(taken(bench)).toBe(1);
  });

  it("a restored card lets the frame wait no longer than the first would have", async () => {
    const bench = await card();
    receive(bench);
    bench.clock.advance(90 * US);
    const other = await Bench.create("i350");
    other.clock.advance(bench.clock.nowNs);
    other.map.writeBytes(RING as never, new Uint8Array(1024));
    other.map.write(RING as never, 4, BUFFERS);
    other.card.restore(structuredClone(bench.card.save()));
    expect([taken(other), other.card.nextDeadlineNs]).toEqual([0, 100 * US]);
    other.clock.advance(6 * US);
    other.card.service(64);
    expect(taken(other)).toBe(1);
  });
});

it.each([
  ["i350", [0, 0x0000_00e4, 0x0000_0020, 0, 0], [0xb0ff_bfff, 0xfff, 0x8000_0fff, 0x0007_ffff, 0x0003_fff0]],
  ["82576", [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
] as const)("%s has these registers, or none", async (model, reset, kept) => {
  const { pf } = await Bench.create(model);
  const registers = [DMACR, DMCTXTH, DMCTLX, DMCRTRH, FCRTC];
  const read = () => registers.map((register) => pf.read(register, 4));
  expect(read()).toEqual(reset);
  for (const register of registers) pf.write(register, 4, ALL);
  expect(read()).toEqual(kept);
});
