import { beforeEach, describe, expect, test } from "vitest";
import * as event from "../../assembly/spec/vtd/event.ts";
import { FSTS_PFO_LO, FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import { decodeFault, faultAddress } from "../../host/machine/fault.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import { Harness, NOWHERE, RAM_BASE, READ, WRITE } from "./harness.ts";

const RID = 0x0215;
const IOVA = 0x12_3456_7890;
const PAGE = 0x12_3456_7000;
const FRCD = 0x400;
const PPF = 0x2;
const PFO = 0x1;
let h: Harness;
let root: number;
let table: number;

async function start(capabilities: Partial<IommuCapabilities> = {}): Promise<void> {
  h = await Harness.create(capabilities);
  root = h.page();
  table = h.page();
  h.context(root, RID, { table, domainId: 7 });
  h.mapPage(table, 4, PAGE, RAM_BASE + 0x5000);
  h.enable(root);
}

beforeEach(() => start());

/** Sets bits of the 64-bit word at an address. */
function or64(at: number, bits: bigint): void {
  h.write64(at, h.read64(at) | bits);
}

describe("VT-d §7.1.3 root and context entries", () => {
  test("LRT.1 8h: the root table cannot be read", () => {
    h.enable(NOWHERE);
    expect(h.translate(RID, IOVA)).toBe(-8);
  });

  test("LRT.2 1h: P=0 in the root-entry", () => {
    expect(h.translate(0x0300, IOVA)).toBe(-1);
  });

  test.each([1, 11, 64, 100, 127])("LRT.3 Ah: reserved bit %i of a present root-entry", (bit) => {
    or64(root + 2 * 16 + (bit >= 64 ? 8 : 0), 1n << BigInt(bit % 64));
    expect(h.translate(RID, IOVA)).toBe(-0xa);
  });

  test("LRT.3 Ah: a context-table pointer beyond the host address width", async () => {
    await start({ hostAddressWidth: 46 });
    or64(root + 2 * 16, 1n << 46n);
    expect(h.translate(RID, IOVA)).toBe(-0xa);
  });

  test("LCT.1 9h: the context table cannot be read", () => {
    h.write64(root + 2 * 16, BigInt(NOWHERE) | 1n);
    expect(h.translate(RID, IOVA)).toBe(-9);
  });

  test("LCT.2 2h: P=0 in the context-entry, and nothing else of it is looked at", () => {
    const at = h.contextAt(root, 0x0216);
    h.write64(at, 0xff0n);
    expect(h.translate(0x0216, IOVA)).toBe(-2);
  });

  test.each([4, 11, 71, 88, 127])("LCT.3 Bh: reserved bit %i of a present context-entry", (bit) => {
    or64(h.contextAt(root, RID) + (bit >= 64 ? 8 : 0), 1n << BigInt(bit % 64));
    expect(h.translate(RID, IOVA)).toBe(-0xb);
  });

  test.each([67, 68, 69, 70])("§9.3: bit %i of a context-entry is ignored", (bit) => {
    or64(h.contextAt(root, RID) + 8, 1n << BigInt(bit - 64));
    expect(h.translate(RID, IOVA)).toBe(RAM_BASE + 0x5890);
  });

  test("LCT.3 Bh: a domain-id wider than CAP_REG.ND tells", async () => {
    await start({ domainIdWidth: 8 });
    h.context(root, RID, { table, domainId: 0x107 });
    expect(h.translate(RID, IOVA)).toBe(-0xb);
    h.context(root, RID, { table, domainId: 0xff });
    expect(h.translate(RID, IOVA)).toBe(RAM_BASE + 0x5890);
  });

  test.each([0, 4, 5, 6, 7])("LCT.4.1 3h: AW=%i is reserved", (width) => {
    h.context(root, RID, { table, width });
    expect(h.translate(RID, IOVA)).toBe(-3);
  });

  test("LCT.4.1 3h: an AW that SAGAW lacks", async () => {
    await start({ addressWidths: [48] });
    h.context(root, RID, { table, width: 3 });
    expect(h.translate(RID, IOVA)).toBe(-3);
    h.context(root, RID, { table, width: 1 });
    expect(h.translate(RID, IOVA)).toBe(-3);
  });

  test.each([1, 3])("LCT.4.2 3h: TT=%i without Device-TLBs, or reserved", async (type) => {
    await start({ deviceTlb: false, noWriteFlag: false });
    h.context(root, RID, { table, type });
    expect(h.translate(RID, IOVA)).toBe(-3);
  });

  test("LCT.4.2 3h: TT=10b without ECAP_REG.PT", async () => {
    await start({ passThrough: false });
    h.context(root, RID, { table, type: 2 });
    expect(h.translate(RID, IOVA)).toBe(-3);
  });

  test("§9.3 TT=10b: SSPTPTR is ignored, also beyond the host address width", async () => {
    await start({ hostAddressWidth: 46 });
    h.context(root, RID, { type: 2, width: 3 });
    or64(h.contextAt(root, RID), 1n << 60n);
    expect(h.translate(RID, IOVA)).toBe(IOVA);
  });

  test("LCT.4.3 3h: the top second-stage table cannot be read", () => {
    h.context(root, RID, { table: NOWHERE });
    expect(h.translate(RID, IOVA)).toBe(-3);
  });

  test.each([1, 2, 3])("RTA.1 30h: TTM=%i of a unit in legacy mode only", async (mode) => {
    await start({ scalableMode: false, abortDma: false });
    h.enable(root | (mode << 10));
    expect(h.translate(RID, IOVA)).toBe(-0x30);
  });

  test("RTA.2 31h: a request with PASID", () => {
    const target = new Uint8Array(4);
    expect(h.unit.dma.read(RID as RequesterId, 0x1234, 0, target, 5)).toBe(false);
    expect([...target]).toEqual([255, 255, 255, 255]);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x31, requesterId: RID, access: "read" }]);
  });
});

describe("VT-d §7.1.3 second-stage entries", () => {
  const at = (level: number): number => h.entryAt(table, 4, BigInt(IOVA), level);

  test("LGN.1.1 4h: an address beyond MGAW, with a wider AW", async () => {
    await start({ guestAddressWidth: 52 });
    h.context(root, RID, { table: h.page(), width: 3, domainId: 9 });
    expect(h.translate(RID, 1n << 52n)).toBe(-4);
    expect(h.translate(RID, (1n << 52n) - 1n)).toBe(-6);
  });

  test.each([0, 1, 2, 3])("LGN.2 5h, LGN.3 6h: a permission that level %i lacks, per level", (level) => {
    const entry = h.read64(at(level));
    h.write64(at(level), (entry & ~3n) | 1n);
    expect(h.translate(RID, IOVA, WRITE)).toBe(-5);
    expect(h.translate(RID, IOVA, READ)).toBe(RAM_BASE + 0x5890);
    h.unit.reset();
    h.enable(root);
    h.write64(at(level), (entry & ~3n) | 2n);
    expect(h.translate(RID, IOVA, READ)).toBe(-6);
    expect(h.translate(RID, IOVA, WRITE)).toBe(RAM_BASE + 0x5890);
  });

  test("LGN.2, LGN.3: a not-present entry is refused by what the request wanted", () => {
    expect(h.translate(RID, IOVA + 4096, WRITE)).toBe(-5);
    expect(h.translate(RID, IOVA + 4096, READ)).toBe(-6);
    expect(h.translate(RID, IOVA + 4096, READ | WRITE)).toBe(-5);
  });

  test.each([0, 1, 2])("LSS.1 7h: the table below level %i's parent cannot be read", (level) => {
    h.write64(at(level + 1), BigInt(NOWHERE) | 3n);
    expect(h.translate(RID, IOVA)).toBe(-7);
  });

  test("LSS.1 7h: hardware does not walk through registers", () => {
    h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler: { read: () => 3, write: () => {} } });
    h.write64(at(1), 0x9000_0003n);
    expect(h.translate(RID, IOVA)).toBe(-7);
  });

  test.each([
    [3, [7, 11, 62]],
    [2, [11, 62]],
    [1, [11, 62]],
    [0, [62]],
  ])("LSS.2 Ch: reserved bits of level %i", (level, bits) => {
    for (const bit of bits as number[]) {
      const entry = h.read64(at(level as number));
      or64(at(level as number), 1n << BigInt(bit));
      expect(h.translate(RID, IOVA)).toBe(-0xc);
      h.write64(at(level as number), entry);
    }
    expect(h.translate(RID, IOVA)).toBe(RAM_BASE + 0x5890);
  });

  test("LSS.2 Ch: bits from HAW to 51, in tables and pages", async () => {
    await start({ hostAddressWidth: 46 });
    for (const level of [3, 2, 1, 0]) {
      for (const bit of [46n, 51n]) {
        or64(at(level), 1n << bit);
        expect(h.translate(RID, IOVA)).toBe(-0xc);
        h.write64(at(level), h.read64(at(level)) & ~(1n << bit));
      }
    }
    or64(at(0), 1n << 52n);
    expect(h.translate(RID, IOVA)).toBe(RAM_BASE + 0x5890);
  });

  test("LSS.2 Ch: address bits within a large page; bits of the ignored fields are not looked at", () => {
    h.write64(at(1), 0x40_0083n | (1n << 12n));
    expect(h.translate(RID, IOVA)).toBe(-0xc);
    h.write64(at(1), 0x40_0083n | (1n << 20n));
    expect(h.translate(RID, IOVA)).toBe(-0xc);
    h.unit.reset();
    h.enable(root);
    h.write64(at(2), 0x4000_0083n | (1n << 29n));
    expect(h.translate(RID, IOVA)).toBe(-0xc);
    h.write64(at(2), 0x4000_0083n | (1n << 63n) | (1n << 61n) | 0x77cn);
    expect(h.translate(RID, IOVA)).toBe(0x4000_0000 + (IOVA % 2 ** 30));
  });

  test("LSS.2 Ch: PS where SSLPS lacks the page size", async () => {
    await start({ largestPage: "2M" });
    or64(at(2), 0x80n);
    expect(h.translate(RID, IOVA)).toBe(-0xc);
    await start({ largestPage: "4K" });
    or64(at(1), 0x80n);
    expect(h.translate(RID, IOVA)).toBe(-0xc);
  });

  test("LSS.2 Ch: SNP in a leaf without snoop control", async () => {
    await start({ snoopControl: false });
    or64(at(0), 0x800n);
    expect(h.translate(RID, IOVA)).toBe(-0xc);
    await start({ snoopControl: true });
    or64(at(0), 0x800n);
    expect(h.translate(RID, IOVA)).toBe(RAM_BASE + 0x5890);
  });

  test.each([
    [0xfee0_0000, 0],
    [0xfeef_f000, 0],
    [0xfee0_0000, 1],
  ])("LGN.4 Eh: a page at %i of level %i lies in the interrupt range", (target, level) => {
    h.mapPage(table, 4, level > 0 ? 0x12_3440_0000 : PAGE, target, READ | WRITE, level);
    expect(h.translate(RID, level > 0 ? 0x12_3440_1234 : IOVA)).toBe(-0xe);
  });

  test("§3.15: requests into the interrupt range are not translated, mapped or not", () => {
    h.mapPage(table, 4, 0xfee0_0000, RAM_BASE + 0x6000);
    expect(h.translate(RID, 0xfee0_1234, WRITE)).toBe(0xfee0_1234);
    expect(h.dmaWrite(RID, 0xfee0_1234, Uint8Array.of(0x45, 1, 0, 0))).toBe(true);
    expect(h.messages).toEqual([{ requesterId: RID, addressLo: 0xfee0_1234, addressHi: 0, data: 0x145 }]);
    expect(h.dmaWrite(RID, 0xfee0_1236, Uint8Array.of(1, 2, 3, 4))).toBe(false);
    expect(h.dmaWrite(RID, 0xfee0_1234, Uint8Array.of(1, 2))).toBe(false);
    expect(h.dmaRead(RID, 0xfee0_1234, 4)).toBeUndefined();
    expect(h.messages).toHaveLength(1);
  });
});

describe("VT-d §7.2.1 fault recording", () => {
  const raise = (requesterId: number, access = READ, iova = 0x5000): void => {
    expect(h.translate(requesterId, iova, access)).toBeLessThan(0);
  };

  test("§11.4.7.6: a record shows requester, page, reason and direction", () => {
    raise(0x0316, WRITE, 0x12_3456_7890);
    const words = [0, 4, 8, 12].map((offset) => h.get32(FRCD + offset));
    expect(words).toEqual([0x3456_7000, 0x12, 0x0316, 0x8000_0001]);
    const record = decodeFault(words);
    expect(record).toMatchObject({ reason: 1, requesterId: 0x0316, access: "write", interrupt: false });
    expect(record && faultAddress(record)).toBe("0x1234567000");
    raise(0x0417, READ);
    expect(h.get32(FRCD + 16 + 12)).toBe(0xc000_0001);
  });

  test("a second fault of the same requester is not recorded until its record is cleared", () => {
    raise(0x0316, READ, 0x1000);
    raise(0x0316, READ, 0x2000);
    expect(h.unit.faults()).toHaveLength(1);
    h.set32(FRCD + 12, 0x8000_0000);
    raise(0x0316, READ, 0x3000);
    expect(h.unit.faults()).toMatchObject([{ addressLo: 0x3000 }]);
    expect(h.get32(FRCD + 12) >>> 31).toBe(0);
    expect(h.get32(FRCD + 16 + 12) >>> 31).toBe(1);
  });

  test("records are used in turn; a fault that finds none sets PFO, which stops recording until cleared", async () => {
    await start({ faultRecords: 3 });
    for (const requesterId of [0x0301, 0x0302, 0x0303]) raise(requesterId);
    expect(h.get32(FSTS_REG)).toBe(PPF);
    raise(0x0304);
    expect(h.get32(FSTS_REG)).toBe(PPF | PFO);
    h.set32(FRCD + 12, 0x8000_0000);
    raise(0x0305);
    expect(h.unit.faults().map((record) => record.requesterId)).toEqual([0x0302, 0x0303]);
    h.set32(FSTS_REG, 2 ** FSTS_PFO_LO);
    raise(0x0306);
    expect(h.unit.faults().map((record) => record.requesterId)).toEqual([0x0306, 0x0302, 0x0303]);
    h.set32(FSTS_REG, PFO | PPF);
    expect(h.get32(FSTS_REG) & PPF).toBe(PPF);
  });

  test("FRI names the first pending record, PPF is the OR of all F", () => {
    raise(0x0301);
    h.set32(FRCD + 12, 0x8000_0000);
    expect(h.get32(FSTS_REG) & PPF).toBe(0);
    raise(0x0302);
    raise(0x0303);
    expect(h.get32(FSTS_REG)).toBe(PPF | (1 << 8));
    h.set32(FRCD + 16 + 12, 0x8000_0000);
    expect(h.get32(FSTS_REG) & PPF).toBe(PPF);
    h.set32(FRCD + 32 + 12, 0x8000_0000);
    expect(h.get32(FSTS_REG) & PPF).toBe(0);
  });

  test("the index returns to 0 when translation and remapping are both off", () => {
    raise(0x0301);
    h.set32(FRCD + 12, 0x8000_0000);
    h.command(GCMD_TE_LO, false);
    h.command(GCMD_TE_LO, true);
    raise(0x0302);
    expect(h.get32(FRCD + 12) >>> 31).toBe(1);
  });

  test("Qualified: FPD hides a fault of the context or its tables, also when P=0; not one of the root", () => {
    h.context(root, RID, { table, fpd: true });
    raise(RID, READ, 0x9000);
    h.write64(h.contextAt(root, 0x0216), 2n);
    raise(0x0216);
    expect(h.unit.faults()).toEqual([]);
    expect(h.unit.statistics().faults).toBe(2);
    raise(0x0300);
    expect(h.unit.faults()).toHaveLength(1);
  });

  test("FI has no bits beyond the largest AGAW", async () => {
    await start({ addressWidths: [39, 48] });
    raise(RID, READ, 2 ** 52 + 0x5000);
    expect(h.unit.faults()).toMatchObject([{ reason: 4, addressLo: 0x5000, addressHi: 0 }]);
  });

  test("§7.3: a fault event is sent once, held while masked, and forgotten when all faults are served", () => {
    h.set32(event.FEADDR_REG, 0xfee0_2004);
    h.set32(event.FEDATA_REG, 0x4031);
    h.set32(event.FEUADDR_REG, 0x12);
    raise(0x0301);
    expect(h.events).toEqual([]);
    expect(h.get32(event.FECTL_REG)).toBe(0xc000_0000);
    h.set32(event.FECTL_REG, 0);
    expect(h.events).toEqual([{ addressLo: 0xfee0_2004, addressHi: 0x12, data: 0x4031 }]);
    expect(h.get32(event.FECTL_REG)).toBe(0);
    raise(0x0302);
    expect(h.events).toHaveLength(1);
    h.set32(FRCD + 12, 0x8000_0000);
    h.set32(FRCD + 16 + 12, 0x8000_0000);
    raise(0x0303);
    expect(h.events).toHaveLength(2);
    h.set32(event.FECTL_REG, 0x8000_0000);
    h.set32(FRCD + 32 + 12, 0x8000_0000);
    raise(0x0304);
    expect(h.get32(event.FECTL_REG)).toBe(0xc000_0000);
    h.set32(FRCD + 48 + 12, 0x8000_0000);
    expect(h.get32(event.FECTL_REG)).toBe(0x8000_0000);
    h.set32(event.FECTL_REG, 0);
    expect(h.events).toHaveLength(2);
  });
});
