// Fields of registers and table entries that are wider than 32 bits, as little-endian dwords: bits `hi:lo` as the
// specification numbers them, from the first dword's bit 0.

/** The field `hi:lo`, at most 32 bits wide, right-aligned. */
export function field(words: ArrayLike<number>, hi: number, lo: number): number {
  let value = 0;
  for (let bit = hi; bit >= lo; bit--) value = value * 2 + (((words[bit >>> 5] as number) >>> (bit & 31)) & 1);
  return value;
}

/** Sets the field `hi:lo` to `value`, which must fit. */
export function setField(words: Uint32Array, hi: number, lo: number, value: number): void {
  let rest = value;
  for (let bit = lo; bit <= hi; bit++) {
    const mask = 2 ** (bit & 31);
    const old = words[bit >>> 5] as number;
    const was = (old >>> (bit & 31)) & 1;
    const now = rest % 2;
    words[bit >>> 5] = old + (now - was) * mask;
    rest = (rest - now) / 2;
  }
}

/** Bits `hi:lo` of the dword `index` of a wider word, as a mask within that dword. */
export function dwordMask(hi: number, lo: number, index: number): number {
  const words = new Uint32Array(Math.max(index, hi >>> 5) + 1);
  for (let bit = lo; bit <= hi; bit++) words[bit >>> 5] = (words[bit >>> 5] as number) + 2 ** (bit & 31);
  return words[index] as number;
}
