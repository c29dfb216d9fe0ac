import { beforeEach, describe, expect, test } from "vitest";
import * as abi from "../../assembly/spec/abi/iommu.ts";
import { FEADDR_REG, FEDATA_REG, FEUADDR_REG } from "../../assembly/spec/vtd/event.ts";
import { GCMD_IRE_LO, GCMD_QIE_LO, GCMD_SIRTP_LO, GCMD_SRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { FormatError } from "../../host/core/errors.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, RAM_BASE, READ } from "./harness.ts";

const GCMD = 0x18;
const GSTS = 0x1c;
let h: Harness;

beforeEach(async () => {
  h = await Harness.create();
});

describe("VT-d §11.4 the register block", () => {
  test("CAP_REG and ECAP_REG report what was asked for", async () => {
    h = await Harness.create({
      preset: "client",
      majorVersion: 5,
      faultOffset: 0x430,
      iotlbOffset: 0x1f0,
      coherentTables: true,
      protectedLow: false,
      protectedHigh: false,
      domainIdWidth: 8,
      addressWidths: [48],
      guestAddressWidth: 48,
      hostAddressWidth: 46,
      faultRecords: 1,
      cachingMode: true,
      interruptRemapping: false,
      extendedInterruptMode: false,
      passThrough: false,
      snoopControl: false,
      largestPage: "4K",
      pageSelectiveInvalidation: false,
      enhancedSetPointer: true,
    });
    expect(h.get32(0)).toBe(0x50);
    expect(h.get64(8)).toBe(2n | 0x80n | (4n << 8n) | (47n << 16n) | (0x43n << 24n) | (3n << 54n) | (1n << 63n));
    expect(h.get64(0x10)).toBe(3n | (0x1fn << 8n));
  });

  test("reset: both event controls masked, everything else that is writable 0", () => {
    for (const offset of [0x1c, 0x20, 0x28, 0x34, 0x3c, 0x64, 0x80, 0x88, 0x90, 0x9c, 0xb8, 0x400]) {
      expect(h.get32(offset)).toBe(0);
    }
    expect([h.get32(0x38), h.get32(0xa0)]).toEqual([0x8000_0000, 0x8000_0000]);
  });

  const everything: IommuOptions = {
    scalableMode: true,
    deviceTlb: true,
    pageRequests: true,
    protectedLow: true,
    protectedHigh: true,
  };
  test.each([
    [0x04, 0],
    [0x18, 0],
    [0x20, 0xffff_fc00],
    [0x24, 0x000f_ffff],
    [0x34, 0],
    [0x38, 0x8000_0000],
    [0x3c, 0x0000_ffff],
    [0x40, 0xffff_fffc],
    [0x44, 0xffff_ffff],
    [0x64, 0x8000_0001],
    [0x68, 0xffe0_0000],
    [0x6c, 0xffe0_0000],
    [0x70, 0xffe0_0000],
    [0x74, 0x000f_ffff],
    [0x78, 0xffe0_0000],
    [0x7c, 0x000f_ffff],
    [0x80, 0],
    [0x88, 0x0007_fff0],
    [0x8c, 0],
    [0x90, 0xffff_f807],
    [0x94, 0x000f_ffff],
    [0x9c, 0],
    [0xa0, 0x8000_0000],
    [0xa4, 0x0000_ffff],
    [0xa8, 0xffff_fffc],
    [0xac, 0xffff_ffff],
    [0xb0, 0],
    [0xb4, 0],
    [0xb8, 0xffff_f80f],
    [0xc0, 0x0007_ffe0],
    [0xc4, 0],
    [0xc8, 0x0007_ffe0],
    [0xd0, 0xffff_f007],
    [0xd4, 0x000f_ffff],
    [0xdc, 0],
    [0xe0, 0x8000_0000],
    [0xe4, 0x0000_ffff],
    [0xe8, 0xffff_fffc],
    [0xec, 0xffff_ffff],
    [0x408, 0],
    [0xffc, 0],
  ])("register %i keeps of all-ones what it implements", async (offset, kept) => {
    h = await Harness.create(everything);
    h.set32(offset, 0xffff_ffff);
    expect(h.get32(offset)).toBe(kept);
  });

  test("VER_REG, CAP_REG and ECAP_REG are read-only", async () => {
    h = await Harness.create(everything);
    const before = [0, 8, 12, 16, 20].map((offset) => h.get32(offset));
    for (const offset of [0, 8, 12, 16, 20]) h.set32(offset, ~h.get32(offset) >>> 0);
    expect([0, 8, 12, 16, 20].map((offset) => h.get32(offset))).toEqual(before);
  });

  test("registers of what a unit lacks are reserved: page requests, upper addresses without EIM, protected memory", async () => {
    h = await Harness.create({ preset: "qemu-11.1" });
    const absent = [0x44, 0x64, 0x68, 0x6c, 0x70, 0x78, 0xac, 0xc0, 0xc8, 0xd0, 0xdc, 0xe0, 0xe4, 0xe8, 0xec, 0x400];
    for (const offset of absent) h.set32(offset, 0xffff_ffff);
    expect(absent.map((offset) => h.get32(offset))).toEqual(absent.map(() => 0));
  });

  test("bytes and words of a register are written alone", () => {
    h.set32(0x40, 0x1122_3344);
    h.unit.mmio.write(0x41, 1, 0xaa);
    h.unit.mmio.write(0x42, 2, 0xbbcc);
    expect(h.get32(0x40)).toBe(0xbbcc_aa44);
    expect(h.unit.mmio.read(0x41, 1)).toBe(0xaa);
    expect(h.unit.mmio.read(0x42, 2)).toBe(0xbbcc);
  });

  test("a byte that does not hold the command bit starts no command", () => {
    h.unit.mmio.write(0x2c, 2, 0);
    h.unit.mmio.write(0x2f, 1, 0xa0);
    expect((h.get32(0x2c) >>> 24) & 0xf8).toBe(0x28);
  });

  test("beyond the block: 0, and writes vanish", () => {
    h.set32(0x1000, 5);
    expect(h.get32(0x1000)).toBe(0);
  });
});

describe("VT-d §11.4.4 global command and status", () => {
  test("TE is taken only once a root table was latched", () => {
    h.set32(GCMD, 0x8000_0000);
    expect(h.get32(GSTS)).toBe(0);
    h.command(GCMD_SRTP_LO);
    expect(h.get32(GSTS)).toBe(0x4000_0000);
    h.command(GCMD_TE_LO);
    expect(h.get32(GSTS)).toBe(0xc000_0000);
    expect(h.get32(GCMD)).toBe(0);
  });

  test("IRE is taken only once a table was latched; QIE by itself", () => {
    h.command(GCMD_IRE_LO);
    expect(h.get32(GSTS)).toBe(0);
    h.command(GCMD_SIRTP_LO);
    h.command(GCMD_IRE_LO);
    h.command(GCMD_QIE_LO);
    expect(h.get32(GSTS)).toBe(0x0700_0000);
  });

  test("without the capability there is nothing to enable", async () => {
    h = await Harness.create({
      queuedInvalidation: false,
      interruptRemapping: false,
      extendedInterruptMode: false,
    });
    h.set32(GCMD, 0x0780_0000);
    expect(h.get32(GSTS)).toBe(0);
    h.set32(0x90, 0xffff_ffff);
    h.set32(0xb8, 0xffff_ffff);
    expect([h.get32(0x90), h.get32(0xb8), h.get32(0xa0)]).toEqual([0, 0, 0]);
  });

  test("RTADDR_REG takes effect by SRTP only", () => {
    const [root, other, table] = [h.page(), h.page(), h.page()];
    h.context(root, 0x0215, { table });
    h.mapPage(table, 4, 0x1000, RAM_BASE);
    h.enable(root);
    h.set64(0x20, BigInt(other));
    expect(h.translate(0x0215, 0x1000)).toBe(RAM_BASE);
    expect(h.translate(0x0315, 0x1000)).toBe(-1);
    h.write64(other + 3 * 16, BigInt(RAM_BASE) | 3n);
    expect(h.translate(0x0315, 0x1000)).toBe(-1);
    h.command(GCMD_SRTP_LO);
    expect(h.translate(0x0315, 0x1000)).toBe(-0xa);
  });

  test("reserved bits and WBF without RWBF do nothing", () => {
    h.enable(h.page());
    h.set32(GCMD, 0xb87f_ffff);
    expect(h.get32(GSTS)).toBe(0xc000_0000);
  });

  test("the one-shots set their status once and for all; clearing them changes nothing", () => {
    h.set32(GCMD, 0x4100_0000);
    expect(h.get32(GSTS)).toBe(0x4100_0000);
    h.set32(GCMD, 0);
    expect(h.get32(GSTS)).toBe(0x4100_0000);
  });

  test("SRTP and TE in one write: the pointer first", () => {
    h.set32(GCMD, 0xc000_0000);
    expect(h.get32(GSTS)).toBe(0xc000_0000);
  });

  test("CFI is a level of its own", () => {
    h.set32(GCMD, 0x0080_0000);
    expect(h.get32(GSTS)).toBe(0x0080_0000);
    h.set32(GCMD, 0);
    expect(h.get32(GSTS)).toBe(0);
  });

  test("§11.4.5 TTM is what SRTP latched, also while translation is enabled", async () => {
    const root = h.page();
    h.enable(root);
    h.set64(0x20, BigInt(root) | 0xc00n);
    expect(h.translate(0x0316, 0x1000)).toBe(-1);
    h.command(GCMD_SRTP_LO);
    expect(h.translate(0x0416, 0x1000)).toBe(-0x33);
    h.set64(0x20, BigInt(root));
    h.command(GCMD_SRTP_LO);
    expect(h.translate(0x0516, 0x1000)).toBe(-1);
  });

  test("writing a byte of GCMD_REG leaves the other levels as they are", () => {
    h.enable(h.page());
    h.unit.mmio.write(GCMD, 1, 0);
    expect(h.get32(GSTS)).toBe(0xc000_0000);
    h.unit.mmio.write(GCMD + 3, 1, 0);
    expect(h.get32(GSTS)).toBe(0x4000_0000);
  });
});

describe("accesses of any alignment", () => {
  test("a write across the end of a dword changes its own bytes in both, and no others", () => {
    h.set32(FEDATA_REG, 0x1234);
    h.set32(FEADDR_REG, 0x5566_7788);
    h.unit.mmio.write(FEDATA_REG + 1, 4, 0xaabb_ccdd);
    // FEDATA_REG 31:16 and FEADDR_REG 1:0 are reserved.
    expect([h.get32(FEDATA_REG), h.get32(FEADDR_REG)]).toEqual([0xdd34, 0x5566_77a8]);
    h.unit.mmio.write(FEADDR_REG + 3, 2, 0x99ee);
    expect([h.get32(FEADDR_REG), h.get32(FEUADDR_REG)]).toEqual([0xee66_77a8, 0x99]);
  });

  test("a read across the end of a dword takes the bytes of both", () => {
    h.set32(FEDATA_REG, 0x1234);
    h.set32(FEADDR_REG, 0x5566_7788);
    expect(h.unit.mmio.read(FEDATA_REG + 1, 4)).toBe(0x8800_0012);
    expect(h.unit.mmio.read(FEDATA_REG + 3, 2)).toBe(0x8800);
    expect(h.unit.mmio.read(FEDATA_REG + 1, 2)).toBe(0x12);
    expect(h.unit.mmio.read(0xfff, 4)).toBe(0);
  });
});

describe("save and restore", () => {
  const start = async (): Promise<{ h: Harness; table: number }> => {
    const harness = await Harness.create();
    const [root, table] = [harness.page(), harness.page()];
    harness.context(root, 0x0215, { table, domainId: 7 });
    for (let page = 0; page < 8; page++) harness.mapPage(table, 4, page * 4096, RAM_BASE + page * 4096);
    harness.enable(root);
    return { h: harness, table };
  };

  test("a restored unit continues identically, stale entries, faults and counters included", async () => {
    const one = await start();
    const two = await start();
    for (const page of [0, 1, 2]) one.h.translate(0x0215, page * 4096);
    one.h.translate(0x0333, 0x5000);
    one.h.set32(0x3c, 0x31);
    for (const side of [one, two]) side.h.mapPage(side.table, 4, 0x1000, RAM_BASE + 0x7000);
    const state = one.h.unit.save();
    two.h.unit.restore(structuredClone(state));
    expect(two.h.unit.save()).toEqual(state);
    const go = (harness: Harness): unknown => [
      [0, 1, 2, 3, 9].map((page) => harness.translate(0x0215, page * 4096, READ)),
      harness.unit.faults(),
      harness.unit.statistics(),
      [0x1c, 0x34, 0x38, 0x3c, 0x400, 0x408, 0x40c].map((offset) => harness.get32(offset)),
    ];
    const continued = go(two.h);
    expect(continued).toEqual(go(one.h));
    expect((continued as number[][])[0]?.[1]).toBe(RAM_BASE + 0x1000);
    expect(two.h.unit.save()).toEqual(one.h.unit.save());
  });

  test("a state of another kind of unit, or none at all, is refused and changes nothing", async () => {
    const { h: harness } = await start();
    const before = harness.unit.save();
    const other = await Harness.create({ faultRecords: 3 });
    expect(() => harness.unit.restore(other.unit.save())).toThrow(FormatError);
    expect(() => harness.unit.restore({ pieces: [{ offset: 0, bytes: new Uint8Array(8) }] })).toThrow(FormatError);
    expect(() => harness.unit.restore({ pieces: [] })).toThrow(FormatError);
    harness.translate(0x0215, 0x1000);
    const less = await Harness.create({}, 0x1000);
    expect(() => less.unit.restore(harness.unit.save())).toThrow(/leads to 0x101000/);
    harness.unit.restore(before);
    expect(harness.unit.save()).toEqual(before);
  });

  test.each([
    ["translating", abi.UNIT_TRANSLATING, 0],
    ["remapping", abi.UNIT_REMAPPING, 1],
    ["contextGeneration", abi.UNIT_CONTEXT_GENERATION, 4096],
    ["faultIndex", abi.UNIT_FAULT_INDEX, 8],
    ["faultIndex", abi.UNIT_FAULT_INDEX, 0xffff_ffff],
    ["tableError", abi.UNIT_TABLE_ERROR, 2],
    ["events", abi.UNIT_EVENTS, 8],
    ["messageCount", abi.UNIT_ATS + 4, 65],
    ["queueWaits", abi.UNIT_ATS + 16, 2],
    ["other capabilities", abi.UNIT_REGISTERS + 12, 0xffff_ffff],
    ["other capabilities", abi.UNIT_DERIVED + 16, 64],
    ["IQH_REG", abi.UNIT_REGISTERS + 0x80, 8],
  ])("a state whose %s (offset %i) is %i is refused and changes nothing", async (what, offset, value) => {
    const { h: harness } = await start();
    const before = harness.unit.save();
    const state = structuredClone(before);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    state.pieces.push({ offset, bytes });
    expect(() => harness.unit.restore(state)).toThrow(FormatError);
    expect(() => harness.unit.restore(state)).toThrow(what);
    expect(harness.unit.save()).toEqual(before);
  });

  test.each([null, undefined, {}, { pieces: 3 }, { pieces: [null] }, { pieces: [{ offset: 48, bytes: "abc" }] }])(
    "the state %j is refused",
    async (state) => {
      const { h: harness } = await start();
      expect(() => harness.unit.restore(state as never)).toThrow(FormatError);
    },
  );

  test("reset gives the state after power-on", async () => {
    const { h: harness } = await start();
    const fresh = await Harness.create();
    harness.translate(0x0215, 0);
    harness.unit.reset();
    expect(harness.unit.save()).toEqual(fresh.unit.save());
  });
});
