import { describe, expect, test } from "vitest";
import { CONTEXT_TT_PASS_THROUGH } from "../../../assembly/spec/vtd/context-entry.ts";
import { IRTA_REG } from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import { hpa } from "../../../host/core/address.ts";
import { ArgumentError } from "../../../host/core/errors.ts";
import type { Explanation } from "../../../host/machine/explain/types.ts";
import { Harness, NOWHERE, READ, WRITE } from "../../iommu/harness.ts";

const REQUESTER = 0x0281;
const SIRTP = 24;
const IRE = 25;

async function mapped(): Promise<{ h: Harness; root: number; table: number; page: number }> {
  const h = await Harness.create();
  const root = h.page();
  const table = h.page();
  h.context(root, REQUESTER, { table, domainId: 7, width: 2 });
  const page = h.page();
  h.mapPage(table, 4, 0x12_3456_7000, page, READ);
  h.enable(root);
  return { h, root, table, page };
}

const names = (explanation: Explanation): string[] => explanation.steps.map(({ structure }) => structure);

describe("VT-d §3.4.2, §3.7 a request in legacy mode", () => {
  test("is followed entry by entry, each with its place, value and fields", async () => {
    const { h, root, table, page } = await mapped();
    const explained = h.unit.explain({ requesterId: REQUESTER, iova: 0x12_3456_7abc, access: READ });
    expect(explained.mode).toBe("legacy mode");
    expect(names(explained)).toEqual([
      "RTADDR_REG",
      "root-entry",
      "context-entry",
      "SS-PML4E",
      "SS-PDPE",
      "SS-PDE",
      "SS-PTE",
    ]);
    const [, rootEntry, context, top, , , leaf] = explained.steps;
    expect(rootEntry).toMatchObject({ index: 2, address: root + 2 * 16, clause: "VT-d 5.10 §9.1" });
    expect(context).toMatchObject({ index: 0x81, clause: "VT-d 5.10 §9.3" });
    expect(context?.fields).toContainEqual({ name: "DID", bits: "87:72", value: "0x7" });
    expect(context?.fields).toContainEqual({ name: "SSPTPTR", bits: "63:12", value: `0x${table.toString(16)}` });
    expect(top).toMatchObject({ index: 0, address: table });
    expect(leaf).toMatchObject({ index: 0x167, raw: [`0x${(page + 1).toString(16)}`] });
    expect(explained.verdict).toMatchObject({ kind: "allowed", hpa: page + 0xabc, granted: READ });
  });

  test("is refused with the condition of Table 30, its reason and its clause", async () => {
    const { h } = await mapped();
    const { verdict, steps } = h.unit.explain({ requesterId: REQUESTER, iova: 0x12_3456_7000, access: WRITE });
    expect(verdict).toMatchObject({
      kind: "refused",
      condition: "LGN.2",
      reason: 5,
      qualified: true,
      suppressed: false,
    });
    expect(steps.at(-1)?.note).toBe("W is clear");
  });

  test("says whether FPD keeps the fault from being recorded", async () => {
    const { h, root } = await mapped();
    h.context(root, 0x0282, { table: NOWHERE, fpd: true });
    const { verdict } = h.unit.explain({ requesterId: 0x0282, iova: 0x1000, access: READ });
    expect(verdict).toMatchObject({ kind: "refused", condition: "LCT.4.3", suppressed: true });
    const other = h.unit.explain({ requesterId: 0x0300, iova: 0x1000, access: READ });
    expect(other.verdict).toMatchObject({ condition: "LRT.2", qualified: false, suppressed: false });
  });

  test("passes where TT says so, up to the host address width", async () => {
    const { h, root } = await mapped();
    h.context(root, 0x0208, { type: CONTEXT_TT_PASS_THROUGH, width: 3 });
    const at = (hi: number): Explanation =>
      h.unit.explain({ requesterId: 0x0208, iova: { lo: 0x1234, hi }, access: WRITE });
    expect(at(0x9).verdict).toMatchObject({ kind: "allowed", hpa: 0x9_0000_1234 });
    expect(at(0x10_0000).verdict).toMatchObject({ condition: "LGN.1.3" });
  });

  test("changes no state: no counter, no cache line, no record, and no register is read", async () => {
    const { h, root } = await mapped();
    let touched = 0;
    const touch = (): number => ++touched;
    h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler: { read: touch, write: touch } });
    h.context(root, 0x0283, { table: 0x9000_0000 });
    h.translate(REQUESTER, 0x12_3456_7000);
    const before = JSON.stringify([h.unit.save(), h.unit.statistics(), h.unit.faults()]);
    for (const requesterId of [REQUESTER, 0x0283, 0x0400]) {
      h.unit.explain({ requesterId, iova: 0x5000, access: WRITE });
      h.unit.explainInterrupt({ requesterId, addressLo: 0xfee0_0010, data: 0 });
    }
    expect(JSON.stringify([h.unit.save(), h.unit.statistics(), h.unit.faults()])).toBe(before);
    expect(touched).toBe(0);
    expect(h.events).toEqual([]);
  });

  test("an embedder's mistake names the value", async () => {
    const { h } = await mapped();
    const request = { requesterId: REQUESTER, iova: 0, access: READ };
    expect(() => h.unit.explain({ ...request, requesterId: 0x1_0000 })).toThrow(ArgumentError);
    expect(() => h.unit.explain({ ...request, iova: -1 })).toThrow("iova -1");
    expect(() => h.unit.explain({ ...request, access: 0 })).toThrow("access 0");
    expect(() => h.unit.explain({ ...request, pasid: 2 ** 20 })).toThrow("pasid 0x100000");
    expect(() => h.unit.explainInterrupt({ requesterId: 1, addressLo: 0x1000, data: 0 })).toThrow("0x1000");
  });
});

describe("VT-d §5.1.4 an interrupt request", () => {
  test("is followed to its entry, remapped or refused", async () => {
    const { h } = await mapped();
    const table = h.page();
    h.set64(IRTA_REG, BigInt(table) | 7n);
    h.command(SIRTP);
    h.command(IRE);
    // Index 5: vector 41h, logical destination 3, for requester 02:10.1 only.
    h.write64(table + 5 * 16, (0x0300n << 32n) | (0x41n << 16n) | 0x5n);
    h.write64(table + 5 * 16 + 8, BigInt(REQUESTER) | (1n << 18n));
    const address = 0xfee0_0010 | (5 << 5);
    const good = h.unit.explainInterrupt({ requesterId: REQUESTER, addressLo: address >>> 0, data: 0 });
    expect(good.verdict).toMatchObject({
      kind: "remapped",
      interrupt: { destination: 3, vector: 0x41, logical: true, level: false, wide: false },
    });
    const bad = h.unit.explainInterrupt({ requesterId: REQUESTER + 1, addressLo: address >>> 0, data: 0 });
    expect(bad.verdict).toMatchObject({ kind: "refused", condition: "26h", reason: 0x26, qualified: true });
    expect(bad.steps.at(-1)?.note).toBe("for 02:10.1 only, and this is 02:10.2");
    const beyond = h.unit.explainInterrupt({ requesterId: 1, addressLo: 0xfeef_fff4, data: 0 });
    expect(beyond.verdict).toMatchObject({ condition: "21h" });
  });
});
