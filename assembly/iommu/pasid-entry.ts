// From a PASID to the decision of its PASID-table entry (VT-d 5.10 §9.5, §9.6; checks in the order of §7.1.3 SPD, SPT).

import { Bits } from "../core/bits";
import { CONTEXT_AW_39, CONTEXT_AW_57 } from "../spec/vtd/context-entry";
import {
  FAULT_SM_DIRECTORY_ACCESS,
  FAULT_SM_DIRECTORY_NOT_PRESENT,
  FAULT_SM_DIRECTORY_RESERVED,
  FAULT_SM_PASID_ACCESS,
  FAULT_SM_PASID_INVALID,
  FAULT_SM_PASID_NOT_PRESENT,
  FAULT_SM_PASID_RESERVED,
  FAULT_SM_SUPERVISOR,
} from "../spec/vtd/fault-reason";
import { FS_A_HI, FS_A_LO, FS_EA_HI, FS_EA_LO, FS_RW_HI, FS_RW_LO, FS_US_HI, FS_US_LO } from "../spec/vtd/first-stage";
import {
  PASID_DIRECTORY_ENTRY_SIZE,
  PASID_DIRECTORY_FPD_HI,
  PASID_DIRECTORY_FPD_LO,
  PASID_DIRECTORY_P_HI,
  PASID_DIRECTORY_P_LO,
  PASID_DIRECTORY_RESERVED_HI,
  PASID_DIRECTORY_RESERVED_LO,
  PASID_INDEX_DIRECTORY_HI,
  PASID_INDEX_DIRECTORY_LO,
  PASID_INDEX_TABLE_HI,
  PASID_INDEX_TABLE_LO,
} from "../spec/vtd/pasid-directory-entry";
import {
  FSPM_5_LEVELS,
  PASID_ENTRY_AW_HI,
  PASID_ENTRY_AW_LO,
  PASID_ENTRY_DID_HI,
  PASID_ENTRY_DID_LO,
  PASID_ENTRY_EAFE_HI,
  PASID_ENTRY_EAFE_LO,
  PASID_ENTRY_FPD_HI,
  PASID_ENTRY_FPD_LO,
  PASID_ENTRY_FSPM_HI,
  PASID_ENTRY_FSPM_LO,
  PASID_ENTRY_P_HI,
  PASID_ENTRY_P_LO,
  PASID_ENTRY_PGSNP_HI,
  PASID_ENTRY_PGSNP_LO,
  PASID_ENTRY_PGTT_HI,
  PASID_ENTRY_PGTT_LO,
  PASID_ENTRY_PWSNP_HI,
  PASID_ENTRY_PWSNP_LO,
  PASID_ENTRY_SIZE,
  PASID_ENTRY_SRE_HI,
  PASID_ENTRY_SRE_LO,
  PASID_ENTRY_SSADE_HI,
  PASID_ENTRY_SSADE_LO,
  PASID_ENTRY_WPE_HI,
  PASID_ENTRY_WPE_LO,
  PGTT_FIRST_STAGE,
  PGTT_NESTED,
  PGTT_PASS_THROUGH,
  PGTT_SECOND_STAGE,
} from "../spec/vtd/pasid-table-entry";
import {
  INFO_CAREFUL,
  INFO_REASON_LO,
  INFO_REFUSED,
  INFO_SCALABLE,
  INFO_WIDTH_LO,
  PAGE_ADDRESS,
  TAG_IDENTITY,
  TAG_SPACE,
  TAG_VALID,
} from "./context";
import { PasidCache } from "./pasid-cache";
import {
  ATTRIBUTE_DECIDED,
  ATTRIBUTE_FLAGS,
  ATTRIBUTE_FORCES_SNOOP,
  ATTRIBUTE_SNOOPED,
  ATTRIBUTE_SUPPRESSED,
  PasidLine,
} from "./pasid-line";
import { ScalableContext } from "./scalable-context";
import { Tables } from "./tables";
import { Unit } from "./unit";

const UPPER: u32 = 64;
const THIRD: u32 = 128;
const QUADWORD: u64 = 8;
const QUADWORDS: u64 = 8;
/** AW 1 walks three levels and translates 39 bits. */
const LEVELS_ABOVE_AW: u32 = 2;
const BASE_WIDTH: u32 = 30;
const WIDTH_PER_AW: u32 = 9;
/** FSPM 0 walks four levels and translates 48 bits. */
const LEAST_LEVELS: u32 = 4;
const LEAST_WIDTH: u32 = 48;

export class PasidEntry {
  /** Reads the entries of the line's space through its context. Returns the reason of a refusal, or 0. */
  static decide(unit: Unit, context: ScalableContext, line: PasidLine): u32 {
    const old = line.attributes;
    const oldDomain = line.domainId;
    line.attributes = 0;
    const reason = PasidEntry.read(unit, context, line);
    const unreadable = reason == FAULT_SM_DIRECTORY_ACCESS || reason == FAULT_SM_PASID_ACCESS;
    if (reason != 0) {
      line.info = INFO_REFUSED | ((<u64>reason) << INFO_REASON_LO);
      // An entry that is wrong counts for domain 0 (§6.2.3); one that only refuses a privilege for its own.
      if (reason != FAULT_SM_SUPERVISOR) line.secondTag = TAG_VALID;
      if (unit.cachingMode && !unreadable) line.attributes |= ATTRIBUTE_DECIDED;
    } else {
      line.attributes |= ATTRIBUTE_DECIDED;
    }
    const kind = PasidEntry.kindOf(line.attributes);
    if (old != 0 && (kind != PasidEntry.kindOf(old) || line.domainId != oldDomain)) PasidCache.forget(unit, line);
    return reason;
  }

  /** PGTT and SSADE: what decides how entries of the other caches came about. */
  @inline static kindOf(attributes: u32): u32 {
    return attributes & ~(ATTRIBUTE_DECIDED | ATTRIBUTE_SNOOPED | ATTRIBUTE_FORCES_SNOOP | ATTRIBUTE_SUPPRESSED);
  }

  static read(unit: Unit, context: ScalableContext, line: PasidLine): u32 {
    const pasid = line.pasid;
    const index = Bits.of32(pasid, PASID_INDEX_DIRECTORY_HI, PASID_INDEX_DIRECTORY_LO);
    const directory = Tables.load(unit, context.directory + <u64>(index * PASID_DIRECTORY_ENTRY_SIZE));
    if (Tables.failed(unit)) return FAULT_SM_DIRECTORY_ACCESS;
    if (Bits.of64(directory, PASID_DIRECTORY_FPD_HI, PASID_DIRECTORY_FPD_LO)) line.attributes |= ATTRIBUTE_SUPPRESSED;
    if (!Bits.of64(directory, PASID_DIRECTORY_P_HI, PASID_DIRECTORY_P_LO)) return FAULT_SM_DIRECTORY_NOT_PRESENT;
    const reserved = unit.reservedAddress | Bits.mask64(PASID_DIRECTORY_RESERVED_HI, PASID_DIRECTORY_RESERVED_LO);
    if (directory & reserved) return FAULT_SM_DIRECTORY_RESERVED;

    const row = Bits.of32(pasid, PASID_INDEX_TABLE_HI, PASID_INDEX_TABLE_LO) * PASID_ENTRY_SIZE;
    const at = (directory & PAGE_ADDRESS) + <u64>row;
    const low = Tables.load(unit, at);
    const middle = Tables.load(unit, at + QUADWORD);
    const high = Tables.load(unit, at + 2 * QUADWORD);
    let rest: u64 = 0;
    for (let quadword: u64 = 3; quadword < QUADWORDS; quadword++) rest |= Tables.load(unit, at + quadword * QUADWORD);
    if (Tables.failed(unit)) return FAULT_SM_PASID_ACCESS;
    if (Bits.of64(low, PASID_ENTRY_FPD_HI, PASID_ENTRY_FPD_LO)) line.attributes |= ATTRIBUTE_SUPPRESSED;
    if (!Bits.of64(low, PASID_ENTRY_P_HI, PASID_ENTRY_P_LO)) return FAULT_SM_PASID_NOT_PRESENT;
    rest |= (low & unit.reservedPasid0) | (middle & unit.reservedPasid1) | (high & unit.reservedPasid2);
    return rest ? FAULT_SM_PASID_RESERVED : PasidEntry.translate(unit, line, low, middle, high);
  }

  /** Fills the line with what a well-formed entry says. */
  static translate(unit: Unit, line: PasidLine, low: u64, middle: u64, high: u64): u32 {
    const type = <u32>Bits.of64(low, PASID_ENTRY_PGTT_HI, PASID_ENTRY_PGTT_LO);
    if (!Bits.of32(unit.translationTypes, type, type)) return FAULT_SM_PASID_INVALID;
    const domain = Bits.of64(middle, PASID_ENTRY_DID_HI - UPPER, PASID_ENTRY_DID_LO - UPPER);
    const hasSecond = type == PGTT_SECOND_STAGE || type == PGTT_NESTED;
    const hasFirst = type == PGTT_FIRST_STAGE || type == PGTT_NESTED;
    line.attributes |= type;
    if (Bits.of64(middle, PASID_ENTRY_PWSNP_HI - UPPER, PASID_ENTRY_PWSNP_LO - UPPER)) {
      line.attributes |= ATTRIBUTE_SNOOPED;
    }
    if (Bits.of64(middle, PASID_ENTRY_PGSNP_HI - UPPER, PASID_ENTRY_PGSNP_LO - UPPER)) {
      line.attributes |= ATTRIBUTE_FORCES_SNOOP;
    }
    const tag = TAG_VALID | (type == PGTT_PASS_THROUGH ? TAG_IDENTITY : 0);
    const how = INFO_SCALABLE | INFO_CAREFUL;
    let limit: u64 = 0;
    line.tag = tag | TAG_SPACE | <u64>line.indexIn(unit);
    line.info = how;
    line.secondTag = tag | domain;
    line.secondInfo = INFO_SCALABLE;
    if (hasSecond) {
      const width = <u32>Bits.of64(low, PASID_ENTRY_AW_HI, PASID_ENTRY_AW_LO);
      if (width < CONTEXT_AW_39 || width > CONTEXT_AW_57) return FAULT_SM_PASID_INVALID;
      if (!Bits.of32(unit.supportedWidths, width, width)) return FAULT_SM_PASID_INVALID;
      limit = <u64>min(unit.guestAddressWidth, BASE_WIDTH + WIDTH_PER_AW * width);
      const stage = (low & PAGE_ADDRESS) | (limit << INFO_WIDTH_LO) | <u64>(width + LEVELS_ABOVE_AW);
      line.secondInfo |= stage;
      line.info |= stage;
      if (Bits.of64(low, PASID_ENTRY_SSADE_HI, PASID_ENTRY_SSADE_LO)) line.attributes |= ATTRIBUTE_FLAGS;
    }
    if (hasFirst) {
      const mode = <u32>Bits.of64(high, PASID_ENTRY_FSPM_HI - THIRD, PASID_ENTRY_FSPM_LO - THIRD);
      if (!Bits.of32(unit.pagingModes, mode, mode)) return FAULT_SM_PASID_INVALID;
      const table = high & PAGE_ADDRESS;
      if (hasSecond && table >> limit) return FAULT_SM_PASID_INVALID;
      const five = mode == FSPM_5_LEVELS;
      const bits = <u64>(five ? LEAST_WIDTH + WIDTH_PER_AW : LEAST_WIDTH);
      line.info = how | table | (bits << INFO_WIDTH_LO) | <u64>(five ? LEAST_LEVELS + 1 : LEAST_LEVELS);
      PasidEntry.rights(line, high);
    }
    const supervisors = Bits.of64(high, PASID_ENTRY_SRE_HI - THIRD, PASID_ENTRY_SRE_LO - THIRD) != 0;
    return line.privileged && !supervisors ? FAULT_SM_SUPERVISOR : 0;
  }

  /** What first-stage entries mean for this space: U/S counts for users, R/W for supervisors with WPE (§3.6.1). */
  static rights(line: PasidLine, high: u64): void {
    line.accessed = Bits.mask64(FS_A_HI, FS_A_LO);
    if (Bits.of64(high, PASID_ENTRY_EAFE_HI - THIRD, PASID_ENTRY_EAFE_LO - THIRD)) {
      line.accessed |= Bits.mask64(FS_EA_HI, FS_EA_LO);
    }
    line.force = 0;
    if (!line.privileged) return;
    line.force = Bits.mask64(FS_US_HI, FS_US_LO);
    if (!Bits.of64(high, PASID_ENTRY_WPE_HI - THIRD, PASID_ENTRY_WPE_LO - THIRD)) {
      line.force |= Bits.mask64(FS_RW_HI, FS_RW_LO);
    }
  }
}
