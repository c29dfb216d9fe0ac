// What scalable mode's caches keep, and what each invalidation drops: exactly what VT-d 5.10 §6.5.2 Tables 23 and 24 say.
import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa } from "../../host/core/address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { RAM_BASE, READ, WRITE } from "./harness.ts";
import { FIRST, NESTED, PASS, Scalable, SECOND } from "./scalable.ts";

const RID = 0x0215;
const OTHER = 0x02a3;
const OLD = RAM_BASE + 0x50_0000;
const NEW = RAM_BASE + 0x60_0000;
const PAGE = 0x12_3456_7000;
const FAR = PAGE + 0x20_0000;
let s: Scalable;
let directory: number;
let second: number;
let queue: number;
let tail: number;

/** Requester, PASID, domain, first-stage table. */
interface Space {
  rid: number;
  pasid: number | undefined;
  table: number;
  levels?: "second";
}
let spaces: Record<string, Space>;

async function start(options: IommuOptions = {}): Promise<void> {
  s = await Scalable.create(options);
  [directory, second, queue] = [s.h.page(), s.h.page(), s.h.page()];
  tail = 0;
  s.h.mapPage(second, 4, 0, 0, READ | WRITE, 2);
  const [one, two, three, four] = [s.h.page(), s.h.page(), s.h.page(), s.h.page()];
  s.context(RID, { directory });
  s.context(OTHER, { directory });
  s.pasid(directory, 0, { type: SECOND, second, domainId: 20 });
  s.pasid(directory, 1, { type: FIRST, first: one, domainId: 10 });
  s.pasid(directory, 2, { type: FIRST, first: two, domainId: 10 });
  s.pasid(directory, 3, { type: NESTED, second, first: three, domainId: 20 });
  s.pasid(directory, 4, { type: SECOND, second, domainId: 20 });
  s.pasid(directory, 5, { type: FIRST, first: four, domainId: 30 });
  spaces = {
    first: { rid: RID, pasid: 1, table: one },
    "first of another": { rid: OTHER, pasid: 1, table: one },
    "first, other PASID": { rid: RID, pasid: 2, table: two },
    nested: { rid: RID, pasid: 3, table: three },
    second: { rid: RID, pasid: 4, table: second, levels: "second" },
    requester: { rid: RID, pasid: undefined, table: second, levels: "second" },
    "other domain": { rid: RID, pasid: 5, table: four },
  };
  point(OLD);
  s.enable();
  s.h.set64(IQA_REG, BigInt(queue) | 0x800n);
  s.h.command(GCMD_QIE_LO);
}

/** Lets all pages of all spaces lead to `target`. */
function point(target: number): void {
  for (const { table, levels } of Object.values(spaces)) {
    for (const page of [PAGE, FAR]) {
      if (levels === "second") s.h.mapPage(table, 4, page, target);
      else s.mapFirst(table, 4, page, target);
    }
  }
}

/** Submits a 256-bit descriptor and waits until it was executed. */
function submit(low: bigint, high = 0n): void {
  const at = queue + tail;
  for (const [index, word] of [low, high, 0n, 0n].entries()) s.h.write64(at + index * 8, word);
  tail = (tail + 32) % 4096;
  s.h.set32(IQT_REG, tail);
  expect(s.h.get32(IQH_REG)).toBe(tail);
}

const domainField = (domain: number): bigint => BigInt(domain) << 16n;
const contexts = (): void => submit(0x11n);
const device = (rid: number): void => submit(0x31n | (BigInt(rid) << 32n));
const translations = (domain?: number, page?: number, hint = 0): void => {
  if (domain === undefined) submit(0x12n);
  else if (page === undefined) submit(0x22n | domainField(domain));
  else submit(0x32n | domainField(domain), BigInt(page) | BigInt(hint << 6));
};
const pasids = (domain?: number, pasid?: number): void => {
  if (domain === undefined) submit(0x37n);
  else if (pasid === undefined) submit(0x07n | domainField(domain));
  else submit(0x17n | domainField(domain) | (BigInt(pasid) << 32n));
};
const byPasid = (domain: number, pasid: number, page?: number, hint = 0, mask = 0): void => {
  const which = domainField(domain) | (BigInt(pasid) << 32n);
  if (page === undefined) submit(0x26n | which);
  else submit(0x36n | which, BigInt(page) | BigInt((hint << 6) | mask));
};

/** Which pages of which spaces lead to NEW by now. */
function fresh(): string[] {
  return Object.entries(spaces).flatMap(([name, { rid, pasid }]) =>
    [PAGE, FAR]
      .filter((page) => s.translate(rid, page, READ, pasid) === NEW)
      .map((page) => (page === PAGE ? name : `${name}, far`)),
  );
}

const whole = (...names: string[]): string[] => names.flatMap((name) => [name, `${name}, far`]);

describe("IOTLB", () => {
  beforeEach(async () => {
    await start();
    fresh();
    point(NEW);
    expect(fresh()).toEqual([]);
  });

  test("§6.5.2.3 global: everything", () => {
    translations();
    expect(fresh()).toEqual(whole(...Object.keys(spaces)));
  });

  test("§6.5.2.3 by domain: what any stage of the domain took part in", () => {
    translations(10);
    expect(fresh()).toEqual(whole("first", "first of another", "first, other PASID"));
  });

  test("§6.5.2.3 by page: second-stage translations of the page, first-stage and nested ones of any", () => {
    translations(20, PAGE);
    expect(fresh()).toEqual([...whole("nested"), "second", "requester"]);
  });

  test("§6.5.2.3 by page in a domain of first stages: all of them, whatever the address", () => {
    translations(10, 0x5000);
    expect(fresh()).toEqual(whole("first", "first of another", "first, other PASID"));
  });

  test("§6.5.2.4 by PASID: of every requester", () => {
    byPasid(10, 1);
    expect(fresh()).toEqual(whole("first", "first of another"));
  });

  test("§6.5.2.4 by PASID: the domain must fit too", () => {
    byPasid(30, 1);
    expect(fresh()).toEqual([]);
  });

  test("§6.5.2.4 by PASID: second-stage ones; those of requests without PASID, tagged by domain alone, go along", () => {
    byPasid(20, 4);
    expect(fresh()).toEqual(whole("second", "requester"));
  });

  test("§6.5.2.4 by page of a PASID: that page, of no second-stage translation", () => {
    byPasid(10, 1, FAR);
    byPasid(20, 4, PAGE);
    expect(fresh()).toEqual(["first, far", "first of another, far"]);
  });

  test("§6.5.2.4 by page of a PASID: the address mask widens it", () => {
    byPasid(10, 2, PAGE, 0, 10);
    expect(fresh()).toEqual(whole("first, other PASID"));
  });

  test("a privileged request has translations of its own, which its PASID drops as well", () => {
    s.pasid(directory, 6, { type: FIRST, first: (spaces.first as Space).table, sre: true, domainId: 40 });
    const at = s.firstAt((spaces.first as Space).table, 4, BigInt(PAGE));
    s.h.write64(at, BigInt(OLD) | 3n);
    const run = (): number[] => [READ, READ | ACCESS_PRIVILEGED].map((access) => s.translate(RID, PAGE, access, 6));
    expect(run()).toEqual([-0x81, OLD]);
    s.h.write64(at, BigInt(NEW) | 7n);
    expect(run()).toEqual([NEW, OLD]);
    byPasid(40, 6);
    expect(run()).toEqual([NEW, NEW]);
  });
});

describe("PASID cache", () => {
  const NEXT = PAGE + 0x1000;
  let other: number;
  beforeEach(async () => {
    await start();
    other = s.h.page();
    for (const page of [PAGE, NEXT]) s.mapFirst(other, 4, page, NEW);
    s.mapFirst((spaces.first as Space).table, 4, NEXT, OLD);
    fresh();
    s.pasid(directory, 1, { type: FIRST, first: other, domainId: 10 });
  });
  const see = (page: number, rid = RID): number => s.translate(rid, page, READ, 1);

  test.each([
    ["global", (): void => pasids()],
    ["by domain", (): void => pasids(10)],
    ["by PASID", (): void => pasids(10, 1)],
  ])("§6.5.2.2 %s: drops the decision, and with it no translation", (_name, drop) => {
    drop();
    expect(see(PAGE)).toBe(OLD);
    byPasid(10, 1, PAGE);
    expect([see(PAGE), see(NEXT), see(NEXT, OTHER)]).toEqual([NEW, NEW, NEW]);
  });

  test("§6.5.2.2: the decision stays while another domain, PASID, the contexts or the IOTLB are invalidated", () => {
    pasids(20);
    pasids(10, 2);
    contexts();
    translations();
    expect([see(PAGE), see(NEXT)]).toEqual([OLD, OLD]);
  });

  test("requests without PASID go by the same cache", () => {
    const third = s.h.page();
    s.h.mapPage(third, 4, PAGE, NEW);
    s.pasid(directory, 0, { type: SECOND, second: third, domainId: 21 });
    translations();
    expect(s.translate(RID, PAGE)).toBe(OLD);
    pasids(20, 0);
    expect(s.translate(RID, PAGE)).toBe(NEW);
  });

  test("more spaces than there are lines: each has its own translation all the same", () => {
    const shared = s.h.page();
    s.mapFirst(shared, 4, PAGE, OLD);
    s.context(RID, { directory, pdts: 1 });
    contexts();
    for (let pasid = 0x1000; pasid < 0x3000; pasid++) {
      s.pasid(directory, pasid, {
        type: pasid % 2 === 0 ? FIRST : PASS,
        first: shared,
        domainId: pasid % 2 === 0 ? 50 : 51,
      });
    }
    for (let pasid = 0x1000; pasid < 0x3000; pasid++) {
      expect(s.translate(RID, PAGE, READ, pasid)).toBe(pasid % 2 === 0 ? OLD : PAGE);
    }
    expect(s.translate(RID, PAGE, READ, 0x1000)).toBe(OLD);
  });
});

describe("context cache", () => {
  let elsewhere: number;
  beforeEach(async () => {
    await start();
    elsewhere = s.h.page();
    s.pasid(elsewhere, 0, { type: PASS, domainId: 60 });
    s.pasid(elsewhere, 1, { type: PASS, domainId: 60 });
    fresh();
    for (const rid of [RID, OTHER]) s.context(rid, { directory: elsewhere });
    // What is known of the entries must not hide which directory they are in.
    pasids();
    translations();
  });
  const see = (): number[] => [
    s.translate(RID, PAGE),
    s.translate(RID, PAGE, READ, 1),
    s.translate(OTHER, PAGE, READ, 1),
  ];

  test("§6.5.2.1: entries stay until they are invalidated, by all, by domain (which means all) or by device", () => {
    expect(see()).toEqual([OLD, OLD, OLD]);
    device(RID);
    expect(see().slice(2)).toEqual([OLD]);
    pasids();
    expect(s.translate(RID, PAGE)).toBe(PAGE);
    submit(0x21n);
    pasids();
    translations();
    expect(see()).toEqual([PAGE, PAGE, PAGE]);
  });
});

describe("paging-structure caches", () => {
  test.each([
    [1, 0x1000, 4],
    [2, 0x20_0000, 4],
    [3, 0x4000_0000, 4],
    [4, 2 ** 39, 5],
  ])("§6.2.5: the entry of level %i above a first-stage table stays until IH=0", async (level, step, levels) => {
    await start();
    const table = s.h.page();
    const replaced = s.h.page();
    const next = PAGE + step;
    for (const [root, target] of [
      [table, OLD],
      [replaced, NEW],
    ] as const) {
      s.mapFirst(root, levels, PAGE, target);
      s.mapFirst(root, levels, next, target);
    }
    s.pasid(directory, 9, { type: FIRST, first: table, fiveLevels: levels === 5, domainId: 70 });
    expect(s.translate(RID, PAGE, READ, 9)).toBe(OLD);
    const at = s.firstAt(table, levels, BigInt(PAGE), level);
    s.h.write64(at, s.h.read64(s.firstAt(replaced, levels, BigInt(PAGE), level)));
    byPasid(70, 9, next, 1);
    expect(s.translate(RID, next, READ, 9)).toBe(OLD);
    byPasid(70, 9, next);
    expect(s.translate(RID, next, READ, 9)).toBe(NEW);
  });

  test("§6.5.2.3: IH=1 keeps second-stage entries and drops what a first stage took part in", async () => {
    await start();
    const other = s.h.page();
    s.h.mapPage(other, 4, PAGE + 0x1000, NEW);
    s.h.mapPage(second, 4, PAGE + 0x1000, OLD);
    fresh();
    s.h.write64(s.h.entryAt(second, 4, BigInt(PAGE), 1), s.h.read64(s.h.entryAt(other, 4, BigInt(PAGE), 1)));
    translations(20, PAGE, 1);
    expect(s.translate(RID, PAGE + 0x1000, READ, 4)).toBe(OLD);
    translations(20, PAGE + 0x1000, 0);
    expect(s.translate(RID, PAGE + 0x1000, READ, 4)).toBe(NEW);
  });
});

describe("VT-d §6.1 caching mode", () => {
  beforeEach(() => start({ cachingMode: true }));

  test("§6.2.3: a PASID-table entry that refuses is cached under domain 0", () => {
    const at = s.pasidAt(directory, 7);
    expect(s.translate(RID, PAGE, READ, 7)).toBe(-0x59);
    s.pasid(directory, 7, { type: PASS, domainId: 80 });
    pasids(80);
    expect(s.translate(RID, PAGE, READ, 7)).toBe(-0x59);
    pasids(0, 7);
    expect(s.translate(RID, PAGE, READ, 7)).toBe(PAGE);
    expect(s.h.read64(at) & 1n).toBe(1n);
  });

  test("§6.2.2: a context-entry that refuses is cached", () => {
    expect(s.translate(0x0217, PAGE)).toBe(-0x41);
    s.context(0x0217, { directory });
    pasids();
    expect(s.translate(0x0217, PAGE)).toBe(-0x41);
    device(0x0217);
    expect(s.translate(0x0217, PAGE)).toBe(OLD);
  });

  test.each([undefined, 4])("§6.2.4.1: a second-stage page that is not present is cached (PASID %s)", (pasid) => {
    const page = PAGE + 0x8000;
    expect(s.translate(RID, page, READ, pasid)).toBe(-0x79);
    s.h.mapPage(second, 4, page, NEW);
    expect(s.translate(RID, page, READ, pasid)).toBe(-0x79);
    translations(20, page);
    expect(s.translate(RID, page, READ, pasid)).toBe(NEW);
  });

  test("§6.2.4.1: a first-stage page that is not present is not", () => {
    const page = PAGE + 0x8000;
    expect(s.translate(RID, page, READ, 1)).toBe(-0x71);
    s.mapFirst((spaces.first as Space).table, 4, page, NEW);
    expect(s.translate(RID, page, READ, 1)).toBe(NEW);
  });
});

test("a restored unit continues identically: stale decisions, translations and paging structures of every space", async () => {
  await start();
  fresh();
  const ram = new Uint8Array(0x100_0000);
  point(NEW);
  s.h.map.readBytes(hpa(RAM_BASE), ram);
  const state = structuredClone(s.h.unit.save());
  const run = (): unknown[] => {
    const seen: unknown[] = [fresh()];
    s.pasid(directory, 1, { type: PASS, domainId: 10 });
    seen.push(fresh(), s.translate(RID, PAGE + 0x3000, READ, 1));
    byPasid(10, 1, PAGE);
    seen.push(fresh());
    pasids(10);
    seen.push(fresh());
    translations();
    contexts();
    seen.push(fresh(), s.h.unit.statistics(), s.h.unit.faults());
    return seen;
  };
  const begin = tail;
  const first = run();
  s.h.map.writeBytes(hpa(RAM_BASE), ram);
  tail = begin;
  s.h.unit.restore(state);
  expect(run()).toEqual(first);
});

test("§6.2.3 Caching Mode: a refusal for want of SRE goes with the entry's own domain", async () => {
  await start({ cachingMode: true });
  const privileged = () => s.translate(RID, PAGE, READ | ACCESS_PRIVILEGED, 1);
  expect(privileged()).toBe(-0x5d);
  s.pasid(directory, 1, { type: FIRST, first: spaces.first?.table ?? 0, domainId: 10, sre: true });
  expect(privileged()).toBe(-0x5d);
  submit(7n | (1n << 4n) | domainField(10) | (1n << 32n));
  submit(6n | (2n << 4n) | domainField(10) | (1n << 32n));
  expect(privileged()).toBe(OLD);
});
