// Memory that no DMA may reach, whatever the tables say (VT-d 5.10 §11.4.8). A refused request is no remapping fault:
// the region at its address is one where nothing answers. Tables are read regardless.

import { Bits } from "../core/bits";
import { CAP_PHMR_HI, CAP_PHMR_LO, CAP_PLMR_HI, CAP_PLMR_LO, CAP_REG } from "../spec/vtd/capability";
import {
  PHMBASE_PHMB_LO,
  PHMBASE_REG,
  PHMLIMIT_REG,
  PLMBASE_REG,
  PLMLIMIT_REG,
  PMEN_EPM_HI,
  PMEN_EPM_LO,
  PMEN_PRS_HI,
  PMEN_PRS_LO,
  PMEN_REG,
} from "../spec/vtd/protected-memory";
import { Iotlb } from "./iotlb";
import { Unit } from "./unit";

/** Bits that base and limit lack: 0 in the one, 1 in the other. */
const WITHIN: u64 = (u64(1) << PHMBASE_PHMB_LO) - 1;

export class ProtectedMemory {
  @inline static active(unit: Unit): bool {
    return Bits.of32(unit.register(PMEN_REG), PMEN_PRS_HI, PMEN_PRS_LO) != 0;
  }

  /** One of the registers was written: nothing that was decided before may be used. */
  static changed(unit: Unit): void {
    const enabled = unit.register(PMEN_REG) & ~Bits.mask32(PMEN_PRS_HI, PMEN_PRS_LO);
    unit.setRegister(PMEN_REG, enabled | (Bits.of32(enabled, PMEN_EPM_HI, PMEN_EPM_LO) << PMEN_PRS_LO));
    Iotlb.flush(unit);
    unit.lastSpan = 0;
  }

  /** Whether the page at an HPA is protected, while protection is active. */
  static covers(unit: Unit, page: u64): bool {
    const cap = unit.register64(CAP_REG);
    if (Bits.of64(cap, CAP_PLMR_HI, CAP_PLMR_LO)) {
      const limit = <u64>unit.register(PLMLIMIT_REG) | WITHIN;
      if (page >= <u64>unit.register(PLMBASE_REG) && page <= limit) return true;
    }
    if (!Bits.of64(cap, CAP_PHMR_HI, CAP_PHMR_LO)) return false;
    return page >= unit.register64(PHMBASE_REG) && page <= (unit.register64(PHMLIMIT_REG) | WITHIN);
  }
}
