// GCMD_REG and GSTS_REG (VT-d 5.10 §11.4.4): one-shot commands, and levels that say what is enabled.

import { Bits } from "../core/bits";
import { CAP_ESIRTPS_HI, CAP_ESIRTPS_LO, CAP_ESRTPS_HI, CAP_ESRTPS_LO, CAP_REG } from "../spec/vtd/capability";
import {
  ECAP_IR_HI,
  ECAP_IR_LO,
  ECAP_QI_HI,
  ECAP_QI_LO,
  ECAP_REG,
  ECAP_SMTS_HI,
  ECAP_SMTS_LO,
} from "../spec/vtd/extended-capability";
import {
  GCMD_CFI_HI,
  GCMD_CFI_LO,
  GCMD_IRE_HI,
  GCMD_IRE_LO,
  GCMD_QIE_HI,
  GCMD_QIE_LO,
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
import { IQH_REG } from "../spec/vtd/invalidation-queue";
import { RTADDR_REG } from "../spec/vtd/root-table-address";
import { AtsState } from "./ats-state";
import { InterruptEntryCache } from "./interrupt-entry-cache";
import { Invalidate } from "./invalidate";
import { Queue } from "./queue";
import { Unit } from "./unit";

export class GlobalCommand {
  /** Writes the bytes that `mask` selects; levels in the others stay as they are. */
  static write(unit: Unit, value: u32, mask: u32): void {
    const kept = unit.register(GSTS_REG) & ~mask & GlobalCommand.levels;
    GlobalCommand.execute(unit, (value & mask) | kept);
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

  /**
   * One-shots first, then levels; a level whose precondition is missing stays clear. Without RWBF there is no write
   * buffer, so WBF does nothing.
   */
  static execute(unit: Unit, value: u32): void {
    const ecap = unit.register64(ECAP_REG);
    if (Bits.of32(value, GCMD_SRTP_HI, GCMD_SRTP_LO)) GlobalCommand.setRootTable(unit);
    if (Bits.of64(ecap, ECAP_QI_HI, ECAP_QI_LO)) {
      GlobalCommand.enableQueue(unit, Bits.of32(value, GCMD_QIE_HI, GCMD_QIE_LO) != 0);
    }
    if (Bits.of64(ecap, ECAP_IR_HI, ECAP_IR_LO)) GlobalCommand.remapInterrupts(unit, value);
    GlobalCommand.translate(unit, Bits.of32(value, GCMD_TE_HI, GCMD_TE_LO));
    if (!unit.translating && !unit.remapping) unit.faultIndex = 0;
  }

  @inline static set(unit: Unit, hi: u32, lo: u32, on: bool): void {
    const bit = Bits.mask32(hi, lo);
    const status = unit.register(GSTS_REG);
    unit.setRegister(GSTS_REG, on ? status | bit : status & ~bit);
  }

  /** Table and mode take effect together, also while translation is enabled (§6.6). */
  static setRootTable(unit: Unit): void {
    unit.rootTable = unit.register64(RTADDR_REG);
    GlobalCommand.set(unit, GSTS_RTPS_HI, GSTS_RTPS_LO, true);
    if (Bits.of64(unit.register64(CAP_REG), CAP_ESRTPS_HI, CAP_ESRTPS_LO)) Invalidate.everything(unit);
  }

  /** Hardware with scalable mode forgets all translations when translation is disabled (TE). */
  static translate(unit: Unit, wanted: u32): void {
    const was = unit.translating;
    unit.translating = wanted & Bits.of32(unit.register(GSTS_REG), GSTS_RTPS_HI, GSTS_RTPS_LO);
    GlobalCommand.set(unit, GSTS_TES_HI, GSTS_TES_LO, unit.translating != 0);
    const scalable = Bits.of64(unit.register64(ECAP_REG), ECAP_SMTS_HI, ECAP_SMTS_LO) != 0;
    if (scalable && was && !unit.translating) Invalidate.everything(unit);
  }

  static remapInterrupts(unit: Unit, value: u32): void {
    const flushes = Bits.of64(unit.register64(CAP_REG), CAP_ESIRTPS_HI, CAP_ESIRTPS_LO) != 0;
    if (Bits.of32(value, GCMD_SIRTP_HI, GCMD_SIRTP_LO)) {
      unit.interruptTable = unit.register64(IRTA_REG);
      GlobalCommand.set(unit, GSTS_IRTPS_HI, GSTS_IRTPS_LO, true);
      if (flushes) InterruptEntryCache.flush(unit);
    }
    GlobalCommand.set(unit, GSTS_CFIS_HI, GSTS_CFIS_LO, Bits.of32(value, GCMD_CFI_HI, GCMD_CFI_LO) != 0);
    const was = unit.remapping;
    const table = Bits.of32(unit.register(GSTS_REG), GSTS_IRTPS_HI, GSTS_IRTPS_LO);
    unit.remapping = Bits.of32(value, GCMD_IRE_HI, GCMD_IRE_LO) & table;
    GlobalCommand.set(unit, GSTS_IRES_HI, GSTS_IRES_LO, unit.remapping != 0);
    if (flushes && was && !unit.remapping) InterruptEntryCache.flush(unit);
  }

  static enableQueue(unit: Unit, on: bool): void {
    const was = Bits.of32(unit.register(GSTS_REG), GSTS_QIES_HI, GSTS_QIES_LO) != 0;
    GlobalCommand.set(unit, GSTS_QIES_HI, GSTS_QIES_LO, on);
    AtsState.of(unit).queueWaits = 0;
    if (!on) unit.setRegister(IQH_REG, 0);
    else if (!was) Queue.run(unit);
  }
}
