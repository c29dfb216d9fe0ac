// The invalidation queue (VT-d 5.10 §6.5.2): descriptors from head to tail, executed when software moves the tail.
// An error stops it with the head at the descriptor until software clears FSTS_REG.IQE.

import { Bits } from "../core/bits";
import { EVENT_INVALIDATION } from "../spec/abi/iommu";
import { TRACE_INTERRUPT_ENTRIES } from "../spec/abi/trace";
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
  DESCRIPTOR_SIZE,
  DESCRIPTOR_TYPE_HIGH_HI,
  DESCRIPTOR_TYPE_HIGH_LO,
  DESCRIPTOR_TYPE_LOW_HI,
  DESCRIPTOR_TYPE_LOW_LO,
  GRANULARITY_FINE,
  GRANULARITY_GLOBAL,
  GRANULARITY_NONE,
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
  TYPE_CONTEXT,
  TYPE_INTERRUPT_ENTRY,
  TYPE_IOTLB,
  TYPE_WAIT,
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
import { ECAP_IR_HI, ECAP_IR_LO, ECAP_MHMV_HI, ECAP_MHMV_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import { FSTS_IQE_HI, FSTS_IQE_LO, FSTS_ITE_HI, FSTS_ITE_LO, FSTS_REG } from "../spec/vtd/fault-status";
import { GSTS_QIES_HI, GSTS_QIES_LO, GSTS_REG } from "../spec/vtd/global";
import {
  ICS_IWC_HI,
  ICS_IWC_LO,
  ICS_REG,
  IQA_DW_HI,
  IQA_DW_LO,
  IQA_QS_HI,
  IQA_QS_LO,
  IQA_REG,
  IQEI_FETCH,
  IQEI_RESERVED,
  IQEI_TAIL,
  IQEI_TTM,
  IQEI_TYPE,
  IQEI_WIDTH,
  IQERCD_IQEI_HI,
  IQERCD_IQEI_LO,
  IQERCD_REG,
  IQH_REG,
  IQT_QT_HI,
  IQT_QT_LO,
  IQT_REG,
} from "../spec/vtd/invalidation-queue";
import { RTADDR_REG, RTADDR_TTM_HI, RTADDR_TTM_LO } from "../spec/vtd/root-table-address";
import { PAGE_ADDRESS } from "./context";
import { Faults } from "./fault";
import { InterruptEntryCache } from "./interrupt-entry-cache";
import { Invalidate } from "./invalidate";
import { Tables } from "./tables";
import { Unit } from "./unit";

const UPPER: u32 = 64;
const PAGE_SIZE: u32 = 4096;
const STATUS_LENGTH: u32 = 4;

export class Queue {
  /** Executes what lies between head and tail: at most one round of the queue, 32,768 descriptors. */
  static run(unit: Unit): void {
    if (!Bits.of32(unit.register(GSTS_REG), GSTS_QIES_HI, GSTS_QIES_LO)) return;
    const tail = unit.register(IQT_REG) & Bits.mask32(IQT_QT_HI, IQT_QT_LO);
    if (unit.register(IQH_REG) == tail || Queue.stopped(unit)) return;
    const error = Queue.advance(unit, tail);
    if (error == 0) return;
    const record = unit.register(IQERCD_REG) & ~Bits.mask32(IQERCD_IQEI_HI, IQERCD_IQEI_LO);
    unit.setRegister(IQERCD_REG, record | error);
    Faults.setStatus(unit, unit.register(FSTS_REG) | Bits.mask32(FSTS_IQE_HI, FSTS_IQE_LO));
  }

  /** Executes descriptors up to `tail`. Returns 0 or what IQERCD_REG.IQEI shall say. */
  static advance(unit: Unit, tail: u32): u32 {
    const address = unit.register64(IQA_REG);
    const size = PAGE_SIZE << (<u32>Bits.of64(address, IQA_QS_HI, IQA_QS_LO));
    let head = unit.register(IQH_REG);
    if (Bits.of64(address, IQA_DW_HI, IQA_DW_LO)) return IQEI_WIDTH;
    if (tail >= size || head >= size) return IQEI_TAIL;
    if (Bits.of32(unit.register(RTADDR_REG), RTADDR_TTM_HI, RTADDR_TTM_LO)) return IQEI_TTM;
    Tables.refresh(unit);
    while (head != tail) {
      const error = Queue.execute(unit, (address & PAGE_ADDRESS) + <u64>head);
      if (error != 0) return error;
      head += DESCRIPTOR_SIZE;
      if (head >= size) head = 0;
      unit.setRegister(IQH_REG, head);
    }
    return 0;
  }

  @inline static stopped(unit: Unit): bool {
    const errors = Bits.mask32(FSTS_IQE_HI, FSTS_IQE_LO) | Bits.mask32(FSTS_ITE_HI, FSTS_ITE_LO);
    return (unit.register(FSTS_REG) & errors) != 0;
  }

  /** Executes the descriptor at an HPA. Returns 0 or what IQERCD_REG.IQEI shall say. */
  static execute(unit: Unit, hpa: u64): u32 {
    const low = Tables.load(unit, hpa);
    const high = Tables.load(unit, hpa + (DESCRIPTOR_SIZE >> 1));
    if (unit.tableError != 0) {
      unit.tableError = 0;
      return IQEI_FETCH;
    }
    const typeHigh = <u32>Bits.of64(low, DESCRIPTOR_TYPE_HIGH_HI, DESCRIPTOR_TYPE_HIGH_LO);
    const type = <u32>Bits.of64(low, DESCRIPTOR_TYPE_LOW_HI, DESCRIPTOR_TYPE_LOW_LO);
    if (typeHigh != 0) return IQEI_TYPE;
    if (type == TYPE_CONTEXT) return Queue.contexts(unit, low, high);
    if (type == TYPE_IOTLB) return Queue.translations(unit, low, high);
    if (type == TYPE_INTERRUPT_ENTRY) return Queue.interruptEntries(unit, low, high);
    if (type == TYPE_WAIT) return Queue.wait(unit, low, high);
    return IQEI_TYPE;
  }

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

  static translations(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(IOTLB_INV_RESERVED_32_HI, IOTLB_INV_RESERVED_32_LO);
    reserved |= low & Bits.mask64(IOTLB_INV_RESERVED_12_HI, IOTLB_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(IOTLB_INV_RESERVED_8_HI, IOTLB_INV_RESERVED_8_LO);
    reserved |= high & Bits.mask64(IOTLB_INV_RESERVED_71_HI - UPPER, IOTLB_INV_RESERVED_71_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    const done = Invalidate.translations(
      unit,
      <u32>Bits.of64(low, IOTLB_INV_G_HI, IOTLB_INV_G_LO),
      <u32>Bits.of64(low, IOTLB_INV_DID_HI, IOTLB_INV_DID_LO),
      high & Bits.mask64(IOTLB_INV_ADDR_HI - UPPER, IOTLB_INV_ADDR_LO - UPPER),
      <u32>Bits.of64(high, IOTLB_INV_AM_HI - UPPER, IOTLB_INV_AM_LO - UPPER),
      Bits.of64(high, IOTLB_INV_IH_HI - UPPER, IOTLB_INV_IH_LO - UPPER) != 0,
    );
    return done == GRANULARITY_NONE ? IQEI_RESERVED : 0;
  }

  static interruptEntries(unit: Unit, low: u64, high: u64): u32 {
    const ecap = unit.register64(ECAP_REG);
    if (!Bits.of64(ecap, ECAP_IR_HI, ECAP_IR_LO)) return IQEI_TYPE;
    let reserved = high | (low & Bits.mask64(IEC_INV_RESERVED_48_HI, IEC_INV_RESERVED_48_LO));
    reserved |= low & Bits.mask64(IEC_INV_RESERVED_12_HI, IEC_INV_RESERVED_12_LO);
    reserved |= low & Bits.mask64(IEC_INV_RESERVED_5_HI, IEC_INV_RESERVED_5_LO);
    if (reserved) return IQEI_RESERVED;
    const indexMask = <u32>Bits.of64(low, IEC_INV_IM_HI, IEC_INV_IM_LO);
    const byIndex = Bits.of64(low, IEC_INV_G_HI, IEC_INV_G_LO) != 0;
    if (byIndex && indexMask > <u32>Bits.of64(ecap, ECAP_MHMV_HI, ECAP_MHMV_LO)) return IQEI_RESERVED;
    const index = <u32>Bits.of64(low, IEC_INV_IIDX_HI, IEC_INV_IIDX_LO);
    unit.invalidations++;
    unit.trace(TRACE_INTERRUPT_ENTRIES, byIndex ? index : 0, 0, byIndex ? GRANULARITY_FINE : GRANULARITY_GLOBAL);
    if (!byIndex) InterruptEntryCache.flush(unit);
    else InterruptEntryCache.flushIndices(unit, index, indexMask);
    return 0;
  }

  /** Everything before is complete already, so FN has nothing to wait for. */
  static wait(unit: Unit, low: u64, high: u64): u32 {
    let reserved = low & Bits.mask64(WAIT_RESERVED_12_HI, WAIT_RESERVED_12_LO);
    reserved |= low & Bits.mask64(WAIT_RESERVED_8_HI, WAIT_RESERVED_8_LO);
    reserved |= low & Bits.mask64(WAIT_PD_HI, WAIT_PD_LO);
    reserved |= high & Bits.mask64(WAIT_RESERVED_64_HI - UPPER, WAIT_RESERVED_64_LO - UPPER);
    if (reserved) return IQEI_RESERVED;
    unit.invalidations++;
    if (Bits.of64(low, WAIT_SW_HI, WAIT_SW_LO)) {
      const address = high & Bits.mask64(WAIT_ADDRESS_HI - UPPER, WAIT_ADDRESS_LO - UPPER) & ~unit.reservedAddress;
      Queue.writeStatus(unit, address, <u32>Bits.of64(low, WAIT_DATA_HI, WAIT_DATA_LO));
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
