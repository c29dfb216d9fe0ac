// Fields of 32-bit words, named as the specification prints them: from bit `hi` down to bit `lo`.

/** Bits `hi:lo` set, the rest clear. */
export function mask(hi: number, lo: number): number {
  return ((0xffff_ffff >>> (31 - (hi - lo))) << lo) >>> 0;
}

/** The field `hi:lo` of `word`, right-aligned. */
export function bits(word: number, hi: number, lo: number): number {
  return ((word >>> lo) & (0xffff_ffff >>> (31 - (hi - lo)))) >>> 0;
}

/** `value` in the place of the field `hi:lo`; what does not fit is cut off. */
export function place(value: number, hi: number, lo: number): number {
  return ((value << lo) & mask(hi, lo)) >>> 0;
}

/** `word` with `value` in the field `hi:lo`. */
export function replace(word: number, value: number, hi: number, lo: number): number {
  return ((word & ~mask(hi, lo)) | place(value, hi, lo)) >>> 0;
}
