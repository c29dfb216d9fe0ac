// Descriptors that invalidate the context cache (VT-d 5.10 §6.5.2.1).

import { Bits } from "../core/bits";
import { CONTEXT_CACHE_ENTRIES } from "../spec/abi/iommu";
import {
  CONTEXT_INV_DID_HI,
  CONTEXT_INV_DID_LO,
  CONTEXT_INV_FM_HI,
  CONTEXT_INV_FM_LO,
  CONTEXT_INV_G_HI,
  CONTEXT_INV_G_LO,
  CONTEXT_INV_RESERVED_6_HI,
  CONTEXT_INV_RESERVED_6_LO,
  CONTEXT_INV_RESERVED_12_HI,
  CONTEXT_INV_RESERVED_12_LO,
  CONTEXT_INV_RESERVED_50_HI,
  CONTEXT_INV_RESERVED_50_LO,
  CONTEXT_INV_SID_HI,
  CONTEXT_INV_SID_LO,
  GRANULARITY_DOMAIN,
  GRANULARITY_NONE,
} from "../spec/vtd/descriptors";
import { IQEI_RESERVED } from "../spec/vtd/invalidation-queue";
import { Invalidate } from "./invalidate";
import { Unit } from "./unit";

export class QueueContext {
  static contexts(unit: Unit, low: u64, high: u64): u32 {
    let reserved = high | (low & Bits.mask64(CONTEXT_INV_RESERVED_50_HI, CONTEXT_INV_RESERVED_50_LO));
    reserved |= low & Bits.mask64(CONTEXT_INV_RESERVED_12_HI, CONTEXT_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(CONTEXT_INV_RESERVED_6_HI, CONTEXT_INV_RESERVED_6_LO);
    if (reserved) return IQEI_RESERVED;
    const done = Invalidate.contexts(
      unit,
      <u32>Bits.of64(low, CONTEXT_INV_G_HI, CONTEXT_INV_G_LO),
      <u32>Bits.of64(low, CONTEXT_INV_DID_HI, CONTEXT_INV_DID_LO),
      <u32>Bits.of64(low, CONTEXT_INV_SID_HI, CONTEXT_INV_SID_LO),
      <u32>Bits.of64(low, CONTEXT_INV_FM_HI, CONTEXT_INV_FM_LO),
    );
    return done == GRANULARITY_NONE ? IQEI_RESERVED : 0;
  }

  /** A domain's contexts are found by looking at all of them. */
  @inline static work(low: u64): u32 {
    const byDomain = <u32>Bits.of64(low, CONTEXT_INV_G_HI, CONTEXT_INV_G_LO) == GRANULARITY_DOMAIN;
    return byDomain ? CONTEXT_CACHE_ENTRIES : 0;
  }
}
