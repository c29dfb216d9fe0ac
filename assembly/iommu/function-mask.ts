// The function masks of invalidations and of interrupt entries (VT-d 5.10 §6.5.1.1 FM, §9.9 SQ): one encoding.

import { Bits } from "../core/bits";

const FUNCTION_BITS: u32 = 3;

export class FunctionMask {
  /** The function bits that a mask ignores: 00 none, 01 bit 2, 10 bits 2:1, 11 bits 2:0. */
  @inline static ignored(functionMask: u32): u32 {
    const all = Bits.ones32(FUNCTION_BITS);
    return all & ~(all >> functionMask);
  }
}
