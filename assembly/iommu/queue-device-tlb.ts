// Descriptors that become messages to functions (VT-d 5.10 §6.5.2.5, §6.5.2.6, §7.6.1): invalidations of device TLBs
// and page group responses. The caller has asked DeviceTlb.ready or takes.

import { Bits } from "../core/bits";
import { ATS_GROUP_RESPONSE } from "../spec/abi/ats";
import { PASID_PRESENT } from "../spec/abi/iommu";
import { INVALIDATE_S_LO } from "../spec/pci/ats-messages";
import {
  DEVICE_TLB_INV_ADDR_HI,
  DEVICE_TLB_INV_ADDR_LO,
  DEVICE_TLB_INV_PFSID_HIGH_HI,
  DEVICE_TLB_INV_PFSID_LOW_HI,
  DEVICE_TLB_INV_PFSID_LOW_LO,
  DEVICE_TLB_INV_RESERVED_4_HI,
  DEVICE_TLB_INV_RESERVED_4_LO,
  DEVICE_TLB_INV_RESERVED_21_HI,
  DEVICE_TLB_INV_RESERVED_21_LO,
  DEVICE_TLB_INV_RESERVED_48_LO,
  DEVICE_TLB_INV_RESERVED_65_HI,
  DEVICE_TLB_INV_RESERVED_65_LO,
  DEVICE_TLB_INV_S_HI,
  DEVICE_TLB_INV_S_LO,
  DEVICE_TLB_INV_SID_HI,
  DEVICE_TLB_INV_SID_LO,
  PAGE_RESPONSE_PASID_HI,
  PAGE_RESPONSE_PASID_LO,
  PAGE_RESPONSE_PP_HI,
  PAGE_RESPONSE_PP_LO,
  PAGE_RESPONSE_PRGI_HI,
  PAGE_RESPONSE_PRGI_LO,
  PAGE_RESPONSE_RC_HI,
  PAGE_RESPONSE_RC_LO,
  PAGE_RESPONSE_RESERVED_5_HI,
  PAGE_RESPONSE_RESERVED_5_LO,
  PAGE_RESPONSE_RESERVED_52_HI,
  PAGE_RESPONSE_RESERVED_52_LO,
  PAGE_RESPONSE_RESERVED_64_HI,
  PAGE_RESPONSE_RESERVED_64_LO,
  PAGE_RESPONSE_RESERVED_76_HI,
  PAGE_RESPONSE_RESERVED_76_LO,
  PAGE_RESPONSE_RID_HI,
  PAGE_RESPONSE_RID_LO,
  PASID_DEVICE_TLB_INV_PASID_HI,
  PASID_DEVICE_TLB_INV_PASID_LO,
  PASID_DEVICE_TLB_INV_PFSID_HIGH_HI,
  PASID_DEVICE_TLB_INV_PFSID_HIGH_LO,
  PASID_DEVICE_TLB_INV_PFSID_LOW_HI,
  PASID_DEVICE_TLB_INV_PFSID_LOW_LO,
  PASID_DEVICE_TLB_INV_RESERVED_65_HI,
  PASID_DEVICE_TLB_INV_RESERVED_65_LO,
  PASID_DEVICE_TLB_INV_S_LO,
  PASID_DEVICE_TLB_INV_SID_HI,
  PASID_DEVICE_TLB_INV_SID_LO,
} from "../spec/vtd/device-tlb-descriptors";
import { IQEI_RESERVED } from "../spec/vtd/invalidation-queue";
import { AtsState } from "./ats-state";
import { DeviceTlb } from "./device-tlb";
import { Unit } from "./unit";

const UPPER: u32 = 64;

export class QueueDeviceTlb {
  /** Of requests without PASID. PFSID is reserved: this unit throttles nothing (ECAP_REG.DIT clear). */
  static invalidation(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(DEVICE_TLB_INV_PFSID_HIGH_HI, DEVICE_TLB_INV_RESERVED_48_LO);
    reserved |= low & Bits.mask64(DEVICE_TLB_INV_RESERVED_21_HI, DEVICE_TLB_INV_RESERVED_21_LO);
    reserved |= low & Bits.mask64(DEVICE_TLB_INV_PFSID_LOW_HI, DEVICE_TLB_INV_PFSID_LOW_LO);
    reserved |= low & Bits.mask64(DEVICE_TLB_INV_RESERVED_4_HI, DEVICE_TLB_INV_RESERVED_4_LO);
    reserved |= high & Bits.mask64(DEVICE_TLB_INV_RESERVED_65_HI - UPPER, DEVICE_TLB_INV_RESERVED_65_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    const size = Bits.of64(high, DEVICE_TLB_INV_S_HI - UPPER, DEVICE_TLB_INV_S_LO - UPPER) << INVALIDATE_S_LO;
    const address = high & Bits.mask64(DEVICE_TLB_INV_ADDR_HI - UPPER, DEVICE_TLB_INV_ADDR_LO - UPPER);
    const requesterId = <u32>Bits.of64(low, DEVICE_TLB_INV_SID_HI, DEVICE_TLB_INV_SID_LO);
    DeviceTlb.invalidate(unit, requesterId, 0, address | size);
    return 0;
  }

  /** Of requests with PASID: the descriptor's upper half is the message's body. */
  static pasidInvalidation(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(PASID_DEVICE_TLB_INV_PFSID_HIGH_HI, PASID_DEVICE_TLB_INV_PFSID_HIGH_LO);
    reserved |= low & Bits.mask64(PASID_DEVICE_TLB_INV_PFSID_LOW_HI, PASID_DEVICE_TLB_INV_PFSID_LOW_LO);
    reserved |=
      high & Bits.mask64(PASID_DEVICE_TLB_INV_RESERVED_65_HI - UPPER, PASID_DEVICE_TLB_INV_RESERVED_65_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    const pasid = <u32>Bits.of64(low, PASID_DEVICE_TLB_INV_PASID_HI, PASID_DEVICE_TLB_INV_PASID_LO);
    const requesterId = <u32>Bits.of64(low, PASID_DEVICE_TLB_INV_SID_HI, PASID_DEVICE_TLB_INV_SID_LO);
    DeviceTlb.invalidate(unit, requesterId, PASID_PRESENT | pasid, high);
    return 0;
  }

  /** A page group response. Codes that are not used go to the device as they are. */
  static response(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(PAGE_RESPONSE_RESERVED_52_HI, PAGE_RESPONSE_RESERVED_52_LO);
    reserved |= low & Bits.mask64(PAGE_RESPONSE_RESERVED_5_HI, PAGE_RESPONSE_RESERVED_5_LO);
    reserved |= high & Bits.mask64(PAGE_RESPONSE_RESERVED_76_HI - UPPER, PAGE_RESPONSE_RESERVED_76_LO - UPPER);
    reserved |= high & Bits.mask64(PAGE_RESPONSE_RESERVED_64_HI - UPPER, PAGE_RESPONSE_RESERVED_64_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    const present = Bits.of64(low, PAGE_RESPONSE_PP_HI, PAGE_RESPONSE_PP_LO) != 0;
    const pasid = <u32>Bits.of64(low, PAGE_RESPONSE_PASID_HI, PAGE_RESPONSE_PASID_LO);
    AtsState.of(unit).send(
      ATS_GROUP_RESPONSE,
      <u32>Bits.of64(low, PAGE_RESPONSE_RID_HI, PAGE_RESPONSE_RID_LO),
      present ? PASID_PRESENT | pasid : 0,
      <u32>Bits.of64(low, PAGE_RESPONSE_RC_HI, PAGE_RESPONSE_RC_LO),
      Bits.of64(high, PAGE_RESPONSE_PRGI_HI - UPPER, PAGE_RESPONSE_PRGI_LO - UPPER),
    );
    return 0;
  }
}

if (PASID_DEVICE_TLB_INV_S_LO - UPPER != INVALIDATE_S_LO) ERROR("PASID_DEVICE_TLB_INV_S_LO");
