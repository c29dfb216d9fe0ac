import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import { CachedSpaces, NEW, OLD, PAGE, RID, type Space } from "./cached-spaces.ts";
import { READ } from "./harness.ts";
import { FIRST, PASS } from "./scalable.ts";

let unit: CachedSpaces;

describe("VT-d §6.1 caching mode", () => {
  beforeEach(async () => {
    unit = await CachedSpaces.create({ cachingMode: true });
  });

  test("§6.2.3: a PASID-table entry that refuses is cached under domain 0", () => {
    const at = unit.s.pasidAt(unit.directory, 7);
    expect(unit.s.translate(RID, PAGE, READ, 7)).toBe(-0x59);
    unit.s.pasid(unit.directory, 7, { type: PASS, domainId: 80 });
    unit.pasids(80);
    expect(unit.s.translate(RID, PAGE, READ, 7)).toBe(-0x59);
    unit.pasids(0, 7);
    expect(unit.s.translate(RID, PAGE, READ, 7)).toBe(PAGE);
    expect(unit.s.h.read64(at) & 1n).toBe(1n);
  });

  test("§6.2.2: a context-entry that refuses is cached", () => {
    expect(unit.s.translate(0x0217, PAGE)).toBe(-0x41);
    unit.s.context(0x0217, { directory: unit.directory });
    unit.pasids();
    expect(unit.s.translate(0x0217, PAGE)).toBe(-0x41);
    unit.device(0x0217);
    expect(unit.s.translate(0x0217, PAGE)).toBe(OLD);
  });

  test.each([undefined, 4])("§6.2.4.1: a second-stage page that is not present is cached (PASID %s)", (pasid) => {
    const page = PAGE + 0x8000;
    expect(unit.s.translate(RID, page, READ, pasid)).toBe(-0x79);
    unit.s.h.mapPage(unit.second, 4, page, NEW);
    expect(unit.s.translate(RID, page, READ, pasid)).toBe(-0x79);
    unit.translations(20, page);
    expect(unit.s.translate(RID, page, READ, pasid)).toBe(NEW);
  });

  test("§6.2.4.1: a first-stage page that is not present is not", () => {
    const page = PAGE + 0x8000;
    expect(unit.s.translate(RID, page, READ, 1)).toBe(-0x71);
    unit.s.mapFirst((unit.spaces.first as Space).table, 4, page, NEW);
    expect(unit.s.translate(RID, page, READ, 1)).toBe(NEW);
  });
});

test("§6.2.3 Caching Mode: a refusal for want of SRE goes with the entry's own domain", async () => {
  unit = await CachedSpaces.create({ cachingMode: true });
  const privileged = () => unit.s.translate(RID, PAGE, READ | ACCESS_PRIVILEGED, 1);
  expect(privileged()).toBe(-0x5d);
  unit.s.pasid(unit.directory, 1, { type: FIRST, first: unit.spaces.first?.table ?? 0, domainId: 10, sre: true });
  expect(privileged()).toBe(-0x5d);
  unit.pasids(10, 1);
  unit.byPasid(10, 1);
  expect(privileged()).toBe(OLD);
});
