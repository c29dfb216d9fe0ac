import { describe, expect, test } from "vitest";
import { READ, WRITE } from "../../iommu/harness.ts";
import { Driver } from "./driver.ts";
import { DEVICE, legacy, NEW, OLD, PAGE, SEQUENCES, type Sequence } from "./sequences.ts";

describe("strict mode: a driver", () => {
  test.each(Object.keys(SEQUENCES))("%s: nothing is stale when it invalidates", async (title) => {
    const driver = await Driver.create(-1);
    (SEQUENCES[title] as Sequence)(driver);
    expect(driver.reports).toEqual([]);
    expect(driver.invalidations.length).toBeGreaterThan(0);
  });

  test.each(Object.keys(SEQUENCES))("%s: each invalidation that it leaves out is named", async (title) => {
    const sequence = SEQUENCES[title] as Sequence;
    const whole = await Driver.create(-1);
    sequence(whole);
    for (const [omitted, expected] of whole.invalidations.entries()) {
      const driver = await Driver.create(omitted);
      sequence(driver);
      expect(driver.reports.length, expected.descriptor).toBe(1);
      expect(driver.reports[0]?.missing).toMatchObject(expected);
    }
  });

  test("a report says who used what, what is true, and what to do, in words too", async () => {
    const driver = await Driver.create(0);
    (SEQUENCES["§6.5.2.3 a page table is replaced"] as Sequence)(driver);
    expect(driver.reports).toEqual([
      {
        requesterId: DEVICE,
        iova: "0x76543000",
        cached: "0x76543000 is 0x400000",
        actual: "0x76543000 is 0x600000, for read and write",
        missing: {
          descriptor: "iotlb",
          granularity: "page-selective",
          domainId: 5,
          address: "0x76400000",
          addressMask: 9,
          invalidationHint: false,
          text: "iotlb invalidation, page-selective, domain 5, address 0x76400000, AM=9, IH=0",
        },
      },
    ]);
  });

  test("a hint of leaves is too little where a table changed", async () => {
    const driver = await Driver.create(-1);
    const { h } = driver;
    const table = legacy(driver);
    const fresh = h.page();
    h.write64(fresh + 0x144 * 8, BigInt(NEW) | 3n);
    h.write64(h.entryAt(table, 4, BigInt(PAGE), 1), BigInt(fresh) | 3n);
    driver.pages(5, 0x7640_0000, 9, true);
    h.translate(DEVICE, PAGE + 0x1000);
    expect(driver.reports.map(({ missing }) => missing.text)).toEqual([
      "iotlb invalidation, page-selective, domain 5, address 0x76400000, AM=9, IH=0",
    ]);
  });

  test("the same stale entry is reported once, and again after it was put right", async () => {
    const driver = await Driver.create(-1);
    const { h } = driver;
    const table = legacy(driver);
    for (const target of [NEW, OLD]) {
      h.mapPage(table, 4, PAGE, target);
      for (let use = 0; use < 3; use++) h.translate(DEVICE, PAGE);
      driver.pages(5, PAGE, 0, true);
      h.translate(DEVICE, PAGE);
    }
    expect(driver.reports).toHaveLength(2);
  });

  test("one missing invalidation is one report, however many addresses and pages it leaves stale", async () => {
    const driver = await Driver.create(-1);
    const { h } = driver;
    const table = legacy(driver);
    for (const page of [1, 2]) {
      h.mapPage(table, 4, PAGE + page * 0x1000, OLD + page * 0x1000);
      expect(h.translate(DEVICE, PAGE + page * 0x1000)).toBe(OLD + page * 0x1000);
    }
    for (let round = 1; round <= 2; round++) {
      const before = h.read64(h.entryAt(table, 4, BigInt(PAGE), 1));
      h.write64(h.entryAt(table, 4, BigInt(PAGE), 1), 0n);
      for (const offset of [0, 0x10, 0x1000, 0x2ffc, 0]) h.translate(DEVICE, PAGE + offset, READ);
      h.translate(DEVICE, PAGE + 0x14, WRITE);
      expect(driver.reports.map(({ missing }) => missing.addressMask)).toEqual(Array(round).fill(9));
      h.write64(h.entryAt(table, 4, BigInt(PAGE), 1), before);
      driver.pages(5, 0x7640_0000, 9, false);
      for (const page of [0, 1, 2]) h.translate(DEVICE, PAGE + page * 0x1000);
    }
    expect(driver.reports).toHaveLength(2);
  });

  test("what needs no invalidation is not reported: pages that appear, rights that grow, flags that hardware sets", async () => {
    const driver = await Driver.create(-1);
    const { h } = driver;
    const table = legacy(driver);
    expect(h.translate(DEVICE, PAGE + 0x1000)).toBeLessThan(0);
    h.mapPage(table, 4, PAGE + 0x1000, NEW, READ);
    expect(h.translate(DEVICE, PAGE + 0x1000)).toBe(NEW);
    h.mapPage(table, 4, PAGE + 0x1000, NEW, READ | WRITE);
    expect(h.translate(DEVICE, PAGE + 0x1000, WRITE)).toBe(NEW);
    h.write64(h.entryAt(table, 4, BigInt(PAGE)), BigInt(OLD) | 0x303n);
    expect(h.translate(DEVICE, PAGE)).toBe(OLD);
    expect(driver.reports).toEqual([]);
  });

  test("§6.1 in Caching Mode pages that appear have to be invalidated too", async () => {
    for (const omit of [0, -1]) {
      const driver = await Driver.create(omit, { cachingMode: true });
      const { h } = driver;
      const table = legacy(driver);
      expect(h.translate(DEVICE, PAGE + 0x1000)).toBeLessThan(0);
      h.mapPage(table, 4, PAGE + 0x1000, NEW);
      driver.pages(5, PAGE + 0x1000, 0, true);
      h.translate(DEVICE, PAGE + 0x1000);
      const expected = omit < 0 ? [] : [{ ...driver.invalidations[0] }];
      expect(driver.reports.map(({ missing }) => missing)).toMatchObject(expected);
    }
  });

  test("switching it on or off keeps what the caches hold; a snapshot knows nothing of it", async () => {
    const driver = await Driver.create(-1);
    const { h } = driver;
    const table = legacy(driver);
    h.mapPage(table, 4, PAGE, NEW);
    const state = h.unit.save();
    h.unit.strict = false;
    expect(h.unit.strict).toBe(false);
    expect(h.translate(DEVICE, PAGE)).toBe(OLD);
    expect(driver.reports).toEqual([]);
    h.unit.strict = true;
    expect(h.translate(DEVICE, PAGE)).toBe(OLD);
    expect(driver.reports).toHaveLength(1);
    const before = h.unit.statistics();
    h.unit.restore(state);
    expect(h.translate(DEVICE, PAGE)).toBe(OLD);
    h.unit.strict = false;
    driver.pages(5, PAGE, 0, true);
    expect(h.translate(DEVICE, PAGE)).toBe(NEW);
    expect(before.hits).toBeGreaterThan(0);
  });
});
