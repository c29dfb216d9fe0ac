import fc from "fast-check";
import { expect, test } from "vitest";
import { bits, dwordMask, extract, insert, isZero, lowestBit, mask, place, replace } from "../../host/core/bits.ts";

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

test("lowestBit: of every bit alone, below others, and of none", () => {
  for (let at = 0; at < 32; at++) {
    expect(lowestBit((2 ** at) >>> 0)).toBe(at);
    expect(lowestBit(mask(31, at))).toBe(at);
  }
  expect(lowestBit(0x0a10_0000)).toBe(20);
  expect(lowestBit(0)).toBe(-1);
});

test("extract: across a dword's end, and the whole of 32 bits", () => {
  const words = Uint32Array.of(0x8000_0001, 0x0000_0003, 0xffff_ffff, 0x1234_5678);
  expect(extract(words, 33, 31)).toBe(7);
  expect(extract(words, 34, 31)).toBe(7);
  expect(extract(words, 95, 64)).toBe(0xffff_ffff);
  expect(extract(words, 111, 92)).toBe(0x5_678f);
  expect(extract(words, 0, 0)).toBe(1);
});

test("insert: changes these bits and no other", () => {
  const words = Uint32Array.of(0xffff_ffff, 0xffff_ffff);
  insert(words, 0x5a, 35, 28);
  expect([...words]).toEqual([0xafff_ffff, 0xffff_fff5]);
  insert(words, 0, 63, 63);
  insert(words, 0, 0, 0);
  expect([...words]).toEqual([0xafff_fffe, 0x7fff_fff5]);
  expect(extract(words, 35, 28)).toBe(0x5a);
});

test("dwordMask: the part of a field that lies in a dword", () => {
  expect(dwordMask(51, 12, 0)).toBe(0xffff_f000);
  expect(dwordMask(51, 12, 1)).toBe(0x000f_ffff);
  expect(dwordMask(127, 127, 3)).toBe(0x8000_0000);
  expect(dwordMask(3, 0, 2)).toBe(0);
});

test("isZero: looks from the first index to the one before the last", () => {
  const words = new Uint32Array(23);
  expect(isZero(words, 0, 23)).toBe(true);
  for (const place of words.keys()) {
    words.fill(0).fill(0x8000_0000, place, place + 1);
    for (const [from, to] of [
      [0, 23],
      [3, 22],
      [7, 15],
      [place, place],
      [place + 1, 23],
      [0, place],
    ] as const) {
      expect(isZero(words, from, to), `${place} in ${from}-${to}`).toBe(place < from || place >= to);
    }
  }
});
