// With strict mode on the unit answers as it does without, what its caches hold against memory included.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMPLETION_SUCCESS, COMPLETION_UNSUPPORTED } from "../../../assembly/spec/pci/ats-messages.ts";
import { CONTEXT_TT_DEVICE_TLB, CONTEXT_TT_UNTRANSLATED } from "../../../assembly/spec/vtd/context-entry.ts";
import type { RequesterId } from "../../../host/core/address.ts";
import { RAM_BASE, READ, WRITE } from "../../iommu/harness.ts";
import { Driver } from "./driver.ts";

const DEVICE = 0x0215 as RequesterId;
const TARGET = RAM_BASE + 0x30_0000;
const PAGES = [0, 0x1000, 0x20_0000, 0x7654_3000];

async function driverOf(strict: boolean): Promise<Driver> {
  const driver = await Driver.create(-1);
  driver.h.unit.strict = strict;
  return driver;
}

describe.each([false, true])("strict mode %s", (strict) => {
  test.each([
    ["§7.1.3 LCT.5 a device TLB goes on being served", CONTEXT_TT_DEVICE_TLB, COMPLETION_SUCCESS],
    ["§7.1.3 LCT.5 a device TLB goes on being refused", CONTEXT_TT_UNTRANSLATED, COMPLETION_UNSUPPORTED],
  ])("%s until the context-cache is invalidated", async (_, before, answer) => {
    const driver = await driverOf(strict);
    const { h } = driver;
    const table = h.page();
    const options = { table, domainId: 7 };
    h.context(driver.root, DEVICE, { ...options, type: before });
    h.mapPage(table, 4, 0x5000, TARGET);
    h.mapPage(table, 4, 0x6000, TARGET + 0x1000);
    driver.enableLegacy();
    expect(h.translate(DEVICE, 0x5000)).toBe(TARGET);
    const after = before === CONTEXT_TT_DEVICE_TLB ? CONTEXT_TT_UNTRANSLATED : CONTEXT_TT_DEVICE_TLB;
    h.context(driver.root, DEVICE, { ...options, type: after });
    expect(h.translate(DEVICE, 0x6000)).toBe(TARGET + 0x1000);
    expect(h.unit.ats.translate(DEVICE, 0x5000, 0).status).toBe(answer);
    const text = "context-cache invalidation, device-selective, domain 7, source-id 0x215, FM=0";
    const reports = driver.reports.map(({ missing }) => missing.text);
    expect(new Set(reports)).toEqual(new Set(strict ? [text] : []));
    driver.contextOfDevice(7, DEVICE);
    expect(h.unit.ats.translate(DEVICE, 0x5000, 0).status).not.toBe(answer);
  });

  test("§6.2.4 page 0 of domain 0 is cached", async () => {
    const driver = await driverOf(strict);
    const { h } = driver;
    const table = h.page();
    h.context(driver.root, DEVICE, { table, domainId: 0 });
    h.mapPage(table, 4, 0, TARGET);
    driver.enableLegacy();
    expect(h.translate(DEVICE, 0)).toBe(TARGET);
    h.mapPage(table, 4, 0, TARGET + 0x2000);
    expect(h.translate(DEVICE, 0)).toBe(TARGET);
    h.unit.strict = !strict;
    expect(h.translate(DEVICE, 0)).toBe(TARGET);
    driver.pages(0, 0, 0, true);
    h.unit.strict = strict;
    expect(h.translate(DEVICE, 0)).toBe(TARGET + 0x2000);
  });
});

type Action =
  | { kind: "context"; domainId: number; type: number; table: number }
  | { kind: "map"; table: number; page: number; target: number; access: number }
  | { kind: "use"; page: number; access: number; ats: boolean }
  | { kind: "forget"; what: "context" | "domain" | "page"; domainId: number; page: number };

const domainId = fc.constantFrom(0, 7);
const page = fc.constantFrom(...PAGES);
const table = fc.nat(1);
const access = fc.constantFrom(READ, WRITE, READ | WRITE);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("context"), domainId, type: fc.nat(3), table }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("map"),
      table,
      page,
      target: fc.nat(3),
      access: fc.constantFrom(0, READ, READ | WRITE),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("use"), page, access, ats: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("forget"),
      what: fc.constantFrom("context", "domain", "page"),
      domainId,
      page,
    }),
  },
);

async function answers(strict: boolean, actions: readonly Action[]): Promise<unknown[]> {
  const driver = await driverOf(strict);
  const { h } = driver;
  const tables = [h.page(), h.page()] as const;
  h.context(driver.root, DEVICE, { table: tables[0], domainId: 0, type: CONTEXT_TT_DEVICE_TLB });
  driver.enableLegacy();
  const found: unknown[] = [];
  for (const one of actions) {
    if (one.kind === "context")
      h.context(driver.root, DEVICE, { ...one, table: tables[one.table as 0 | 1], type: one.type });
    else if (one.kind === "map")
      h.mapPage(tables[one.table as 0 | 1], 4, one.page, TARGET + one.target * 0x1000, one.access);
    else if (one.kind === "use" && one.ats) found.push(h.unit.ats.translate(DEVICE, one.page, 0));
    else if (one.kind === "use") found.push(h.translate(DEVICE, one.page, one.access));
    else if (one.what === "context") driver.contextOfDevice(one.domainId, DEVICE);
    else if (one.what === "domain") driver.domain(one.domainId);
    else driver.pages(one.domainId, one.page, 0, true);
  }
  return found;
}

test("strict mode: whatever is stale, the answers are the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 40 }), async (actions) => {
      expect(await answers(true, actions)).toEqual(await answers(false, actions));
    }),
    { numRuns: 60 },
  );
});
