import { describe, expect, test } from "vitest";
import { IRTA_REG } from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import type { ExplainedCache, Explanation } from "../../../host/machine/explain/types.ts";
import { Harness, MIB, READ, WRITE } from "../../iommu/harness.ts";
import { generator } from "../../iommu/random.ts";
import { PASIDS, REQUESTERS, ScalableTables, scalableCapabilities } from "../../iommu/scalable-tables.ts";

const REQUESTER = 0x0281;
const IOVA = 0x12_3456_7000;
const caches = (explained: Explanation): ExplainedCache[] => explained.steps.flatMap((step) => step.caches);

describe("VT-d §6.2 what caches hold for an explained request", () => {
  async function used() {
    const h = await Harness.create();
    const root = h.page();
    const table = h.page();
    const page = h.page();
    h.context(root, REQUESTER, { table, domainId: 7, width: 2 });
    h.mapPage(table, 4, IOVA, page, READ);
    h.enable(root);
    const explain = (access = READ): ExplainedCache[] =>
      caches(h.unit.explain({ requesterId: REQUESTER, iova: IOVA + 0x123, access }));
    expect(explain()).toEqual([]);
    expect(h.translate(REQUESTER, IOVA)).toBe(page);
    return { h, root, table, page, explain };
  }

  test("they say what memory says: used, not stale", async () => {
    const { table, page, explain } = await used();
    expect(explain()).toEqual([
      {
        cache: "context cache",
        holds: `domain 7, 4 levels from 0x${table.toString(16)}`,
        used: true,
        stale: false,
      },
      { cache: "IOTLB", holds: `the page at 0x${page.toString(16)}, for read`, used: true, stale: false },
    ]);
    expect(explain(WRITE).at(-1)).toMatchObject({ cache: "IOTLB", used: false, stale: false });
  });

  test("a page mapped elsewhere, or away, leaves the IOTLB stale until it is invalidated", async () => {
    const { h, table, explain } = await used();
    for (const access of [READ, 0]) {
      h.mapPage(table, 4, IOVA, h.page(), access);
      expect(explain().at(-1)).toMatchObject({ cache: "IOTLB", used: true, stale: true });
    }
    h.set64(0x1f8, (1n << 63n) | (1n << 60n));
    expect(explain().map(({ cache }) => cache)).toEqual(["context cache"]);
  });

  test("while a stale entry is held, the explanation says what the unit answers", async () => {
    const { h, root, table, page } = await used();
    const explained = () => h.unit.explain({ requesterId: REQUESTER, iova: IOVA + 0x123, access: READ });
    expect(explained().answer).toBeUndefined();
    h.mapPage(table, 4, IOVA, 0, 0);
    const { verdict, answer } = explained();
    expect(verdict.kind).toBe("refused");
    expect(answer).toMatchObject({ kind: "allowed", cache: "IOTLB", hpa: page + 0x123, granted: READ });
    expect(answer?.why).toContain(`0x${(page + 0x123).toString(16)}, for read, which its IOTLB holds`);
    expect(h.translate(REQUESTER, IOVA + 0x123)).toBe(answer?.hpa);
    h.set64(0x1f8, (1n << 63n) | (1n << 60n));
    expect(explained().answer).toBeUndefined();
    expect(h.translate(REQUESTER, IOVA + 0x123)).toBeLessThan(0);
    const other = h.page();
    h.mapPage(other, 4, IOVA, h.page(), READ);
    h.context(root, REQUESTER, { table: other, domainId: 7, width: 2 });
    expect(explained().answer).toMatchObject({ kind: "walked", cache: "context cache" });
    expect(explained().answer?.why).toContain(`4 levels from 0x${table.toString(16)}`);
    expect(h.translate(REQUESTER, IOVA + 0x123)).toBeLessThan(0);
  });

  test("§6.1 Caching Mode: a refusal that is held is answered for its access alone", async () => {
    const h = await Harness.create({ cachingMode: true });
    const [root, table] = [h.page(), h.page()];
    h.context(root, REQUESTER, { table, domainId: 7, width: 2 });
    h.mapPage(table, 4, IOVA + 0x1000, h.page(), READ);
    h.enable(root);
    expect(h.translate(REQUESTER, IOVA, WRITE)).toBeLessThan(0);
    h.mapPage(table, 4, IOVA, h.page(), READ | WRITE);
    const explain = (access: number) => h.unit.explain({ requesterId: REQUESTER, iova: IOVA, access });
    expect(explain(WRITE).answer).toMatchObject({ kind: "refused", cache: "IOTLB" });
    expect(explain(READ).answer).toBeUndefined();
    expect(h.translate(REQUESTER, IOVA, WRITE)).toBeLessThan(0);
    expect(h.translate(REQUESTER, IOVA, READ)).toBeGreaterThan(0);
  });

  test("in strict mode too they are found, and still when it ends", async () => {
    const { h, table, explain } = await used();
    const without = explain();
    h.unit.strict = true;
    expect(explain()).toEqual(without);
    h.mapPage(table, 4, IOVA + 0x1000, h.page(), READ);
    expect(h.translate(REQUESTER, IOVA + 0x1000)).toBeGreaterThan(0);
    const filled = caches(h.unit.explain({ requesterId: REQUESTER, iova: IOVA + 0x1000, access: READ }));
    expect(filled.at(-1)).toMatchObject({ cache: "IOTLB", used: true, stale: false });
    h.mapPage(table, 4, IOVA, h.page(), READ);
    expect(explain().at(-1)).toMatchObject({ cache: "IOTLB", used: true, stale: true });
    h.unit.strict = false;
    expect(explain().at(-1)).toMatchObject({ cache: "IOTLB", used: true, stale: true });
  });

  test("a context-entry that changed leaves the context cache stale", async () => {
    const { h, root, explain } = await used();
    h.context(root, REQUESTER, { table: h.page(), domainId: 7, width: 2 });
    expect(explain()[0]).toMatchObject({ cache: "context cache", stale: true });
    h.set64(0x28, (1n << 63n) | (1n << 61n));
    expect(explain().map(({ cache }) => cache)).not.toContain("context cache");
  });

  test("an interrupt entry that changed leaves the interrupt entry cache stale", async () => {
    const { h } = await used();
    const table = h.page();
    h.set64(IRTA_REG, BigInt(table) | 7n);
    h.command(24);
    h.command(25);
    h.write64(table + 5 * 16, 0x41_0001n);
    const request = { requesterId: REQUESTER, addressLo: 0xfee0_00b0, data: 0 };
    expect(caches(h.unit.explainInterrupt(request))).toEqual([]);
    expect(h.unit.remap(REQUESTER as never, request.addressLo, 0, 0).kind).toBe("deliver");
    const [line] = caches(h.unit.explainInterrupt(request));
    expect(line).toEqual({ cache: "interrupt entry cache", holds: "0x410001 0x0", used: true, stale: false });
    h.write64(table + 5 * 16, 0x42_0001n);
    const stale = h.unit.explainInterrupt(request);
    expect(caches(stale)[0]).toMatchObject({ holds: "0x410001 0x0", stale: true });
    expect(stale.verdict.why).toContain("0x42");
    expect(stale.answer).toMatchObject({ kind: "remapped", cache: "interrupt entry cache" });
    expect(stale.answer?.why).toContain("0x41");
    expect(h.unit.remap(REQUESTER as never, request.addressLo, 0, 0)).toMatchObject({ interrupt: { vector: 0x41 } });
  });

  test("scalable mode: what was translated is found in the IOTLB under its address space, and is not stale", async () => {
    let found = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const random = generator(seed);
      const h = await Harness.create(scalableCapabilities(random), 16 * MIB);
      const tables = new ScalableTables(h, random);
      h.set64(0x20, BigInt(tables.root) | 0x400n);
      tables.invalidate();
      h.command(31);
      for (let n = 0; n < 400; n++) {
        const iova = tables.iova();
        const pasid = [undefined, ...PASIDS][random(PASIDS.length + 1)];
        const halves = { lo: Number(iova & 0xffff_ffffn), hi: Number(iova >> 32n) };
        const requesterId = REQUESTERS[random(REQUESTERS.length)] as number;
        const result = h.unit.translate(requesterId as never, halves.lo, halves.hi, READ, pasid);
        const explained = h.unit.explain({ requesterId, pasid, iova: halves, access: READ });
        const lines = caches(explained);
        expect(lines.filter(({ stale }) => stale)).toEqual([]);
        const region = "hpa" in result ? h.map.regionAt(result.hpa) : undefined;
        if (region !== undefined && explained.verdict.kind === "allowed" && iova < 1n << 57n) {
          expect(lines.map(({ cache }) => cache)).toContain("IOTLB");
          found++;
        }
        tables.invalidate();
      }
    }
    expect(found).toBeGreaterThan(10);
  });
});
