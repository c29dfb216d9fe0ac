import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { RAM_BASE, READ, WRITE } from "./harness.ts";
import { FIRST, NESTED, PASS, Scalable, SECOND } from "./scalable.ts";

const RID = 0x0215;
const UPPER_RID = 0x02a3;
const PASID = 0x4c5;
const IOVA = 0x12_3456_7890;
const PAGE = 0x12_3456_7000;
const TARGET = RAM_BASE + 0x5000;
let s: Scalable;
let directory: number;
let second: number;
let first: number;

async function start(options: IommuOptions = {}): Promise<void> {
  s = await Scalable.create(options);
  directory = s.h.page();
  second = s.h.page();
  first = s.h.page();
  s.context(RID, { directory });
  s.pasid(directory, 0, { type: SECOND, second });
  s.h.mapPage(second, 4, PAGE, TARGET);
  s.mapFirst(first, 4, PAGE, TARGET);
  s.enable();
}

beforeEach(() => start());

function or64(at: number, bits: bigint): void {
  s.h.write64(at, s.h.read64(at) | bits);
}

describe("VT-d §3.4.3 which translation a request gets", () => {
  test("a request without PASID goes by RID_PASID, one with PASID by its own, on lower and upper half of a bus", () => {
    s.context(UPPER_RID, { directory, ridPasid: 0x1a41 & 0x1fff });
    s.pasid(directory, 0x1a41, { type: PASS, domainId: 9 });
    s.pasid(directory, PASID, { type: FIRST, first, domainId: 10 });
    expect(s.translate(RID, IOVA)).toBe(TARGET + 0x890);
    expect(s.translate(UPPER_RID, IOVA)).toBe(IOVA);
    expect(s.translate(UPPER_RID, IOVA, WRITE, PASID)).toBe(TARGET + 0x890);
    expect(s.translate(UPPER_RID, IOVA + 0x1000, READ, PASID)).toBe(-0x71);
    expect(s.h.unit.faults()).toMatchObject([{ reason: 0x71, requesterId: UPPER_RID }]);
  });

  test("without ECAP_REG.RPS requests without PASID use PASID 0", async () => {
    await start({ ridPasid: false });
    expect(s.translate(RID, IOVA)).toBe(TARGET + 0x890);
    s.context(UPPER_RID, { directory, ridPasid: 1 });
    expect(s.translate(UPPER_RID, IOVA)).toBe(-0x42);
  });

  test("§3.1: without translation a PASID is ignored", async () => {
    s = await Scalable.create();
    expect(s.translate(RID, 0x7000_1234, READ, PASID)).toBe(0x7000_1234);
  });

  test("§3.1: without a PASID nothing is asked for privileged or to be executed", () => {
    expect(s.translate(RID, IOVA, READ | ACCESS_EXECUTE | ACCESS_PRIVILEGED)).toBe(TARGET + 0x890);
    expect(s.translate(RID, IOVA, READ | ACCESS_PRIVILEGED)).toBe(TARGET + 0x890);
    expect(s.h.unit.statistics()).toMatchObject({ hits: 1 });
  });

  test("a DMA with PASID moves data over pages of its own space", () => {
    s.pasid(directory, PASID, { type: FIRST, first, domainId: 10 });
    s.mapFirst(first, 4, PAGE + 0x1000, RAM_BASE + 0x9000);
    expect(s.h.unit.dma.write(RID as never, 0x3456_7ffe, 0x12, Uint8Array.of(1, 2, 3, 4), PASID)).toBe(true);
    expect(s.h.map.read((TARGET + 0xffe) as never, 2)).toBe(0x0201);
    expect(s.h.map.read((RAM_BASE + 0x9000) as never, 2)).toBe(0x0403);
    const target = new Uint8Array(4);
    expect(s.h.unit.dma.read(RID as never, 0x3456_7ffe, 0x12, target, { pasid: PASID })).toBe(true);
    expect([...target]).toEqual([1, 2, 3, 4]);
  });
});

describe.each([
  [4, false, 48],
  [5, true, 57],
])("VT-d §3.6 first stage, %i levels", (levels, fiveLevels, bits) => {
  const top = (1n << BigInt(bits - 1)) - 1n;
  beforeEach(() => {
    first = s.h.page();
    s.pasid(directory, PASID, { type: FIRST, first, fiveLevels, domainId: 11 });
  });

  test("pages of 4 KiB, 2 MiB and 1 GiB, PAT bit 12 of a large page no part of the address", () => {
    s.mapFirst(first, levels, top & ~0xfffn, RAM_BASE + 0x5000);
    s.mapFirst(first, levels, 0x4000_0000, 0x60_1000, 7, 1);
    s.mapFirst(first, levels, 0x8000_0000, 0xc000_1000, 7, 2);
    for (let round = 0; round < 2; round++) {
      expect(s.translate(RID, top, READ, PASID)).toBe(RAM_BASE + 0x5fff);
      expect(s.translate(RID, 0x4012_3456, READ, PASID)).toBe(0x72_3456);
      expect(s.translate(RID, 0x9234_5678, READ, PASID)).toBe(0xd234_5678);
    }
  });

  test("the upper half of the canonical addresses is translated, each time from memory", () => {
    const high = BigInt.asUintN(64, -0x1000n);
    const place = s.firstAt(first, levels, high);
    s.h.write64(place, BigInt(RAM_BASE + 0x7000) | 7n);
    expect(s.translate(RID, high + 0x123n, READ, PASID)).toBe(RAM_BASE + 0x7123);
    s.h.write64(place, BigInt(RAM_BASE + 0x8000) | 7n);
    expect(s.translate(RID, high + 0x123n, READ, PASID)).toBe(RAM_BASE + 0x8123);
  });

  test("SGN.1 80h: an address that is not canonical", () => {
    expect(s.translate(RID, top + 1n, READ, PASID)).toBe(-0x80);
    expect(s.translate(RID, 1n << 63n, READ, PASID)).toBe(-0x80);
    expect(s.translate(RID, BigInt.asUintN(64, -(top + 2n)), READ, PASID)).toBe(-0x80);
    expect(s.translate(RID, BigInt.asUintN(64, -(top + 1n)), READ, PASID)).toBe(-0x71);
  });
});

describe("VT-d §3.6.1 first-stage rights", () => {
  const SUPER = ACCESS_PRIVILEGED;
  beforeEach(() => s.pasid(directory, PASID, { type: FIRST, first, sre: true, domainId: 11 }));
  const at = (page: number): number => PAGE + page * 0x1000;

  test("users need U/S to read and R/W besides to write; supervisors write everywhere unless WPE", () => {
    s.pasid(directory, PASID + 1, { type: FIRST, first, sre: true, wpe: true, domainId: 11 });
    for (const [page, bits] of [7, 5, 3, 1].entries()) s.mapFirst(first, 4, at(page), TARGET, bits);
    const run = (access: number, pasid: number): number[] =>
      [0, 1, 2, 3].map((page) => s.translate(RID, at(page), access, pasid));
    for (let round = 0; round < 2; round++) {
      expect(run(READ, PASID)).toEqual([TARGET, TARGET, -0x81, -0x81]);
      expect(run(WRITE, PASID)).toEqual([TARGET, -0x85, -0x81, -0x81]);
      expect(run(READ | SUPER, PASID)).toEqual([TARGET, TARGET, TARGET, TARGET]);
      expect(run(WRITE | SUPER, PASID)).toEqual([TARGET, TARGET, TARGET, TARGET]);
      expect(run(WRITE | SUPER, PASID + 1)).toEqual([TARGET, -0x85, TARGET, -0x85]);
      expect(run(READ | SUPER, PASID + 1)).toEqual([TARGET, TARGET, TARGET, TARGET]);
    }
  });

  test("rights of upper levels count, from the caches too", () => {
    const upper = s.firstAt(first, 4, BigInt(PAGE), 2);
    s.h.write64(upper, s.h.read64(upper) & ~2n);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(TARGET + 0x890);
    expect(s.translate(RID, IOVA, WRITE, PASID)).toBe(-0x85);
    expect(s.translate(RID, IOVA + 0x1000, WRITE, PASID)).toBe(-0x85);
  });

  test("RID_PRIV makes requests without PASID privileged", () => {
    s.mapFirst(first, 4, PAGE, TARGET, 3);
    s.context(UPPER_RID, { directory, ridPasid: PASID, ridPriv: true });
    s.context(0x0301, { directory, ridPasid: PASID });
    expect(s.translate(UPPER_RID, IOVA, WRITE)).toBe(TARGET + 0x890);
    expect(s.translate(0x0301, IOVA, READ)).toBe(-0x81);
  });

  test("5.10 has no right to execute: a request to execute reads", () => {
    expect(s.translate(RID, IOVA, READ | ACCESS_EXECUTE, PASID)).toBe(TARGET + 0x890);
  });
});

describe("VT-d §3.6.2 first-stage accessed and dirty bits", () => {
  test("A at every level of a read, D only of a write and only in the leaf; EA with EAFE", () => {
    s.pasid(directory, PASID, { type: FIRST, first, domainId: 11 });
    const places = [3, 2, 1, 0].map((level) => s.firstAt(first, 4, BigInt(PAGE), level));
    const flags = (): number[] => places.map((place) => Number(s.h.read64(place) & 0x460n));
    s.translate(RID, IOVA, READ, PASID);
    expect(flags()).toEqual([0x20, 0x20, 0x20, 0x20]);
    s.translate(RID, IOVA, WRITE, PASID);
    expect(flags()).toEqual([0x20, 0x20, 0x20, 0x60]);
    s.pasid(directory, PASID + 1, { type: FIRST, first, eafe: true, domainId: 12 });
    s.translate(RID, IOVA, READ, PASID + 1);
    expect(flags()).toEqual([0x420, 0x420, 0x420, 0x460]);
  });

  test("a cached translation marks nothing again until it is dropped", () => {
    s.pasid(directory, PASID, { type: FIRST, first, domainId: 11 });
    const leaf = s.firstAt(first, 4, BigInt(PAGE));
    s.translate(RID, IOVA, WRITE, PASID);
    s.h.write64(leaf, s.h.read64(leaf) & ~0x60n);
    s.translate(RID, IOVA, WRITE, PASID);
    expect(s.h.read64(leaf) & 0x60n).toBe(0n);
  });

  test("a 2 MiB page has its D in the directory's entry", () => {
    const leaf = s.mapFirst(first, 4, 0x4000_0000, 0x60_0000, 7, 1);
    s.pasid(directory, PASID, { type: FIRST, first, domainId: 11 });
    s.translate(RID, 0x4012_3456, WRITE, PASID);
    expect(s.h.read64(leaf)).toBe(0x60_0000n | 0xe7n);
  });

  test("§3.7.2 SSADE: A of every level, D of a written leaf; without SSADE neither", () => {
    const places = [3, 2, 1, 0].map((level) => s.h.entryAt(second, 4, BigInt(PAGE), level));
    const flags = (): number[] => places.map((place) => Number(s.h.read64(place) & 0x300n));
    s.translate(RID, IOVA, WRITE);
    expect(flags()).toEqual([0, 0, 0, 0]);
    s.pasid(directory, PASID, { type: SECOND, second, ssade: true, domainId: 13 });
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(TARGET + 0x890);
    expect(flags()).toEqual([0x100, 0x100, 0x100, 0x100]);
    expect(s.translate(RID, IOVA, WRITE, PASID)).toBe(TARGET + 0x890);
    expect(flags()).toEqual([0x100, 0x100, 0x100, 0x300]);
  });
});

describe("VT-d §3.8 nested translation", () => {
  /** Guest-physical addresses are host-physical ones less this, so that no table is found without the second stage. */
  const OFFSET = 0x8000_0000;
  let guest: number;
  beforeEach(() => {
    guest = s.h.page();
    second = s.h.page();
    for (let page = 0; page < 64; page++)
      s.h.mapPage(second, 4, RAM_BASE + page * 0x1000 + OFFSET, RAM_BASE + page * 0x1000);
    s.pasid(directory, PASID, { type: NESTED, second, first: guest + OFFSET, domainId: 14 });
  });

  /** Maps a page of the guest; tables get guest-physical addresses. */
  function map(iova: number, target: number, bits = 7): number {
    let at = guest;
    for (let level = 3; level > 0; level--) {
      const entry = at + (Math.floor(iova / 2 ** (12 + 9 * level)) % 512) * 8;
      if (s.h.read64(entry) === 0n) s.h.write64(entry, BigInt(s.h.page() + OFFSET) | 7n);
      at = Number(s.h.read64(entry) & 0xf_ffff_ffff_f000n) - OFFSET;
    }
    const leaf = at + (Math.floor(iova / 4096) % 512) * 8;
    s.h.write64(leaf, BigInt(target) | BigInt(bits));
    return leaf;
  }

  test("every table and the page go through the second stage", () => {
    map(PAGE, RAM_BASE + 0x3000 + OFFSET);
    for (let round = 0; round < 2; round++) expect(s.translate(RID, IOVA, READ, PASID)).toBe(RAM_BASE + 0x3890);
    expect(s.h.unit.statistics().hits).toBe(1);
  });

  test("rights of both stages are needed", () => {
    map(PAGE, RAM_BASE + 0x3000 + OFFSET, 5);
    map(PAGE + 0x1000, RAM_BASE + 0x3f000 + OFFSET);
    s.h.mapPage(second, 4, RAM_BASE + 0x3f000 + OFFSET, RAM_BASE + 0x3f000, READ);
    for (let round = 0; round < 2; round++) {
      expect(s.translate(RID, IOVA, WRITE, PASID)).toBe(-0x85);
      expect(s.translate(RID, IOVA, READ, PASID)).toBe(RAM_BASE + 0x3890);
      expect(s.translate(RID, IOVA + 0x1000, WRITE, PASID)).toBe(-0x85);
      expect(s.translate(RID, IOVA + 0x1000, READ, PASID)).toBe(RAM_BASE + 0x3f890);
    }
  });

  test("requests without PASID can be nested", () => {
    map(PAGE, RAM_BASE + 0x3000 + OFFSET);
    s.context(UPPER_RID, { directory, ridPasid: PASID });
    for (let round = 0; round < 3; round++) expect(s.translate(UPPER_RID, IOVA, WRITE)).toBe(RAM_BASE + 0x3890);
    expect(s.h.unit.statistics().hits).toBe(2);
  });

  test("SFS.5 74h: an entry's address beyond the second stage's width", () => {
    map(PAGE, 2 ** 48);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(-0x74);
  });

  test("SFS.6 75h, SFS.7 76h, SFS.8 77h: the second stage lacks read or write permission for a table", () => {
    const leaf = map(PAGE, RAM_BASE + 0x3000 + OFFSET);
    const table = leaf - (leaf % 4096);
    s.h.mapPage(second, 4, table + OFFSET, table, WRITE);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(-0x76);
    s.h.mapPage(second, 4, table + OFFSET, table, READ);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(-0x77);
    or64(leaf, 0x20n);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(RAM_BASE + 0x3890);
    expect(s.translate(RID, IOVA, WRITE, PASID)).toBe(-0x77);
    s.h.mapPage(second, 4, guest + OFFSET, guest, WRITE);
    s.pasid(directory, PASID + 1, { type: NESTED, second, first: guest + OFFSET, domainId: 15 });
    expect(s.translate(RID, IOVA, READ, PASID + 1)).toBe(-0x75);
  });

  test("SSS.2 79h: nothing is mapped where a table or the page should be; SGN.7 86h: the page cannot be read", () => {
    map(PAGE, 0x1000);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(-0x79);
    map(PAGE, RAM_BASE + 0x3e000 + OFFSET);
    s.h.mapPage(second, 4, RAM_BASE + 0x3e000 + OFFSET, RAM_BASE, WRITE);
    expect(s.translate(RID, IOVA, READ, PASID)).toBe(-0x86);
  });

  test("SSADE: the page's leaf gets A and D, a table's leaf too, for it is used as if written", () => {
    const leaf = map(PAGE, RAM_BASE + 0x3000 + OFFSET);
    s.pasid(directory, PASID, { type: NESTED, second, first: guest + OFFSET, domainId: 14, ssade: true });
    const flags = (gpa: number): bigint => s.h.read64(s.h.entryAt(second, 4, BigInt(gpa))) & 0x300n;
    s.translate(RID, IOVA, READ, PASID);
    expect(flags(RAM_BASE + 0x3000 + OFFSET)).toBe(0x100n);
    expect(flags(leaf - (leaf % 4096) + OFFSET)).toBe(0x300n);
    expect(s.h.read64(leaf) & 0x60n).toBe(0x20n);
    s.translate(RID, IOVA, WRITE, PASID);
    expect(flags(RAM_BASE + 0x3000 + OFFSET)).toBe(0x300n);
    expect(s.h.read64(leaf) & 0x60n).toBe(0x60n);
  });

  test("a first-stage table that references itself ends after four levels", () => {
    s.h.write64(guest, BigInt(guest + OFFSET) | 7n);
    expect(s.translate(RID, 0x123, READ, PASID)).toBe(guest + 0x123);
  });
});
