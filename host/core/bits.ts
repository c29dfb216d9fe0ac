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

/** Puts `value` into the field `hi:lo`, at most 32 bits wide, of an entry of several 32-bit words. */
export function insert(words: Uint32Array, value: number, hi: number, lo: number): void {
  const first = lo >>> 5;
  const last = hi >>> 5;
  if (first === last) {
    words[first] = replace(words[first] as number, value, hi & 31, lo & 31);
    return;
  }
  const width = 32 - (lo & 31);
  words[first] = replace(words[first] as number, value, 31, lo & 31);
  words[last] = replace(words[last] as number, value >>> width, hi & 31, 0);
}

/** The field `hi:lo`, at most 32 bits wide, of an entry of several 32-bit words. */
export function extract(words: ArrayLike<number>, hi: number, lo: number): number {
  const first = lo >>> 5;
  const last = hi >>> 5;
  if (first === last) return bits(words[first] as number, hi & 31, lo & 31);
  const width = 32 - (lo & 31);
  return (bits(words[first] as number, 31, lo & 31) | (bits(words[last] as number, hi & 31, 0) << width)) >>> 0;
}

/** The part of the field `hi:lo` that lies in dword `index` of a wider word, as a mask within that dword. */
export function dwordMask(hi: number, lo: number, index: number): number {
  const top = Math.min(hi - index * 32, 31);
  const bottom = Math.max(lo - index * 32, 0);
  return top < 0 || bottom > 31 ? 0 : mask(top, bottom);
}

/** The number of the lowest bit that is set in `word`, 0–31; −1 for none. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Whether `words` is 0 from index `from` up to, not including, index `to`. */
export function isZero(words: Uint32Array, from: number, to: number): boolean {
  let index = from;
  // Eight at a time: memory of a machine is most of it.
  for (; index + 8 <= to; index += 8) {
    const four = at(words, index) | at(words, index + 1) | at(words, index + 2) | at(words, index + 3);
    const more = at(words, index + 4) | at(words, index + 5) | at(words, index + 6) | at(words, index + 7);
    if ((four | more) !== 0) return false;
  }
  while (index < to && words[index] === 0) index++;
  return index >= to;
}

function at(words: Uint32Array, index: number): number {
  return words[index] as number;
}
