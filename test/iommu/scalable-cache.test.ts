// What scalable mode's caches keep, and what each invalidation drops: exactly what VT-d 5.10 §6.5.2 Tables 23 and 24 say.
import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import { hpa } from "../../host/core/address.ts";
import { CachedSpaces, FAR, NEW, OLD, OTHER, PAGE, RID, type Space, whole } from "./cached-spaces.ts";
import { RAM_BASE, READ } from "./harness.ts";
import { FIRST, PASS, SECOND } from "./scalable.ts";

let unit: CachedSpaces;

describe("IOTLB", () => {
  beforeEach(async () => {
    unit = await CachedSpaces.create();
    unit.fresh();
    unit.point(NEW);
    expect(unit.fresh()).toEqual([]);
  });

  test("§6.5.2.3 global: everything", () => {
    unit.translations();
    expect(unit.fresh()).toEqual(whole(...Object.keys(unit.spaces)));
  });

  test("§6.5.2.3 by domain: what any stage of the domain took part in", () => {
    unit.translations(10);
    expect(unit.fresh()).toEqual(whole("first", "first of another", "first, other PASID"));
  });

  test("§6.5.2.3 by page: second-stage translations of the page, first-stage and nested ones of any", () => {
    unit.translations(20, PAGE);
    expect(unit.fresh()).toEqual([...whole("nested"), "second", "requester"]);
  });

  test("§6.5.2.3 by page in a domain of first stages: all of them, whatever the address", () => {
    unit.translations(10, 0x5000);
    expect(unit.fresh()).toEqual(whole("first", "first of another", "first, other PASID"));
  });

  test("§6.5.2.4 by PASID: of every requester", () => {
    unit.byPasid(10, 1);
    expect(unit.fresh()).toEqual(whole("first", "first of another"));
  });

  test("§6.5.2.4 by PASID: the domain must fit too", () => {
    unit.byPasid(30, 1);
    expect(unit.fresh()).toEqual([]);
  });

  test("§6.5.2.4 by PASID: second-stage ones; those of requests without PASID, tagged by domain alone, go along", () => {
    unit.byPasid(20, 4);
    expect(unit.fresh()).toEqual(whole("second", "requester"));
  });

  test("§6.5.2.4 by page of a PASID: that page, of no second-stage translation", () => {
    unit.byPasid(10, 1, FAR);
    unit.byPasid(20, 4, PAGE);
    expect(unit.fresh()).toEqual(["first, far", "first of another, far"]);
  });

  test("§6.5.2.4 by page of a PASID: the address mask widens it", () => {
    unit.byPasid(10, 2, PAGE, 0, 10);
    expect(unit.fresh()).toEqual(whole("first, other PASID"));
  });

  test("a privileged request has translations of its own, which its PASID drops as well", () => {
    unit.s.pasid(unit.directory, 6, {
      type: FIRST,
      first: (unit.spaces.first as Space).table,
      sre: true,
      domainId: 40,
    });
    const at = unit.s.firstAt((unit.spaces.first as Space).table, 4, BigInt(PAGE));
    unit.s.h.write64(at, BigInt(OLD) | 3n);
    const run = (): number[] =>
      [READ, READ | ACCESS_PRIVILEGED].map((access) => unit.s.translate(RID, PAGE, access, 6));
    expect(run()).toEqual([-0x81, OLD]);
    unit.s.h.write64(at, BigInt(NEW) | 7n);
    expect(run()).toEqual([NEW, OLD]);
    unit.byPasid(40, 6);
    expect(run()).toEqual([NEW, NEW]);
  });
});

describe("PASID cache", () => {
  const NEXT = PAGE + 0x1000;
  let other: number;
  beforeEach(async () => {
    unit = await CachedSpaces.create();
    other = unit.s.h.page();
    for (const page of [PAGE, NEXT]) unit.s.mapFirst(other, 4, page, NEW);
    unit.s.mapFirst((unit.spaces.first as Space).table, 4, NEXT, OLD);
    unit.fresh();
    unit.s.pasid(unit.directory, 1, { type: FIRST, first: other, domainId: 10 });
  });
  const see = (page: number, rid = RID): number => unit.s.translate(rid, page, READ, 1);

  test.each([
    ["global", (): void => unit.pasids()],
    ["by domain", (): void => unit.pasids(10)],
    ["by PASID", (): void => unit.pasids(10, 1)],
  ])("§6.5.2.2 %s: drops the decision, and with it no translation", (_name, drop) => {
    drop();
    expect(see(PAGE)).toBe(OLD);
    unit.byPasid(10, 1, PAGE);
    expect([see(PAGE), see(NEXT), see(NEXT, OTHER)]).toEqual([NEW, NEW, NEW]);
  });

  test("§6.5.2.2: the decision stays while another domain, PASID, the contexts or the IOTLB are invalidated", () => {
    unit.pasids(20);
    unit.pasids(10, 2);
    unit.contexts();
    unit.translations();
    expect([see(PAGE), see(NEXT)]).toEqual([OLD, OLD]);
  });

  test("requests without PASID go by the same cache", () => {
    const third = unit.s.h.page();
    unit.s.h.mapPage(third, 4, PAGE, NEW);
    unit.s.pasid(unit.directory, 0, { type: SECOND, second: third, domainId: 21 });
    unit.translations();
    expect(unit.s.translate(RID, PAGE)).toBe(OLD);
    unit.pasids(20, 0);
    expect(unit.s.translate(RID, PAGE)).toBe(NEW);
  });

  test("more spaces than there are lines: each has its own translation all the same", () => {
    const shared = unit.s.h.page();
    unit.s.mapFirst(shared, 4, PAGE, OLD);
    unit.s.context(RID, { directory: unit.directory, pdts: 1 });
    unit.contexts();
    for (let pasid = 0x1000; pasid < 0x3000; pasid++) {
      unit.s.pasid(unit.directory, pasid, {
        type: pasid % 2 === 0 ? FIRST : PASS,
        first: shared,
        domainId: pasid % 2 === 0 ? 50 : 51,
      });
    }
    for (let pasid = 0x1000; pasid < 0x3000; pasid++) {
      expect(unit.s.translate(RID, PAGE, READ, pasid)).toBe(pasid % 2 === 0 ? OLD : PAGE);
    }
    expect(unit.s.translate(RID, PAGE, READ, 0x1000)).toBe(OLD);
  });
});

describe("context cache", () => {
  let elsewhere: number;
  beforeEach(async () => {
    unit = await CachedSpaces.create();
    elsewhere = unit.s.h.page();
    unit.s.pasid(elsewhere, 0, { type: PASS, domainId: 60 });
    unit.s.pasid(elsewhere, 1, { type: PASS, domainId: 60 });
    unit.fresh();
    for (const rid of [RID, OTHER]) unit.s.context(rid, { directory: elsewhere });
    // What is known of the entries must not hide which directory they are in.
    unit.pasids();
    unit.translations();
  });
  const see = (): number[] => [
    unit.s.translate(RID, PAGE),
    unit.s.translate(RID, PAGE, READ, 1),
    unit.s.translate(OTHER, PAGE, READ, 1),
  ];

  test("§6.5.2.1: entries stay until they are invalidated, by all, by domain (which means all) or by device", () => {
    expect(see()).toEqual([OLD, OLD, OLD]);
    unit.device(RID);
    expect(see().slice(2)).toEqual([OLD]);
    unit.pasids();
    expect(unit.s.translate(RID, PAGE)).toBe(PAGE);
    unit.submit(0x21n);
    unit.pasids();
    unit.translations();
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
    unit = await CachedSpaces.create();
    const table = unit.s.h.page();
    const replaced = unit.s.h.page();
    const next = PAGE + step;
    for (const [root, target] of [
      [table, OLD],
      [replaced, NEW],
    ] as const) {
      unit.s.mapFirst(root, levels, PAGE, target);
      unit.s.mapFirst(root, levels, next, target);
    }
    unit.s.pasid(unit.directory, 9, { type: FIRST, first: table, fiveLevels: levels === 5, domainId: 70 });
    expect(unit.s.translate(RID, PAGE, READ, 9)).toBe(OLD);
    const at = unit.s.firstAt(table, levels, BigInt(PAGE), level);
    unit.s.h.write64(at, unit.s.h.read64(unit.s.firstAt(replaced, levels, BigInt(PAGE), level)));
    unit.byPasid(70, 9, next, 1);
    expect(unit.s.translate(RID, next, READ, 9)).toBe(OLD);
    unit.byPasid(70, 9, next);
    expect(unit.s.translate(RID, next, READ, 9)).toBe(NEW);
  });

  test("§6.5.2.3: IH=1 keeps second-stage entries and drops what a first stage took part in", async () => {
    unit = await CachedSpaces.create();
    const other = unit.s.h.page();
    unit.s.h.mapPage(other, 4, PAGE + 0x1000, NEW);
    unit.s.h.mapPage(unit.second, 4, PAGE + 0x1000, OLD);
    unit.fresh();
    unit.s.h.write64(
      unit.s.h.entryAt(unit.second, 4, BigInt(PAGE), 1),
      unit.s.h.read64(unit.s.h.entryAt(other, 4, BigInt(PAGE), 1)),
    );
    unit.translations(20, PAGE, 1);
    expect(unit.s.translate(RID, PAGE + 0x1000, READ, 4)).toBe(OLD);
    unit.translations(20, PAGE + 0x1000, 0);
    expect(unit.s.translate(RID, PAGE + 0x1000, READ, 4)).toBe(NEW);
  });
});

test("a restored unit continues identically: stale decisions, translations and paging structures of every space", async () => {
  unit = await CachedSpaces.create();
  unit.fresh();
  const ram = new Uint8Array(0x100_0000);
  unit.point(NEW);
  unit.s.h.map.readBytes(hpa(RAM_BASE), ram);
  const state = structuredClone(unit.s.h.unit.save());
  const run = (): unknown[] => {
    const seen: unknown[] = [unit.fresh()];
    unit.s.pasid(unit.directory, 1, { type: PASS, domainId: 10 });
    seen.push(unit.fresh(), unit.s.translate(RID, PAGE + 0x3000, READ, 1));
    unit.byPasid(10, 1, PAGE);
    seen.push(unit.fresh());
    unit.pasids(10);
    seen.push(unit.fresh());
    unit.translations();
    unit.contexts();
    seen.push(unit.fresh(), unit.s.h.unit.statistics(), unit.s.h.unit.faults());
    return seen;
  };
  const begin = unit.tail;
  const first = run();
  unit.s.h.map.writeBytes(hpa(RAM_BASE), ram);
  unit.tail = begin;
  unit.s.h.unit.restore(state);
  expect(run()).toEqual(first);
});
