// Primary fault logging and the fault event (VT-d 5.10 §7.2.1, §7.3).

import { Bits } from "../core/bits";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED, ACCESS_READ, EVENT_FAULT, PASID_HI, PASID_LO } from "../spec/abi/iommu";
import { CAP_FRO_HI, CAP_FRO_LO, CAP_NFR_HI, CAP_NFR_LO, CAP_REG } from "../spec/vtd/capability";
import {
  EVENT_CONTROL_IM_HI,
  EVENT_CONTROL_IM_LO,
  EVENT_CONTROL_IP_HI,
  EVENT_CONTROL_IP_LO,
  FECTL_REG,
} from "../spec/vtd/event";
import { ECAP_PASID_HI, ECAP_PASID_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import {
  FRCD_AT_LO,
  FRCD_EXE_LO,
  FRCD_F_HI,
  FRCD_F_LO,
  FRCD_FR_LO,
  FRCD_PP_LO,
  FRCD_PRIV_LO,
  FRCD_PV_LO,
  FRCD_SID_HI,
  FRCD_SID_LO,
  FRCD_SIZE,
  FRCD_T1_LO,
  FRCD_T2_LO,
} from "../spec/vtd/fault-recording";
import {
  FSTS_FRI_HI,
  FSTS_FRI_LO,
  FSTS_IQE_LO,
  FSTS_ITE_HI,
  FSTS_PFO_HI,
  FSTS_PFO_LO,
  FSTS_PPF_HI,
  FSTS_PPF_LO,
  FSTS_REG,
} from "../spec/vtd/fault-status";
import { AtsState } from "./ats-state";
import { Unit } from "./unit";

/** A record's upper 64 bits hold what the specification numbers from here. */
const UPPER: u32 = 64;
const UPPER_OFFSET: u32 = 8;

/** Beside ACCESS_ bits: the refused request is a page request. */
export const PAGE_REQUEST: u32 = 0x10;

export class Faults {
  @inline static count(unit: Unit): u32 {
    return <u32>Bits.of64(unit.register64(CAP_REG), CAP_NFR_HI, CAP_NFR_LO) + 1;
  }

  /** Byte offset of a fault recording register in the register block. */
  @inline static offset(unit: Unit, index: u32): u32 {
    return (<u32>Bits.of64(unit.register64(CAP_REG), CAP_FRO_HI, CAP_FRO_LO) + index) * FRCD_SIZE;
  }

  @inline static isSet(unit: Unit, index: u32): bool {
    const upper = unit.register64(Faults.offset(unit, index) + UPPER_OFFSET);
    return Bits.of64(upper, FRCD_F_HI - UPPER, FRCD_F_LO - UPPER) != 0;
  }

  /** Refuses a request: counts and remembers the reason, and records it unless `suppressed` by an FPD bit. */
  static refuse(
    unit: Unit,
    requesterId: u32,
    pasid: u32,
    information: u64,
    reason: u32,
    access: u32,
    suppressed: bool,
  ): void {
    unit.lastReason = reason;
    if (!suppressed) Faults.record(unit, requesterId, pasid, information, reason, access);
  }

  /**
   * `information` is what FI shows: bits 63:12 of the record. `pasid` is 0 or has PASID_PRESENT; then EXE and PRIV show
   * what `access` (ACCESS_ bits) asked for.
   */
  static record(unit: Unit, requesterId: u32, pasid: u32, information: u64, reason: u32, access: u32): void {
    const status = unit.register(FSTS_REG);
    if (status & Bits.mask32(FSTS_PFO_HI, FSTS_PFO_LO)) return;
    const count = Faults.count(unit);
    for (let index: u32 = 0; index < count; index++) {
      const upper = unit.register64(Faults.offset(unit, index) + UPPER_OFFSET);
      if (!Faults.isSet(unit, index)) continue;
      if (<u32>Bits.of64(upper, FRCD_SID_HI - UPPER, FRCD_SID_LO - UPPER) == requesterId) return;
    }
    const next = unit.faultIndex;
    if (Faults.isSet(unit, next)) {
      unit.setRegister(FSTS_REG, status | Bits.mask32(FSTS_PFO_HI, FSTS_PFO_LO));
      return;
    }
    let upper = Bits.mask64(FRCD_F_HI - UPPER, FRCD_F_LO - UPPER);
    upper |= (<u64>requesterId) << (FRCD_SID_LO - UPPER);
    upper |= (<u64>reason) << (FRCD_FR_LO - UPPER);
    upper |= Faults.details(unit, pasid, access);
    unit.setRegister64(Faults.offset(unit, next), information);
    unit.setRegister64(Faults.offset(unit, next) + UPPER_OFFSET, upper);
    unit.faultIndex = next + 1 < count ? next + 1 : 0;
    if (status & Bits.mask32(FSTS_PPF_HI, FSTS_PPF_LO)) return;
    const fresh = (status & ~Bits.mask32(FSTS_FRI_HI, FSTS_FRI_LO)) | (next << FSTS_FRI_LO);
    Faults.setStatus(unit, fresh | Bits.mask32(FSTS_PPF_HI, FSTS_PPF_LO));
  }

  /** What a record says of the request besides: AT, T1, T2, and with PASID PP, PV, PRIV and of a read EXE. */
  static details(unit: Unit, pasid: u32, access: u32): u64 {
    let details = (<u64>AtsState.of(unit).addressType) << (FRCD_AT_LO - UPPER);
    if (access & ACCESS_READ) details |= u64(1) << (FRCD_T1_LO - UPPER);
    if (access & PAGE_REQUEST) details |= u64(1) << (FRCD_T2_LO - UPPER);
    const known = Bits.of64(unit.register64(ECAP_REG), ECAP_PASID_HI, ECAP_PASID_LO) != 0;
    if (pasid == 0 || !known) return details;
    details |= u64(1) << (FRCD_PP_LO - UPPER);
    details |= (<u64>Bits.of32(pasid, PASID_HI, PASID_LO)) << (FRCD_PV_LO - UPPER);
    if (access & ACCESS_PRIVILEGED) details |= u64(1) << (FRCD_PRIV_LO - UPPER);
    if (access & ACCESS_EXECUTE && access & ACCESS_READ) details |= u64(1) << (FRCD_EXE_LO - UPPER);
    return details;
  }

  /** Status bits that are interrupt conditions. */
  @inline static get conditions(): u32 {
    return Bits.mask32(FSTS_ITE_HI, FSTS_IQE_LO) | Bits.mask32(FSTS_PPF_HI, FSTS_PFO_LO);
  }

  /** Sets PPF or an error in FSTS_REG; a fault event becomes due when no condition was pending before. */
  static setStatus(unit: Unit, status: u32): void {
    const before = unit.register(FSTS_REG);
    unit.setRegister(FSTS_REG, status);
    if (before & Faults.conditions) return;
    Faults.raise(unit, FECTL_REG, EVENT_FAULT);
  }

  /** Sends or holds the event message of a control register. */
  static raise(unit: Unit, control: u32, event: u32): void {
    const value = unit.register(control);
    if (value & Bits.mask32(EVENT_CONTROL_IM_HI, EVENT_CONTROL_IM_LO)) {
      unit.setRegister(control, value | Bits.mask32(EVENT_CONTROL_IP_HI, EVENT_CONTROL_IP_LO));
    } else {
      unit.events |= event;
    }
  }

  /** Recomputes PPF after software wrote records, and drops a held event when nothing is pending any more. */
  static settle(unit: Unit): void {
    const count = Faults.count(unit);
    let pending = false;
    for (let index: u32 = 0; index < count; index++) if (Faults.isSet(unit, index)) pending = true;
    let status = unit.register(FSTS_REG) & ~Bits.mask32(FSTS_PPF_HI, FSTS_PPF_LO);
    if (pending) status |= Bits.mask32(FSTS_PPF_HI, FSTS_PPF_LO);
    unit.setRegister(FSTS_REG, status);
    if ((status & Faults.conditions) == 0) {
      const control = unit.register(FECTL_REG);
      unit.setRegister(FECTL_REG, control & ~Bits.mask32(EVENT_CONTROL_IP_HI, EVENT_CONTROL_IP_LO));
    }
  }
}
