import { beforeEach, describe, expect, test } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO, GCMD_SRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, RAM_BASE } from "./harness.ts";

const ONE = 0x0215;
const TWO = 0x0311;
const CCMD = 0x28;
const IVA = 0x1f0;
const IOTLB = 0x1f8;
const OLD = RAM_BASE + 0x5000;
const NEW = RAM_BASE + 0x9000;
let h: Harness;
let root: number;
let tables: number[];
let queue: number;
let tail = 0;

async function start(capabilities: IommuOptions = {}): Promise<void> {
  h = await Harness.create(capabilities);
  root = h.page();
  tables = [h.page(), h.page()];
  queue = h.page();
  tail = 0;
  h.context(root, ONE, { table: tables[0] as number, domainId: 0x107 });
  h.context(root, TWO, { table: tables[1] as number, domainId: 0x208 });
  for (const table of tables) for (const page of [0x1000, 0x2000, 0x3000, 0x20_0000]) h.mapPage(table, 4, page, OLD);
  h.enable(root);
  if (capabilities.queuedInvalidation ?? true) {
    h.set64(IQA_REG, BigInt(queue));
    h.command(GCMD_QIE_LO);
  }
}

beforeEach(() => start());

/** Fills the caches, then changes every leaf in memory. */
function makeStale(): void {
  for (const requesterId of [ONE, TWO]) {
    for (const page of [0x1000, 0x2000, 0x3000, 0x20_0000]) expect(h.translate(requesterId, page)).toBe(OLD);
  }
  for (const table of tables) for (const page of [0x1000, 0x2000, 0x3000, 0x20_0000]) h.mapPage(table, 4, page, NEW);
}

/** Which of the pages the unit sees anew. */
function fresh(requesterId: number): number[] {
  return [0x1000, 0x2000, 0x3000, 0x20_0000].filter((page) => h.translate(requesterId, page) === NEW);
}

const ALL = [0x1000, 0x2000, 0x3000, 0x20_0000];

/** Writes a command register while the queue is off; what it shows when the command is done. */
function command(register: number, value: bigint): number {
  h.command(GCMD_QIE_LO, false);
  h.set64(register, value);
  h.set32(IQT_REG, 0);
  tail = 0;
  h.command(GCMD_QIE_LO);
  expect(h.get32(register + 4) >>> 31).toBe(0);
  return h.get32(register + 4);
}

/** By the registers of §11.4.6: IIRG and DID, then AM, IH and the address. */
function byRegister(granularity: number, domainId = 0, address = 0n, mask = 0, hint = 0): number {
  h.set64(IVA, address | BigInt((hint << 6) | mask));
  return (command(IOTLB, (1n << 63n) | (BigInt(granularity) << 60n) | (BigInt(domainId) << 32n)) >>> 25) & 3;
}

/** By the queue of §6.5.2. */
function submit(...descriptors: [low: bigint, high?: bigint][]): void {
  for (const [low, high] of descriptors) {
    h.write64(queue + tail, low);
    h.write64(queue + tail + 8, high ?? 0n);
    tail = (tail + 16) % 4096;
  }
  h.set32(IQT_REG, tail);
}

function byQueue(granularity: number, domainId = 0, address = 0n, mask = 0, hint = 0): number {
  submit([2n | BigInt(granularity << 4) | (BigInt(domainId) << 16n), address | BigInt((hint << 6) | mask)]);
  expect(h.get32(FSTS_REG) & 0x10).toBe(0);
  expect(h.get32(IQH_REG)).toBe(tail);
  return granularity;
}

describe.each([
  ["registers (§6.5.1.2)", byRegister],
  ["the queue (§6.5.2.3)", byQueue],
])("VT-d IOTLB invalidation by %s", (_name, invalidate) => {
  test("nothing is seen anew before", () => {
    makeStale();
    expect([fresh(ONE), fresh(TWO)]).toEqual([[], []]);
  });

  test("global: every domain", () => {
    makeStale();
    expect(invalidate(1)).toBe(1);
    expect([fresh(ONE), fresh(TWO)]).toEqual([ALL, ALL]);
  });

  test("domain-selective: that domain only", () => {
    makeStale();
    expect(invalidate(2, 0x208)).toBe(2);
    expect([fresh(ONE), fresh(TWO)]).toEqual([[], ALL]);
  });

  test("page-selective, AM=0: that page of that domain", () => {
    makeStale();
    expect(invalidate(3, 0x107, 0x2000n)).toBe(3);
    expect([fresh(ONE), fresh(TWO)]).toEqual([[0x2000], []]);
  });

  test("page-selective, AM=1: the aligned pair around the address", () => {
    makeStale();
    invalidate(3, 0x107, 0x3000n, 1);
    expect([fresh(ONE), fresh(TWO)]).toEqual([[0x2000, 0x3000], []]);
  });

  test("page-selective, AM=9: 2 MiB", () => {
    makeStale();
    invalidate(3, 0x107, 0x0n, 9);
    expect([fresh(ONE), fresh(TWO)]).toEqual([[0x1000, 0x2000, 0x3000], []]);
  });

  test("IH=1 keeps the paging-structure caches of the pages, IH=0 does not", () => {
    makeStale();
    const other = h.page();
    const pde = h.entryAt(tables[0] as number, 4, 0x1000n, 1);
    h.write64(other + 8, BigInt(RAM_BASE + 0xa000) | 3n);
    h.write64(pde, BigInt(other) | 3n);
    invalidate(3, 0x107, 0x1000n, 0, 1);
    expect(h.translate(ONE, 0x1000)).toBe(NEW);
    invalidate(3, 0x107, 0x1000n, 0, 0);
    expect(h.translate(ONE, 0x1000)).toBe(RAM_BASE + 0xa000);
  });

  test("IH=0 drops the caches of every region that the range touches", () => {
    makeStale();
    const other = h.page();
    h.write64(other, BigInt(RAM_BASE + 0xb000) | 3n);
    h.write64(h.entryAt(tables[0] as number, 4, 0x20_0000n, 1), BigInt(other) | 3n);
    invalidate(3, 0x107, 0n, 18, 0);
    expect(h.translate(ONE, 0x20_0000)).toBe(RAM_BASE + 0xb000);
  });
});

describe("VT-d §11.4.6 refused requests", () => {
  test.each([
    ["a reserved granularity", 0, 0],
    ["an address mask beyond MAMV", 3, 19],
  ])("%s gives IAIG=00 and drops nothing", (_name, granularity, mask) => {
    makeStale();
    expect(byRegister(granularity, 0x107, 0n, mask)).toBe(0);
    expect(fresh(ONE)).toEqual([]);
  });

  test("without PSI a page-selective request acts on the domain and says so", async () => {
    await start({ pageSelectiveInvalidation: false });
    makeStale();
    expect(byRegister(3, 0x107, 0x2000n)).toBe(2);
    expect([fresh(ONE), fresh(TWO)]).toEqual([ALL, []]);
  });

  const refused = (): void => {
    makeStale();
    const before = h.unit.statistics().invalidations;
    h.set64(IOTLB, (1n << 63n) | (1n << 60n));
    h.set64(CCMD, (1n << 63n) | (1n << 61n));
    expect([h.get32(IOTLB + 4) >>> 25, h.get32(CCMD + 4) >>> 27]).toEqual([8, 4]);
    expect(h.unit.statistics().invalidations).toBe(before);
    expect(fresh(ONE)).toEqual([]);
  };

  test("registers are ignored while the queue is enabled: IAIG=00b, CAIG=00b", () => {
    refused();
  });

  test("§11.4.6.1 CAIG, §11.4.6.3 IAIG: registers are ignored from version 6 on", async () => {
    await start({ majorVersion: 6, scalableMode: true, secondStage: true });
    h.command(GCMD_QIE_LO, false);
    refused();
  });

  test("§11.4.6.1 CAIG, §11.4.6.3 IAIG: registers serve legacy mode only, the one that SRTP latched", () => {
    makeStale();
    h.command(GCMD_QIE_LO, false);
    h.set64(0x20, BigInt(root) | 0x400n);
    h.command(GCMD_SRTP_LO);
    h.set64(0x20, BigInt(root));
    h.set64(IOTLB, (1n << 63n) | (1n << 60n));
    h.set64(CCMD, (1n << 63n) | (1n << 61n));
    expect([h.get32(IOTLB + 4) >>> 25, h.get32(CCMD + 4) >>> 27]).toEqual([8, 4]);
    h.command(GCMD_SRTP_LO);
    expect(fresh(ONE)).toEqual([]);
  });

  test("the domain-id's bits beyond ND are ignored", async () => {
    await start({ domainIdWidth: 8 });
    h.context(root, ONE, { table: tables[0] as number, domainId: 0x07 });
    h.context(root, TWO, { table: tables[1] as number, domainId: 0x08 });
    makeStale();
    byRegister(2, 0xab07);
    expect([fresh(ONE), fresh(TWO)]).toEqual([ALL, []]);
  });
});

describe("VT-d §6.5.1.1 context-cache invalidation", () => {
  const contextByRegister = (granularity: number, domainId = 0, sourceId = 0, mask = 0): number => {
    const request = (1n << 63n) | (BigInt(granularity) << 61n) | (BigInt(mask) << 32n);
    return (command(CCMD, request | (BigInt(sourceId) << 16n) | BigInt(domainId)) >>> 27) & 3;
  };
  const contextByQueue = (granularity: number, domainId = 0, sourceId = 0, mask = 0): number => {
    const request = 1n | BigInt(granularity << 4) | (BigInt(domainId) << 16n);
    submit([request | (BigInt(sourceId) << 32n) | (BigInt(mask) << 48n)]);
    expect(h.get32(FSTS_REG) & 0x10).toBe(0);
    return granularity;
  };
  const NEIGHBOURS = [0x0210, 0x0211, 0x0212, 0x0213, 0x0214, 0x0215, 0x0216, 0x0217];

  /** Whose context the unit has read anew: the entries all turned not-present. */
  const gone = (requesters: number[]): number[] => requesters.filter((id) => h.translate(id, 0x1000) === -2);

  const prepare = (): void => {
    for (const id of NEIGHBOURS) h.context(root, id, { table: tables[0] as number, domainId: 0x107 });
    for (const id of [...NEIGHBOURS, TWO]) expect(h.translate(id, 0x1000)).toBe(OLD);
    for (const id of [...NEIGHBOURS, TWO]) h.write64(h.contextAt(root, id), 0n);
    expect(gone([...NEIGHBOURS, TWO])).toEqual([]);
  };

  test.each([
    ["registers", contextByRegister],
    ["the queue", contextByQueue],
  ])("by %s: global, domain, device with function mask", (_name, invalidate) => {
    prepare();
    expect(invalidate(3, 0x999, 0x0215)).toBe(3);
    expect(gone(NEIGHBOURS)).toEqual([]);
    invalidate(3, 0x107, 0x0215);
    expect(gone(NEIGHBOURS)).toEqual([0x0215]);
    invalidate(3, 0x107, 0x0215, 1);
    expect(gone(NEIGHBOURS)).toEqual([0x0211, 0x0215]);
    invalidate(3, 0x107, 0x0215, 2);
    expect(gone(NEIGHBOURS)).toEqual([0x0211, 0x0213, 0x0215, 0x0217]);
    invalidate(3, 0x107, 0x0215, 3);
    expect(gone(NEIGHBOURS)).toEqual(NEIGHBOURS);
    expect(gone([TWO])).toEqual([]);
    expect(invalidate(2, 0x208)).toBe(2);
    expect(gone([TWO])).toEqual([TWO]);
  });

  test("global drops all, again and again", () => {
    for (let round = 0; round < 5000; round++) contextByRegister(1);
    prepare();
    expect(contextByRegister(1)).toBe(1);
    expect(gone([...NEIGHBOURS, TWO])).toEqual([...NEIGHBOURS, TWO]);
  });
});

describe("VT-d §6.1 Caching Mode", () => {
  test("CM=0: what was not present needs no invalidation", () => {
    expect(h.translate(ONE, 0x7000)).toBe(-6);
    expect(h.translate(0x0220, 0x1000)).toBe(-2);
    h.mapPage(tables[0] as number, 4, 0x7000, NEW);
    h.context(root, 0x0220, { table: tables[0] as number, domainId: 0x107 });
    expect(h.translate(ONE, 0x7000)).toBe(NEW);
    expect(h.translate(0x0220, 0x7000)).toBe(NEW);
  });

  test("CM=1: it stays refused until invalidated; contexts then have domain-id 0", async () => {
    await start({ cachingMode: true });
    expect(h.translate(ONE, 0x7000)).toBe(-6);
    expect(h.translate(0x0220, 0x1000)).toBe(-2);
    h.mapPage(tables[0] as number, 4, 0x7000, NEW);
    h.context(root, 0x0220, { table: tables[0] as number, domainId: 0x107 });
    expect(h.translate(ONE, 0x7000)).toBe(-6);
    expect(h.translate(0x0220, 0x1000)).toBe(-2);
    byQueue(3, 0x107, 0x7000n);
    submit([1n | (2n << 4n)]);
    expect(h.translate(ONE, 0x7000)).toBe(NEW);
    expect(h.translate(0x0220, 0x7000)).toBe(NEW);
  });
});

describe("VT-d §6.6 Set Root Table Pointer", () => {
  test.each([
    [false, OLD],
    [true, -1],
  ])("ESRTPS=%s: the caches", async (enhancedSetPointer, expected) => {
    await start({ enhancedSetPointer });
    expect(h.translate(ONE, 0x1000)).toBe(OLD);
    h.enable(h.page());
    expect(h.translate(ONE, 0x1000)).toBe(expected);
  });

  test("§11.4.4.1 TE: without scalable mode stale entries outlive disabling and enabling", async () => {
    await start({ scalableMode: false });
    makeStale();
    h.command(GCMD_TE_LO, false);
    expect(h.translate(ONE, 0x1000)).toBe(0x1000);
    h.command(GCMD_TE_LO, true);
    expect(fresh(ONE)).toEqual([]);
  });

  test("§11.4.4.1 TE: hardware with scalable mode forgets them when translation is disabled", async () => {
    await start({ scalableMode: true });
    makeStale();
    h.command(GCMD_TE_LO, false);
    h.command(GCMD_TE_LO, true);
    expect(fresh(ONE)).toEqual(ALL);
  });
});
