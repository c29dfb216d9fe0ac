// Translation requests and translated requests in scalable mode (VT-d 5.10 §4.2.3, §4.2.5, §7.1.3 Table 30).
import { beforeEach, describe, expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import type { TranslationOptions } from "../../host/core/ports.ts";
import { RAM_BASE } from "./harness.ts";
import { FIRST, PASS, Scalable, SECOND } from "./scalable.ts";

const RID = 0x0218 as RequesterId;
const PASID = 0x345;
const TARGET = RAM_BASE + 0x9000;
const [SUCCESS, UNSUPPORTED, ABORT] = [0, 1, 4];
const NOTHING = { status: SUCCESS, data: 0n };
const [R, W, U, PRIV, N, S] = [1n, 2n, 4n, 0x10n, 0x400n, 0x800n];

let s: Scalable;
let directory: number;
let table: number;

beforeEach(async () => {
  s = await Scalable.create({ deviceTlb: true, noWriteFlag: true });
  directory = s.h.page();
  table = s.h.page();
  s.context(RID, { directory, dte: true, ridPasid: 9 });
  s.pasid(directory, PASID, { type: FIRST, first: table });
  s.enable();
});

function ask(iova: bigint | number, options: TranslationOptions = { pasid: PASID }) {
  const address = BigInt(iova);
  const { status, lo, hi } = s.h.unit.ats.translate(
    RID,
    Number(address & 0xffff_ffffn),
    Number(address >> 32n),
    options,
  );
  return { status, data: BigInt(lo) | (BigInt(hi) << 32n) };
}
const granted = (data: bigint) => ({ status: SUCCESS, data });

describe("VT-d §4.2.3 first stage", () => {
  test("a page that may be read and written, and one that may be read", () => {
    s.mapFirst(table, 4, 0x5000, TARGET);
    s.mapFirst(table, 4, 0x6000, TARGET + 0x1000, 5);
    expect(ask(0x5000)).toEqual(granted(BigInt(TARGET) | R | W));
    expect(ask(0x6000)).toEqual(granted(BigInt(TARGET + 0x1000) | R));
    expect(s.h.unit.faults()).toEqual([]);
  });

  test("S=1: a page of 2 MiB", () => {
    s.mapFirst(table, 4, 0x20_0000, 0x60_0000, 7, 1);
    expect(ask(0x21_3000)).toEqual(granted(0x60_0000n | 0xf_f000n | S | R | W));
  });

  test("§4.2.3.1: NW=0 sets accessed and dirty, NW=1 and a page that is not writable accessed alone", () => {
    const [one, two, three] = [0x5000, 0x6000, 0x7000].map((iova, n) =>
      s.mapFirst(table, 4, iova, TARGET + n * 0x1000, n === 2 ? 5 : 7),
    ) as [number, number, number];
    ask(0x5000);
    ask(0x6000, { pasid: PASID, noWrite: true });
    ask(0x7000);
    expect([one, two, three].map((at) => (s.h.read64(at) >> 5n) & 3n)).toEqual([3n, 1n, 1n]);
  });

  test("Table 10: N is PGSNP", () => {
    s.mapFirst(table, 4, 0x5000, TARGET);
    const at = s.pasidAt(directory, PASID);
    s.h.write64(at + 8, s.h.read64(at + 8) | (1n << 24n));
    expect(ask(0x5000)).toEqual(granted(BigInt(TARGET) | N | R | W));
  });

  test("PRIV: set for PR=1, with nothing granted where SRE=0 (SPT.6)", () => {
    s.mapFirst(table, 4, 0x5000, TARGET, 3);
    expect(ask(0x5000)).toEqual(NOTHING);
    expect(ask(0x5000, { pasid: PASID, privileged: true })).toEqual(granted(PRIV));
    s.pasid(directory, 0x346, { type: FIRST, first: table, sre: true });
    expect(ask(0x5000, { pasid: 0x346, privileged: true })).toEqual(granted(BigInt(TARGET) | PRIV | R | W));
    expect(s.h.unit.faults()).toEqual([]);
  });

  test("with PASID the interrupt range is translated like any other", () => {
    s.mapFirst(table, 4, 0xfee0_0000, TARGET);
    expect(ask(0xfee0_0000)).toEqual(granted(BigInt(TARGET) | R | W));
  });
});

test("VT-d §4.2.3 pass-through, by RID_PASID: the largest page around the address", () => {
  s.pasid(directory, 9, { type: PASS });
  expect(ask(0x12_3456_7000n, {})).toEqual(granted(0x12_0000_0000n | 0x1fff_f000n | S | R | W));
  expect(ask(0xfec0_0000, {})).toEqual(granted(0xfec0_0000n | R | W));
  expect(ask(0xfee0_0000, {})).toEqual(granted(W | U));
});

describe("VT-d §7.1.3 Table 30", () => {
  test.each<[string, number, number, () => void]>([
    ["SRT.2 39h", 0x39, UNSUPPORTED, () => s.h.write64(s.root + 2 * 16, 0n)],
    ["SCT.2 41h", 0x41, UNSUPPORTED, () => s.h.write64(s.contextAt(RID), 0n)],
    ["SCT.4.1 43h", 0x43, ABORT, () => void s.context(RID, { directory, dte: true, ridPasid: 0xf_ffff })],
    ["SCT.5 44h: DTE=0", 0x44, UNSUPPORTED, () => void s.context(RID, { directory })],
    ["SCT.6 45h", 0x45, UNSUPPORTED, () => void s.context(RID, { directory, dte: true, paside: false })],
    ["SCT.9 48h", 0x48, UNSUPPORTED, () => void s.context(RID, { directory, dte: true, ridPasid: PASID })],
    ["SPD.1 50h", 0x50, ABORT, () => void s.context(RID, { directory: 0x7000_0000_0000, dte: true, ridPasid: 9 })],
    ["SPT.3 5Ah", 0x5a, ABORT, () => s.h.write64(s.pasidAt(directory, PASID) + 56, 1n)],
    ["SPT.4.2 5Bh", 0x5b, ABORT, () => void s.pasid(directory, PASID, { type: 6 })],
    ["SGN.8.2 87h", 0x87, ABORT, () => void s.mapFirst(table, 4, 0x5000, 0xfee0_1000)],
    ["RTA.4 33h", 0x33, UNSUPPORTED, () => s.enable(3)],
  ])("%s: recorded", (_, reason, status, prepare) => {
    prepare();
    expect(ask(0x5000)).toEqual({ status, data: 0n });
    expect(s.h.unit.faults()).toMatchObject([{ reason, requesterId: RID, pasid: PASID }]);
    expect((s.h.get64(0x408) >> 60n) & 3n).toBe(1n);
  });

  test.each<[string, () => void, bigint]>([
    ["SPD.2: directory entry not present", () => s.h.write64(s.directoryAt(directory, PASID), 0n), 0x5000n],
    ["SPT.2: PASID-table entry not present", () => s.h.write64(s.pasidAt(directory, PASID), 0n), 0x5000n],
    ["SFS.2: nothing mapped", () => {}, 0x5000n],
    ["SFS.3: reserved bits", () => void s.mapFirst(table, 4, 0, 0x2000, 7, 1), 0x5000n],
    ["SFS.4: the top table unreadable", () => void s.pasid(directory, PASID, { type: FIRST, first: 2 ** 46 }), 0x5000n],
    ["SGN.1: not canonical", () => {}, 1n << 50n],
    ["SGN.2: a supervisor's page", () => void s.mapFirst(table, 4, 0x5000, TARGET, 3), 0x5000n],
    [
      "SGN.5: beyond the second stage's width",
      () => void s.pasid(directory, PASID, { type: SECOND, second: table }),
      1n << 48n,
    ],
    ["SSS.2: nothing mapped", () => void s.pasid(directory, PASID, { type: SECOND, second: table }), 0x5000n],
  ])("%s: success that grants nothing, and no fault", (_, prepare, iova) => {
    prepare();
    expect(ask(iova)).toEqual(NOTHING);
    expect(s.h.unit.faults()).toEqual([]);
  });

  const read = (hpa: number): boolean =>
    s.h.unit.ats.readTranslated(RID, hpa % 2 ** 32, Math.floor(hpa / 2 ** 32), new Uint8Array(4));

  test("translated requests need the context-entry alone: SCT.5 44h, SGN.8.3 87h", () => {
    s.h.write64(s.directoryAt(directory, PASID), 0n);
    expect(read(TARGET)).toBe(true);
    expect(read(0xfee0_0000)).toBe(false);
    expect(s.h.unit.faults()).toMatchObject([{ reason: 0x87 }]);
  });

  test("SCT.5 44h: a translated request with DTE=0", () => {
    s.context(RID, { directory });
    expect(read(TARGET)).toBe(false);
    expect(s.h.unit.faults()).toMatchObject([{ reason: 0x44 }]);
    expect((s.h.get64(0x408) >> 60n) & 3n).toBe(2n);
  });
});
