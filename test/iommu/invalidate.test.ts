import { beforeEach, describe, expect, test } from "vitest";
import * as event from "../../assembly/spec/vtd/event.ts";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { ICS_REG, IQA_REG, IQERCD_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa } from "../../host/core/address.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import { Harness, NOWHERE, RAM_BASE } from "./harness.ts";

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

async function start(capabilities: Partial<IommuCapabilities> = {}): Promise<void> {
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

/** By the registers of §11.4.6: IIRG and DID, then AM, IH and the address. */
function byRegister(granularity: number, domainId = 0, address = 0n, mask = 0, hint = 0): number {
  h.set64(IVA, address | BigInt((hint << 6) | mask));
  h.set64(IOTLB, (1n << 63n) | (BigInt(granularity) << 60n) | (BigInt(domainId) << 32n));
  expect(h.get32(IOTLB + 4) >>> 31).toBe(0);
  return (h.get32(IOTLB + 4) >>> 25) & 3;
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

  test("registers serve legacy mode only", () => {
    makeStale();
    h.set64(0x20, BigInt(root) | 0x400n);
    expect(byRegister(1)).toBe(0);
    h.set64(CCMD, (1n << 63n) | (1n << 61n));
    expect((h.get32(CCMD + 4) >>> 27) & 3).toBe(0);
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
    const command = (1n << 63n) | (BigInt(granularity) << 61n) | (BigInt(mask) << 32n);
    h.set64(CCMD, command | (BigInt(sourceId) << 16n) | BigInt(domainId));
    expect(h.get32(CCMD + 4) >>> 31).toBe(0);
    return (h.get32(CCMD + 4) >>> 27) & 3;
  };
  const contextByQueue = (granularity: number, domainId = 0, sourceId = 0, mask = 0): number => {
    const command = 1n | BigInt(granularity << 4) | (BigInt(domainId) << 16n);
    submit([command | (BigInt(sourceId) << 32n) | (BigInt(mask) << 48n)]);
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

describe("VT-d §6.5.2 the invalidation queue", () => {
  const wait = (flags: number, data = 0, address = 0): [bigint, bigint] => [
    5n | BigInt(flags) | (BigInt(data) << 32n),
    BigInt(address),
  ];
  const SW = 0x20;
  const IF = 0x10;
  const FN = 0x40;

  test("§6.5.2.9 SW: writes the data to the address after what was before it", () => {
    makeStale();
    const status = h.page();
    submit([2n | (1n << 4n)], wait(SW | FN, 0xdead_beef, status + 8));
    expect(h.map.read(hpa(status + 8), 4)).toBe(0xdead_beef);
    expect(h.map.read(hpa(status + 4), 4)).toBe(0);
    expect(fresh(ONE)).toEqual(ALL);
  });

  test("§6.5.2.9 SW to nowhere or into registers goes nowhere", () => {
    let written = 0;
    const handler = { read: () => 0, write: () => written++ };
    h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler });
    submit(wait(SW, 1, NOWHERE), wait(SW, 1, 0x9000_0000));
    expect(h.get32(FSTS_REG)).toBe(0);
    expect(written).toBe(0);
  });

  test("§6.5.2.10 IF: sets IWC and sends one event until IWC is cleared", () => {
    h.set32(event.IEADDR_REG, 0xfee0_1000);
    h.set32(event.IEDATA_REG, 0x55);
    h.set32(event.IECTL_REG, 0);
    submit(wait(IF), wait(IF));
    expect(h.get32(ICS_REG)).toBe(1);
    expect(h.events).toEqual([{ addressLo: 0xfee0_1000, addressHi: 0, data: 0x55 }]);
    h.set32(ICS_REG, 1);
    expect(h.get32(ICS_REG)).toBe(0);
    h.set32(event.IECTL_REG, 0x8000_0000);
    submit(wait(IF));
    expect(h.get32(event.IECTL_REG)).toBe(0xc000_0000);
    h.set32(ICS_REG, 1);
    expect(h.get32(event.IECTL_REG)).toBe(0x8000_0000);
    submit(wait(IF));
    h.set32(event.IECTL_REG, 0);
    expect(h.events).toHaveLength(2);
  });

  test("the head wraps, a whole round at a time", () => {
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 255; n++) {
        h.write64(queue + ((tail + n * 16) % 4096), 4n);
        h.write64(queue + ((tail + n * 16) % 4096) + 8, 0n);
      }
      tail = (tail + 255 * 16) % 4096;
      h.set32(IQT_REG, tail);
      expect(h.get32(IQH_REG)).toBe(tail);
    }
  });

  test.each([
    ["type 0", 0n, 0n, 3],
    ["type 3 without Device-TLBs", 3n, 0n, 3],
    ["type 6 of scalable mode", 6n, 0n, 3],
    ["type[6:4]", 2n | (1n << 9n) | (1n << 4n), 0n, 3],
    ["context G=00", 1n, 0n, 4],
    ["context bit 6", 1n | (1n << 4n) | (1n << 6n), 0n, 4],
    ["context bit 50", 1n | (1n << 4n) | (1n << 50n), 0n, 4],
    ["context bit 64", 1n | (1n << 4n), 1n, 4],
    ["IOTLB G=00", 2n, 0n, 4],
    ["IOTLB bit 8", 2n | (1n << 4n) | (1n << 8n), 0n, 4],
    ["IOTLB bit 12", 2n | (1n << 4n) | (1n << 12n), 0n, 4],
    ["IOTLB bit 32", 2n | (1n << 4n) | (1n << 32n), 0n, 4],
    ["IOTLB bit 71", 2n | (1n << 4n), 1n << 7n, 4],
    ["IOTLB AM beyond MAMV", 2n | (3n << 4n), 19n, 4],
    ["interrupt entry bit 5", 4n | (1n << 5n), 0n, 4],
    ["interrupt entry bit 26", 4n | (1n << 26n), 0n, 4],
    ["interrupt entry bit 48", 4n | (1n << 48n), 0n, 4],
    ["wait bit 8", 5n | (1n << 8n), 0n, 4],
    ["wait PD without page-request draining", 5n | (1n << 7n), 0n, 4],
    ["wait bit 64", 5n, 1n, 4],
  ])("§11.4.9.9: %s stops the queue at the descriptor until IQE is cleared", (_name, low, high, info) => {
    makeStale();
    submit([5n], [low, high], [2n | (1n << 4n)]);
    expect(h.get32(FSTS_REG)).toBe(0x10);
    expect(h.get32(IQERCD_REG)).toBe(info);
    expect(h.get32(IQH_REG)).toBe(16);
    h.set32(IQT_REG, tail);
    expect(h.get32(IQH_REG)).toBe(16);
    expect(fresh(ONE)).toEqual([]);
    h.write64(queue + 16, 5n);
    h.write64(queue + 24, 0n);
    h.set32(FSTS_REG, 0x10);
    expect(h.get32(IQH_REG)).toBe(tail);
    expect(fresh(ONE)).toEqual(ALL);
  });

  test("§11.4.9.9: a tail beyond the queue, a wrong width, memory that is not there", () => {
    h.set32(IQT_REG, 0x1000);
    expect([h.get32(FSTS_REG), h.get32(IQERCD_REG)]).toEqual([0x10, 1]);
    h.set32(IQT_REG, 0);
    h.set32(FSTS_REG, 0x10);
    h.set64(IQA_REG, BigInt(queue) | 0x800n);
    h.set32(IQT_REG, 0x20);
    expect([h.get32(FSTS_REG), h.get32(IQERCD_REG)]).toEqual([0x10, 5]);
    h.set32(IQT_REG, 0);
    h.set32(FSTS_REG, 0x10);
    h.set64(IQA_REG, BigInt(NOWHERE));
    h.set32(IQT_REG, 0x20);
    expect([h.get32(FSTS_REG), h.get32(IQERCD_REG)]).toEqual([0x10, 2]);
  });

  test("an error raises the fault event", () => {
    h.set32(event.FEDATA_REG, 0x31);
    h.set32(event.FECTL_REG, 0);
    submit([0n]);
    expect(h.events).toEqual([{ addressLo: 0, addressHi: 0, data: 0x31 }]);
  });

  test("disabling it sets the head to 0", () => {
    submit([5n], [5n]);
    h.command(GCMD_QIE_LO, false);
    expect(h.get32(IQH_REG)).toBe(0);
    h.set32(IQT_REG, 0x40);
    expect(h.get32(IQH_REG)).toBe(0);
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

  test("stale entries outlive disabling and enabling", () => {
    makeStale();
    h.command(GCMD_TE_LO, false);
    expect(h.translate(ONE, 0x1000)).toBe(0x1000);
    h.command(GCMD_TE_LO, true);
    expect(fresh(ONE)).toEqual([]);
  });
});
