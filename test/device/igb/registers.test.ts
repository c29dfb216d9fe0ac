// Registers as the self test of Linux's igb writes them and reads them back, and what its register dump reads: which
// registers, which bits, as in igb_ethtool.c.
import { describe, expect, it } from "vitest";
import type { Hpa } from "../../../host/core/address.ts";
import { Bench } from "./bench.ts";

type Pattern = readonly [name: string, offset: number, count: number, stride: number, mask: number, written: number];

const ALL = 0xffff_ffff;
const PATTERNS = [0x5a5a_5a5a, 0xa5a5_a5a5, 0, ALL];

const COMMON: readonly Pattern[] = [
  ["FCAL", 0x0028, 1, 0, ALL, ALL],
  ["FCAH", 0x002c, 1, 0, 0xffff, ALL],
  ["FCT", 0x0030, 1, 0, 0xffff, ALL],
  ["RDBAL", 0x2800, 4, 0x100, 0xffff_ff80, ALL],
  ["RDBAH", 0x2804, 4, 0x100, ALL, ALL],
  ["RDT", 0x2818, 4, 0x100, 0xffff, 0xffff],
  ["FCRTH", 0x2168, 1, 0, 0xfff0, 0xfff0],
  ["FCTTV", 0x0170, 1, 0, 0xffff, 0xffff],
  ["TIPG", 0x0410, 1, 0, 0x3fff_ffff, 0x3fff_ffff],
  ["TDBAL", 0x3800, 4, 0x100, 0xffff_ff80, ALL],
  ["TDBAH", 0x3804, 4, 0x100, ALL, ALL],
  ["RAL", 0x5400, 16, 8, ALL, ALL],
  ["MTA", 0x5200, 128, 4, ALL, ALL],
];
const SELF_TEST = {
  i350: [
    ...COMMON,
    ["VET", 0x0038, 1, 0, 0xffff_0000, 0xffff_0000],
    ["RDLEN", 0x2808, 4, 0x100, 0x000f_ff80, 0x000f_ffff],
    ["RDLEN(4)", 0xc108, 4, 0x40, 0x000f_ff80, 0x000f_ffff],
    ["RDT(4)", 0xc118, 4, 0x40, 0xffff, 0xffff],
    ["TDLEN", 0x3808, 4, 0x100, 0x000f_ff80, 0x000f_ffff],
    ["TDLEN(4)", 0xe108, 4, 0x40, 0x000f_ff80, 0x000f_ffff],
    ["TDT", 0x3818, 4, 0x100, 0xffff, 0xffff],
    ["TDT(4)", 0xe118, 4, 0x40, 0xffff, 0xffff],
    ["RAH", 0x5404, 16, 8, 0xc3ff_ffff, ALL],
    ["RAL(16)", 0x54e0, 16, 8, ALL, ALL],
    ["RAH(16)", 0x54e4, 16, 8, 0xc3ff_ffff, ALL],
  ],
  "82576": [
    ...COMMON,
    ["VET", 0x0038, 1, 0, ALL, ALL],
    ["RDLEN", 0x2808, 4, 0x100, 0x000f_fff0, 0x000f_ffff],
    ["RDLEN(4)", 0xc108, 12, 0x40, 0x000f_fff0, 0x000f_ffff],
    ["RDT(4)", 0xc118, 12, 0x40, 0xffff, 0xffff],
    ["TDLEN", 0x3808, 4, 0x100, 0x000f_fff0, 0x000f_ffff],
    ["TDLEN(4)", 0xe108, 12, 0x40, 0x000f_fff0, 0x000f_ffff],
    ["RAH", 0x5404, 16, 8, 0x83ff_ffff, ALL],
    ["RAL(16)", 0x54e0, 8, 8, ALL, ALL],
    ["RAH(16)", 0x54e4, 8, 8, 0x83ff_ffff, ALL],
  ],
} as const satisfies Record<string, readonly Pattern[]>;

/** STATUS with all but these bits written: none of the others may change. */
const STATUS_TOGGLE = { i350: 0x7fef_f3ff, "82576": 0x7fff_f3ff };
/** Causes that ICS can set. */
const CAUSES = { i350: 0x77dc_fed5, "82576": 0x77d4_fbfd };

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  it("keeps every pattern of the self test in the bits that it looks at", async () => {
    const { pf } = await Bench.create(profile);
    for (const [name, offset, count, stride, mask, written] of SELF_TEST[profile]) {
      for (let index = 0; index < count; index++) {
        for (const pattern of PATTERNS) {
          pf.write(offset + index * stride, 4, (pattern & written) >>> 0);
          const read = (pf.read(offset + index * stride, 4) & mask) >>> 0;
          expect([name, index, read]).toEqual([name, index, (pattern & written & mask) >>> 0]);
        }
      }
    }
    const toggle = STATUS_TOGGLE[profile];
    const before = pf.read(0x0008, 4) & toggle;
    pf.write(0x0008, 4, toggle);
    expect(pf.read(0x0008, 4) & toggle).toBe(before);
    for (const [mask, written] of [
      [ALL, 0],
      [0x04cf_b0fe, 0x003f_fffb],
      [0x04cf_b0fe, ALL],
    ] as const) {
      pf.write(0x0100, 4, (written & mask) >>> 0);
      expect((pf.read(0x0100, 4) & mask) >>> 0).toBe((written & mask) >>> 0);
    }
  });

  it("interrupts for every cause that the self test sets, when it is enabled, by message and by pin", async () => {
    const bench = await Bench.create(profile);
    const { pf } = bench;
    const fn = bench.port.pf;
    pf.read(0x00c0, 4);
    for (let bit = 0; bit < 31; bit++) {
      const cause = (1 << bit) >>> 0;
      if ((cause & CAUSES[profile]) === 0) continue;
      pf.write(0x00d8, 4, ALL);
      pf.write(0x00c8, 4, cause);
      expect([fn.interruptPins, pf.read(0x00c8, 4)]).toEqual([0, cause]);
      pf.write(0x00c0, 4, ALL);
      pf.write(0x00d0, 4, cause);
      pf.write(0x00c8, 4, cause);
      expect(fn.interruptPins).toBe(1);
      expect(fn.configRead(0x06, 2) & 8).toBe(8);
      expect(pf.read(0x00d8, 4)).toBe(cause);
      expect(pf.read(0x00c0, 4)).toBe((0x8000_0000 | cause) >>> 0);
      expect([fn.interruptPins, pf.read(0x00c8, 4)]).toEqual([0, 0]);
    }
  });

  it("§8.8.1 and §8.8.5: EICS shows EICR, EIMC shows EIMS, and reading neither changes anything", async () => {
    const { pf } = await Bench.create(profile);
    pf.write(0x1514, 4, 0x10);
    pf.write(0x1520, 4, 0x15);
    pf.write(0x1524, 4, 0x28);
    expect([pf.read(0x1520, 4), pf.read(0x1520, 4), pf.read(0x1528, 4)]).toEqual([0x15, 0x15, 0x28]);
    // GPIE.Multiple_MSIX: only writing clears it.
    expect([pf.read(0x1580, 4), pf.read(0x1520, 4)]).toEqual([0x15, 0x15]);
    pf.write(0x1514, 4, 0);
    expect([pf.read(0x1580, 4), pf.read(0x1520, 4)]).toEqual([0x15, 0]);
  });

  it("reads of the register dump answer, and but for ICR, EICR and statistics change nothing", async () => {
    const bench = await Bench.create(profile);
    const before = bench.card.save();
    for (let offset = 0; offset < 0x1_0000; offset += 4) {
      const statistic = offset >= 0x4000 && offset < 0x4200;
      const effect = [0x00c0, 0x1580, 0x5b50, 0xb600, 0xb604, 0xb6f8, 0x3554, 0x3548].includes(offset);
      if (!statistic && !effect) expect(bench.pf.read(offset, 4)).not.toBe(ALL);
    }
    expect(bench.card.save()).toEqual(before);
  });

  it("§7.3.2 EITR 0 spaces the one interrupt of a driver without MSI-X mode", async () => {
    const bench = await Bench.create(profile);
    const { pf, clock, card } = bench;
    const fn = bench.port.pf;
    pf.write(0x1680, 4, 100 << 2);
    clock.advance(1_000_000);
    pf.write(0x00d0, 4, 0x0000_0085);
    pf.write(0x00c8, 4, 0x80);
    expect(fn.interruptPins).toBe(1);
    pf.read(0x00c0, 4);
    pf.write(0x00c8, 4, 0x04);
    expect(fn.interruptPins).toBe(0);
    expect(card.nextDeadlineNs).toBe(1_100_000);
    clock.advance(99_999);
    card.service(1);
    expect(fn.interruptPins).toBe(0);
    clock.advance(1);
    card.service(1);
    expect(fn.interruptPins).toBe(1);
    const other = await Bench.create(profile);
    other.card.restore(structuredClone(card.save()));
    expect(other.port.pf.interruptPins).toBe(1);
    other.pf.read(0x00c0, 4);
    expect(other.port.pf.interruptPins).toBe(0);
  });
});

describe("flow control", () => {
  it("annex 31B: a pause that the data path took holds transmission for its time; XON ends it", async () => {
    const bench = await Bench.create();
    const { state } = bench.port;
    const turn = (ns: number, pause?: number): [number, number] => {
      if (pause !== undefined) state.set(16092, (0x8000_0000 | pause) >>> 0);
      bench.clock.advance(ns);
      bench.pf.write(0xe018, 4, 0);
      bench.card.service(1);
      return [bench.pf.read(0x0008, 4) & 0x10, state.get(16096)];
    };
    expect(turn(0, 10)).toEqual([0x10, 1]);
    expect(bench.card.nextDeadlineNs).toBe(5120);
    expect(turn(5119)).toEqual([0x10, 1]);
    expect(turn(1)).toEqual([0, 0]);
    expect(turn(0, 0xffff)).toEqual([0x10, 1]);
    expect(turn(5, 0)).toEqual([0, 0]);
  });

  it("a PAUSE frame from the wire is counted, held and not received; IAC counts interrupts; reading clears both", async () => {
    const bench = await Bench.create();
    const { pf, clock, card } = bench;
    pf.write(0x0000, 4, 0x0800_0041);
    pf.write(0x0100, 4, 0x0000_8002);
    const pause = new Uint8Array(60);
    pause.set([0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0x00, 0x64]);
    bench.port.uplink.inject(pause);
    card.service(4);
    expect([pf.read(0x4050, 4), pf.read(0x4050, 4), pf.read(0x0008, 4) & 0x10]).toEqual([1, 0, 0x10]);
    expect([card.nextDeadlineNs, pf.read(0x4074, 4)]).toEqual([51_200, 0]);
    clock.advance(51_200);
    card.service(4);
    expect(pf.read(0x0008, 4) & 0x10).toBe(0);
    pf.read(0x4100, 4);
    pf.write(0x00d0, 4, 4);
    for (let count = 0; count < 3; count++) {
      pf.write(0x00c8, 4, 4);
      pf.read(0x00c0, 4);
    }
    expect([pf.read(0x4100, 4), pf.read(0x4100, 4)]).toEqual([3, 0]);
  });

  it("§8.18 frames from the wire are counted by their length with the CRC, until they are read", async () => {
    const bench = await Bench.create();
    const { pf, card } = bench;
    pf.write(0x0100, 4, 0x0000_8022);
    bench.map.writeBytes(
      0x2000 as Hpa,
      new Uint8Array(Uint32Array.from({ length: 32 }, (_, at) => (at % 4 === 0 ? 0x4000 : 0)).buffer),
    );
    for (const [offset, value] of [
      [0xc000, 0x2000],
      [0xc008, 0x80],
      [0xc00c, 0x0200_0002],
      [0xc028, 0x0200_0000],
      [0xc018, 7],
    ] as const) {
      pf.write(offset, 4, value);
    }
    for (const length of [60, 61, 123, 124, 1019, 1020, 1514]) {
      bench.port.uplink.inject(new Uint8Array(length).fill(0xff, 0, 6));
    }
    card.service(16);
    const read = () => [0, 1, 2, 3, 4, 5].map((at) => pf.read(0x405c + 4 * at, 4));
    expect([read(), read()]).toEqual([
      [1, 2, 1, 0, 1, 2],
      [0, 0, 0, 0, 0, 0],
    ]);
  });
});
