// What every page-table format owes to a request, whatever it is: one suite, run for each of them.
import { beforeEach, describe, expect, test } from "vitest";
import { hpa } from "../../host/core/address.ts";
import { NOWHERE, RAM_BASE, READ, WRITE } from "../iommu/harness.ts";
import { FIRST, NESTED, type PasidFields, Scalable, SECOND } from "../iommu/scalable.ts";

const RID = 0x0215;
const PASID = 0x4c5;
const TARGET = RAM_BASE + 0x5_0000;
/** An address whose index differs at every level of three; those above are 0. */
const PAGE = 0x12_3456_7000n;

interface Format {
  name: string;
  levels: number;
  /** Legacy mode: a context-entry's AW; otherwise a PASID-table entry. */
  width?: number;
  entry?: (tables: { own: number; second: number }) => PasidFields;
  /** Bits of an entry that references a table, and of one that maps a page for reading and writing. */
  good: bigint;
  /** Bits of which one must be clear for a request to be refused: [bit, access, reason]. */
  needed: [bit: number, access: number, reason: number][];
  /** Reserved in an entry of [level], by bit; a large page where `large`. */
  reserved: [level: number, bit: number, large: boolean][];
  ignored: number[];
  reasons: { top: number; table: number; reserved: number; interrupt: number };
  accessed?: bigint;
  dirty?: bigint;
}

const SECOND_STAGE = {
  good: 3n,
  reserved: [
    [3, 7, false],
    [2, 11, false],
    [0, 62, false],
    [2, 12, true],
    [2, 29, true],
    [1, 12, true],
    [1, 20, true],
  ] as Format["reserved"],
};
const LEGACY = {
  ...SECOND_STAGE,
  needed: [
    [0, READ, 6],
    [1, WRITE, 5],
  ] as Format["needed"],
  ignored: [2, 3, 4, 5, 6, 8, 9, 10, 52, 60, 61, 63],
  reasons: { top: 3, table: 7, reserved: 0xc, interrupt: 0xe },
};
const SCALABLE = {
  ...SECOND_STAGE,
  needed: [
    [0, READ, 0x86],
    [1, WRITE, 0x85],
  ] as Format["needed"],
  ignored: [2, 3, 4, 5, 6, 10, 52, 60, 61, 63],
  reasons: { top: 0x7b, table: 0x78, reserved: 0x7a, interrupt: 0x87 },
};
const FIRST_STAGE = {
  good: 7n,
  needed: [
    [0, READ, 0x71],
    [1, WRITE, 0x85],
    [2, READ, 0x81],
  ] as Format["needed"],
  reserved: [
    [3, 7, false],
    [2, 13, true],
    [2, 29, true],
    [1, 13, true],
    [1, 20, true],
  ] as Format["reserved"],
  ignored: [3, 4, 8, 9, 10, 11, 52, 62, 63],
  reasons: { top: 0x73, table: 0x70, reserved: 0x72, interrupt: 0x87 },
  accessed: 0x20n,
  dirty: 0x40n,
};

const FORMATS: Format[] = [
  { ...LEGACY, name: "second stage of legacy mode, 3 levels", levels: 3, width: 1 },
  { ...LEGACY, name: "second stage of legacy mode, 4 levels", levels: 4, width: 2 },
  { ...LEGACY, name: "second stage of legacy mode, 5 levels", levels: 5, width: 3 },
  { ...SCALABLE, name: "second stage", levels: 4, entry: ({ own }) => ({ type: SECOND, second: own }) },
  {
    ...SCALABLE,
    name: "second stage with SSADE, 5 levels",
    levels: 5,
    entry: ({ own }) => ({ type: SECOND, second: own, width: 3, ssade: true }),
    accessed: 0x100n,
    dirty: 0x200n,
  },
  { ...FIRST_STAGE, name: "first stage, 4 levels", levels: 4, entry: ({ own }) => ({ type: FIRST, first: own }) },
  {
    ...FIRST_STAGE,
    name: "first stage, 5 levels",
    levels: 5,
    entry: ({ own }) => ({ type: FIRST, first: own, fiveLevels: true }),
  },
  {
    ...FIRST_STAGE,
    name: "first stage with EAFE",
    levels: 4,
    entry: ({ own }) => ({ type: FIRST, first: own, eafe: true }),
    accessed: 0x420n,
    ignored: FIRST_STAGE.ignored.filter((bit) => bit !== 10),
  },
  {
    ...FIRST_STAGE,
    name: "nested first stage",
    levels: 4,
    entry: ({ own, second }) => ({ type: NESTED, first: own, second }),
    // What cannot be reached lies beyond the second stage's pages already.
    reasons: { ...FIRST_STAGE.reasons, top: 0x79, table: 0x79 },
  },
  {
    ...FIRST_STAGE,
    name: "nested first stage over SSADE",
    levels: 4,
    entry: ({ own, second }) => ({ type: NESTED, first: own, second, ssade: true }),
    reasons: { ...FIRST_STAGE.reasons, top: 0x79, table: 0x79 },
  },
];

describe.each(FORMATS)("$name", (format) => {
  let s: Scalable;
  let own: number;
  let second: number;
  let directory: number;

  /** A PASID, or a requester in legacy mode, that nothing is cached for. */
  let next = 0;

  beforeEach(async () => {
    s = await Scalable.create({ domainIdWidth: 16 });
    own = s.h.page();
    second = s.h.page();
    directory = s.h.page();
    next = 0;
    // Guest-physical is host-physical, for the nested ones.
    s.h.mapPage(second, 4, 0, 0, READ | WRITE, 2);
    s.h.mapPage(second, 4, 0x4000_0000, 0x4000_0000, READ | WRITE, 2);
    s.h.mapPage(second, 4, 0x8000_0000, 0x8000_0000, READ | WRITE, 2);
    s.h.mapPage(second, 4, 0xc000_0000, 0xc000_0000, READ | WRITE, 2);
    s.context(RID, { directory });
    if (format.entry === undefined) s.enable(0);
    else s.enable();
  });

  /** The place of the entry for `iova` at `level`, those above made as needed. */
  function place(iova: bigint, level = 0, table = own): number {
    let at = table;
    for (let above = format.levels - 1; above > level; above--) {
      const entry = at + Number((iova >> BigInt(12 + 9 * above)) & 511n) * 8;
      if (s.h.read64(entry) === 0n) s.h.write64(entry, BigInt(s.h.page()) | format.good);
      at = Number(s.h.read64(entry) & 0xf_ffff_ffff_f000n);
    }
    return at + Number((iova >> BigInt(12 + 9 * level)) & 511n) * 8;
  }

  function map(iova: bigint, target: number, level = 0): number {
    const at = place(iova, level);
    s.h.write64(at, BigInt(target) | format.good | (level > 0 ? 0x80n : 0n));
    return at;
  }

  /** Translates with a requester, PASID and domain that were not used before, so that no cache answers. */
  function fresh(iova: bigint, access = READ, table = own): number {
    next++;
    if (format.entry !== undefined) {
      s.pasid(directory, PASID + next, { domainId: 0x100 + next, ...format.entry({ own: table, second }) });
      return s.translate(RID, iova, access, PASID + next);
    }
    const requesterId = 0x0300 + next;
    s.h.context(s.root, requesterId, { table, domainId: 0x100 + next, width: format.width as number });
    return s.translate(requesterId, iova, access);
  }

  test.each([
    [0, 0xfffn],
    [1, 0x1f_ffffn],
    [2, 0x3fff_ffffn],
  ])("a page of level %i keeps the address bits within it", (level, inside) => {
    map(PAGE & ~inside, level === 0 ? TARGET : 0x4000_0000, level);
    const base = level === 0 ? TARGET : 0x4000_0000;
    expect(fresh(PAGE + 0x123n)).toBe(base + Number((PAGE + 0x123n) & inside));
    expect(fresh(PAGE | inside, WRITE)).toBe(base + Number(inside));
  });

  test("what was translated once is answered by the IOTLB, with the same result", () => {
    map(PAGE, TARGET);
    const first = fresh(PAGE + 0x123n, WRITE);
    const again =
      format.entry === undefined
        ? s.translate(0x0300 + next, PAGE + 0x456n, WRITE)
        : s.translate(RID, PAGE + 0x456n, WRITE, PASID + next);
    expect([first, again]).toEqual([TARGET + 0x123, TARGET + 0x456]);
    expect(s.h.unit.statistics()).toMatchObject({ hits: 1 });
  });

  test.each(format.needed)(
    "bit %i clear at any level refuses an access of %i with reason %i",
    (bit, access, reason) => {
      map(PAGE, TARGET);
      for (let level = 0; level < format.levels; level++) {
        const at = place(PAGE, level);
        const was = s.h.read64(at);
        s.h.write64(at, was & ~(1n << BigInt(bit)));
        expect([level, fresh(PAGE, access)]).toEqual([level, -reason]);
        s.h.write64(at, was);
        expect(fresh(PAGE, access)).toBe(TARGET);
      }
    },
  );

  test.each(format.reserved)("at level %i bit %i is reserved (large page %s)", (level, bit, large) => {
    if (level >= format.levels) return expect(format.levels).toBe(3);
    map(PAGE, TARGET);
    const at = place(PAGE, level);
    s.h.write64(at, large ? 0x4000_0080n | format.good : s.h.read64(at));
    if (large) expect(fresh(PAGE)).toBeGreaterThan(0);
    s.h.write64(at, s.h.read64(at) | (1n << BigInt(bit)));
    expect(fresh(PAGE)).toBe(-format.reasons.reserved);
  });

  test("the ignored bits of every level change nothing", () => {
    map(PAGE, TARGET);
    for (let level = 0; level < format.levels; level++) {
      const at = place(PAGE, level);
      for (const bit of format.ignored) s.h.write64(at, s.h.read64(at) | (1n << BigInt(bit)));
    }
    expect(fresh(PAGE + 0x123n, WRITE)).toBe(TARGET + 0x123);
  });

  test("tables that cannot be read: the top one, and one of each level below", () => {
    map(PAGE, TARGET);
    expect(fresh(PAGE, READ, NOWHERE)).toBe(-format.reasons.top);
    for (let level = 1; level < format.levels; level++) {
      const at = place(PAGE, level);
      const was = s.h.read64(at);
      s.h.write64(at, BigInt(NOWHERE) | format.good);
      expect([level, fresh(PAGE)]).toEqual([level, -format.reasons.table]);
      s.h.write64(at, was);
    }
  });

  test("tables in registers are none", () => {
    map(PAGE, TARGET);
    let reads = 0;
    const handler = {
      read: () => {
        reads++;
        return 7;
      },
      write: () => {},
    };
    s.h.map.addMmio({ base: hpa(0x9000_0000), size: 4096, handler });
    s.h.write64(place(PAGE, 1), 0x9000_0000n | format.good);
    // A nested one is looked up in the second stage first, which maps it.
    const reason = format.reasons.table === 0x79 ? 0x70 : format.reasons.table;
    expect(fresh(PAGE)).toBe(-reason);
    expect(reads).toBe(0);
  });

  test("an output address in the interrupt range is refused", () => {
    map(PAGE, 0xfeed_b000);
    expect(fresh(PAGE, WRITE)).toBe(-format.reasons.interrupt);
  });

  test("tables in memory of the embedder are walked, and flags set there", () => {
    const buffer = new ArrayBuffer(4096);
    const view = new DataView(buffer);
    s.h.map.addExternalRam({ base: hpa(0xa000_0000), size: 4096, buffer });
    s.h.write64(place(PAGE, 1), 0xa000_0000n | format.good);
    const index = Number((PAGE >> 12n) & 511n) * 8;
    view.setBigUint64(index, BigInt(TARGET) | format.good, true);
    expect(fresh(PAGE, WRITE)).toBe(TARGET);
    const flags = (format.accessed ?? 0n) | (format.dirty ?? 0n);
    expect(view.getBigUint64(index, true)).toBe(BigInt(TARGET) | format.good | flags);
  });

  test("a table that references itself ends after as many levels as there are", () => {
    for (const index of [0, 1]) s.h.write64(own + index * 8, BigInt(own) | format.good);
    expect(fresh(0x123n)).toBe(own + 0x123);
    expect(fresh(0x1123n)).toBe(own + 0x123);
  });

  test("accessed at every level of any use, dirty where a write ends, else nothing is written", () => {
    map(PAGE, TARGET);
    const accessed = format.accessed ?? 0n;
    const flags = (format.dirty ?? 0n) | accessed | 0x760n;
    const seen = (): bigint[] => {
      const levels = Array.from({ length: format.levels }, (_, level) => level);
      return levels.map((level) => s.h.read64(place(PAGE, level)) & flags);
    };
    fresh(PAGE, READ);
    expect(seen()).toEqual(seen().map(() => accessed));
    fresh(PAGE, WRITE);
    expect(seen()).toEqual(seen().map((_, level) => (level === 0 ? accessed | (format.dirty ?? 0n) : accessed)));
  });

  test("a write after a cached read still marks the page dirty", () => {
    const at = map(PAGE, TARGET);
    fresh(PAGE, READ);
    const access = (wanted: number): number =>
      format.entry === undefined
        ? s.translate(0x0300 + next, PAGE, wanted)
        : s.translate(RID, PAGE, wanted, PASID + next);
    expect([access(READ), access(WRITE)]).toEqual([TARGET, TARGET]);
    expect(s.h.read64(at) & (format.dirty ?? 0n)).toBe(format.dirty ?? 0n);
  });
});
