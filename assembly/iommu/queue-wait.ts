// The invalidation wait descriptor and its completion event (VT-d 5.10 §6.5.2.9, §6.5.2.10). Descriptors complete in
// order here, those of device TLBs before a wait descriptor is looked at, so the fence flag FN has nothing to add.

import { Bits } from "../core/bits";
import { EVENT_INVALIDATION } from "../spec/abi/iommu";
import {
  WAIT_ADDRESS_HI,
  WAIT_ADDRESS_LO,
  WAIT_DATA_HI,
  WAIT_DATA_LO,
  WAIT_IF_HI,
  WAIT_IF_LO,
  WAIT_PD_HI,
  WAIT_PD_LO,
  WAIT_RESERVED_8_HI,
  WAIT_RESERVED_8_LO,
  WAIT_RESERVED_12_HI,
  WAIT_RESERVED_12_LO,
  WAIT_RESERVED_64_HI,
  WAIT_RESERVED_64_LO,
  WAIT_SW_HI,
  WAIT_SW_LO,
} from "../spec/vtd/descriptors";
import { IECTL_REG } from "../spec/vtd/event";
import { ECAP_PDS_HI, ECAP_PDS_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import { ICS_IWC_HI, ICS_IWC_LO, ICS_REG, IQEI_RESERVED } from "../spec/vtd/invalidation-queue";
import { Faults } from "./fault";
import { Tables } from "./tables";
import { Unit } from "./unit";

const UPPER: u32 = 64;
const STATUS_LENGTH: u32 = 4;

export class QueueWait {
  /** PD has nothing to wait for: a page request that arrived is in the queue already (§7.7). */
  static wait(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(WAIT_RESERVED_12_HI, WAIT_RESERVED_12_LO);
    reserved |= low & Bits.mask64(WAIT_RESERVED_8_HI, WAIT_RESERVED_8_LO);
    const drains = Bits.of64(unit.register64(ECAP_REG), ECAP_PDS_HI, ECAP_PDS_LO) != 0;
    if (!drains) reserved |= low & Bits.mask64(WAIT_PD_HI, WAIT_PD_LO);
    reserved |= high & Bits.mask64(WAIT_RESERVED_64_HI - UPPER, WAIT_RESERVED_64_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    unit.invalidations++;
    if (Bits.of64(low, WAIT_SW_HI, WAIT_SW_LO)) {
      const address = high & Bits.mask64(WAIT_ADDRESS_HI - UPPER, WAIT_ADDRESS_LO - UPPER) & ~unit.reservedAddress;
      QueueWait.writeStatus(unit, address, <u32>Bits.of64(low, WAIT_DATA_HI, WAIT_DATA_LO));
    }
    if (Bits.of64(low, WAIT_IF_HI, WAIT_IF_LO)) {
      const status = unit.register(ICS_REG);
      unit.setRegister(ICS_REG, status | Bits.mask32(ICS_IWC_HI, ICS_IWC_LO));
      if (!Bits.of32(status, ICS_IWC_HI, ICS_IWC_LO)) Faults.raise(unit, IECTL_REG, EVENT_INVALIDATION);
    }
    return 0;
  }

  /** A status address that is not memory is undefined by the specification: here the write goes nowhere. */
  static writeStatus(unit: Unit, hpa: u64, data: u32): void {
    const memory = unit.memory;
    store<u32>(memory.scratch, data);
    Tables.write(unit, hpa, memory.scratch, STATUS_LENGTH);
  }
}
