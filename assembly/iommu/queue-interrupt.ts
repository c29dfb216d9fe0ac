// The descriptor that invalidates the interrupt entry cache (VT-d 5.10 §6.5.2.8).

import { Bits } from "../core/bits";
import { INTERRUPT_CACHE_ENTRIES } from "../spec/abi/iommu";
import { TRACE_INTERRUPT_ENTRIES } from "../spec/abi/trace";
import {
  GRANULARITY_FINE,
  GRANULARITY_GLOBAL,
  IEC_INV_G_HI,
  IEC_INV_G_LO,
  IEC_INV_IIDX_HI,
  IEC_INV_IIDX_LO,
  IEC_INV_IM_HI,
  IEC_INV_IM_LO,
  IEC_INV_RESERVED_5_HI,
  IEC_INV_RESERVED_5_LO,
  IEC_INV_RESERVED_12_HI,
  IEC_INV_RESERVED_12_LO,
  IEC_INV_RESERVED_48_HI,
  IEC_INV_RESERVED_48_LO,
} from "../spec/vtd/descriptors";
import { ECAP_MHMV_HI, ECAP_MHMV_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import { IQEI_RESERVED } from "../spec/vtd/invalidation-queue";
import { InterruptEntryCache } from "./interrupt-entry-cache";
import { Unit } from "./unit";

export class QueueInterrupt {
  static entries(unit: Unit, low: u64, high: u64): u32 {
    let reserved = high | (low & Bits.mask64(IEC_INV_RESERVED_48_HI, IEC_INV_RESERVED_48_LO));
    reserved |= low & Bits.mask64(IEC_INV_RESERVED_12_HI, IEC_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(IEC_INV_RESERVED_5_HI, IEC_INV_RESERVED_5_LO);
    if (reserved) return IQEI_RESERVED;
    const indexMask = <u32>Bits.of64(low, IEC_INV_IM_HI, IEC_INV_IM_LO);
    const byIndex = Bits.of64(low, IEC_INV_G_HI, IEC_INV_G_LO) != 0;
    const most = <u32>Bits.of64(unit.register64(ECAP_REG), ECAP_MHMV_HI, ECAP_MHMV_LO);
    if (byIndex && indexMask > most) return IQEI_RESERVED;
    const index = <u32>Bits.of64(low, IEC_INV_IIDX_HI, IEC_INV_IIDX_LO);
    unit.invalidations++;
    unit.trace(TRACE_INTERRUPT_ENTRIES, byIndex ? index : 0, 0, byIndex ? GRANULARITY_FINE : GRANULARITY_GLOBAL);
    if (!byIndex) InterruptEntryCache.flush(unit);
    else InterruptEntryCache.flushIndices(unit, index, indexMask);
    return 0;
  }

  @inline static work(): u32 {
    return INTERRUPT_CACHE_ENTRIES;
  }
}
