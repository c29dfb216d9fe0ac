import { beforeEach, describe, expect, test } from "vitest";
import { FEADDR_REG, FEDATA_REG, FEUADDR_REG } from "../../assembly/spec/vtd/event.ts";
import { GCMD_IRE_LO, GCMD_QIE_LO, GCMD_SIRTP_LO, GCMD_SRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, RAM_BASE } from "./harness.ts";

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
