// Translation requests and translated requests in legacy mode (VT-d 5.10 §4.2, §7.1.3 Table 30).
import { beforeEach, describe, expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import type { TranslationOptions } from "../../host/core/ports.ts";
import { Harness, NOWHERE, RAM_BASE, READ, WRITE } from "./harness.ts";

const RID = 0x0215 as RequesterId;
const OTHER = 0x0220 as RequesterId;
/** TT 01b. */
const SERVED = 1;
const SUCCESS = 0;
const UNSUPPORTED = 1;
const ABORT = 4;
/** Bits of a completion. */
const R = 1n;
const W = 2n;
const U = 4n;
const N = 0x400n;
const S = 0x800n;
const NOTHING = { status: SUCCESS, data: 0n };

let h: Harness;
let root: number;
let table: number;

async function start(capabilities = {}): Promise<void> {
  h = await Harness.create(capabilities);
  root = h.page();
  table = h.page();
  h.context(root, RID, { table, domainId: 7, type: SERVED });
  h.context(root, OTHER, { table, domainId: 7 });
  h.enable(root);
}

function ask(iova: bigint | number, options: TranslationOptions = {}, requesterId = RID) {
  const address = BigInt(iova);
  const { status, lo, hi } = h.unit.ats.translate(
    requesterId,
    Number(address & 0xffff_ffffn),
    Number(address >> 32n),
    options,
  );
  return { status, data: BigInt(lo) | (BigInt(hi) << 32n) };
}

const granted = (data: bigint) => ({ status: SUCCESS, data });

beforeEach(() => start());

describe("VT-d §4.2.3 translation requests", () => {
  test("a 4 KiB page: its address and what may be done there", () => {
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
    h.mapPage(table, 4, 0x6000, RAM_BASE + 0x3000, READ);
    h.mapPage(table, 4, 0x7000, RAM_BASE + 0x9000, WRITE);
    expect(ask(0x5000)).toEqual(granted(BigInt(RAM_BASE + 0x8000) | R | W));
    expect(ask(0x6000)).toEqual(granted(BigInt(RAM_BASE + 0x3000) | R));
    expect(ask(0x7000)).toEqual(granted(BigInt(RAM_BASE + 0x9000) | W));
    expect(h.unit.faults()).toEqual([]);
  });

  test("the permissions of all levels count", () => {
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
    const upper = h.entryAt(table, 4, 0x5000n, 2);
    h.write64(upper, h.read64(upper) & ~2n);
    expect(ask(0x5000)).toEqual(granted(BigInt(RAM_BASE + 0x8000) | R));
  });

  test("S=1: a 2 MiB page is one translation, its size told by the lowest 0", () => {
    h.mapPage(table, 4, 0x20_0000, 0x40_0000, READ | WRITE, 1);
    expect(ask(0x25_6000)).toEqual(granted(0x40_0000n | 0xf_f000n | S | R | W));
  });

  test("S=1: a 1 GiB page likewise", () => {
    h.mapPage(table, 4, 0x4000_0000, 0x12_4000_0000, READ, 2);
    expect(ask(0x5234_5000)).toEqual(granted(0x12_4000_0000n | 0x1fff_f000n | S | R));
  });

  test("§6.2.4: the size is not told while the IOTLB holds what the tables no longer say", () => {
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
    expect(h.translate(RID, 0x5000)).toBe(RAM_BASE + 0x8000);
    h.write64(h.entryAt(table, 4, 0x5000n, 1), 0n);
    h.mapPage(table, 4, 0, 0x40_0000, READ | WRITE, 1);
    expect(ask(0x5000)).toEqual(granted(BigInt(RAM_BASE + 0x8000) | R | W));
  });

  test("a large page around the interrupt range is told in pieces of 4 KiB", () => {
    h.mapPage(table, 4, 0xc000_0000, 0x40_0000_0000, READ | WRITE, 2);
    expect(ask(0xfed0_0000)).toEqual(granted(0x40_3ed0_0000n | R | W));
  });

  test("NW=1: no write permission; the page stays readable (NWFS)", () => {
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
    h.mapPage(table, 4, 0x6000, RAM_BASE + 0x9000, WRITE);
    expect(ask(0x5000, { noWrite: true })).toEqual(granted(BigInt(RAM_BASE + 0x8000) | R));
    expect(ask(0x6000, { noWrite: true })).toEqual(NOTHING);
  });

  test("NW=1 without ECAP_REG.NWFS is ignored", async () => {
    await start({ noWriteFlag: false });
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
    expect(ask(0x5000, { noWrite: true })).toEqual(granted(BigInt(RAM_BASE + 0x8000) | R | W));
  });

  test("Table 10: N is SNP of the leaf, with ECAP_REG.SC", async () => {
    h.mapPage(table, 4, 0x5000, BigInt(RAM_BASE + 0x8000) | (N * 2n));
    expect(ask(0x5000)).toEqual(granted(BigInt(RAM_BASE + 0x8000) | N | R | W));
  });

  test("a translation that a request found is the IOTLB's, and stays until it is invalidated", () => {
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x8000);
    ask(0x5000);
    h.mapPage(table, 4, 0x5000, RAM_BASE + 0x9000);
    expect(h.translate(RID, 0x5123)).toBe(RAM_BASE + 0x8123);
    expect(h.unit.statistics()).toMatchObject({ translations: 2, hits: 1, walks: 1 });
  });

  test("S.1, S.2: in the interrupt range W and U, or nothing for NW=1", () => {
    expect(ask(0xfee0_1000)).toEqual(granted(W | U));
    expect(ask(0xfee0_1000, { noWrite: true })).toEqual(NOTHING);
    expect(h.unit.faults()).toEqual([]);
  });

  test("§4.2.1: unsupported while translation is disabled", () => {
    h.command(31, false);
    expect(ask(0x5000)).toEqual({ status: UNSUPPORTED, data: 0n });
    expect(h.unit.faults()).toEqual([]);
  });
});

describe("VT-d §7.1.3 Table 30, translation requests without PASID", () => {
  const fault = (reason: number, requesterId: number = RID) => {
    expect(h.unit.faults()).toMatchObject([{ reason, requesterId, access: "read" }]);
    // AT, bits 125:124 of the record.
    expect((h.get64(0x408) >> 60n) & 3n).toBe(1n);
  };

  test("LCT.5 Dh: TT=00b, unsupported", () => {
    expect(ask(0x12_0000_7000n, {}, OTHER)).toEqual({ status: UNSUPPORTED, data: 0n });
    fault(0xd, OTHER);
  });

  test("LRT.2 1h and LCT.2 2h: root- or context-entry not present, unsupported", () => {
    expect(ask(0x5000, {}, 0x0700 as RequesterId).status).toBe(UNSUPPORTED);
    expect(ask(0x5000, {}, 0x0216 as RequesterId).status).toBe(UNSUPPORTED);
    expect(h.unit.faults()).toMatchObject([{ reason: 1 }, { reason: 2 }]);
  });

  test.each([
    ["LRT.1 8h: root-entry unreadable", 8, () => h.enable(NOWHERE)],
    ["LRT.3 Ah: reserved bits in the root-entry", 0xa, () => h.write64(root + 2 * 16, h.read64(root + 2 * 16) | 2n)],
    ["LCT.1 9h: context-entry unreadable", 9, () => h.write64(root + 2 * 16, BigInt(NOWHERE) | 1n)],
    ["LCT.3 Bh: reserved bits in the context-entry", 0xb, () => or64(h.contextAt(root, RID), 1n << 4n)],
    ["LCT.4.1 3h: AW not supported", 3, () => h.context(root, RID, { table, width: 5, type: SERVED })],
    ["LCT.4.3 3h: the top table unreadable", 3, () => h.context(root, RID, { table: NOWHERE, type: SERVED })],
    ["LSS.1 7h: a table unreadable", 7, () => h.write64(h.entryAt(table, 4, 0x5000n, 3), BigInt(NOWHERE) | 3n)],
    ["LSS.2 Ch: reserved bits in a paging entry", 0xc, () => h.mapPage(table, 4, 0x5000, (1n << 62n) | 0x10_0000n)],
    ["LGN.4 Eh: the page lies in the interrupt range", 0xe, () => h.mapPage(table, 4, 0x5000, 0xfee0_1000)],
  ])("%s: completer abort", (_, reason, prepare) => {
    prepare();
    expect(ask(0x5000)).toEqual({ status: ABORT, data: 0n });
    fault(reason);
  });

  test.each([
    ["LGN.1.1 4h: beyond the width", 1n << 48n],
    ["LGN.2, LGN.3: nothing mapped", 0x5000n],
    ["LGN.2, LGN.3: nothing mapped at a higher level", 0x80_0000_0000n],
  ])("%s: success that grants nothing, and no fault", (_, iova) => {
    expect(ask(iova)).toEqual(NOTHING);
    expect(h.unit.faults()).toEqual([]);
  });

  test("RTA.2 31h: with PASID in legacy mode, unsupported", () => {
    expect(ask(0x5000, { pasid: 9 }).status).toBe(UNSUPPORTED);
    expect(h.unit.faults()).toMatchObject([{ reason: 0x31, requesterId: RID }]);
  });

  test("a device's own fault (FPD=1) is not recorded", () => {
    h.context(root, OTHER, { table, fpd: true });
    expect(ask(0x5000, {}, OTHER).status).toBe(UNSUPPORTED);
    expect(h.unit.faults()).toEqual([]);
  });
});

describe("VT-d §4.2.5 translated requests", () => {
  const read = (hpa: number, length: number, requesterId = RID): number[] | undefined => {
    const target = new Uint8Array(length);
    const done = h.unit.ats.readTranslated(requesterId, hpa % 2 ** 32, Math.floor(hpa / 2 ** 32), target);
    return done ? [...target] : undefined;
  };
  const write = (hpa: number, bytes: number[], requesterId = RID): boolean =>
    h.unit.ats.writeTranslated(requesterId, hpa % 2 ** 32, Math.floor(hpa / 2 ** 32), Uint8Array.from(bytes));

  test("they reach memory as it is, across pages", () => {
    expect(write(RAM_BASE + 0x8ffe, [1, 2, 3, 4])).toBe(true);
    expect(read(RAM_BASE + 0x8ffe, 4)).toEqual([1, 2, 3, 4]);
    expect(h.map.read((RAM_BASE + 0x9000) as never, 2)).toBe(0x0403);
  });

  const fault = (reason: number, access: "read" | "write") => {
    expect(h.unit.faults()).toMatchObject([{ reason, access }]);
    expect((h.get64(0x408) >> 60n) & 3n).toBe(2n);
  };

  test("LCT.5 Dh: TT=00b", () => {
    expect(write(RAM_BASE + 0x8000, [1], OTHER)).toBe(false);
    fault(0xd, "write");
    expect(read(RAM_BASE + 0x8000, 1)).toEqual([0]);
  });

  test("LGN.1.2 4h: beyond the host address width", async () => {
    await start({ hostAddressWidth: 46 });
    expect(read(2 ** 46, 4)).toBeUndefined();
    fault(4, "read");
  });

  test("LGN.4 Eh: in the interrupt range, also for an interrupt's write", () => {
    expect(write(0xfee0_0000, [1, 0, 0, 0])).toBe(false);
    fault(0xe, "write");
    expect(h.messages).toEqual([]);
  });

  test("LCT.2 2h: context-entry not present", () => {
    expect(read(RAM_BASE, 1, 0x0216 as RequesterId)).toBeUndefined();
    fault(2, "read");
  });

  test("§4.2.1: unsupported while translation is disabled; nothing answers where nothing is", () => {
    expect(read(NOWHERE, 4)).toBeUndefined();
    h.command(31, false);
    expect(read(RAM_BASE, 4)).toBeUndefined();
    expect(h.unit.faults()).toEqual([]);
  });
});

function or64(at: number, bits: bigint): void {
  h.write64(at, h.read64(at) | bits);
}
