// Descriptors that invalidate the PASID cache (VT-d 5.10 §6.5.2.2) and what was translated for a PASID (§6.5.2.4).

import { Bits } from "../core/bits";
import { IOTLB_ENTRIES, PAGING_CACHE_ENTRIES, PASID_CACHE_ENTRIES } from "../spec/abi/iommu";
import { IQEI_RESERVED } from "../spec/vtd/invalidation-queue";
import {
  PASID_GRANULARITY_RESERVED,
  PASID_INV_DID_HI,
  PASID_INV_DID_LO,
  PASID_INV_G_HI,
  PASID_INV_G_LO,
  PASID_INV_PASID_HI,
  PASID_INV_PASID_LO,
  PASID_INV_RESERVED_6_HI,
  PASID_INV_RESERVED_6_LO,
  PASID_INV_RESERVED_12_HI,
  PASID_INV_RESERVED_12_LO,
  PASID_INV_RESERVED_52_HI,
  PASID_INV_RESERVED_52_LO,
  PASID_IOTLB_GRANULARITY_PAGES,
  PASID_IOTLB_GRANULARITY_PASID,
  PASID_IOTLB_INV_ADDR_HI,
  PASID_IOTLB_INV_ADDR_LO,
  PASID_IOTLB_INV_AM_HI,
  PASID_IOTLB_INV_AM_LO,
  PASID_IOTLB_INV_DID_HI,
  PASID_IOTLB_INV_DID_LO,
  PASID_IOTLB_INV_G_HI,
  PASID_IOTLB_INV_G_LO,
  PASID_IOTLB_INV_IH_HI,
  PASID_IOTLB_INV_IH_LO,
  PASID_IOTLB_INV_PASID_HI,
  PASID_IOTLB_INV_PASID_LO,
  PASID_IOTLB_INV_RESERVED_6_HI,
  PASID_IOTLB_INV_RESERVED_6_LO,
  PASID_IOTLB_INV_RESERVED_12_HI,
  PASID_IOTLB_INV_RESERVED_12_LO,
  PASID_IOTLB_INV_RESERVED_52_HI,
  PASID_IOTLB_INV_RESERVED_52_LO,
  PASID_IOTLB_INV_RESERVED_71_HI,
  PASID_IOTLB_INV_RESERVED_71_LO,
} from "../spec/vtd/pasid-descriptors";
import { Invalidate } from "./invalidate";
import { Unit } from "./unit";

const UPPER: u32 = 64;
/** An IOTLB invalidation looks at everything about twice: by domain, and by PASID. */
const PASSES: u32 = 2;

export class QueuePasid {
  static pasids(unit: Unit, low: u64, high: u64): u32 {
    let reserved = high | (low & Bits.mask64(PASID_INV_RESERVED_52_HI, PASID_INV_RESERVED_52_LO));
    reserved |= low & Bits.mask64(PASID_INV_RESERVED_12_HI, PASID_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(PASID_INV_RESERVED_6_HI, PASID_INV_RESERVED_6_LO);
    const granularity = <u32>Bits.of64(low, PASID_INV_G_HI, PASID_INV_G_LO);
    if (reserved || granularity == PASID_GRANULARITY_RESERVED) return IQEI_RESERVED;
    const domainId = <u32>Bits.of64(low, PASID_INV_DID_HI, PASID_INV_DID_LO);
    Invalidate.pasids(unit, granularity, domainId, <u32>Bits.of64(low, PASID_INV_PASID_HI, PASID_INV_PASID_LO));
    return 0;
  }

  static space(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(PASID_IOTLB_INV_RESERVED_52_HI, PASID_IOTLB_INV_RESERVED_52_LO);
    reserved |= low & Bits.mask64(PASID_IOTLB_INV_RESERVED_12_HI, PASID_IOTLB_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(PASID_IOTLB_INV_RESERVED_6_HI, PASID_IOTLB_INV_RESERVED_6_LO);
    reserved |= high & Bits.mask64(PASID_IOTLB_INV_RESERVED_71_HI - UPPER, PASID_IOTLB_INV_RESERVED_71_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    const granularity = <u32>Bits.of64(low, PASID_IOTLB_INV_G_HI, PASID_IOTLB_INV_G_LO);
    const domainId = <u32>Bits.of64(low, PASID_IOTLB_INV_DID_HI, PASID_IOTLB_INV_DID_LO);
    const pasid = <u32>Bits.of64(low, PASID_IOTLB_INV_PASID_HI, PASID_IOTLB_INV_PASID_LO);
    if (granularity == PASID_IOTLB_GRANULARITY_PASID) {
      Invalidate.space(unit, domainId, pasid);
      return 0;
    }
    if (granularity != PASID_IOTLB_GRANULARITY_PAGES) return IQEI_RESERVED;
    Invalidate.spacePages(
      unit,
      domainId,
      pasid,
      high & Bits.mask64(PASID_IOTLB_INV_ADDR_HI - UPPER, PASID_IOTLB_INV_ADDR_LO - UPPER),
      <u32>Bits.of64(high, PASID_IOTLB_INV_AM_HI - UPPER, PASID_IOTLB_INV_AM_LO - UPPER),
      Bits.of64(high, PASID_IOTLB_INV_IH_HI - UPPER, PASID_IOTLB_INV_IH_LO - UPPER) != 0,
    );
    return 0;
  }

  @inline static pasidsWork(): u32 {
    return PASID_CACHE_ENTRIES;
  }

  @inline static spaceWork(): u32 {
    return PASSES * (IOTLB_ENTRIES + 2 * PAGING_CACHE_ENTRIES);
  }
}
