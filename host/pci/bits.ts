// Single bits of registers, and what a read returns where nothing answers.

/** Bit `number` as a mask. */
export function flag(number: number): number {
  return (1 << number) >>> 0;
}

/** Whether bit `number` of `word` is set. */
export function bit(word: number, number: number): boolean {
  return ((word >>> number) & 1) === 1;
}

/** All-ones of `width` bytes. */
export function allOnes(width: number): number {
  return 0xffff_ffff >>> (32 - 8 * width);
}
