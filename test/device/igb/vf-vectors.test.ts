import { expect, it } from "vitest";
import type { MmioHandler } from "../../../host/core/ports.ts";
import { Bench } from "./bench.ts";

const GPIE = 0x1514;
const EICS = 0x1520;
const EIMS = 0x1524;
const EIMC = 0x1528;
const EIAC = 0x152c;
const EIAM = 0x1530;
const EICR = 0x1580;

it("I350 §8.8 EIAC, EIAM, EIMS, EICR in IOV mode: three bits from 24 down are each VF's; the PF reads them and changes none", async () => {
  const bench = await Bench.create();
  bench.pf.write(GPIE, 4, 0x4000_0010);
  const [vf0, vf1] = bench.enableVfs(2) as [MmioHandler, MmioHandler];
  vf0.write(EIMS, 4, 0b101);
  vf1.write(EIMS, 4, 0b010);
  vf0.write(EIAC, 4, 0b011);
  vf1.write(EIAM, 4, 0b110);
  vf1.write(EICS, 4, 0b100);
  expect([EIMS, EIAC, EIAM, EICS].map((at) => bench.pf.read(at, 4))).toEqual([
    0b101_010 << 19,
    0b011_000 << 19,
    0b000_110 << 19,
    0b000_100 << 19,
  ]);
  for (const at of [EIMC, EIAC, EIAM, EICR]) bench.pf.write(at, 4, 0xffff_ffff);
  expect([EIAC, EIAM].map((at) => bench.pf.read(at, 4))).toEqual([
    (0b011_000 << 19) | 0x7ffff,
    (0b000_110 << 19) | 0x7ffff,
  ]);
  expect([vf0.read(EIMS, 4), vf1.read(EIMS, 4), vf0.read(EIAC, 4), vf1.read(EIAM, 4)]).toEqual([
    0b101, 0b010, 0b011, 0b110,
  ]);
  // The PF's write takes its own causes and leaves the VF's.
  bench.pf.write(EICS, 4, 0xffff_ffff);
  expect(bench.pf.read(EICR, 4)).toBe((0b000_100 << 19) | 0x7ffff);
  bench.pf.write(EICR, 4, 0xffff_ffff);
  expect(bench.pf.read(EICR, 4)).toBe(0b000_100 << 19);
  expect(vf1.read(EICR, 4)).toBe(0b100);
});

it("without VFs all 25 bits are the PF's", async () => {
  const bench = await Bench.create("82576");
  bench.pf.write(GPIE, 4, 0x10);
  bench.pf.write(EIMS, 4, 0xffff_ffff);
  expect(bench.pf.read(EIMS, 4)).toBe(0x01ff_ffff);
});
