// Descriptors that invalidate the IOTLB and the paging-structure caches (VT-d 5.10 §6.5.2.3).

import { Bits } from "../core/bits";
import { IOTLB_ENTRIES, PAGING_CACHE_ENTRIES } from "../spec/abi/iommu";
import { CAP_PSI_HI, CAP_PSI_LO, CAP_REG } from "../spec/vtd/capability";
import {
  GRANULARITY_FINE,
  GRANULARITY_NONE,
  IOTLB_INV_ADDR_HI,
  IOTLB_INV_ADDR_LO,
  IOTLB_INV_AM_HI,
  IOTLB_INV_AM_LO,
  IOTLB_INV_DID_HI,
  IOTLB_INV_DID_LO,
  IOTLB_INV_G_HI,
  IOTLB_INV_G_LO,
  IOTLB_INV_IH_HI,
  IOTLB_INV_IH_LO,
  IOTLB_INV_RESERVED_8_HI,
  IOTLB_INV_RESERVED_8_LO,
  IOTLB_INV_RESERVED_12_HI,
  IOTLB_INV_RESERVED_12_LO,
  IOTLB_INV_RESERVED_32_HI,
  IOTLB_INV_RESERVED_32_LO,
  IOTLB_INV_RESERVED_71_HI,
  IOTLB_INV_RESERVED_71_LO,
} from "../spec/vtd/descriptors";
import { IQEI_RESERVED } from "../spec/vtd/invalidation-queue";
import { Invalidate } from "./invalidate";
import { PROBE_MASK_LIMIT } from "./iotlb";
import { Unit } from "./unit";

const UPPER: u32 = 64;
/** By type of translation. */
const PASSES_OVER_SPACES: u32 = 2;

export class QueueIotlb {
  static translations(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(IOTLB_INV_RESERVED_32_HI, IOTLB_INV_RESERVED_32_LO);
    reserved |= low & Bits.mask64(IOTLB_INV_RESERVED_12_HI, IOTLB_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(IOTLB_INV_RESERVED_8_HI, IOTLB_INV_RESERVED_8_LO);
    reserved |= high & Bits.mask64(IOTLB_INV_RESERVED_71_HI - UPPER, IOTLB_INV_RESERVED_71_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    const granularity = <u32>Bits.of64(low, IOTLB_INV_G_HI, IOTLB_INV_G_LO);
    const byPages = Bits.of64(unit.register64(CAP_REG), CAP_PSI_HI, CAP_PSI_LO) != 0;
    if (granularity == GRANULARITY_FINE && !byPages) return IQEI_RESERVED;
    const done = Invalidate.translations(
      unit,
      granularity,
      <u32>Bits.of64(low, IOTLB_INV_DID_HI, IOTLB_INV_DID_LO),
      high & Bits.mask64(IOTLB_INV_ADDR_HI - UPPER, IOTLB_INV_ADDR_LO - UPPER),
      <u32>Bits.of64(high, IOTLB_INV_AM_HI - UPPER, IOTLB_INV_AM_LO - UPPER),
      Bits.of64(high, IOTLB_INV_IH_HI - UPPER, IOTLB_INV_IH_LO - UPPER) != 0,
    );
    return done == GRANULARITY_NONE ? IQEI_RESERVED : 0;
  }

  /** A few pages are looked up; for more, and where first stages took part, every line is looked at. */
  static work(unit: Unit, low: u64, high: u64): u32 {
    const mask = <u32>Bits.of64(high, IOTLB_INV_AM_HI - UPPER, IOTLB_INV_AM_LO - UPPER);
    const few = <u32>Bits.of64(low, IOTLB_INV_G_HI, IOTLB_INV_G_LO) == GRANULARITY_FINE && mask <= PROBE_MASK_LIMIT;
    const everything = IOTLB_ENTRIES + 2 * PAGING_CACHE_ENTRIES;
    const spaces = unit.pasidsUsed ? PASSES_OVER_SPACES * everything : 0;
    return spaces + (few ? u32(2) << mask : everything);
  }
}
