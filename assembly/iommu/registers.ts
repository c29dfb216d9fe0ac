// The register block (VT-d 5.10 §11.4). What a bit does when it is written is data that the host laid out: RW and
// W1C masks per dword; here are the side effects only.

import { Bits } from "../core/bits";
import {
  EVENT_FAULT,
  EVENT_INVALIDATION,
  EVENT_PAGE_REQUEST,
  UNIT_REGISTER_BYTES,
  UNIT_RW_MASKS,
  UNIT_W1C_MASKS,
} from "../spec/abi/iommu";
import { CCMD_REG } from "../spec/vtd/context-command";
import {
  EVENT_CONTROL_IM_HI,
  EVENT_CONTROL_IM_LO,
  EVENT_CONTROL_IP_HI,
  EVENT_CONTROL_IP_LO,
  FECTL_REG,
  IECTL_REG,
  PECTL_REG,
} from "../spec/vtd/event";
import { FSTS_REG } from "../spec/vtd/fault-status";
import { GCMD_REG } from "../spec/vtd/global";
import { ICS_IWC_HI, ICS_IWC_LO, ICS_REG, IQT_REG } from "../spec/vtd/invalidation-queue";
import { IOTLB_REG_OFFSET } from "../spec/vtd/iotlb-registers";
import { PRS_PPR_HI, PRS_PPR_LO, PRS_PRO_HI, PRS_PRO_LO, PRS_REG } from "../spec/vtd/page-request-queue";
import { PHMLIMIT_REG, PMEN_REG } from "../spec/vtd/protected-memory";
import { Faults } from "./fault";
import { GlobalCommand } from "./global-command";
import { InvalidationRegisters } from "./invalidation-registers";
import { ProtectedMemory } from "./protected-memory";
import { Queue } from "./queue";
import { Unit } from "./unit";

const UPPER_DWORD: u32 = 4;
const DWORD: u32 = 4;

export class Registers {
  /** A dword; 0 outside the block. Whoever looks sees a queue that went on meanwhile. */
  static read(unit: Unit, offset: u32): u32 {
    Queue.allow(unit);
    Queue.run(unit);
    return offset < UNIT_REGISTER_BYTES ? unit.register(offset & ~(DWORD - 1)) : 0;
  }

  /** Writes the bytes of a dword that `mask` selects (whole bytes, 0xff each). */
  static write(unit: Unit, at: u32, value: u32, mask: u32): void {
    if (at >= UNIT_REGISTER_BYTES) return;
    const offset = at & ~(DWORD - 1);
    Queue.allow(unit);
    if (offset == GCMD_REG) {
      GlobalCommand.write(unit, value, mask);
      return;
    }
    const old = unit.register(offset);
    const writable = load<u32>(unit.base + <usize>offset, UNIT_RW_MASKS) & mask;
    const clearing = load<u32>(unit.base + <usize>offset, UNIT_W1C_MASKS) & mask & value;
    unit.setRegister(offset, ((old & ~writable) | (value & writable)) & ~clearing);
    Registers.after(unit, offset, clearing);
  }

  static after(unit: Unit, offset: u32, cleared: u32): void {
    if (offset == IQT_REG) {
      Queue.run(unit);
    } else if (offset == FSTS_REG) {
      Faults.settle(unit);
      Queue.run(unit);
    } else if (offset == FECTL_REG) {
      Registers.release(unit, FECTL_REG, EVENT_FAULT);
    } else if (offset == IECTL_REG) {
      Registers.release(unit, IECTL_REG, EVENT_INVALIDATION);
    } else if (offset == ICS_REG) {
      if (!Bits.of32(unit.register(ICS_REG), ICS_IWC_HI, ICS_IWC_LO)) Registers.forget(unit, IECTL_REG);
    } else if (offset == PECTL_REG) {
      Registers.release(unit, PECTL_REG, EVENT_PAGE_REQUEST);
    } else if (offset == PRS_REG) {
      const pending = Bits.mask32(PRS_PRO_HI, PRS_PRO_LO) | Bits.mask32(PRS_PPR_HI, PRS_PPR_LO);
      if (!(unit.register(PRS_REG) & pending)) Registers.forget(unit, PECTL_REG);
    } else if (offset >= PMEN_REG && offset <= PHMLIMIT_REG + UPPER_DWORD) {
      ProtectedMemory.changed(unit);
    } else if (offset == CCMD_REG + UPPER_DWORD) {
      InvalidationRegisters.contextCommand(unit);
    } else if (offset == InvalidationRegisters.offset(unit) + IOTLB_REG_OFFSET + UPPER_DWORD) {
      InvalidationRegisters.iotlbCommand(unit);
    } else if (cleared && offset >= Faults.offset(unit, 0)) {
      Faults.settle(unit);
    }
  }

  /** A control register was written: a held event goes out once it is no longer masked. */
  static release(unit: Unit, control: u32, event: u32): void {
    const value = unit.register(control);
    if (!Bits.of32(value, EVENT_CONTROL_IP_HI, EVENT_CONTROL_IP_LO)) return;
    if (Bits.of32(value, EVENT_CONTROL_IM_HI, EVENT_CONTROL_IM_LO)) return;
    Registers.forget(unit, control);
    unit.events |= event;
  }

  @inline static forget(unit: Unit, control: u32): void {
    const pending = Bits.mask32(EVENT_CONTROL_IP_HI, EVENT_CONTROL_IP_LO);
    unit.setRegister(control, unit.register(control) & ~pending);
  }
}
