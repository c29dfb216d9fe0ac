// Fields of words, named as the specification prints them: from bit `hi` down to bit `lo`.

/** 2^64 divided by the golden ratio: the upper bits of a product with it spread keys over a table. */
export const HASH_MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

export class Bits {
  /** The field `hi:lo` of `word`, right-aligned. */
  @inline static of64(word: u64, hi: u32, lo: u32): u64 {
    return (word >> <u64>lo) & Bits.ones64(hi - lo + 1);
  }

  /** The field `hi:lo` of `word`, right-aligned. */
  @inline static of32(word: u32, hi: u32, lo: u32): u32 {
    return (word >> lo) & Bits.ones32(hi - lo + 1);
  }

  /** Bits `hi:lo` set, the rest clear. */
  @inline static mask64(hi: u32, lo: u32): u64 {
    return Bits.ones64(hi - lo + 1) << (<u64>lo);
  }

  /** Bits `hi:lo` set, the rest clear. */
  @inline static mask32(hi: u32, lo: u32): u32 {
    return Bits.ones32(hi - lo + 1) << lo;
  }

  /** The lowest `width` bits set; `width` 1 to 64. */
  @inline static ones64(width: u32): u64 {
    return 0xffff_ffff_ffff_ffff >> <u64>(64 - width);
  }

  /** The lowest `width` bits set; `width` 1 to 32. */
  @inline static ones32(width: u32): u32 {
    return 0xffff_ffff >> (32 - width);
  }
}
