import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../../assembly/spec/abi/iommu.ts";
import { hpa, type RequesterId } from "../../host/core/address.ts";
import { NOWHERE, READ, WRITE } from "./harness.ts";
import { directory, first, PAGE, PASID, plain, RID, s, second, set, start, TARGET, tagged } from "./mapped-twice.ts";
import { FIRST, PASS, SECOND } from "./scalable.ts";

beforeEach(() => start());

describe("VT-d §7.1.3 first-stage tables", () => {
  test("SFS.1 70h: a table below the top cannot be read", () => {
    s.h.write64(s.firstAt(first, 4, BigInt(PAGE), 1), BigInt(NOWHERE) | 7n);
    expect(tagged()).toBe(-0x70);
  });

  test.each([0, 1, 2, 3])("SFS.2 71h: P=0 at level %i, whatever else the entry has", (level) => {
    s.h.write64(s.firstAt(first, 4, BigInt(PAGE), level), 0xff_fffen);
    expect(tagged()).toBe(-0x71);
  });

  test.each([
    [3, 7],
    [2, 20],
    [1, 13],
  ])("SFS.3 72h: reserved at level %i: bit %i", (level, bit) => {
    const at = s.firstAt(first, 4, BigInt(PAGE), level);
    if (level < 3) set(at, 7);
    if (level < 3) s.h.write64(at, 0x4000_0087n);
    set(at, bit);
    expect(tagged()).toBe(-0x72);
  });

  test("SFS.3 72h: a page beyond the host address width; PS of 1 GiB without FS1GP", async () => {
    await start({ hostAddressWidth: 46, firstStage1G: false });
    set(s.firstAt(first, 4, BigInt(PAGE)), 46);
    expect(tagged()).toBe(-0x72);
    s.mapFirst(first, 4, 0xc000_0000, 0x4000_0000, 7, 2);
    expect(s.translate(RID, 0xc000_0123, READ, PASID)).toBe(-0x72);
  });

  test("§9.7: PAT, PCD, PWT, G and the ignored bits are not reserved", () => {
    const at = s.firstAt(first, 4, BigInt(PAGE));
    for (const bit of [3, 4, 7, 8, 9, 10, 11, 52, 63]) set(at, bit);
    expect(tagged()).toBe(TARGET + 0x890);
  });

  test("SFS.4 73h: the top table cannot be read", () => {
    s.pasid(directory, PASID, { type: FIRST, first: NOWHERE, domainId: 9 });
    expect(tagged()).toBe(-0x73);
  });

  test("SFS.9 90h: accessed bits are to be set in tables that are not snooped", () => {
    s.pasid(directory, PASID, { type: FIRST, first, domainId: 9, snoop: false });
    expect(tagged()).toBe(-0x90);
    for (const level of [3, 2, 1, 0]) set(s.firstAt(first, 4, BigInt(PAGE), level), 5);
    expect(tagged()).toBe(TARGET + 0x890);
    expect(tagged(WRITE)).toBe(-0x90);
  });

  test("SFS.10 91h: accessed bits cannot be set, for the memory refuses", () => {
    const bytes = new Uint8Array(4096);
    const base = hpa(0x8000_0000);
    s.h.map.addExternalRam({
      base,
      size: 4096,
      read: (offset, target) => target.set(bytes.subarray(offset, offset + target.length)),
      write: () => {
        throw new Error("a ROM");
      },
    });
    bytes[0] = 7;
    s.h.write64(s.firstAt(first, 4, BigInt(PAGE), 1), 0x8000_0007n);
    new DataView(bytes.buffer).setBigUint64(0x167 * 8, BigInt(TARGET) | 7n, true);
    expect(tagged()).toBe(-0x91);
    new DataView(bytes.buffer).setBigUint64(0x167 * 8, BigInt(TARGET) | 0x27n, true);
    expect(tagged()).toBe(TARGET + 0x890);
  });

  test("SGN.1 80h: the address is not canonical", () => {
    expect(s.translate(RID, 0x8000_0000_0000n, READ, PASID)).toBe(-0x80);
  });

  test.each([0, 1, 2, 3])("SGN.2 81h: U/S=0 at level %i", (level) => {
    const at = s.firstAt(first, 4, BigInt(PAGE), level);
    s.h.write64(at, s.h.read64(at) & ~4n);
    expect(tagged()).toBe(-0x81);
  });

  test("SGN.6 85h: R/W=0 of a write", () => {
    const at = s.firstAt(first, 4, BigInt(PAGE), 2);
    s.h.write64(at, s.h.read64(at) & ~2n);
    expect(tagged(WRITE)).toBe(-0x85);
  });

  test("SGN.8.1 87h: an output address in the interrupt range; an input address there is one like any other", () => {
    s.mapFirst(first, 4, PAGE, 0xfeed_b000);
    expect(tagged()).toBe(-0x87);
    s.mapFirst(first, 4, 0xfee0_1000, TARGET);
    expect(s.translate(RID, 0xfee0_1234, WRITE, PASID)).toBe(TARGET + 0x234);
  });
});

describe.each([false, true])("VT-d §7.1.3 second-stage tables in scalable mode, SSADE %s", (ssade) => {
  beforeEach(() => {
    s.pasid(directory, 0, { type: SECOND, second, ssade });
    s.pasid(directory, PASID, { type: SECOND, second, ssade });
  });
  const both = (access = READ): number => {
    const [a, b] = [plain(access), tagged(access)];
    expect(b).toBe(a);
    return a;
  };

  test("SSS.1 78h: a table below the top cannot be read", () => {
    s.h.write64(s.h.entryAt(second, 4, BigInt(PAGE), 1), BigInt(NOWHERE) | 3n);
    expect(both()).toBe(-0x78);
  });

  test.each([0, 1, 2, 3])("SSS.2 79h: R=W=0 at level %i", (level) => {
    const at = s.h.entryAt(second, 4, BigInt(PAGE), level);
    s.h.write64(at, s.h.read64(at) & ~3n);
    expect(both()).toBe(-0x79);
  });

  test("SSS.2 79h: one level grants reads only, another one writes only", () => {
    const [upper, leaf] = [s.h.entryAt(second, 4, BigInt(PAGE), 2), s.h.entryAt(second, 4, BigInt(PAGE))];
    s.h.write64(leaf, BigInt(TARGET) | 1n);
    s.h.write64(upper, (s.h.read64(upper) & ~3n) | 2n);
    expect(both(WRITE)).toBe(-0x79);
  });

  test.each([11, 62])("SSS.3 7Ah: reserved bit %i", (bit) => {
    set(s.h.entryAt(second, 4, BigInt(PAGE), 2), bit);
    expect(both()).toBe(-0x7a);
  });

  test("SSS.4 7Bh: the top table cannot be read", () => {
    s.pasid(directory, 0, { type: SECOND, second: NOWHERE, ssade, domainId: 20 });
    s.pasid(directory, PASID, { type: SECOND, second: NOWHERE, ssade, domainId: 20 });
    expect(both()).toBe(-0x7b);
  });

  test("SGN.5 84h: the address is beyond the second stage's width", () => {
    expect(s.translate(RID, 2 ** 48)).toBe(-0x84);
    expect(s.translate(RID, 2 ** 48, READ, PASID)).toBe(-0x84);
  });

  test("SGN.6 85h, SGN.7 86h: permission is missing", () => {
    const leaf = s.h.entryAt(second, 4, BigInt(PAGE));
    s.h.write64(leaf, BigInt(TARGET) | 1n);
    expect(both(WRITE)).toBe(-0x85);
    s.h.write64(leaf, BigInt(TARGET) | 2n);
    expect(both(READ)).toBe(-0x86);
  });

  test("SGN.8.1 87h: an output address in the interrupt range", () => {
    s.h.mapPage(second, 4, PAGE, 0xfeed_b000);
    expect(both()).toBe(-0x87);
  });
});

describe("VT-d §7.1.3 the others of scalable mode", () => {
  test("SSS.5 7Ch: second-stage accessed bits are to be set in tables that are not snooped", () => {
    s.pasid(directory, PASID, { type: SECOND, second, ssade: true, snoop: false });
    expect(tagged()).toBe(-0x7c);
    for (const level of [3, 2, 1, 0]) set(s.h.entryAt(second, 4, BigInt(PAGE), level), 8);
    expect(tagged()).toBe(TARGET + 0x890);
    expect(tagged(WRITE)).toBe(-0x7c);
  });

  test("SSS.6 7Dh: second-stage accessed bits cannot be set", () => {
    const entry = new DataView(new ArrayBuffer(8));
    entry.setBigUint64(0, BigInt(TARGET) | 3n, true);
    s.h.map.addExternalRam({
      base: hpa(0x8000_0000),
      size: 4096,
      read: (_offset, target) => target.set(new Uint8Array(entry.buffer)),
      write: () => {
        throw new Error("a ROM");
      },
    });
    s.h.write64(s.h.entryAt(second, 4, BigInt(PAGE), 1), 0x8000_0003n);
    s.pasid(directory, PASID, { type: SECOND, second, ssade: true });
    expect(tagged()).toBe(-0x7d);
  });

  test("SGN.4.2 83h: a pass-through address beyond HAW", async () => {
    await start({ hostAddressWidth: 46 });
    s.pasid(directory, 0, { type: PASS });
    s.pasid(directory, PASID, { type: PASS });
    expect(s.translate(RID, 2 ** 46)).toBe(-0x83);
    expect(s.translate(RID, 2 ** 46, READ, PASID)).toBe(-0x83);
    expect(s.translate(RID, 2 ** 46 - 1, READ, PASID)).toBe(2 ** 46 - 1);
  });

  test("SGN.8.1 87h: a pass-through address in the interrupt range, of a request with PASID", () => {
    s.pasid(directory, PASID, { type: PASS });
    expect(s.translate(RID, 0xfee0_0000, WRITE, PASID)).toBe(-0x87);
  });

  test("§11.4.7.6: the record shows PASID, execute and privilege of a request with PASID", () => {
    s.h.unit.translate(RID as RequesterId, 0x3456_7890, 0x12, READ | ACCESS_EXECUTE | ACCESS_PRIVILEGED, PASID);
    expect(s.h.unit.faults()).toMatchObject([
      { reason: 0x5d, requesterId: RID, pasid: PASID, execute: true, privileged: true, access: "read" },
    ]);
  });
});
