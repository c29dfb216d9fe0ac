// Invalidation by registers (VT-d 5.10 §6.5.1, §11.4.6): at once, in legacy mode only, while the queue is not enabled,
// by hardware before version 6. Other requests are ignored, which the actual granularity says.

import { Bits } from "../core/bits";
import { VER_MAX_HI, VER_MAX_LO, VER_REG } from "../spec/vtd/capability";
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
import { ECAP_IRO_HI, ECAP_IRO_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import { GSTS_QIES_HI, GSTS_QIES_LO, GSTS_REG } from "../spec/vtd/global";
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
import { RTADDR_TTM_HI, RTADDR_TTM_LO } from "../spec/vtd/root-table-address";
import { Invalidate } from "./invalidate";
import { Unit } from "./unit";

const OFFSET_UNIT: u32 = 16;
const QUEUE_ONLY_VERSION: u32 = 6;

export class InvalidationRegisters {
  /** Where IVA_REG is. */
  @inline static offset(unit: Unit): u32 {
    return <u32>Bits.of64(unit.register64(ECAP_REG), ECAP_IRO_HI, ECAP_IRO_LO) * OFFSET_UNIT;
  }

  /** Whether requests are heeded. The mode is the one that SRTP latched. */
  static serving(unit: Unit): bool {
    if (Bits.of32(unit.register(VER_REG), VER_MAX_HI, VER_MAX_LO) >= QUEUE_ONLY_VERSION) return false;
    if (Bits.of32(unit.register(GSTS_REG), GSTS_QIES_HI, GSTS_QIES_LO)) return false;
    return Bits.of64(unit.rootTable, RTADDR_TTM_HI, RTADDR_TTM_LO) == 0;
  }

  /** CCMD_REG was written. */
  static contextCommand(unit: Unit): void {
    const command = unit.register64(CCMD_REG);
    if (!Bits.of64(command, CCMD_ICC_HI, CCMD_ICC_LO)) return;
    let done = GRANULARITY_NONE;
    if (InvalidationRegisters.serving(unit)) {
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

  /** IOTLB_REG was written. */
  static iotlbCommand(unit: Unit): void {
    const at = InvalidationRegisters.offset(unit);
    const command = unit.register64(at + IOTLB_REG_OFFSET);
    if (!Bits.of64(command, IOTLB_IVT_HI, IOTLB_IVT_LO)) return;
    const address = unit.register64(at);
    let done = GRANULARITY_NONE;
    if (InvalidationRegisters.serving(unit)) {
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
