// The invalidation queue (VT-d 5.10 §6.5.2): descriptors from head to tail, fetched when software moves the tail and
// whenever it looks at the unit. What they do is in the queue- files. An error stops the queue with the head at the
// descriptor until software clears FSTS_REG.IQE or ITE.

import { Bits } from "../core/bits";
import {
  DESCRIPTOR_SIZE,
  DESCRIPTOR_TYPE_HIGH_HI,
  DESCRIPTOR_TYPE_HIGH_LO,
  DESCRIPTOR_TYPE_LOW_HI,
  DESCRIPTOR_TYPE_LOW_LO,
  TYPE_CONTEXT,
  TYPE_INTERRUPT_ENTRY,
  TYPE_IOTLB,
  TYPE_WAIT,
  WIDE_DESCRIPTOR_SIZE,
} from "../spec/vtd/descriptors";
import { TYPE_DEVICE_TLB, TYPE_PAGE_GROUP_RESPONSE, TYPE_PASID_DEVICE_TLB } from "../spec/vtd/device-tlb-descriptors";
import {
  ECAP_ADMS_HI,
  ECAP_ADMS_LO,
  ECAP_DT_HI,
  ECAP_DT_LO,
  ECAP_IR_HI,
  ECAP_IR_LO,
  ECAP_PRS_HI,
  ECAP_PRS_LO,
  ECAP_REG,
  ECAP_SMTS_HI,
  ECAP_SMTS_LO,
} from "../spec/vtd/extended-capability";
import { FSTS_IQE_HI, FSTS_IQE_LO, FSTS_ITE_HI, FSTS_ITE_LO, FSTS_REG } from "../spec/vtd/fault-status";
import { GSTS_QIES_HI, GSTS_QIES_LO, GSTS_REG } from "../spec/vtd/global";
import {
  IQA_DW_HI,
  IQA_DW_LO,
  IQA_QS_HI,
  IQA_QS_LO,
  IQA_REG,
  IQEI_FETCH,
  IQEI_RESERVED,
  IQEI_TAIL,
  IQEI_TAIL_ALIGNMENT,
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
import { TYPE_PASID_CACHE, TYPE_PASID_IOTLB } from "../spec/vtd/pasid-descriptors";
import {
  RTADDR_TTM_ABORT,
  RTADDR_TTM_HI,
  RTADDR_TTM_LEGACY,
  RTADDR_TTM_LO,
  RTADDR_TTM_SCALABLE,
} from "../spec/vtd/root-table-address";
import { AtsState } from "./ats-state";
import { PAGE_ADDRESS } from "./context";
import { DeviceTlb } from "./device-tlb";
import { Faults } from "./fault";
import { QueueContext } from "./queue-context";
import { QueueDeviceTlb } from "./queue-device-tlb";
import { QueueInterrupt } from "./queue-interrupt";
import { QueueIotlb } from "./queue-iotlb";
import { QueuePasid } from "./queue-pasid";
import { QueueWait } from "./queue-wait";
import { Tables } from "./tables";
import { Unit } from "./unit";

const PAGE_SIZE: u32 = 4096;
const HALF: u64 = 16;
const QUARTER: u64 = 8;
const TYPE_WIDTH: u32 = 4;
/** Work for one access of software's, in cache lines looked at: about a millisecond's. */
const WORK_LIMIT: u32 = 0x20_0000;
/** What a descriptor costs besides: a whole queue of the cheapest ones is done at once. */
const LEAST_WORK: u32 = 64;
/** What a message to a function costs. */
const MESSAGE_WORK: u32 = 2048;

export class Queue {
  /** Software looks at the unit, or time passes: the queue may work again. */
  @inline static allow(unit: Unit): void {
    AtsState.of(unit).queueBudget = WORK_LIMIT;
  }

  /**
   * Executes descriptors that wait, until the queue is empty, stopped, or did what it may: the rest goes on with the
   * next access, and IQH_REG shows how far it is. Functions that complete at once are served within the same bound.
   */
  static run(unit: Unit): void {
    if (!Queue.due(unit) || AtsState.of(unit).queueBudget == 0) return;
    const error = Queue.advance(unit);
    if (error == 0) return;
    const record = unit.register(IQERCD_REG) & ~Bits.mask32(IQERCD_IQEI_HI, IQERCD_IQEI_LO);
    unit.setRegister(IQERCD_REG, record | error);
    Faults.setStatus(unit, unit.register(FSTS_REG) | Bits.mask32(FSTS_IQE_HI, FSTS_IQE_LO));
  }

  /** Whether hardware fetches descriptors: the queue is enabled, not empty, not stopped, and waits for no device. */
  static due(unit: Unit): bool {
    if (!Bits.of32(unit.register(GSTS_REG), GSTS_QIES_HI, GSTS_QIES_LO)) return false;
    const errors = Bits.mask32(FSTS_IQE_HI, FSTS_IQE_LO) | Bits.mask32(FSTS_ITE_HI, FSTS_ITE_LO);
    if (DeviceTlb.rests(unit)) return false;
    return unit.register(IQH_REG) != Queue.tail(unit) && (unit.register(FSTS_REG) & errors) == 0;
  }

  @inline static tail(unit: Unit): u32 {
    return unit.register(IQT_REG) & Bits.mask32(IQT_QT_HI, IQT_QT_LO);
  }

  /** The translation table mode that the last SRTP latched. */
  @inline static mode(unit: Unit): u32 {
    return <u32>Bits.of64(unit.rootTable, RTADDR_TTM_HI, RTADDR_TTM_LO);
  }

  @inline static scalable(unit: Unit): bool {
    return Bits.of64(unit.register64(ECAP_REG), ECAP_SMTS_HI, ECAP_SMTS_LO) != 0;
  }

  /** Executes descriptors. Returns 0 or what IQERCD_REG.IQEI shall say. */
  static advance(unit: Unit): u32 {
    const queue = unit.register64(IQA_REG);
    const wide = Bits.of64(queue, IQA_DW_HI, IQA_DW_LO) != 0;
    const size = PAGE_SIZE << (<u32>Bits.of64(queue, IQA_QS_HI, IQA_QS_LO));
    const step = wide ? WIDE_DESCRIPTOR_SIZE : DESCRIPTOR_SIZE;
    const tail = Queue.tail(unit);
    let head = unit.register(IQH_REG) & ~(step - 1);
    if (tail >= size || head >= size) return IQEI_TAIL;
    if (tail & (step - 1)) return IQEI_TAIL_ALIGNMENT;
    const unfit = Queue.unfit(unit, wide);
    if (unfit != 0) return unfit;
    Tables.refresh(unit);
    const state = AtsState.of(unit);
    let left = min(state.queueBudget, WORK_LIMIT);
    while (head != tail && left > 0) {
      const at = (queue & PAGE_ADDRESS) + <u64>head;
      const low = Tables.load(unit, at);
      const high = Tables.load(unit, at + QUARTER);
      const above = wide ? Tables.load(unit, at + HALF) | Tables.load(unit, at + HALF + QUARTER) : 0;
      if (unit.tableError != 0) {
        unit.tableError = 0;
        return IQEI_FETCH;
      }
      const type = Queue.type(low);
      if (!Queue.valid(unit, type)) return IQEI_TYPE;
      if (above != 0) return IQEI_RESERVED;
      if (Queue.waits(unit, type)) return 0;
      const error = Queue.execute(unit, type, low, high);
      if (error != 0) return error;
      const work = LEAST_WORK + Queue.work(unit, type, low, high);
      left = work < left ? left - work : 0;
      state.queueBudget = left;
      head += step;
      if (head >= size) head = 0;
      unit.setRegister(IQH_REG, head);
    }
    return 0;
  }

  /** Whether the mode and the descriptors' width go together: 0 or the IQEI for it. */
  static unfit(unit: Unit, wide: bool): u32 {
    const ecap = unit.register64(ECAP_REG);
    const aborts = Bits.of64(ecap, ECAP_ADMS_HI, ECAP_ADMS_LO) != 0;
    const scalable = Queue.scalable(unit);
    if (wide && !aborts && !scalable) return IQEI_WIDTH;
    const mode = Queue.mode(unit);
    if (mode == RTADDR_TTM_LEGACY) return 0;
    if (!(mode == RTADDR_TTM_SCALABLE && scalable) && !(mode == RTADDR_TTM_ABORT && aborts)) return IQEI_TTM;
    return wide ? 0 : IQEI_WIDTH;
  }

  @inline static type(low: u64): u32 {
    const high = <u32>Bits.of64(low, DESCRIPTOR_TYPE_HIGH_HI, DESCRIPTOR_TYPE_HIGH_LO);
    return (high << TYPE_WIDTH) | <u32>Bits.of64(low, DESCRIPTOR_TYPE_LOW_HI, DESCRIPTOR_TYPE_LOW_LO);
  }

  /**
   * Whether this unit knows the type in the mode that it is in (§6.5.2.11 Table 26). Without SMTS there is no PASID in
   * abort-DMA mode either.
   */
  static valid(unit: Unit, type: u32): bool {
    if (type == TYPE_CONTEXT || type == TYPE_IOTLB || type == TYPE_WAIT) return true;
    const ecap = unit.register64(ECAP_REG);
    if (type == TYPE_INTERRUPT_ENTRY) return Bits.of64(ecap, ECAP_IR_HI, ECAP_IR_LO) != 0;
    const devices = Bits.of64(ecap, ECAP_DT_HI, ECAP_DT_LO) != 0;
    if (type == TYPE_DEVICE_TLB) return devices;
    if (!Queue.scalable(unit) || Queue.mode(unit) == RTADDR_TTM_LEGACY) return false;
    if (type == TYPE_PASID_DEVICE_TLB) return devices;
    if (type == TYPE_PAGE_GROUP_RESPONSE) return Bits.of64(ecap, ECAP_PRS_HI, ECAP_PRS_LO) != 0;
    return type == TYPE_PASID_CACHE || type == TYPE_PASID_IOTLB;
  }

  /** Executes a descriptor of a valid type. Returns 0 or what IQERCD_REG.IQEI shall say. */
  static execute(unit: Unit, type: u32, low: u64, high: u64): u32 {
    if (type == TYPE_CONTEXT) return QueueContext.contexts(unit, low, high);
    if (type == TYPE_IOTLB) return QueueIotlb.translations(unit, low, high);
    if (type == TYPE_INTERRUPT_ENTRY) return QueueInterrupt.entries(unit, low, high);
    if (type == TYPE_PASID_CACHE) return QueuePasid.pasids(unit, low, high);
    if (type == TYPE_PASID_IOTLB) return QueuePasid.space(unit, low, high);
    if (type == TYPE_DEVICE_TLB) return QueueDeviceTlb.invalidation(unit, low, high);
    if (type == TYPE_PASID_DEVICE_TLB) return QueueDeviceTlb.pasidInvalidation(unit, low, high);
    if (type == TYPE_PAGE_GROUP_RESPONSE) return QueueDeviceTlb.response(unit, low, high);
    return QueueWait.wait(unit, low, high);
  }

  /**
   * Whether a descriptor has to wait: for completions of device TLBs, which a wait descriptor must see, or for room to
   * send its message.
   */
  static waits(unit: Unit, type: u32): bool {
    if (type == TYPE_WAIT) return DeviceTlb.pending(unit);
    if (type == TYPE_DEVICE_TLB || type == TYPE_PASID_DEVICE_TLB) return !DeviceTlb.ready(unit);
    return type == TYPE_PAGE_GROUP_RESPONSE && !DeviceTlb.takes(unit);
  }

  /** About how many cache lines a descriptor made the unit look at. */
  static work(unit: Unit, type: u32, low: u64, high: u64): u32 {
    if (type == TYPE_CONTEXT) return QueueContext.work(low);
    if (type == TYPE_IOTLB) return QueueIotlb.work(unit, low, high);
    if (type == TYPE_INTERRUPT_ENTRY) return QueueInterrupt.work();
    if (type == TYPE_PASID_CACHE) return QueuePasid.pasidsWork();
    if (type == TYPE_PASID_IOTLB) return QueuePasid.spaceWork();
    return type == TYPE_WAIT ? 0 : MESSAGE_WORK;
  }
}
