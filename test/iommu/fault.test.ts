import { beforeEach, describe, expect, test } from "vitest";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { type Harness, NOWHERE, RAM_BASE, READ, WRITE } from "./harness.ts";
import { IOVA, oneDevice, PAGE, RID } from "./one-device.ts";

let h: Harness;
let root: number;
let table: number;

async function start(capabilities: IommuOptions = {}): Promise<void> {
  ({ h, root, table } = await oneDevice(capabilities));
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
