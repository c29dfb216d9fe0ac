import fc from "fast-check";
import { expect, test } from "vitest";
import { bits, mask, place, replace } from "../../host/core/bits.ts";

test("fields: a whole word, one bit at each end, and a field inside", () => {
  expect(mask(31, 0)).toBe(0xffff_ffff);
  expect(mask(31, 31)).toBe(0x8000_0000);
  expect(bits(0xa5c3_0f12, 31, 28)).toBe(0xa);
  expect(bits(0xa5c3_0f12, 19, 8)).toBe(0x30f);
  expect(place(0x1ff, 11, 4)).toBe(0xff0);
  expect(replace(0xffff_ffff, 0x12, 30, 23)).toBe(0x897f_ffff);
});

test("fields: what is put in comes out, and nothing around it changes", () => {
  const field = fc
    .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 31 }))
    .map(([a, b]) => [Math.max(a, b), Math.min(a, b)] as const);
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(word, word, field, (before, value, [hi, lo]) => {
      const after = replace(before, value, hi, lo);
      expect(after).toBeGreaterThanOrEqual(0);
      expect(bits(after, hi, lo) >>> 0).toBe(value % 2 ** (hi - lo + 1));
      expect((after & ~mask(hi, lo)) >>> 0).toBe((before & ~mask(hi, lo)) >>> 0);
    }),
  );
});
