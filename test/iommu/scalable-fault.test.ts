import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import {
  RTADDR_TTM_ABORT,
  RTADDR_TTM_LO,
  RTADDR_TTM_RESERVED,
  RTADDR_TTM_SCALABLE,
} from "../../assembly/spec/vtd/root-table-address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, NOWHERE, READ } from "./harness.ts";
import { directory, first, IOVA, PASID, plain, RID, s, second, set, start, TARGET, tagged } from "./mapped-twice.ts";
import { FIRST, NESTED, PASS, SECOND } from "./scalable.ts";

const UPPER_RID = 0x02a3;

beforeEach(() => start());

describe("VT-d §7.1.3 root table address", () => {
  test("RTA.1 30h: TTM=10b, TTM=11b without ADMS, TTM=01b without SMTS", async () => {
    s.enable(RTADDR_TTM_RESERVED);
    expect([plain(), tagged()]).toEqual([-0x30, -0x30]);
    await start({ abortDma: false });
    s.enable(RTADDR_TTM_ABORT);
    expect([plain(), tagged()]).toEqual([-0x30, -0x30]);
    const legacy = await Harness.create({ preset: "client" });
    legacy.enable(legacy.page() | (RTADDR_TTM_SCALABLE << RTADDR_TTM_LO));
    expect(legacy.translate(RID, IOVA)).toBe(-0x30);
  });

  test("RTA.2 31h: a request with PASID in legacy mode", () => {
    s.enable(0);
    expect(tagged(READ | ACCESS_PRIVILEGED)).toBe(-0x31);
    expect(s.h.unit.faults()).toMatchObject([{ reason: 0x31, requesterId: RID }]);
  });

  test("RTA.4 33h: every request in abort-DMA mode", () => {
    s.enable(RTADDR_TTM_ABORT);
    expect([plain(), tagged()]).toEqual([-0x33, -0x33]);
  });

  test("RTA.5 34h: a request to execute, from version 8 on", async () => {
    await start({ majorVersion: 8, executeRequests: false });
    expect(tagged(READ | ACCESS_EXECUTE)).toBe(-0x34);
    expect(tagged(READ)).toBe(TARGET + 0x890);
  });
});

describe("VT-d §7.1.3 scalable-mode root and context entries", () => {
  test("SRT.1 38h: the root table cannot be read", () => {
    s.h.enable(BigInt(NOWHERE) | 0x400n);
    expect([plain(), tagged()]).toEqual([-0x38, -0x38]);
  });

  test("SRT.2 39h: LP or UP is clear, whichever the requester's half is", () => {
    expect(s.translate(UPPER_RID, IOVA)).toBe(-0x39);
    expect(s.translate(0x0515, IOVA, READ, PASID)).toBe(-0x39);
  });

  test.each([1, 11, 65, 75])("SRT.3 3Ah: reserved bit %i of a present half of the root-entry", (bit) => {
    s.context(UPPER_RID, { directory });
    set(s.root + 2 * 16, bit);
    expect(plain()).toBe(-0x3a);
  });

  test("§9.2: the bits of a half that is not present are ignored", () => {
    set(s.root + 2 * 16, 70);
    expect(plain()).toBe(TARGET + 0x890);
  });

  test("SCT.1 40h: the context table cannot be read", () => {
    s.h.write64(s.root + 2 * 16, BigInt(NOWHERE) | 1n);
    expect([plain(), tagged()]).toEqual([-0x40, -0x40]);
  });

  test("SCT.2 41h: P=0 in the context-entry", () => {
    expect(s.translate(0x0216, IOVA)).toBe(-0x41);
  });

  test.each([7, 8, 5, 85, 128, 255])("SCT.3 42h: reserved bit %i of a context-entry", (bit) => {
    set(s.contextAt(RID), bit);
    expect(plain()).toBe(-0x42);
  });

  test.each([
    [2, { deviceTlb: false }],
    [3, { pasidWidth: 0, executeRequests: false }],
    [4, { pageRequests: false }],
    [6, {}],
    [64, { ridPasid: false }],
    [84, { ridPrivilege: false }],
  ] as [number, IommuOptions][])(
    "SCT.3 42h: bit %i of a context-entry without its capability",
    async (bit, options) => {
      await start(options);
      s.context(RID, { directory, paside: false });
      expect(plain()).toBe(TARGET + 0x890);
      set(s.contextAt(0x0217), 0);
      s.context(0x0217, { directory, paside: false });
      set(s.contextAt(0x0217), bit);
      expect(s.translate(0x0217, IOVA)).toBe(-0x42);
    },
  );

  test("SCT.4.1 43h: PRE without DTE", async () => {
    await start({ deviceTlb: true, pageRequests: true });
    s.context(RID, { directory, pre: true });
    expect(plain()).toBe(-0x43);
    s.context(RID, { directory, pre: true, dte: true });
    expect(plain()).toBe(TARGET + 0x890);
  });

  test("SCT.4.2 43h: a RID_PASID beyond the directory of PDTS", () => {
    s.context(RID, { directory, ridPasid: 0x2000 });
    expect(plain()).toBe(-0x43);
    s.context(0x0217, { directory, ridPasid: 0x2000, pdts: 1 });
    expect(s.translate(0x0217, IOVA)).toBe(-0x51);
  });

  test("SCT.6 45h: a request with PASID with PASIDE clear; others are served", () => {
    s.context(RID, { directory, paside: false });
    expect([plain(), tagged()]).toEqual([TARGET + 0x890, -0x45]);
  });

  test("SCT.7 46h: a PASID beyond the directory of PDTS", () => {
    expect(tagged(READ, 0x2000)).toBe(-0x46);
    expect(tagged(READ, 0x1fff)).toBe(-0x51);
  });

  test("SCT.9 48h: a PASID that is RID_PASID", () => {
    s.context(RID, { directory, ridPasid: PASID });
    expect(tagged()).toBe(-0x48);
    expect(plain()).toBe(TARGET + 0x890);
  });

  test("SGN.10 89h: a PASID wider than PSS tells", async () => {
    await start({ pasidWidth: 11 });
    expect(tagged()).toBe(TARGET + 0x890);
    expect(tagged(READ, 0x800)).toBe(-0x89);
  });
});

describe("VT-d §7.1.3 PASID directory and table", () => {
  test("SPD.1 50h: the directory cannot be read", () => {
    s.context(RID, { directory: NOWHERE });
    expect([plain(), tagged()]).toEqual([-0x50, -0x50]);
  });

  test("SPD.2 51h: P=0 in the directory entry", () => {
    expect(tagged(READ, 0x1000)).toBe(-0x51);
  });

  test.each([2, 11])("SPD.3 52h: reserved bit %i of a directory entry", (bit) => {
    set(s.directoryAt(directory, PASID), bit);
    expect(tagged()).toBe(-0x52);
  });

  test("SPD.3 52h: a table beyond the host address width", async () => {
    await start({ hostAddressWidth: 46 });
    set(s.directoryAt(directory, PASID), 46);
    expect(tagged()).toBe(-0x52);
  });

  test("SPT.1 58h: the PASID table cannot be read", () => {
    s.h.write64(s.directoryAt(directory, PASID), BigInt(NOWHERE) | 1n);
    expect(tagged()).toBe(-0x58);
  });

  test("SPT.2 59h: P=0 in the PASID-table entry", () => {
    expect(tagged(READ, PASID + 1)).toBe(-0x59);
  });

  test.each([5, 10, 11, 80, 86, 89, 90, 91, 95, 96, 127, 129, 136, 139, 192, 256, 268, 320, 511])(
    "SPT.3 5Ah: reserved bit %i of a PASID-table entry",
    (bit) => {
      set(s.pasidAt(directory, PASID), bit);
      expect(tagged()).toBe(-0x5a);
    },
  );

  test.each([133, 134])("§9.6: bit %i of a PASID-table entry is ignored", (bit) => {
    set(s.pasidAt(directory, PASID), bit);
    expect(tagged()).toBe(TARGET + 0x890);
  });

  test.each([
    [2, { secondStage: false, nested: false, secondStageAccessDirty: false }],
    [9, { secondStageAccessDirty: false }],
    [12, { secondStage: false, nested: false, secondStageAccessDirty: false }],
    [87, { coherentScalableTables: false, secondStageAccessDirty: false, extendedAccessed: false }],
    [88, { snoopControl: false }],
    [72, { domainIdWidth: 8 }],
    [128, { supervisorRequests: false, ridPrivilege: false }],
    [130, { firstStage: false, firstStage1G: false, firstStage5Level: false, nested: false, extendedAccessed: false }],
    [132, { firstStage: false, firstStage1G: false, firstStage5Level: false, nested: false, extendedAccessed: false }],
    [135, { extendedAccessed: false }],
    [140, { firstStage: false, firstStage1G: false, firstStage5Level: false, nested: false, extendedAccessed: false }],
    [46, { hostAddressWidth: 46 }],
    [46 + 128, { hostAddressWidth: 46 }],
  ] as [number, IommuOptions][])(
    "SPT.3 5Ah: bit %i of a PASID-table entry without its capability",
    async (bit, options) => {
      await start(options);
      s.pasid(directory, 3, { type: PASS, domainId: 5, snoop: false });
      expect(tagged(READ, 3)).toBe(IOVA);
      s.pasid(directory, 4, { type: PASS, domainId: 5, snoop: false });
      set(s.pasidAt(directory, 4), bit);
      expect(tagged(READ, 4)).toBe(-0x5a);
    },
  );

  test.each([0, 2, 7])(
    "§9.6 AW=%i of a first stage alone: ignored, but reserved without ECAP_REG.SSTS (5Ah)",
    async (width) => {
      s.pasid(directory, PASID, { type: FIRST, first, width });
      expect(tagged()).toBe(TARGET + 0x890);
      await start({ secondStage: false, nested: false, secondStageAccessDirty: false });
      s.pasid(directory, PASID, { type: FIRST, first, width });
      expect(tagged()).toBe(width === 0 ? TARGET + 0x890 : -0x5a);
    },
  );

  test.each([0, 4, 5, 6, 7])("SPT.4.1 5Bh: AW=%i of a second stage", (width) => {
    s.pasid(directory, PASID, { type: SECOND, second, width });
    expect(tagged()).toBe(-0x5b);
  });

  test.each([0, 5, 6, 7])("SPT.4.2 5Bh: PGTT=%i is reserved", (type) => {
    s.pasid(directory, PASID, { type });
    expect(tagged()).toBe(-0x5b);
  });

  test.each([
    [
      FIRST,
      { firstStage: false, firstStage1G: false, firstStage5Level: false, nested: false, extendedAccessed: false },
    ],
    [SECOND, { secondStage: false, nested: false, secondStageAccessDirty: false }],
    [NESTED, { nested: false }],
    [PASS, { passThrough: false }],
  ] as [number, IommuOptions][])("SPT.4.2 5Bh: PGTT=%i without its capability", async (type, options) => {
    await start(options);
    s.pasid(directory, PASID, { type });
    expect(tagged()).toBe(-0x5b);
  });

  test("SPT.4.3 5Bh: FSPM=01b without FS5LP, or reserved", async () => {
    set(s.pasidAt(directory, PASID), 131);
    expect(tagged()).toBe(-0x5b);
    await start({ firstStage5Level: false });
    set(s.pasidAt(directory, PASID), 130);
    expect(tagged()).toBe(-0x5b);
  });

  test("SPT.4.4 5Bh: a nested FSPTPTR beyond the second stage's width", () => {
    s.pasid(directory, PASID, { type: NESTED, second, width: 1, first: 2 ** 39 });
    expect(tagged()).toBe(-0x5b);
  });

  test("SPT.5 5Ch: a request to execute without ERS", async () => {
    await start({ executeRequests: false });
    expect(tagged(READ | ACCESS_EXECUTE)).toBe(-0x5c);
    expect(tagged(READ)).toBe(TARGET + 0x890);
  });

  test("SPT.6 5Dh: a privileged request with SRE clear, by PR or by RID_PRIV", () => {
    expect(tagged(READ | ACCESS_PRIVILEGED)).toBe(-0x5d);
    s.context(UPPER_RID, { directory, ridPasid: PASID, ridPriv: true });
    expect(s.translate(UPPER_RID, IOVA)).toBe(-0x5d);
  });
});

describe("VT-d §7.1.3 Qualified: FPD suppresses the record, at each of three levels", () => {
  const faults = (): number => s.h.unit.faults().length;

  test.each([
    ["context-entry", (): void => void s.context(RID, { directory, fpd: true })],
    ["directory entry", (): void => set(s.directoryAt(directory, PASID), 1)],
    ["PASID-table entry", (): void => set(s.pasidAt(directory, PASID), 1)],
  ])("%s", (_name, suppress) => {
    suppress();
    expect(s.translate(RID, IOVA + 0x1000, READ, PASID)).toBe(-0x71);
    expect(faults()).toBe(0);
    expect(s.h.unit.statistics().faults).toBe(1);
  });

  test("FPD counts with P=0: 41h, 51h, 59h", () => {
    s.h.write64(s.contextAt(0x0216), 2n);
    expect(s.translate(0x0216, IOVA)).toBe(-0x41);
    s.h.write64(s.directoryAt(directory, 0x1000), 2n);
    expect(tagged(READ, 0x1000)).toBe(-0x51);
    s.h.write64(s.pasidAt(directory, PASID + 1), 2n);
    expect(tagged(READ, PASID + 1)).toBe(-0x59);
    expect(faults()).toBe(0);
  });

  test("50h and 58h are recorded all the same", () => {
    s.context(RID, { directory: NOWHERE, fpd: true });
    expect(tagged()).toBe(-0x50);
    s.context(0x0301, { directory, fpd: true });
    s.h.write64(s.directoryAt(directory, PASID), BigInt(NOWHERE) | 3n);
    expect(s.translate(0x0301, IOVA, READ, PASID)).toBe(-0x58);
    expect(faults()).toBe(2);
  });
});
