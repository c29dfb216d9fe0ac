// Interrupt remapping (VT-d 5.10 §5.1.4, §9.9): from an interrupt request to the interrupt that the table allows
// it to be, or to the fault that says why not. Entries in posted format are posted.ts.

import { Bits } from "../core/bits";
import { Faults } from "../iommu/fault";
import { FunctionMask } from "../iommu/function-mask";
import { InterruptLine } from "../iommu/interrupt-entry-cache";
import { Strict } from "../iommu/strict";
import { Tables } from "../iommu/tables";
import { Unit } from "../iommu/unit";
import {
  REMAP_BLOCKED,
  REMAP_DELIVER,
  REMAP_DELIVERY_MODE,
  REMAP_DESTINATION,
  REMAP_DESTINATION_MODE,
  REMAP_POSTED,
  REMAP_REDIRECTION_HINT,
  REMAP_TRIGGER_MODE,
  REMAP_UNCHANGED,
  REMAP_VECTOR,
  REMAP_WIDE,
} from "../spec/abi/iommu";
import { CAP_PI_HI, CAP_PI_LO, CAP_REG } from "../spec/vtd/capability";
import { ECAP_EIMER_HI, ECAP_EIMER_LO, ECAP_IRREQ_HI, ECAP_IRREQ_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import {
  FAULT_INTERRUPT_COMPATIBILITY,
  FAULT_INTERRUPT_ENTRY_RESERVED,
  FAULT_INTERRUPT_EXTENDED_REQUIRED,
  FAULT_INTERRUPT_INDEX,
  FAULT_INTERRUPT_NOT_PRESENT,
  FAULT_INTERRUPT_REMAPPING_REQUIRED,
  FAULT_INTERRUPT_REQUEST_RESERVED,
  FAULT_INTERRUPT_SOURCE,
  FAULT_INTERRUPT_TABLE_ACCESS,
} from "../spec/vtd/fault-reason";
import { FRCD_INTERRUPT_INDEX_LO } from "../spec/vtd/fault-recording";
import { GSTS_CFIS_HI, GSTS_CFIS_LO, GSTS_REG } from "../spec/vtd/global";
import {
  REQUEST_ADDRESS_FORMAT_HI,
  REQUEST_ADDRESS_FORMAT_LO,
  REQUEST_ADDRESS_HANDLE_HIGH_HI,
  REQUEST_ADDRESS_HANDLE_HIGH_LO,
  REQUEST_ADDRESS_HANDLE_LOW_HI,
  REQUEST_ADDRESS_HANDLE_LOW_LO,
  REQUEST_ADDRESS_SHV_HI,
  REQUEST_ADDRESS_SHV_LO,
  REQUEST_DATA_RESERVED_HI,
  REQUEST_DATA_RESERVED_LO,
  REQUEST_DATA_SUBHANDLE_HI,
  REQUEST_DATA_SUBHANDLE_LO,
  REQUEST_HANDLE_LOW_WIDTH,
} from "../spec/vtd/interrupt-request";
import {
  IRTA_EIME_HI,
  IRTA_EIME_LO,
  IRTA_IRTA_HI,
  IRTA_IRTA_LO,
  IRTA_S_HI,
  IRTA_S_LO,
} from "../spec/vtd/interrupt-table-address";
import {
  DLM_RESERVED_3,
  DLM_RESERVED_6,
  IRTE_DLM_HI,
  IRTE_DLM_LO,
  IRTE_DM_HI,
  IRTE_DM_LO,
  IRTE_DST_HI,
  IRTE_DST_LO,
  IRTE_DST_XAPIC_HI,
  IRTE_DST_XAPIC_LO,
  IRTE_FPD_HI,
  IRTE_FPD_LO,
  IRTE_IM_HI,
  IRTE_IM_LO,
  IRTE_P_HI,
  IRTE_P_LO,
  IRTE_RESERVED_12_HI,
  IRTE_RESERVED_12_LO,
  IRTE_RESERVED_24_HI,
  IRTE_RESERVED_24_LO,
  IRTE_RESERVED_84_HI,
  IRTE_RESERVED_84_LO,
  IRTE_RH_HI,
  IRTE_RH_LO,
  IRTE_SID_FIRST_BUS_HI,
  IRTE_SID_FIRST_BUS_LO,
  IRTE_SID_HI,
  IRTE_SID_LAST_BUS_HI,
  IRTE_SID_LAST_BUS_LO,
  IRTE_SID_LO,
  IRTE_SIZE,
  IRTE_SQ_HI,
  IRTE_SQ_LO,
  IRTE_SVT_HI,
  IRTE_SVT_LO,
  IRTE_TM_HI,
  IRTE_TM_LO,
  IRTE_V_HI,
  IRTE_V_LO,
  SVT_BUS_RANGE,
  SVT_REQUESTER,
  SVT_RESERVED,
} from "../spec/vtd/irte";
import { Posted } from "./posted";

const UPPER: u32 = 64;
const BUS_HI: u32 = 15;
const BUS_LO: u32 = 8;

export class Remap {
  /**
   * Decides an interrupt request: REMAP_DELIVER or REMAP_POSTED with what that means at `out`, REMAP_UNCHANGED, or
   * REMAP_BLOCKED.
   */
  static request(unit: Unit, requesterId: u32, address: u32, data: u32, out: usize): u32 {
    unit.interrupts++;
    if (!unit.remapping) {
      if (!Bits.of64(unit.register64(ECAP_REG), ECAP_IRREQ_HI, ECAP_IRREQ_LO)) return REMAP_UNCHANGED;
      return Remap.block(unit, requesterId, 0, FAULT_INTERRUPT_REMAPPING_REQUIRED, false);
    }
    const table = unit.interruptTable;
    const extended = Bits.of64(table, IRTA_EIME_HI, IRTA_EIME_LO) != 0;
    if (!extended && Bits.of64(unit.register64(ECAP_REG), ECAP_EIMER_HI, ECAP_EIMER_LO)) {
      return Remap.block(unit, requesterId, 0, FAULT_INTERRUPT_EXTENDED_REQUIRED, false);
    }
    if (!Bits.of32(address, REQUEST_ADDRESS_FORMAT_HI, REQUEST_ADDRESS_FORMAT_LO)) {
      if (!extended && Bits.of32(unit.register(GSTS_REG), GSTS_CFIS_HI, GSTS_CFIS_LO)) return REMAP_UNCHANGED;
      return Remap.block(unit, requesterId, 0, FAULT_INTERRUPT_COMPATIBILITY, false);
    }
    let index = Bits.of32(address, REQUEST_ADDRESS_HANDLE_LOW_HI, REQUEST_ADDRESS_HANDLE_LOW_LO);
    const handleHigh = Bits.of32(address, REQUEST_ADDRESS_HANDLE_HIGH_HI, REQUEST_ADDRESS_HANDLE_HIGH_LO);
    index |= handleHigh << REQUEST_HANDLE_LOW_WIDTH;
    if (Bits.of32(address, REQUEST_ADDRESS_SHV_HI, REQUEST_ADDRESS_SHV_LO)) {
      if (Bits.of32(data, REQUEST_DATA_RESERVED_HI, REQUEST_DATA_RESERVED_LO)) {
        return Remap.block(unit, requesterId, 0, FAULT_INTERRUPT_REQUEST_RESERVED, false);
      }
      index += Bits.of32(data, REQUEST_DATA_SUBHANDLE_HI, REQUEST_DATA_SUBHANDLE_LO);
    }
    const count = (<u32>2) << (<u32>Bits.of64(table, IRTA_S_HI, IRTA_S_LO));
    if (index >= count) return Remap.block(unit, requesterId, index, FAULT_INTERRUPT_INDEX, false);
    const line = InterruptLine.of(unit, index);
    if (line.holds(index) && unit.strict) Strict.usedEntry(unit, requesterId, index, line.low, line.high);
    if (line.holds(index)) return Remap.entry(unit, requesterId, index, line.low, line.high, extended, out);
    return Remap.fetch(unit, requesterId, index, extended, out);
  }

  /** Reads an entry that is not cached; only a good one stays, or any in Caching Mode. */
  static fetch(unit: Unit, requesterId: u32, index: u32, extended: bool, out: usize): u32 {
    const base = unit.interruptTable & Bits.mask64(IRTA_IRTA_HI, IRTA_IRTA_LO);
    const hpa = base + <u64>index * <u64>IRTE_SIZE;
    if (hpa & unit.reservedAddress) return Remap.block(unit, requesterId, index, FAULT_INTERRUPT_INDEX, false);
    Tables.refresh(unit);
    const low = Tables.load(unit, hpa);
    const high = Tables.load(unit, hpa + (IRTE_SIZE >> 1));
    if (unit.tableError != 0) {
      unit.tableError = 0;
      return Remap.block(unit, requesterId, index, FAULT_INTERRUPT_TABLE_ACCESS, false);
    }
    const good = Remap.invalid(unit, low, high, extended) == 0 && Bits.of64(low, IRTE_P_HI, IRTE_P_LO) != 0;
    if (good || unit.cachingMode) InterruptLine.of(unit, index).fill(index, low, high);
    return Remap.entry(unit, requesterId, index, low, high, extended, out);
  }

  /** Applies an entry, in the order of §5.1.4: present, requester, then the rest. */
  static entry(unit: Unit, requesterId: u32, index: u32, low: u64, high: u64, extended: bool, out: usize): u32 {
    const fpd = Bits.of64(low, IRTE_FPD_HI, IRTE_FPD_LO) != 0;
    if (!Bits.of64(low, IRTE_P_HI, IRTE_P_LO)) {
      return Remap.block(unit, requesterId, index, FAULT_INTERRUPT_NOT_PRESENT, fpd);
    }
    if (!Remap.allows(high, requesterId)) return Remap.block(unit, requesterId, index, FAULT_INTERRUPT_SOURCE, fpd);
    if (Remap.invalid(unit, low, high, extended)) {
      return Remap.block(unit, requesterId, index, FAULT_INTERRUPT_ENTRY_RESERVED, fpd);
    }
    if (Bits.of64(low, IRTE_IM_HI, IRTE_IM_LO)) {
      const reason = Posted.post(unit, low, high, extended, out);
      return reason == 0 ? REMAP_POSTED : Remap.block(unit, requesterId, index, reason, fpd);
    }
    const narrow = Bits.of64(low, IRTE_DST_XAPIC_HI, IRTE_DST_XAPIC_LO);
    const destination = extended ? Bits.of64(low, IRTE_DST_HI, IRTE_DST_LO) : narrow;
    store<u32>(out, <u32>destination, REMAP_DESTINATION);
    store<u32>(out, <u32>Bits.of64(low, IRTE_V_HI, IRTE_V_LO), REMAP_VECTOR);
    store<u32>(out, <u32>Bits.of64(low, IRTE_DLM_HI, IRTE_DLM_LO), REMAP_DELIVERY_MODE);
    store<u32>(out, <u32>Bits.of64(low, IRTE_TM_HI, IRTE_TM_LO), REMAP_TRIGGER_MODE);
    store<u32>(out, <u32>Bits.of64(low, IRTE_DM_HI, IRTE_DM_LO), REMAP_DESTINATION_MODE);
    store<u32>(out, <u32>Bits.of64(low, IRTE_RH_HI, IRTE_RH_LO), REMAP_REDIRECTION_HINT);
    store<u32>(out, u32(extended), REMAP_WIDE);
    return REMAP_DELIVER;
  }

  /** Whether the entry's SVT, SQ and SID admit a requester. SVT=11b names no check, so it is left to `invalid`. */
  static allows(high: u64, requesterId: u32): bool {
    const type = <u32>Bits.of64(high, IRTE_SVT_HI - UPPER, IRTE_SVT_LO - UPPER);
    const sid = <u32>Bits.of64(high, IRTE_SID_HI - UPPER, IRTE_SID_LO - UPPER);
    if (type == SVT_REQUESTER) {
      const ignored = FunctionMask.ignored(<u32>Bits.of64(high, IRTE_SQ_HI - UPPER, IRTE_SQ_LO - UPPER));
      return ((sid ^ requesterId) & ~ignored) == 0;
    }
    if (type == SVT_BUS_RANGE) {
      const bus = Bits.of32(requesterId, BUS_HI, BUS_LO);
      const first = <u32>Bits.of64(high, IRTE_SID_FIRST_BUS_HI - UPPER, IRTE_SID_FIRST_BUS_LO - UPPER);
      const last = <u32>Bits.of64(high, IRTE_SID_LAST_BUS_HI - UPPER, IRTE_SID_LAST_BUS_LO - UPPER);
      return bus >= first && bus <= last;
    }
    return true;
  }

  /** What in a present entry is reserved, or a reserved encoding; 0 for nothing. Without posting, IM is reserved. */
  static invalid(unit: Unit, low: u64, high: u64, extended: bool): u64 {
    const unverified = <u32>Bits.of64(high, IRTE_SVT_HI - UPPER, IRTE_SVT_LO - UPPER) == SVT_RESERVED;
    if (unverified) return 1;
    if (Bits.of64(low, IRTE_IM_HI, IRTE_IM_LO)) {
      if (!Bits.of64(unit.register64(CAP_REG), CAP_PI_HI, CAP_PI_LO)) return 1;
      return Posted.invalid(unit, low, high);
    }
    let wrong = low & Bits.mask64(IRTE_RESERVED_12_HI, IRTE_RESERVED_12_LO);
    wrong |= low & Bits.mask64(IRTE_RESERVED_24_HI, IRTE_RESERVED_24_LO);
    wrong |= high & Bits.mask64(IRTE_RESERVED_84_HI - UPPER, IRTE_RESERVED_84_LO - UPPER);
    if (!extended) {
      const narrow = Bits.mask64(IRTE_DST_XAPIC_HI, IRTE_DST_XAPIC_LO);
      wrong |= low & Bits.mask64(IRTE_DST_HI, IRTE_DST_LO) & ~narrow;
    }
    const mode = <u32>Bits.of64(low, IRTE_DLM_HI, IRTE_DLM_LO);
    if (mode == DLM_RESERVED_3 || mode == DLM_RESERVED_6) wrong |= 1;
    return wrong;
  }

  /** FI shows the index, except for requests that could not be decoded (§11.4.7.6). */
  static block(unit: Unit, requesterId: u32, index: u32, reason: u32, suppressed: bool): u32 {
    unit.interruptsBlocked++;
    Faults.refuse(unit, requesterId, 0, (<u64>index) << FRCD_INTERRUPT_INDEX_LO, reason, 0, suppressed);
    return REMAP_BLOCKED;
  }
}
