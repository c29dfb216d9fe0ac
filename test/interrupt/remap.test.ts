import { beforeEach, describe, expect, test } from "vitest";
import { GCMD_CFI_LO, GCMD_IRE_LO, GCMD_QIE_LO, GCMD_SIRTP_LO, GSTS_REG } from "../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { IQA_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { RequesterId } from "../../host/core/address.ts";
import type { IommuCapabilities } from "../../host/machine/iommu-capabilities.ts";
import type { RemapResult } from "../../host/machine/iommu-unit.ts";
import { Harness, NOWHERE } from "../iommu/harness.ts";

const RID = 0x0215;
/** Fixed, edge, physical, vector 0x45 to APIC 0x13 in xAPIC mode. */
const LOW = 1n | (0x45n << 16n) | (0x13n << 40n);
let h: Harness;
let table: number;

async function start(capabilities: Partial<IommuCapabilities> = {}, flags = 7n): Promise<void> {
  h = await Harness.create(capabilities);
  table = h.page();
  h.set64(IRTA_REG, BigInt(table) | flags);
  h.command(GCMD_SIRTP_LO);
  h.command(GCMD_IRE_LO);
}

beforeEach(() => start());

function entry(index: number, low: bigint, high = 0n): void {
  h.write64(table + index * 16 + 8, high);
  h.write64(table + index * 16, low);
}

/** A remappable request for a handle, with a subhandle when `data` is given. */
function request(handle: number, data?: number, requesterId = RID): RemapResult {
  const shv = data === undefined ? 0 : 8;
  const address = (0xfee0_0010 | ((handle & 0x7fff) << 5) | ((handle >> 15) << 2) | shv) >>> 0;
  return h.unit.remap(requesterId as RequesterId, address, 0, data ?? 0xdead_beef);
}

function reason(result: RemapResult): number {
  if (result.kind !== "refused") throw new Error(`was not refused: ${JSON.stringify(result)}`);
  return result.reason;
}

describe("VT-d §5.1.4 interrupt remapping", () => {
  test("disabled: requests are as they are", async () => {
    h = await Harness.create();
    expect(h.unit.remap(RID as RequesterId, 0xfee0_0010, 0, 0)).toEqual({ kind: "unchanged" });
    expect(h.unit.remap(RID as RequesterId, 0xfed0_0010, 0, 0)).toEqual({ kind: "refused", reason: 0 });
  });

  test("§11.4.4.1 IRE without a latched table stays off", async () => {
    h = await Harness.create();
    h.command(GCMD_IRE_LO);
    expect(h.get32(GSTS_REG)).toBe(0);
  });

  test("§9.9: every field of the entry is delivered", () => {
    entry(0x23, LOW | (1n << 2n) | (1n << 3n) | (1n << 4n) | (1n << 5n));
    expect(request(0x23)).toEqual({
      kind: "deliver",
      interrupt: {
        destination: 0x13,
        vector: 0x45,
        deliveryMode: 1,
        level: true,
        logical: true,
        redirectionHint: true,
        wide: false,
      },
    });
    entry(0x24, LOW | (4n << 5n) | (0xfn << 8n));
    expect(request(0x24)).toMatchObject({ interrupt: { deliveryMode: 4, level: false, logical: false } });
  });

  test("Table 13: the handle's bit 15 stands in address bit 2", async () => {
    await start({}, 15n);
    entry(0x80, LOW);
    const high = h.page();
    expect(high).toBeLessThan(table + 0x8000 * 16);
    h.write64(table + 0x8003 * 16, LOW | (0x66n << 16n));
    expect(request(0x8003)).toMatchObject({ interrupt: { vector: 0x67 } });
  });

  test("§5.1.3 SHV: the subhandle is added", () => {
    entry(0x2a, LOW);
    expect(request(0x23, 7)).toMatchObject({ kind: "deliver" });
    expect(request(0, 0x2a)).toMatchObject({ kind: "deliver" });
    expect(reason(request(0x23, 6))).toBe(0x22);
  });

  test("20h: data bits 31:16 are reserved with SHV, ignored without; FI holds no index", () => {
    entry(0x23, LOW);
    expect(reason(request(0x23, 0x1_0000))).toBe(0x20);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x20, interrupt: true, interruptIndex: 0, requesterId: RID }]);
    expect(request(0x23)).toMatchObject({ kind: "deliver" });
  });

  test("21h: an index at or beyond the table's 2^(S+1) entries", () => {
    entry(0xff, LOW);
    expect(request(0xff)).toMatchObject({ kind: "deliver" });
    expect(reason(request(0x100))).toBe(0x21);
    expect(reason(request(0xffff, 0xffff))).toBe(0x21);
    expect(h.unit.faults()).toMatchObject([{ interruptIndex: 0x100 }]);
  });

  test("22h: P=0", () => {
    entry(0x23, LOW & ~1n);
    expect(reason(request(0x23))).toBe(0x22);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x22, interruptIndex: 0x23, addressLo: 0, addressHi: 0 }]);
  });

  test("23h: the table cannot be read", async () => {
    h.set64(IRTA_REG, BigInt(NOWHERE) | 7n);
    h.command(GCMD_SIRTP_LO);
    expect(reason(request(0x23))).toBe(0x23);
  });

  test.each([12, 13, 14, 24, 31, 32, 39, 48, 63, 84, 127])("24h: bit %i of a present entry is reserved", (bit) => {
    entry(0x23, LOW | (bit < 64 ? 1n << BigInt(bit) : 0n), bit < 64 ? 0n : 1n << BigInt(bit - 64));
    expect(reason(request(0x23))).toBe(0x24);
  });

  test("24h: IM=1 without CAP_REG.PI", async () => {
    await start({ postedInterrupts: false });
    entry(0x23, LOW | (1n << 15n));
    expect(reason(request(0x23))).toBe(0x24);
  });

  test.each([3, 6])("24h: delivery mode %i is not defined", (mode) => {
    entry(0x23, LOW | (BigInt(mode) << 5n));
    expect(reason(request(0x23))).toBe(0x24);
  });

  test("x2APIC mode: the destination has 32 bits, none reserved", async () => {
    await start({}, 7n | (1n << 11n));
    entry(0x23, 1n | (0x45n << 16n) | (0x8765_4321n << 32n));
    expect(request(0x23)).toMatchObject({ interrupt: { destination: 0x8765_4321, wide: true } });
  });

  test("ECAP_REG.EIM clear: EIME cannot be set", async () => {
    await start({ extendedInterruptMode: false }, 7n | (1n << 11n));
    entry(0x23, LOW | (1n << 50n));
    expect(reason(request(0x23))).toBe(0x24);
  });

  test("2Ah: ECAP_REG.EIMER blocks every request, of either format, while EIME is clear", async () => {
    await start({ extendedInterruptRequired: true });
    h.command(GCMD_CFI_LO);
    entry(0x23, LOW | 2n);
    expect(reason(request(0x23))).toBe(0x2a);
    expect(reason(h.unit.remap(RID as RequesterId, 0xfee0_1000, 0, 0x31))).toBe(0x2a);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x2a, interrupt: true, interruptIndex: 0, requesterId: RID }]);
    await start({ extendedInterruptRequired: true }, 7n | (1n << 11n));
    entry(0x23, 1n | (0x45n << 16n));
    expect(request(0x23)).toMatchObject({ kind: "deliver" });
  });

  test("2Bh: ECAP_REG.IRREQ blocks every request while remapping is disabled", async () => {
    h = await Harness.create({ interruptRemappingRequired: true });
    expect(reason(h.unit.remap(RID as RequesterId, 0xfee0_1000, 0, 0x31))).toBe(0x2b);
    expect(reason(request(0x23))).toBe(0x2b);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x2b, interrupt: true, interruptIndex: 0, requesterId: RID }]);
    await start({ interruptRemappingRequired: true });
    entry(0x23, LOW);
    expect(request(0x23)).toMatchObject({ kind: "deliver" });
  });

  test("FPD hides faults that come from the entry, and only these", () => {
    entry(0x23, 2n);
    expect(reason(request(0x23))).toBe(0x22);
    entry(0x24, LOW | 2n | (1n << 12n));
    expect(reason(request(0x24))).toBe(0x24);
    entry(0x25, LOW | 2n, 0x1n | (1n << 18n));
    expect(reason(request(0x25))).toBe(0x26);
    expect(h.unit.faults()).toEqual([]);
    expect(h.unit.statistics()).toMatchObject({ interrupts: 3, interruptsBlocked: 3 });
    expect(reason(request(0x100))).toBe(0x21);
    expect(h.unit.faults()).toHaveLength(1);
  });
});

describe("VT-d §5.1.2.1 compatibility format", () => {
  const compatible = (): RemapResult => h.unit.remap(RID as RequesterId, 0xfee0_1000, 0, 0x31);

  test("25h: blocked unless CFIS", () => {
    expect(reason(compatible())).toBe(0x25);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x25, interruptIndex: 0 }]);
    h.command(GCMD_CFI_LO);
    expect(compatible()).toEqual({ kind: "unchanged" });
    h.command(GCMD_CFI_LO, false);
    expect(reason(compatible())).toBe(0x25);
  });

  test("25h: blocked in x2APIC mode whatever CFIS says", async () => {
    await start({}, 7n | (1n << 11n));
    h.command(GCMD_CFI_LO);
    expect(reason(compatible())).toBe(0x25);
  });
});

describe("VT-d §9.9 source validation", () => {
  const accepts = (svt: number, sq: number, sid: number, requesterId: number): boolean => {
    entry(0x23, LOW, BigInt(sid) | (BigInt(sq) << 16n) | (BigInt(svt) << 18n));
    h.unit.reset();
    h.set64(IRTA_REG, BigInt(table) | 7n);
    h.command(GCMD_SIRTP_LO);
    h.command(GCMD_IRE_LO);
    const result = request(0x23, undefined, requesterId);
    if (result.kind === "refused") expect(result.reason).toBe(svt === 3 ? 0x24 : 0x26);
    return result.kind === "deliver";
  };

  test("SVT=00b: anyone", () => {
    expect(accepts(0, 3, 0x1234, 0x0001)).toBe(true);
  });

  test.each([
    [0, [0x0215]],
    [1, [0x0211, 0x0215]],
    [2, [0x0211, 0x0213, 0x0215, 0x0217]],
    [3, [0x0210, 0x0211, 0x0212, 0x0213, 0x0214, 0x0215, 0x0216, 0x0217]],
  ])("SVT=01b SQ=%i: the requester, or those that differ in the ignored function bits", (sq, allowed) => {
    const tried = [...Array(32).keys()].map((low) => 0x0200 | low).concat([0x1215, 0x0315, 0x8215]);
    expect(tried.filter((id) => accepts(1, sq as number, 0x0215, id))).toEqual(allowed);
  });

  test("SVT=10b: accepts bus 2 to 5 when SID=0x0205, rejects 1 and 6", () => {
    const buses = [0, 1, 2, 3, 5, 6, 255].filter((bus) => accepts(2, 0, 0x0205, (bus << 8) | 0x1f));
    expect(buses).toEqual([2, 3, 5]);
  });

  test("SVT=11b: reserved, refused with 24h", () => {
    expect(accepts(3, 0, RID, RID)).toBe(false);
  });
});

describe("VT-d §6.4 interrupt entry cache", () => {
  const change = (indices: number[], vector: bigint): void => {
    for (const index of indices) entry(index, LOW | (vector << 16n));
  };
  const vectors = (indices: number[]): number[] =>
    indices.map((index) => {
      const result = request(index);
      return result.kind === "deliver" ? result.interrupt.vector : -1;
    });
  const INDICES = [0x40, 0x41, 0x42, 0x43, 0x44];

  const stale = (): number => {
    change(INDICES, 0n);
    expect(vectors(INDICES)).toEqual([0x45, 0x45, 0x45, 0x45, 0x45]);
    change(INDICES, 0xaan);
    expect(vectors(INDICES)).toEqual([0x45, 0x45, 0x45, 0x45, 0x45]);
    const queue = h.page();
    h.set64(IQA_REG, BigInt(queue));
    h.command(GCMD_QIE_LO);
    return queue;
  };

  test("§6.5.2.8 G=0: everything", () => {
    h.write64(stale(), 4n);
    h.set32(IQT_REG, 16);
    expect(vectors(INDICES)).toEqual([0xef, 0xef, 0xef, 0xef, 0xef]);
  });

  test("§6.5.2.8 G=1, IM=1: the aligned pair around the index", () => {
    h.write64(stale(), 4n | (1n << 4n) | (1n << 27n) | (0x43n << 32n));
    h.set32(IQT_REG, 16);
    expect(vectors(INDICES)).toEqual([0x45, 0x45, 0xef, 0xef, 0x45]);
  });

  test("§6.1 CM=0: a refused entry needs no invalidation; CM=1: it does", async () => {
    expect(reason(request(0x50))).toBe(0x22);
    entry(0x50, LOW);
    expect(request(0x50)).toMatchObject({ kind: "deliver" });
    await start({ cachingMode: true });
    expect(reason(request(0x50))).toBe(0x22);
    entry(0x50, LOW);
    expect(reason(request(0x50))).toBe(0x22);
  });

  test("an entry answers only for its own index, however the cache is laid out", async () => {
    await start({}, 15n);
    for (const index of [3, 3 + 512, 3 + 1024]) {
      h.write64(table + index * 16, LOW | (BigInt(index & 0xff00) << 8n));
    }
    expect(vectors([3, 515, 3, 1027, 515])).toEqual([0x45, 0x47, 0x45, 0x45, 0x47]);
  });
});

test("VT-d §5.1.4.1 29h: a request in the interrupt range that is no interrupt, while remapping", () => {
  expect(h.dmaRead(RID, 0xfee0_0010, 4)).toBeUndefined();
  expect(h.unit.faults()).toMatchObject([{ reason: 0x29, requesterId: RID }]);
});
