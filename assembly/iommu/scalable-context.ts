// From a requester to its scalable-mode context-entry (VT-d 5.10 §3.4.3, §9.2, §9.4), and the cache of these entries
// (§6.2.2): hashed lines that any other requester may take over.

import { Bits, HASH_MULTIPLIER } from "../core/bits";
import {
  PASID_HI,
  PASID_LO,
  SCALABLE_CONTEXT_ENTRIES,
  SCALABLE_CONTEXT_ENTRY_SIZE,
  SCALABLE_CONTEXT_INDEX_WIDTH,
  UNIT_SCALABLE_CONTEXTS,
} from "../spec/abi/iommu";
import {
  FAULT_SM_CONTEXT_ACCESS,
  FAULT_SM_CONTEXT_INVALID,
  FAULT_SM_CONTEXT_NOT_PRESENT,
  FAULT_SM_CONTEXT_RESERVED,
  FAULT_SM_PASID_BEYOND_DIRECTORY,
  FAULT_SM_PASID_DISABLED,
  FAULT_SM_PASID_OF_REQUESTER,
  FAULT_SM_PASID_TOO_WIDE,
  FAULT_SM_ROOT_ACCESS,
  FAULT_SM_ROOT_NOT_PRESENT,
  FAULT_SM_ROOT_RESERVED,
} from "../spec/vtd/fault-reason";
import {
  SM_CONTEXT_DTE_HI,
  SM_CONTEXT_DTE_LO,
  SM_CONTEXT_ENTRY_SIZE,
  SM_CONTEXT_EPTR_HI,
  SM_CONTEXT_EPTR_LO,
  SM_CONTEXT_FPD_HI,
  SM_CONTEXT_FPD_LO,
  SM_CONTEXT_LEAST_PASID_WIDTH,
  SM_CONTEXT_P_HI,
  SM_CONTEXT_P_LO,
  SM_CONTEXT_PASIDE_HI,
  SM_CONTEXT_PASIDE_LO,
  SM_CONTEXT_PDTS_HI,
  SM_CONTEXT_PDTS_LO,
  SM_CONTEXT_PRE_HI,
  SM_CONTEXT_PRE_LO,
  SM_CONTEXT_RID_PASID_HI,
  SM_CONTEXT_RID_PASID_LO,
  SM_CONTEXT_RID_PRIV_HI,
  SM_CONTEXT_RID_PRIV_LO,
} from "../spec/vtd/scalable-context-entry";
import {
  SM_ROOT_ENTRY_SIZE,
  SM_ROOT_LP_HI,
  SM_ROOT_LP_LO,
  SM_ROOT_RESERVED_LOWER_HI,
  SM_ROOT_RESERVED_LOWER_LO,
} from "../spec/vtd/scalable-root-entry";
import { PAGE_ADDRESS } from "./context";
import { Tables } from "./tables";
import { Unit } from "./unit";

const UPPER: u32 = 64;
const QUADWORD: u64 = 8;
const FUNCTIONS_PER_BUS: u32 = 256;
const FUNCTIONS_PER_TABLE: u32 = 128;
const TAG_VALID: u64 = 0x8000_0000_0000_0000;
const TAG_GENERATION_LO: u64 = 16;

@unmanaged
export class ScalableContext {
  /** 63 VALID, 47:16 generation, 15:0 requester ID. */
  tag: u64;
  /** The entry's lower quadwords; of a refusal only FPD is meaningful. */
  low: u64;
  high: u64;
  /** Why the entry refuses every request, or 0. */
  reason: u32;
  unused: u32;

  @inline get suppressed(): bool {
    return Bits.of64(this.low, SM_CONTEXT_FPD_HI, SM_CONTEXT_FPD_LO) != 0;
  }

  /** DTE: translation requests and translated requests are served. */
  @inline get hasDeviceTlb(): bool {
    return Bits.of64(this.low, SM_CONTEXT_DTE_HI, SM_CONTEXT_DTE_LO) != 0;
  }

  /** PRE: page requests are served. */
  @inline get hasPageRequests(): bool {
    return Bits.of64(this.low, SM_CONTEXT_PRE_HI, SM_CONTEXT_PRE_LO) != 0;
  }

  /** The PASID of requests without PASID. */
  @inline get requesterPasid(): u32 {
    return <u32>Bits.of64(this.high, SM_CONTEXT_RID_PASID_HI - UPPER, SM_CONTEXT_RID_PASID_LO - UPPER);
  }

  /** Whether requests without PASID are privileged. */
  @inline get privileged(): bool {
    return Bits.of64(this.high, SM_CONTEXT_RID_PRIV_HI - UPPER, SM_CONTEXT_RID_PRIV_LO - UPPER) != 0;
  }

  /** Bits of the PASIDs that the directory has entries for. */
  @inline get pasidWidth(): u32 {
    return SM_CONTEXT_LEAST_PASID_WIDTH + <u32>Bits.of64(this.low, SM_CONTEXT_PDTS_HI, SM_CONTEXT_PDTS_LO);
  }

  @inline get directory(): u64 {
    return this.low & PAGE_ADDRESS;
  }

  /** Why a request with `pasid` is refused before the directory is read (§7.1.3 SCT.6, SGN.10, SCT.7, SCT.9), or 0. */
  refusePasid(unit: Unit, pasid: u32): u32 {
    const value = Bits.of32(pasid, PASID_HI, PASID_LO);
    if (!Bits.of64(this.low, SM_CONTEXT_PASIDE_HI, SM_CONTEXT_PASIDE_LO)) return FAULT_SM_PASID_DISABLED;
    if (value >> unit.pasidWidth) return FAULT_SM_PASID_TOO_WIDE;
    if (value >> this.pasidWidth) return FAULT_SM_PASID_BEYOND_DIRECTORY;
    return value == this.requesterPasid ? FAULT_SM_PASID_OF_REQUESTER : 0;
  }

  /** A requester's line, filled as needed. Valid until control returns to the host or another one is asked for. */
  static find(unit: Unit, requesterId: u32): ScalableContext {
    const wanted = ScalableContext.tagOf(unit, requesterId);
    const line = ScalableContext.of(unit, requesterId);
    if (line.tag == wanted) return line;
    line.tag = 0;
    line.low = 0;
    line.high = 0;
    const reason = line.read(unit, requesterId);
    line.reason = reason;
    const unreadable = reason == FAULT_SM_ROOT_ACCESS || reason == FAULT_SM_CONTEXT_ACCESS;
    if (reason == 0 || (unit.cachingMode && !unreadable)) line.tag = wanted;
    return line;
  }

  @inline static tagOf(unit: Unit, requesterId: u32): u64 {
    return TAG_VALID | ((<u64>unit.scalableGeneration) << TAG_GENERATION_LO) | <u64>requesterId;
  }

  @inline static of(unit: Unit, requesterId: u32): ScalableContext {
    const index = <usize>((<u64>requesterId * HASH_MULTIPLIER) >> <u64>(64 - SCALABLE_CONTEXT_INDEX_WIDTH));
    return changetype<ScalableContext>(unit.base + UNIT_SCALABLE_CONTEXTS + index * SCALABLE_CONTEXT_ENTRY_SIZE);
  }

  /** Reads the entries of a requester into this line. Returns the reason of a refusal, or 0. */
  read(unit: Unit, requesterId: u32): u32 {
    const bus = requesterId / FUNCTIONS_PER_BUS;
    const rootAt = (unit.rootTable & PAGE_ADDRESS) + <u64>(bus * SM_ROOT_ENTRY_SIZE);
    const lower = Tables.load(unit, rootAt);
    const upper = Tables.load(unit, rootAt + QUADWORD);
    if (Tables.failed(unit)) return FAULT_SM_ROOT_ACCESS;
    const functionNumber = requesterId % FUNCTIONS_PER_BUS;
    const half = functionNumber < FUNCTIONS_PER_TABLE ? lower : upper;
    if (!Bits.of64(half, SM_ROOT_LP_HI, SM_ROOT_LP_LO)) return FAULT_SM_ROOT_NOT_PRESENT;
    if (ScalableContext.wrongHalf(unit, lower) || ScalableContext.wrongHalf(unit, upper)) return FAULT_SM_ROOT_RESERVED;

    const at = (half & PAGE_ADDRESS) + <u64>((functionNumber % FUNCTIONS_PER_TABLE) * SM_CONTEXT_ENTRY_SIZE);
    const low = Tables.load(unit, at);
    const high = Tables.load(unit, at + QUADWORD);
    const rest = Tables.load(unit, at + 2 * QUADWORD) | Tables.load(unit, at + 3 * QUADWORD);
    if (Tables.failed(unit)) return FAULT_SM_CONTEXT_ACCESS;
    this.low = low;
    this.high = high;
    if (!Bits.of64(low, SM_CONTEXT_P_HI, SM_CONTEXT_P_LO)) return FAULT_SM_CONTEXT_NOT_PRESENT;
    if ((low & unit.reservedContext0) | (high & unit.reservedContext1) | rest) return FAULT_SM_CONTEXT_RESERVED;
    if (this.hasPageRequests && !this.hasDeviceTlb) return FAULT_SM_CONTEXT_INVALID;
    if (this.requesterPasid >> this.pasidWidth) return FAULT_SM_CONTEXT_INVALID;
    const translated = Bits.of64(low, SM_CONTEXT_EPTR_HI, SM_CONTEXT_EPTR_LO) != 0;
    const pasids = Bits.of64(low, SM_CONTEXT_PASIDE_HI, SM_CONTEXT_PASIDE_LO) != 0;
    return translated && !pasids ? FAULT_SM_CONTEXT_INVALID : 0;
  }

  /** Whether a half of a root-entry is present with reserved bits; both halves have their bits at the same places. */
  @inline static wrongHalf(unit: Unit, half: u64): bool {
    const reserved = unit.reservedAddress | Bits.mask64(SM_ROOT_RESERVED_LOWER_HI, SM_ROOT_RESERVED_LOWER_LO);
    return Bits.of64(half, SM_ROOT_LP_HI, SM_ROOT_LP_LO) != 0 && (half & reserved) != 0;
  }

  static flush(unit: Unit): void {
    unit.scalableGeneration++;
    if (unit.scalableGeneration != 0) return;
    unit.scalableGeneration = 1;
    memory.fill(unit.base + UNIT_SCALABLE_CONTEXTS, 0, SCALABLE_CONTEXT_ENTRIES * SCALABLE_CONTEXT_ENTRY_SIZE);
  }

  /** Drops the line of one requester. */
  @inline static flushOne(unit: Unit, requesterId: u32): void {
    const line = ScalableContext.of(unit, requesterId);
    if (line.tag == ScalableContext.tagOf(unit, requesterId)) line.tag = 0;
  }
}

if (offsetof<ScalableContext>() != SCALABLE_CONTEXT_ENTRY_SIZE) ERROR("SCALABLE_CONTEXT_ENTRY_SIZE");
