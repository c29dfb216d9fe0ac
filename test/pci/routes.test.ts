import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pack, placeWithin } from "../../host/pci/allocate.ts";
import { clip, RouteTable } from "../../host/pci/routes.ts";
import type { DecodedRange } from "../../host/pci/upstream.ts";
import { Memory } from "./support/device.ts";

const handler = new Memory(0);
const ranges = fc.array(fc.record({ base: fc.nat(400), size: fc.integer({ min: 1, max: 90 }) }), { maxLength: 12 });

function decoded(parts: { base: number; size: number }[]): DecodedRange[] {
  return parts.map(({ base, size }) => ({ space: "memory", base, size, origin: base, handler }));
}

describe("RouteTable", () => {
  test("finds what a search through the ranges in their order finds first", () => {
    fc.assert(
      fc.property(ranges, fc.array(fc.nat(500), { maxLength: 60 }), (parts, addresses) => {
        const table = new RouteTable(decoded(parts));
        for (const address of addresses) {
          const first = parts.find(({ base, size }) => address >= base && address < base + size);
          expect(table.find(address)?.origin).toBe(first?.base);
        }
      }),
    );
  });

  test("its ranges ascend and never overlap", () => {
    fc.assert(
      fc.property(ranges, (parts) => {
        const found = new RouteTable(decoded(parts)).ranges;
        for (let i = 1; i < found.length; i++) {
          const before = found[i - 1] as DecodedRange;
          expect(before.base + before.size).toBeLessThanOrEqual((found[i] as DecodedRange).base);
        }
      }),
    );
  });

  test("a window cuts a range and keeps where its handler's offset 0 is", () => {
    const [range] = decoded([{ base: 0x1000, size: 0x4000 }]) as [DecodedRange];
    const parts = clip(range, [
      { base: 0x2000, end: 0x3000 },
      { base: 0x4800, end: 0x9000 },
      { base: 0x9000, end: 0xa000 },
    ]);
    expect(parts.map(({ base, size, origin }) => [base, size, origin])).toEqual([
      [0x2000, 0x1000, 0x1000],
      [0x4800, 0x800, 0x1000],
    ]);
  });
});

describe("allocation", () => {
  test("everything packed is aligned, inside and disjoint", () => {
    const sizes = fc.array(fc.record({ log: fc.integer({ min: 4, max: 30 }), count: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(sizes, (wanted) => {
        const placed: { base: number; end: number; alignment: number }[] = [];
        const resources = wanted.map(({ log, count }) => ({
          size: count * 2 ** log,
          alignment: 2 ** log,
          place: (base: number) => {
            placed.push({ base, end: base + count * 2 ** log, alignment: 2 ** log });
          },
        }));
        const [packed] = pack(resources, 0x10_0000);
        const window = { base: 0x7f_c000_0000, size: 0x10_0000_0000 };
        placeWithin(packed === undefined ? [] : [packed], window.base, window.size);
        expect(placed).toHaveLength(wanted.length);
        expect((packed?.size ?? 1) % 0x10_0000).toBe(0);
        placed.sort((a, b) => a.base - b.base);
        for (const [i, one] of placed.entries()) {
          expect(one.base % one.alignment).toBe(0);
          expect(one.base).toBeGreaterThanOrEqual(placed[i - 1]?.end ?? window.base);
          expect(one.end).toBeLessThanOrEqual(window.base + window.size);
        }
      }),
    );
  });

  test("what does not fit is not placed, what follows still is", () => {
    const placed: number[] = [];
    const one = (size: number) => ({ size, alignment: 16, place: (base: number) => placed.push(base) });
    placeWithin([one(32), one(64), one(16)], 0x100, 48);
    expect(placed).toEqual([0x100, 0x120]);
  });
});
