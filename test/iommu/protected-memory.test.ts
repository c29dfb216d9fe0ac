import { beforeEach, describe, expect, test } from "vitest";
import { GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { hpa } from "../../host/core/address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, MIB } from "./harness.ts";

const PMEN = 0x64;
const PLMBASE = 0x68;
const PLMLIMIT = 0x6c;
const PHMBASE = 0x70;
const PHMLIMIT = 0x78;
const EPM = 0x8000_0000;
const RID = 0x0215;
const HIGH = 0x12_0000_0000;
let h: Harness;
let table: number;

/** RAM from 1 MiB to 17 MiB and 8 MiB above 4 GiB; IOVA 0x40_0000_0000 + x leads to HPA x. */
async function start(options: IommuOptions = {}): Promise<void> {
  h = await Harness.create(options, 16 * MIB);
  h.map.addRam({ base: hpa(HIGH), size: 0x80_0000 });
  const root = h.page();
  table = h.page();
  h.context(root, RID, { table, domainId: 5 });
  for (const target of [0x3f_f000, 0x40_0000, 0x7f_f000, 0x80_0000, HIGH + 0x20_0000, HIGH + 0x40_0000]) {
    h.mapPage(table, 4, 0x40_0000_0000 + target, target);
    h.map.write(hpa(target), 4, 0x1111_2222);
  }
  h.enable(root);
}

beforeEach(() => start());

/** Which of the pages a DMA reads, and which it writes. */
const open = (offset = 0x40_0000_0000): number[] =>
  [0x3f_f000, 0x40_0000, 0x7f_f000, 0x80_0000, HIGH + 0x20_0000, HIGH + 0x40_0000].filter((page) => {
    const read = h.dmaRead(RID, offset + page, 4) !== undefined;
    expect(h.dmaWrite(RID, offset + page, Uint8Array.of(0x22, 0x22, 0x11, 0x11))).toBe(read);
    return read;
  });
const ALL = [0x3f_f000, 0x40_0000, 0x7f_f000, 0x80_0000, HIGH + 0x20_0000, HIGH + 0x40_0000];

describe("VT-d §11.4.8 protected memory", () => {
  test("§11.4.8.1 EPM: what both ranges cover is blocked, translated or not, without a fault; PRS follows", () => {
    h.set32(PLMBASE, 0x40_0000);
    h.set32(PLMLIMIT, 0x60_0000);
    h.set64(PHMBASE, BigInt(HIGH + 0x20_0000));
    h.set64(PHMLIMIT, BigInt(HIGH + 0x20_0000));
    expect(open()).toEqual(ALL);
    h.set32(PMEN, EPM);
    expect(h.get32(PMEN)).toBe(0x8000_0001);
    expect(open()).toEqual([0x3f_f000, 0x80_0000, HIGH + 0x40_0000]);
    h.command(GCMD_TE_LO, false);
    expect(open(0)).toEqual([0x3f_f000, 0x80_0000, HIGH + 0x40_0000]);
    expect(h.unit.faults()).toEqual([]);
    expect(h.unit.statistics().faults).toBe(0);
    h.set32(PMEN, 0);
    expect(h.get32(PMEN)).toBe(0);
    expect(open(0)).toEqual(ALL);
  });

  test("what was cached before is blocked too, and a page that was blocked is not remembered as such", () => {
    expect(open()).toEqual(ALL);
    h.set32(PLMBASE, 0x40_0000);
    h.set32(PLMLIMIT, 0x40_0000);
    h.set64(PHMBASE, 1n << 40n);
    h.set32(PMEN, EPM);
    expect(open()).toEqual(ALL.filter((page) => page !== 0x40_0000));
    h.set32(PLMLIMIT, 0x20_0000);
    expect(open()).toEqual(ALL);
  });

  test("§11.4.8.3, §11.4.8.5: ranges of 2 MiB; equal base and limit are one, a limit below the base none", () => {
    h.set32(PLMBASE, 0xffff_ffff);
    h.set32(PLMLIMIT, 0x7f_ffff);
    h.set64(PHMBASE, 0xffff_ffff_ffff_ffffn);
    expect([h.get32(PLMBASE), h.get32(PLMLIMIT), h.get64(PHMBASE)]).toEqual([
      0xffe0_0000,
      0x60_0000,
      0x000f_ffff_ffe0_0000n,
    ]);
    h.set32(PMEN, EPM);
    expect(open()).toEqual(ALL);
    h.set64(PHMBASE, BigInt(HIGH + 0x40_0000));
    h.set64(PHMLIMIT, BigInt(HIGH + 0x40_0000));
    expect(open()).toEqual(ALL.slice(0, -1));
  });

  test("an explanation tells what is dropped although the tables allow it", () => {
    h.set32(PLMBASE, 0x40_0000);
    h.set32(PLMLIMIT, 0x40_0000);
    h.set64(PHMBASE, BigInt(HIGH + 0x40_0000));
    h.set64(PHMLIMIT, BigInt(HIGH + 0x40_0000));
    const dropped = (): number[] =>
      ALL.filter((page) => {
        const { verdict, dropped } = h.unit.explain({ requesterId: RID, iova: 0x40_0000_0000 + page, access: 1 });
        expect(verdict).toMatchObject({ kind: "allowed", hpa: page });
        return dropped !== undefined;
      });
    expect(dropped()).toEqual([]);
    h.set32(PMEN, EPM);
    expect(dropped()).toEqual([0x40_0000, HIGH + 0x40_0000]);
    expect(open()).toEqual(ALL.filter((page) => !dropped().includes(page)));
  });

  test("a table in protected memory is still walked", () => {
    h.set32(PLMBASE, 0);
    h.set32(PLMLIMIT, 0x20_0000);
    h.set64(PHMBASE, 1n << 40n);
    h.set32(PMEN, EPM);
    expect(table).toBeLessThan(0x40_0000);
    expect(open()).toEqual(ALL.slice(1));
    expect(h.dmaRead(RID, 0x40_0000_0000 + 0x10_0000, 4)).toBeUndefined();
  });

  test.each([
    [{ protectedLow: false, protectedHigh: false }, 0, 0, 0n],
    [{ protectedLow: true, protectedHigh: false }, 0x8000_0001, 0x20_0000, 0n],
    [{ protectedLow: false, protectedHigh: true }, 0x8000_0001, 0, 0x20_0000n],
  ])("PLMR and PHMR: %o has the registers of what it reports", async (options, enabled, low, high) => {
    await start(options);
    h.set32(PLMBASE, 0x20_0000);
    h.set32(PLMLIMIT, 0x20_0000);
    h.set64(PHMBASE, 0x20_0000n);
    h.set64(PHMLIMIT, 0x20_0000n);
    h.set32(PMEN, 0xffff_ffff);
    expect([h.get32(PMEN), h.get32(PLMBASE), h.get64(PHMBASE)]).toEqual([enabled, low, high]);
    expect(open().includes(0x3f_f000)).toBe(enabled === 0);
    expect(open()).toEqual(enabled === 0 ? ALL : ALL.slice(1));
  });

  test("a restored unit protects what the saved one did", async () => {
    h.set32(PLMBASE, 0x40_0000);
    h.set32(PLMLIMIT, 0x40_0000);
    h.set64(PHMBASE, 1n << 40n);
    h.set32(PMEN, EPM);
    const state = h.unit.save();
    h.set32(PMEN, 0);
    expect(open()).toEqual(ALL);
    h.unit.restore(state);
    expect(open()).toEqual(ALL.filter((page) => page !== 0x40_0000));
  });
});
