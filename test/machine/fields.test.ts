import { expect, test } from "vitest";
import { dwordMask, field, setField } from "../../host/machine/fields.ts";

test("field: across a dword's end, and the whole of 32 bits", () => {
  const words = Uint32Array.of(0x8000_0001, 0x0000_0003, 0xffff_ffff, 0x1234_5678);
  expect(field(words, 33, 31)).toBe(7);
  expect(field(words, 34, 31)).toBe(7);
  expect(field(words, 95, 64)).toBe(0xffff_ffff);
  expect(field(words, 111, 92)).toBe(0x5_678f);
  expect(field(words, 0, 0)).toBe(1);
});

test("setField: changes these bits and no other", () => {
  const words = Uint32Array.of(0xffff_ffff, 0xffff_ffff);
  setField(words, 35, 28, 0x5a);
  expect([...words]).toEqual([0xafff_ffff, 0xffff_fff5]);
  setField(words, 63, 63, 0);
  setField(words, 0, 0, 0);
  expect([...words]).toEqual([0xafff_fffe, 0x7fff_fff5]);
  expect(field(words, 35, 28)).toBe(0x5a);
});

test("dwordMask: the part of a field that lies in a dword", () => {
  expect(dwordMask(51, 12, 0)).toBe(0xffff_f000);
  expect(dwordMask(51, 12, 1)).toBe(0x000f_ffff);
  expect(dwordMask(127, 127, 3)).toBe(0x8000_0000);
  expect(dwordMask(3, 0, 2)).toBe(0);
});
