import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import { FEADDR_REG, FECTL_REG, FEDATA_REG, FEUADDR_REG } from "../../assembly/spec/vtd/event.ts";
import { GCMD_IRE_LO, GCMD_QIE_LO, GCMD_SIRTP_LO, GCMD_TE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { decodeFault } from "../../host/machine/fault.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, READ, WRITE } from "./harness.ts";
import { FIRST, Scalable, SECOND } from "./scalable.ts";

const FRCD = 0x400;
const FSTS = 0x34;
const PFO = 1;
const PPF = 2;
const IQE = 0x10;
const RID = 0x02b5;
const IOVA = 0x7ea5_4321_9678n;
const PASID = 0xa51c3;

const record = (h: Harness, index = 0): number[] => [0, 4, 8, 12].map((at) => h.get32(FRCD + 16 * index + at));

describe("VT-d §11.4.7.6 FRCD_REG, field by field", () => {
  const start = async (options: IommuOptions = {}): Promise<Scalable> => {
    const s = await Scalable.create(options);
    const directory = s.h.page();
    s.context(RID, { directory, pdts: 7 });
    if (s.h.unit.capabilities.pasidWidth === 20)
      s.pasid(directory, PASID, { type: FIRST, first: s.h.page(), sre: true });
    s.pasid(directory, 0, { type: SECOND, second: s.h.page() });
    s.enable();
    return s;
  };

  test("FI, SID, FR, PV, PP, EXE, PRIV, T1 of a request with PASID to execute as supervisor", async () => {
    const s = await start();
    expect(s.translate(RID, IOVA, READ | ACCESS_EXECUTE | ACCESS_PRIVILEGED, PASID)).toBe(-0x71);
    const expected =
      (1n << 127n) | // F
      (1n << 126n) | // T1: read
      (BigInt(PASID) << 104n) |
      (0x71n << 96n) |
      (1n << 95n) | // PP
      (1n << 94n) | // EXE
      (1n << 93n) | // PRIV
      (BigInt(RID) << 64n) |
      (IOVA & ~0xfffn);
    const words = record(s.h).map(BigInt);
    expect(words.reduce((sum, word, place) => sum | (word << BigInt(32 * place)), 0n)).toBe(expected);
    expect(s.h.unit.faults()).toEqual([
      {
        reason: 0x71,
        text: expect.any(String),
        requesterId: RID,
        interrupt: false,
        access: "read",
        addressType: "untranslated",
        pasid: PASID,
        execute: true,
        privileged: true,
        addressLo: 0x4321_9000,
        addressHi: 0x7ea5,
        interruptIndex: 0,
      },
    ]);
  });

  test.each([
    [READ, 0xc000_0000, 0x8000_0000],
    [WRITE, 0x8000_0000, 0x8000_0000],
    [WRITE | ACCESS_PRIVILEGED, 0x8000_0000, 0xa000_0000],
    [READ | ACCESS_PRIVILEGED, 0xc000_0000, 0xa000_0000],
    [READ | ACCESS_EXECUTE, 0xc000_0000, 0xc000_0000],
  ])("access %i: F and T1 above, PP, EXE and PRIV below", async (access, top, flags) => {
    const s = await start();
    s.translate(RID, IOVA, access as number, PASID);
    const [, , low = 0, high = 0] = record(s.h);
    expect([(high & 0xf000_0000) >>> 0, (low & 0xf000_0000) >>> 0]).toEqual([top, flags]);
    expect((high >>> 8) & 0xf_ffff).toBe(PASID);
  });

  test("a request without PASID: PP, PV, EXE and PRIV are 0", async () => {
    const s = await start();
    expect(s.translate(RID, IOVA, READ)).toBe(-0x79);
    expect(record(s.h).slice(2)).toEqual([RID, 0xc000_0079]);
  });

  test("without ECAP_REG.PASID the fields are reserved", async () => {
    const s = await start({ pasidWidth: 0, executeRequests: false });
    s.translate(RID, IOVA, READ | ACCESS_PRIVILEGED, PASID);
    expect(record(s.h)[2]).toBe(RID);
    expect((record(s.h)[3] as number) & 0x3fff_ff00).toBe(0);
    expect(s.h.unit.faults()).toMatchObject([{ pasid: undefined, privileged: false, execute: false }]);
  });

  test("FPD of context-entry and PASID-table entry: nothing is recorded, the request is refused all the same", async () => {
    const s = await start();
    const directory = s.h.page();
    s.context(0x0311, { directory, fpd: true });
    s.pasid(directory, 0, { type: SECOND, second: s.h.page() });
    const other = s.h.page();
    s.context(0x0412, { directory: other });
    s.pasid(other, 0, { type: SECOND, second: s.h.page(), fpd: true });
    s.pasid(other, 1, { type: SECOND, second: s.h.page() });
    expect([s.translate(0x0311, IOVA), s.translate(0x0412, IOVA)]).toEqual([-0x79, -0x79]);
    expect(s.h.unit.faults()).toEqual([]);
    expect(s.h.unit.statistics().faults).toBe(2);
    expect(s.translate(0x0412, IOVA, READ, 1)).toBe(-0x79);
    expect(s.h.unit.faults()).toMatchObject([{ requesterId: 0x0412, pasid: 1 }]);
  });

  test("decoding T1, T2 and AT", () => {
    const decoded = [0, 1, 2, 3].map((type) => {
      const high = (0x8000_0000 | ((type & 1) << 30) | ((2 - (type & 2)) << 28)) >>> 0;
      return decodeFault([0, 0, ((type >>> 1) << 28) | 7, high | 6]);
    });
    expect(decoded.map((fault) => fault?.access)).toEqual(["write", "read", "page request", "atomic"]);
    expect(decoded.map((fault) => fault?.addressType)).toEqual([
      "translated",
      "translated",
      "untranslated",
      "untranslated",
    ]);
    expect(decodeFault([0, 0, 7, 0x9000_0006])?.addressType).toBe("translation request");
    expect(decodeFault([0, 0, 7, 0x7000_0006])).toBeUndefined();
  });
});

describe("VT-d §7.2.1 recording", () => {
  let h: Harness;
  const start = async (options: IommuOptions): Promise<void> => {
    h = await Harness.create(options);
    h.enable(h.page());
  };
  const raise = (requesterId: number, access = READ): void => {
    expect(h.translate(requesterId, 0x5000, access)).toBe(-1);
  };
  const clear = (index: number): void => h.set32(FRCD + 16 * index + 12, 0x8000_0000);
  const set = (): number[] => h.unit.faults().map((fault) => fault.requesterId);

  test.each([1, 2, 5, 128])("NFR=%i-1: that many records, then overflow", async (faultRecords) => {
    await start({ faultRecords });
    for (let id = 0; id < faultRecords; id++) raise(0x300 + id);
    expect(h.get32(FSTS)).toBe(PPF);
    expect(set()).toEqual(Array.from({ length: faultRecords }, (_, id) => 0x300 + id));
    raise(0x500);
    expect(h.get32(FSTS)).toBe(PPF | PFO);
    expect(set()).not.toContain(0x500);
  });

  test("a record's place beyond the last one is reserved", async () => {
    await start({ faultRecords: 2 });
    for (const id of [1, 2, 3]) raise(0x300 + id);
    expect(record(h, 2)).toEqual([0, 0, 0, 0]);
  });

  test("software cannot write a record, and clears only its F", async () => {
    await start({ faultRecords: 2 });
    raise(0x0316, WRITE);
    for (const at of [0, 4, 8]) h.set32(FRCD + at, 0xffff_ffff);
    h.set32(FRCD + 12, 0x7fff_ffff);
    expect(record(h)).toEqual([0x5000, 0, 0x0316, 0x8000_0001]);
    h.unit.mmio.write(FRCD + 15, 1, 0x80);
    expect(record(h)).toEqual([0x5000, 0, 0x0316, 1]);
    expect(h.get32(FSTS)).toBe(0);
  });

  test("faults of one requester collapse whatever they are, while F is set", async () => {
    await start({ faultRecords: 3 });
    raise(0x0316, READ);
    raise(0x0316, WRITE);
    raise(0x0317, READ);
    expect(set()).toEqual([0x0316, 0x0317]);
    clear(0);
    raise(0x0316, WRITE);
    expect(h.unit.faults()).toMatchObject([
      { requesterId: 0x0317, access: "read" },
      { requesterId: 0x0316, access: "write" },
    ]);
  });

  test("a requester that has a record does not overflow", async () => {
    await start({ faultRecords: 1 });
    raise(0x0316);
    raise(0x0316);
    expect(h.get32(FSTS)).toBe(PPF);
    raise(0x0317);
    expect(h.get32(FSTS)).toBe(PPF | PFO);
  });

  test("the index wraps, and goes on where it was after an overflow", async () => {
    await start({ faultRecords: 3 });
    for (const id of [1, 2, 3, 4]) raise(0x300 + id);
    for (const index of [0, 1, 2]) clear(index);
    expect(h.get32(FSTS)).toBe(PFO);
    raise(0x0305);
    expect(set()).toEqual([]);
    h.set32(FSTS, PFO);
    raise(0x0306);
    expect(record(h, 0)[2]).toBe(0x0306);
    expect((h.get32(FSTS) >>> 8) & 0xff).toBe(0);
    clear(0);
    raise(0x0307);
    expect([(h.get32(FSTS) >>> 8) & 0xff, record(h, 1)[2]]).toEqual([1, 0x0307]);
  });

  test("the index returns to 0 only when interrupt remapping is off too", async () => {
    await start({ faultRecords: 3 });
    h.command(GCMD_SIRTP_LO);
    h.command(GCMD_IRE_LO);
    raise(0x0301);
    clear(0);
    h.command(GCMD_TE_LO, false);
    h.command(GCMD_TE_LO, true);
    raise(0x0302);
    expect(record(h, 1)[2]).toBe(0x0302);
    clear(1);
    h.command(GCMD_TE_LO, false);
    h.command(GCMD_IRE_LO, false);
    h.command(GCMD_TE_LO, true);
    raise(0x0303);
    expect(record(h, 0)[2]).toBe(0x0303);
  });
});

describe("VT-d §7.3 the fault event", () => {
  let h: Harness;
  let queue: number;
  beforeEach(async () => {
    h = await Harness.create({ faultRecords: 2 });
    h.enable(h.page());
    queue = h.page();
    h.set64(IQA_REG, BigInt(queue));
    h.command(GCMD_QIE_LO);
    h.set32(FEADDR_REG, 0xfee0_1000);
    h.set32(FEUADDR_REG, 0x0001_2300);
    h.set32(FEDATA_REG, 0x35);
    h.set32(FECTL_REG, 0);
  });
  const dma = (requesterId: number): number => h.translate(requesterId, 0x5000);
  const queueError = (): void => h.set32(IQT_REG, 0x10);

  test("carries address, upper address and data, once for all conditions together", () => {
    dma(0x0301);
    queueError();
    dma(0x0302);
    dma(0x0303);
    expect(h.get32(FSTS)).toBe(PFO | PPF | IQE);
    expect(h.events).toEqual([{ addressLo: 0xfee0_1000, addressHi: 0x0001_2300, data: 0x35 }]);
  });

  test.each([
    ["PPF, then IQE", () => dma(0x0301), queueError],
    ["IQE, then PPF", queueError, () => dma(0x0301)],
  ] as [string, () => void, () => void][])(
    "%s, held while masked: gone when all are served",
    (_name, first, second) => {
      h.set32(FECTL_REG, 0x8000_0000);
      first();
      second();
      expect(h.get32(FECTL_REG)).toBe(0xc000_0000);
      h.set32(IQT_REG, 0);
      h.set32(FSTS, IQE);
      expect(h.get32(FECTL_REG)).toBe(0xc000_0000);
      h.set32(FRCD + 12, 0x8000_0000);
      expect(h.get32(FECTL_REG)).toBe(0x8000_0000);
      h.set32(FECTL_REG, 0);
      expect(h.events).toEqual([]);
    },
  );

  test("a new condition after all were served is a new event", () => {
    queueError();
    h.set32(IQT_REG, 0);
    h.set32(FSTS, IQE);
    dma(0x0301);
    expect(h.events).toHaveLength(2);
  });

  test("the overflow that is left alone keeps events back", () => {
    for (const id of [0x0301, 0x0302, 0x0303]) dma(id);
    h.set32(FRCD + 12, 0x8000_0000);
    h.set32(FRCD + 28, 0x8000_0000);
    expect(h.get32(FSTS) & (PFO | PPF)).toBe(PFO);
    queueError();
    expect(h.events).toHaveLength(1);
    h.set32(IQT_REG, 0);
    h.set32(FSTS, PFO | IQE);
    dma(0x0304);
    expect(h.events).toHaveLength(2);
  });
});
