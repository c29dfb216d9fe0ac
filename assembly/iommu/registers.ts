// The register block (VT-d 5.10 §11.4). What a bit does when it is written is data that the host laid out: RW and
// W1C masks per dword; here are the side effects only.

import { Bits } from "../core/bits";
import { EVENT_FAULT, EVENT_INVALIDATION, UNIT_REGISTER_BYTES, UNIT_RW_MASKS, UNIT_W1C_MASKS } from "../spec/abi/iommu";
import { CAP_ESIRTPS_HI, CAP_ESIRTPS_LO, CAP_ESRTPS_HI, CAP_ESRTPS_LO, CAP_REG } from "../spec/vtd/capability";
import {
  CCMD_CAIG_HI,
  CCMD_CAIG_LO,
  CCMD_CIRG_HI,
  CCMD_CIRG_LO,
  CCMD_DID_HI,
  CCMD_DID_LO,
  CCMD_FM_HI,
  CCMD_FM_LO,
  CCMD_ICC_HI,
  CCMD_ICC_LO,
  CCMD_REG,
  CCMD_SID_HI,
  CCMD_SID_LO,
} from "../spec/vtd/context-command";
import { GRANULARITY_NONE } from "../spec/vtd/descriptors";
import {
  EVENT_CONTROL_IM_HI,
  EVENT_CONTROL_IM_LO,
  EVENT_CONTROL_IP_HI,
  EVENT_CONTROL_IP_LO,
  FECTL_REG,
  IECTL_REG,
} from "../spec/vtd/event";
import {
  ECAP_IR_HI,
  ECAP_IR_LO,
  ECAP_IRO_HI,
  ECAP_IRO_LO,
  ECAP_QI_HI,
  ECAP_QI_LO,
  ECAP_REG,
} from "../spec/vtd/extended-capability";
import { FSTS_REG } from "../spec/vtd/fault-status";
import {
  GCMD_CFI_HI,
  GCMD_CFI_LO,
  GCMD_IRE_HI,
  GCMD_IRE_LO,
  GCMD_QIE_HI,
  GCMD_QIE_LO,
  GCMD_REG,
  GCMD_SIRTP_HI,
  GCMD_SIRTP_LO,
  GCMD_SRTP_HI,
  GCMD_SRTP_LO,
  GCMD_TE_HI,
  GCMD_TE_LO,
  GSTS_CFIS_HI,
  GSTS_CFIS_LO,
  GSTS_IRES_HI,
  GSTS_IRES_LO,
  GSTS_IRTPS_HI,
  GSTS_IRTPS_LO,
  GSTS_QIES_HI,
  GSTS_QIES_LO,
  GSTS_REG,
  GSTS_RTPS_HI,
  GSTS_RTPS_LO,
  GSTS_TES_HI,
  GSTS_TES_LO,
} from "../spec/vtd/global";
import { IRTA_REG } from "../spec/vtd/interrupt-table-address";
import { ICS_IWC_HI, ICS_IWC_LO, ICS_REG, IQH_REG, IQT_REG } from "../spec/vtd/invalidation-queue";
import {
  IOTLB_DID_HI,
  IOTLB_DID_LO,
  IOTLB_IAIG_HI,
  IOTLB_IAIG_LO,
  IOTLB_IIRG_HI,
  IOTLB_IIRG_LO,
  IOTLB_IVT_HI,
  IOTLB_IVT_LO,
  IOTLB_REG_OFFSET,
  IVA_ADDR_HI,
  IVA_ADDR_LO,
  IVA_AM_HI,
  IVA_AM_LO,
  IVA_IH_HI,
  IVA_IH_LO,
} from "../spec/vtd/iotlb-registers";
import { RTADDR_REG, RTADDR_TTM_HI, RTADDR_TTM_LO } from "../spec/vtd/root-table-address";
import { Faults } from "./fault";
import { InterruptEntryCache } from "./interrupt-entry-cache";
import { Invalidate } from "./invalidate";
import { Queue } from "./queue";
import { Unit } from "./unit";

const UPPER_DWORD: u32 = 4;
const OFFSET_UNIT: u32 = 16;
const DWORD: u32 = 4;

export class Registers {
  /** A dword; 0 outside the block. */
  static read(unit: Unit, offset: u32): u32 {
    return offset < UNIT_REGISTER_BYTES ? unit.register(offset & ~(DWORD - 1)) : 0;
  }

  /** Writes the bytes of a dword that `mask` selects (whole bytes, 0xff each). */
  static write(unit: Unit, at: u32, value: u32, mask: u32): void {
    if (at >= UNIT_REGISTER_BYTES) return;
    const offset = at & ~(DWORD - 1);
    if (offset == GCMD_REG) {
      const kept = unit.register(GSTS_REG) & ~mask & Registers.levels;
      Registers.command(unit, (value & mask) | kept);
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
    } else if (offset == CCMD_REG + UPPER_DWORD) {
      Registers.contextCommand(unit);
    } else if (offset == Registers.iva(unit) + IOTLB_REG_OFFSET + UPPER_DWORD) {
      Registers.iotlbCommand(unit);
    } else if (cleared && offset >= Faults.offset(unit, 0)) {
      Faults.settle(unit);
    }
  }

  /** Bits of GCMD_REG that are levels, at the same place in GSTS_REG. */
  @inline static get levels(): u32 {
    return (
      Bits.mask32(GCMD_TE_HI, GCMD_TE_LO) |
      Bits.mask32(GCMD_QIE_HI, GCMD_QIE_LO) |
      Bits.mask32(GCMD_IRE_HI, GCMD_IRE_LO) |
      Bits.mask32(GCMD_CFI_HI, GCMD_CFI_LO)
    );
  }

  @inline static iva(unit: Unit): u32 {
    return <u32>Bits.of64(unit.register64(ECAP_REG), ECAP_IRO_HI, ECAP_IRO_LO) * OFFSET_UNIT;
  }

  @inline static set(unit: Unit, hi: u32, lo: u32, on: bool): void {
    const bit = Bits.mask32(hi, lo);
    const status = unit.register(GSTS_REG);
    unit.setRegister(GSTS_REG, on ? status | bit : status & ~bit);
  }

  /** GCMD_REG: one-shots first, then levels; a level whose precondition is missing stays as it was. */
  static command(unit: Unit, value: u32): void {
    const cap = unit.register64(CAP_REG);
    const ecap = unit.register64(ECAP_REG);
    const hasQueue = Bits.of64(ecap, ECAP_QI_HI, ECAP_QI_LO) != 0;
    const hasRemapping = Bits.of64(ecap, ECAP_IR_HI, ECAP_IR_LO) != 0;
    if (Bits.of32(value, GCMD_SRTP_HI, GCMD_SRTP_LO)) {
      unit.rootTable = unit.register64(RTADDR_REG);
      Registers.set(unit, GSTS_RTPS_HI, GSTS_RTPS_LO, true);
      if (Bits.of64(cap, CAP_ESRTPS_HI, CAP_ESRTPS_LO)) Invalidate.everything(unit);
    }
    if (hasRemapping && Bits.of32(value, GCMD_SIRTP_HI, GCMD_SIRTP_LO)) {
      unit.interruptTable = unit.register64(IRTA_REG);
      Registers.set(unit, GSTS_IRTPS_HI, GSTS_IRTPS_LO, true);
      if (Bits.of64(cap, CAP_ESIRTPS_HI, CAP_ESIRTPS_LO)) InterruptEntryCache.flush(unit);
    }
    if (hasQueue) Registers.enableQueue(unit, Bits.of32(value, GCMD_QIE_HI, GCMD_QIE_LO) != 0);
    if (hasRemapping) {
      Registers.set(unit, GSTS_CFIS_HI, GSTS_CFIS_LO, Bits.of32(value, GCMD_CFI_HI, GCMD_CFI_LO) != 0);
      const table = Bits.of32(unit.register(GSTS_REG), GSTS_IRTPS_HI, GSTS_IRTPS_LO);
      const remapping = Bits.of32(value, GCMD_IRE_HI, GCMD_IRE_LO) & table;
      Registers.set(unit, GSTS_IRES_HI, GSTS_IRES_LO, remapping != 0);
      const flushes = Bits.of64(cap, CAP_ESIRTPS_HI, CAP_ESIRTPS_LO) != 0;
      if (flushes && unit.remapping && !remapping) InterruptEntryCache.flush(unit);
      unit.remapping = remapping;
    }
    const root = Bits.of32(unit.register(GSTS_REG), GSTS_RTPS_HI, GSTS_RTPS_LO);
    unit.translating = Bits.of32(value, GCMD_TE_HI, GCMD_TE_LO) & root;
    Registers.set(unit, GSTS_TES_HI, GSTS_TES_LO, unit.translating != 0);
    if (!unit.translating && !unit.remapping) unit.faultIndex = 0;
  }

  static enableQueue(unit: Unit, on: bool): void {
    const was = Bits.of32(unit.register(GSTS_REG), GSTS_QIES_HI, GSTS_QIES_LO) != 0;
    Registers.set(unit, GSTS_QIES_HI, GSTS_QIES_LO, on);
    if (!on) unit.setRegister(IQH_REG, 0);
    else if (!was) Queue.run(unit);
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

  /** Invalidation by registers serves legacy mode only (§11.4.6.1 CAIG, §11.4.6.3 IAIG). */
  @inline static legacy(unit: Unit): bool {
    return Bits.of32(unit.register(RTADDR_REG), RTADDR_TTM_HI, RTADDR_TTM_LO) == 0;
  }

  static contextCommand(unit: Unit): void {
    const command = unit.register64(CCMD_REG);
    if (!Bits.of64(command, CCMD_ICC_HI, CCMD_ICC_LO)) return;
    let done = GRANULARITY_NONE;
    if (Registers.legacy(unit)) {
      done = Invalidate.contexts(
        unit,
        <u32>Bits.of64(command, CCMD_CIRG_HI, CCMD_CIRG_LO),
        <u32>Bits.of64(command, CCMD_DID_HI, CCMD_DID_LO),
        <u32>Bits.of64(command, CCMD_SID_HI, CCMD_SID_LO),
        <u32>Bits.of64(command, CCMD_FM_HI, CCMD_FM_LO),
      );
    }
    const changed = Bits.mask64(CCMD_ICC_HI, CCMD_ICC_LO) | Bits.mask64(CCMD_CAIG_HI, CCMD_CAIG_LO);
    unit.setRegister64(CCMD_REG, (command & ~changed) | ((<u64>done) << CCMD_CAIG_LO));
  }

  static iotlbCommand(unit: Unit): void {
    const at = Registers.iva(unit);
    const command = unit.register64(at + IOTLB_REG_OFFSET);
    if (!Bits.of64(command, IOTLB_IVT_HI, IOTLB_IVT_LO)) return;
    const address = unit.register64(at);
    let done = GRANULARITY_NONE;
    if (Registers.legacy(unit)) {
      done = Invalidate.translations(
        unit,
        <u32>Bits.of64(command, IOTLB_IIRG_HI, IOTLB_IIRG_LO),
        <u32>Bits.of64(command, IOTLB_DID_HI, IOTLB_DID_LO),
        address & Bits.mask64(IVA_ADDR_HI, IVA_ADDR_LO),
        <u32>Bits.of64(address, IVA_AM_HI, IVA_AM_LO),
        Bits.of64(address, IVA_IH_HI, IVA_IH_LO) != 0,
      );
    }
    const changed = Bits.mask64(IOTLB_IVT_HI, IOTLB_IVT_LO) | Bits.mask64(IOTLB_IAIG_HI, IOTLB_IAIG_LO);
    unit.setRegister64(at + IOTLB_REG_OFFSET, (command & ~changed) | ((<u64>done) << IOTLB_IAIG_LO));
  }
}
