import { beforeEach, describe, expect, test } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { RAM_BASE, READ } from "./harness.ts";
import { FIRST, NESTED, PASS, Scalable, SECOND } from "./scalable.ts";

const A = 0x0215;
const B = 0x0395;
const ONE = 0x107;
const TWO = 0x208;
const OLD = RAM_BASE + 0x5000;
const NEW = RAM_BASE + 0x9000;
const PAGES = [0x1000, 0x2000, 0x3000, 0x20_0000];
const IQE = 0x10;
type Descriptor = [low: bigint, high?: bigint];

interface SpaceUnderTest {
  requesterId: number;
  /** Undefined for requests without PASID. */
  pasid: number | undefined;
  type: number;
  domainId: number;
  /** The table that holds its leaves, and how to write one. */
  map(page: number, target: number): void;
}

let s: Scalable;
let queue: number;
let tail = 0;
let spaces: Record<string, SpaceUnderTest>;
let entries: Record<string, number>;
let seconds: Map<number, number>;

beforeEach(async () => {
  s = await Scalable.create();
  const { h } = s;
  queue = h.page();
  tail = 0;
  spaces = {};
  entries = {};
  seconds = new Map();
  for (const [name, requesterId, pasid, type, domainId] of [
    ["a-second", A, undefined, SECOND, ONE],
    ["a-first", A, 5, FIRST, ONE],
    ["a-first-9", A, 9, FIRST, ONE],
    ["a-nested", A, 0x4c5, NESTED, ONE],
    ["b-first", B, 5, FIRST, TWO],
    ["b-second", B, undefined, SECOND, TWO],
  ] as [string, number, number | undefined, number, number][]) {
    add(name, requesterId, pasid, type, domainId);
  }
  s.enable();
  h.set64(IQA_REG, BigInt(queue) | 0x800n);
  h.command(GCMD_QIE_LO);
});

function add(name: string, requesterId: number, pasid: number | undefined, type: number, domainId: number): void {
  const { h } = s;
  const contextAt = s.contextAt(requesterId);
  if (h.read64(contextAt) === 0n) s.context(requesterId, { directory: h.page() });
  const directory = Number(h.read64(contextAt) & ~0xfffn);
  const first = h.page();
  // A domain has one second stage (§6.2.3.1).
  const second = seconds.get(domainId) ?? h.page();
  seconds.set(domainId, second);
  const usesFirst = type === FIRST || type === NESTED;
  const map = (page: number, target: number): void => {
    if (type === FIRST) s.mapFirst(first, 4, page, target);
    else h.mapPage(second, 4, page, target);
  };
  if (type === NESTED) {
    for (const page of PAGES) s.mapFirst(first, 4, page, page);
    // The first stage's tables, each at the guest's address that is its own.
    for (let at = RAM_BASE; at < RAM_BASE + 0x8_0000; at += 4096) h.mapPage(second, 4, at, at);
  }
  for (const page of PAGES) map(page, OLD);
  const fields = usesFirst ? { first, ...(type === NESTED ? { second } : {}) } : { second };
  entries[name] = s.pasid(directory, pasid ?? 0, { type, domainId, ...fields });
  spaces[name] = { requesterId, pasid, type, domainId, map };
}

function translate(name: string, page: number): number {
  const { requesterId, pasid } = spaces[name] as SpaceUnderTest;
  return s.translate(requesterId, page, READ, pasid);
}

/** Fills the caches, then changes every leaf in memory. */
function makeStale(): void {
  for (const name of Object.keys(spaces)) {
    for (const page of PAGES) expect(translate(name, page), name).toBe(OLD);
  }
  for (const space of Object.values(spaces)) for (const page of PAGES) space.map(page, NEW);
}

/** The pages that each space sees anew; spaces that see none are left out. */
function fresh(): Record<string, number[]> {
  const seen = Object.keys(spaces).map((name): [string, number[]] => [
    name,
    PAGES.filter((page) => translate(name, page) === NEW),
  ]);
  return Object.fromEntries(seen.filter(([, pages]) => pages.length > 0));
}

const all = (...names: string[]): Record<string, number[]> => Object.fromEntries(names.map((name) => [name, PAGES]));

function submit(...descriptors: Descriptor[]): void {
  for (const [low, high] of descriptors) {
    for (const [place, value] of [low, high ?? 0n, 0n, 0n].entries()) s.h.write64(queue + tail + place * 8, value);
    tail = (tail + 32) % 4096;
  }
  s.h.set32(IQT_REG, tail);
}

function done(...descriptors: Descriptor[]): void {
  submit(...descriptors);
  expect([s.h.get32(FSTS_REG) & IQE, s.h.get32(IQH_REG)]).toEqual([0, tail]);
}

const iotlb = (granularity: number, domainId = 0, page = 0, mask = 0, hint = 0): Descriptor => [
  2n | BigInt(granularity << 4) | (BigInt(domainId) << 16n),
  BigInt(page) | BigInt((hint << 6) | mask),
];
const pasidIotlb = (granularity: number, domainId: number, pasid: number, page = 0, mask = 0, hint = 0): Descriptor => [
  6n | BigInt(granularity << 4) | (BigInt(domainId) << 16n) | (BigInt(pasid) << 32n),
  BigInt(page) | BigInt((hint << 6) | mask),
];
const pasidCache = (granularity: number, domainId = 0, pasid = 0): Descriptor => [
  7n | BigInt(granularity << 4) | (BigInt(domainId) << 16n) | (BigInt(pasid) << 32n),
];
const context = (granularity: number, domainId = 0, sourceId = 0, mask = 0): Descriptor => [
  1n | BigInt(granularity << 4) | (BigInt(domainId) << 16n) | (BigInt(sourceId) << 32n) | (BigInt(mask) << 48n),
];
const OF_ONE = ["a-second", "a-first", "a-first-9", "a-nested"];
const OF_TWO = ["b-first", "b-second"];

describe("VT-d §6.5.2.3 IOTLB invalidation in scalable mode (Table 23)", () => {
  beforeEach(makeStale);

  test("nothing is seen anew before", () => {
    expect(fresh()).toEqual({});
  });

  test("global: every space", () => {
    done(iotlb(1));
    expect(fresh()).toEqual(all(...OF_ONE, ...OF_TWO));
  });

  test("domain-selective: all that is translated for the domain, whatever the PASID", () => {
    done(iotlb(2, ONE));
    expect(fresh()).toEqual(all(...OF_ONE));
    done(iotlb(2, TWO));
    expect(fresh()).toEqual(all(...OF_ONE, ...OF_TWO));
  });

  test("page-selective: that page of second-stage mappings, all of what a first stage took part in", () => {
    done(iotlb(3, ONE, 0x2000));
    expect(fresh()).toEqual({ ...all("a-first", "a-first-9", "a-nested"), "a-second": [0x2000] });
  });

  test("page-selective, AM=1 and AM=9", () => {
    done(iotlb(3, TWO, 0x3000, 1));
    expect(fresh()).toEqual({ ...all("b-first"), "b-second": [0x2000, 0x3000] });
    done(iotlb(3, TWO, 0x3000, 9));
    expect(fresh()).toEqual({ ...all("b-first"), "b-second": [0x1000, 0x2000, 0x3000] });
  });
});

describe("VT-d §6.5.2.4 PASID-based IOTLB invalidation (Table 24)", () => {
  beforeEach(makeStale);

  /** Requests without PASID are tagged with the domain alone, so what was translated for them goes with any PASID. */
  const withPasid = (): string[] => Object.keys(fresh()).filter((name) => spaces[name]?.pasid !== undefined);

  test("PASID-selective: that PASID in that domain", () => {
    done(pasidIotlb(2, TWO, 9));
    expect(withPasid()).toEqual([]);
    done(pasidIotlb(2, ONE, 5));
    expect(withPasid()).toEqual(["a-first"]);
    done(pasidIotlb(2, TWO, 5));
    expect(withPasid()).toEqual(["a-first", "b-first"]);
    done(pasidIotlb(2, ONE, 0x4c5));
    expect(fresh()).toEqual(all("a-first", "b-first", "a-nested", "a-second", "b-second"));
  });

  test("PASID-selective of RID_PASID: second-stage translations of requests without PASID", () => {
    done(pasidIotlb(2, ONE, 0));
    expect(fresh()).toEqual(all("a-second"));
  });

  test("page-selective: that page of first-stage and nested mappings, no second-stage ones", () => {
    done(pasidIotlb(3, ONE, 5, 0x2000), pasidIotlb(3, ONE, 0, 0x1000), pasidIotlb(3, ONE, 0x4c5, 0x3000));
    expect(fresh()).toEqual({ "a-first": [0x2000], "a-nested": [0x3000] });
  });

  test.each([
    [1, [0x2000, 0x3000]],
    [9, [0x1000, 0x2000, 0x3000]],
    [18, PAGES],
    [36, PAGES],
    [51, PAGES],
    [63, PAGES],
  ])("AM=%i, whatever MAMV is", (mask, pages) => {
    done(pasidIotlb(3, ONE, 9, 0x3000, mask as number));
    expect(fresh()).toEqual({ "a-first-9": pages });
  });

  test("IH=1 keeps the tables above the leaves, IH=0 does not", () => {
    const { h } = s;
    const space = spaces["a-first"] as SpaceUnderTest;
    const table = Number(h.read64((entries["a-first"] as number) + 16) & ~0xfffn);
    const upper = s.firstAt(table, 4, 0x1000n, 1);
    const other = h.page();
    h.write64(other + 8, BigInt(OLD + 0x3000) | 7n);
    h.write64(upper, BigInt(other) | 7n);
    space.map(0x1000, OLD + 0x3000);
    done(pasidIotlb(3, ONE, 5, 0x1000, 0, 1));
    expect(translate("a-first", 0x1000)).not.toBe(OLD);
    h.write64(other + 8, BigInt(OLD + 0x4000) | 7n);
    done(pasidIotlb(3, ONE, 5, 0x1000, 0, 0));
    expect(translate("a-first", 0x1000)).toBe(OLD + 0x4000);
  });
});

describe("VT-d §6.5.2.2 PASID-cache invalidation", () => {
  /** Fills the caches, drops what was translated, and makes every PASID-table entry not-present. */
  const gone = (): string[] => Object.keys(spaces).filter((name) => translate(name, 0x1000) === -0x59);
  beforeEach(() => {
    for (const name of Object.keys(spaces)) expect(translate(name, 0x1000)).toBe(OLD);
    for (const at of Object.values(entries)) s.h.write64(at, s.h.read64(at) & ~1n);
  });

  test("decisions stay until they are invalidated, also over an IOTLB invalidation", () => {
    expect(gone()).toEqual([]);
    done(iotlb(1));
    expect(gone()).toEqual([]);
  });

  test("domain-selective (00b), PASID-selective (01b), global (11b)", () => {
    done(pasidCache(1, TWO, 9));
    expect(gone()).toEqual([]);
    done(pasidCache(1, ONE, 9));
    expect(gone()).toEqual(["a-first-9"]);
    done(pasidCache(1, TWO, 0));
    expect(gone()).toEqual(["a-first-9", "b-second"]);
    done(pasidCache(0, ONE, 0x999));
    expect(gone()).toEqual([...OF_ONE, "b-second"]);
    done(pasidCache(3));
    expect(gone()).toEqual([...OF_ONE, ...OF_TWO]);
  });

  test("what a decision translated stays until the IOTLB is invalidated: another domain does not share it", () => {
    const at = entries["a-first"] as number;
    s.h.write64(at + 16, (s.h.read64(at + 16) & 0xfffn) | BigInt(s.h.page()));
    s.h.write64(at, s.h.read64(at) | 1n);
    done(pasidCache(1, ONE, 5));
    expect(translate("a-first", 0x1000)).toBe(OLD);
    done(pasidIotlb(2, ONE, 5));
    expect(translate("a-first", 0x1000)).toBe(-0x71);
  });

  test("the domain-id's bits beyond ND are ignored", async () => {
    s = await Scalable.create({ domainIdWidth: 8 });
    queue = s.h.page();
    tail = 0;
    spaces = {};
    seconds = new Map();
    add("narrow", A, 5, FIRST, 0x07);
    s.enable();
    s.h.set64(IQA_REG, BigInt(queue) | 0x800n);
    s.h.command(GCMD_QIE_LO);
    expect(translate("narrow", 0x1000)).toBe(OLD);
    s.h.write64(entries.narrow as number, 0n);
    done(pasidCache(1, 0xab08, 5), pasidIotlb(2, 0xab08, 5));
    expect(translate("narrow", 0x1000)).toBe(OLD);
    done(pasidCache(1, 0xab07, 5), pasidIotlb(2, 0xab07, 5));
    expect(translate("narrow", 0x1000)).toBe(-0x59);
  });
});

describe("VT-d §6.5.2.1 context-cache invalidation in scalable mode", () => {
  /** Which requesters' context-entries the unit has read anew: all turned not-present. */
  const gone = (): number[] => [A, B].filter((id) => s.translate(id, 0x1000, READ) === -0x41);
  beforeEach(() => {
    for (const name of Object.keys(spaces)) expect(translate(name, 0x1000)).toBe(OLD);
    for (const id of [A, B]) s.h.write64(s.contextAt(id), 0n);
    expect(gone()).toEqual([]);
  });

  test("domain-selective acts globally: contexts have no domain", () => {
    done(context(2, 0x999));
    expect(gone()).toEqual([A, B]);
  });

  test("device-selective ignores the domain and heeds the function mask", () => {
    done(context(3, 0x999, B & ~7, 2));
    expect(gone()).toEqual([]);
    done(context(3, 0x999, B & ~7, 3));
    expect(gone()).toEqual([B]);
    done(context(3, TWO, A));
    expect(gone()).toEqual([A, B]);
  });

  test("global", () => {
    done(context(1));
    expect(gone()).toEqual([A, B]);
  });
});

describe("VT-d §6.1 and §6.5 with pass-through", () => {
  test("a space that passes through is found by its domain and its PASID", () => {
    add("a-pass", A, 0x77, PASS, ONE);
    expect(translate("a-pass", 0x1234)).toBe(0x1234);
    s.h.write64(entries["a-pass"] as number, 0n);
    expect(translate("a-pass", 0x1234)).toBe(0x1234);
    done(pasidCache(1, TWO, 0x77), pasidCache(1, ONE, 0x76));
    expect(translate("a-pass", 0x1234)).toBe(0x1234);
    done(pasidCache(1, ONE, 0x77));
    expect(translate("a-pass", 0x1234)).toBe(-0x59);
  });
});
