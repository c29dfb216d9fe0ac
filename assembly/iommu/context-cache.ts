// From a requester to its context: root-entry, context-entry (VT-d 5.10 §3.4.2, §9.1, §9.3), and the cache of
// what they decided, one line per requester (§6.2.2).

import { Bits } from "../core/bits";
import { ACCESS_READ, CONTEXT_CACHE_ENTRIES, CONTEXT_CACHE_ENTRY_SIZE, UNIT_CONTEXT_CACHE } from "../spec/abi/iommu";
import { TRACE_ACCESS_LO, TRACE_FAULT } from "../spec/abi/trace";
import {
  CONTEXT_AW_39,
  CONTEXT_AW_57,
  CONTEXT_AW_HI,
  CONTEXT_AW_LO,
  CONTEXT_DID_HI,
  CONTEXT_DID_LO,
  CONTEXT_ENTRY_SIZE,
  CONTEXT_FPD_HI,
  CONTEXT_FPD_LO,
  CONTEXT_P_HI,
  CONTEXT_P_LO,
  CONTEXT_RESERVED_HIGH_HI,
  CONTEXT_RESERVED_HIGH_LO,
  CONTEXT_RESERVED_LOW_HI,
  CONTEXT_RESERVED_LOW_LO,
  CONTEXT_RESERVED_MIDDLE_HI,
  CONTEXT_RESERVED_MIDDLE_LO,
  CONTEXT_TT_DEVICE_TLB,
  CONTEXT_TT_HI,
  CONTEXT_TT_LO,
  CONTEXT_TT_PASS_THROUGH,
} from "../spec/vtd/context-entry";
import {
  FAULT_CONTEXT_ACCESS,
  FAULT_CONTEXT_INVALID,
  FAULT_CONTEXT_NOT_PRESENT,
  FAULT_CONTEXT_RESERVED,
  FAULT_ROOT_ACCESS,
  FAULT_ROOT_ADDRESS_INVALID,
  FAULT_ROOT_NOT_PRESENT,
  FAULT_ROOT_RESERVED,
  FAULT_SM_CONTEXT_ACCESS,
  FAULT_SM_DIRECTORY_ACCESS,
  FAULT_SM_PASID_ACCESS,
  FAULT_SM_WRITE_DENIED,
  FAULT_WRITE_DENIED,
} from "../spec/vtd/fault-reason";
import {
  ROOT_ENTRY_SIZE,
  ROOT_P_HI,
  ROOT_P_LO,
  ROOT_RESERVED_LOW_HI,
  ROOT_RESERVED_LOW_LO,
} from "../spec/vtd/root-entry";
import {
  RTADDR_SSIRWE_HI,
  RTADDR_SSIRWE_LO,
  RTADDR_TTM_HI,
  RTADDR_TTM_LEGACY,
  RTADDR_TTM_LO,
} from "../spec/vtd/root-table-address";
import { AtsFaults } from "./ats-faults";
import { AtsState } from "./ats-state";
import {
  Context,
  INFO_CAREFUL,
  INFO_ELSEWHERE,
  INFO_FPD,
  INFO_GENERATION_LO,
  INFO_LEVELS,
  INFO_REASON_LO,
  INFO_REFUSED,
  INFO_WIDTH_LO,
  PAGE_ADDRESS,
  PAGE_OFFSET,
  TAG_DOMAIN,
  TAG_IDENTITY,
  TAG_VALID,
} from "./context";
import { Faults } from "./fault";
import { ScalableContext } from "./scalable-context";
import { Space } from "./space";
import { Strict } from "./strict";
import { Tables } from "./tables";
import { Unit } from "./unit";

const UPPER: u32 = 64;
const UPPER_OFFSET: u64 = 8;
const GENERATION_LIMIT: u32 = 4096;
const FUNCTIONS_PER_BUS: u32 = 256;
const BUSES_PER_WORD: u32 = 64;
const BUS_WORDS: u32 = 4;
/** AW 1 walks three levels. */
const LEVELS_ABOVE_AW: u32 = 2;
const BASE_WIDTH: u32 = 30;
const WIDTH_PER_AW: u32 = 9;

/** Of a decision: the reason of a refusal. */
const DECISION_REASON: u32 = 0xff;
/** A decision that refuses nothing, the device TLB's requests neither (TT=01b). */
export const DECISION_SERVED: u32 = 0x100;

export class ContextCache {
  /** Reads a requester's entries into its line. A refusal is recorded for a request at `iova` and gives null. */
  static fill(unit: Unit, requesterId: u32, iova: u64, access: u32): Context {
    if (!ContextCache.isLegacy(unit)) return Space.openRequester(unit, requesterId, iova, access);
    Tables.refresh(unit);
    const line = Context.line(unit, requesterId);
    const cached = line.valid(unit) && ContextCache.refuses(line);
    const decision = cached ? line.refusal : ContextCache.decide(unit, requesterId, line);
    const reason = decision & DECISION_REASON;
    if (reason == 0) {
      AtsState.of(unit).serve(requesterId, decision == DECISION_SERVED);
      return line;
    }
    const unreadable = reason == FAULT_ROOT_ACCESS || reason == FAULT_CONTEXT_ACCESS;
    if (!cached && (unit.cachingMode == 0 || unreadable)) line.info &= INFO_FPD;
    const suppressed = ContextCache.qualified(reason) && line.suppressed;
    ContextCache.refuse(unit, requesterId, 0, iova, access, reason, suppressed);
    return changetype<Context>(0);
  }

  /** Whether FPD may suppress the report (VT-d 5.10 §7.1.3, column Qualified). */
  @inline static qualified(reason: u32): bool {
    return (
      reason != FAULT_ROOT_NOT_PRESENT &&
      reason != FAULT_ROOT_ACCESS &&
      reason != FAULT_CONTEXT_ACCESS &&
      reason != FAULT_ROOT_RESERVED &&
      reason != FAULT_SM_DIRECTORY_ACCESS &&
      reason != FAULT_SM_PASID_ACCESS &&
      (reason < FAULT_ROOT_ADDRESS_INVALID || reason > FAULT_SM_CONTEXT_ACCESS)
    );
  }

  /** Whether the latched root table is one of legacy mode. */
  @inline static isLegacy(unit: Unit): bool {
    return Bits.of64(unit.rootTable, RTADDR_TTM_HI, RTADDR_TTM_LO) == <u64>RTADDR_TTM_LEGACY;
  }

  /** Refuses a DMA request, unless it is one that recovers: FI shows the page, without bits beyond the largest AGAW (§11.4.7.6). */
  static refuse(unit: Unit, requesterId: u32, pasid: u32, iova: u64, access: u32, reason: u32, suppressed: bool): void {
    if (AtsFaults.recovers(unit, reason)) {
      unit.lastReason = reason;
      return;
    }
    unit.faults++;
    unit.trace(TRACE_FAULT, requesterId, iova, (access << TRACE_ACCESS_LO) | reason);
    if (unit.strict) Strict.refused(unit, requesterId, pasid, iova, access, reason);
    const widest = BASE_WIDTH + WIDTH_PER_AW * (31 - clz<u32>(unit.supportedWidths));
    const page = iova & ~PAGE_OFFSET & Bits.ones64(widest);
    const denied = reason == FAULT_WRITE_DENIED || reason == FAULT_SM_WRITE_DENIED;
    Faults.refuse(unit, requesterId, pasid, page, reason, denied ? access & ~ACCESS_READ : access, suppressed);
  }

  /**
   * Fills `line`, which need not be the requester's own, with what the entries say. Returns the reason of a refusal, 0,
   * or DECISION_SERVED.
   */
  static decide(unit: Unit, requesterId: u32, line: Context): u32 {
    const bus = requesterId / FUNCTIONS_PER_BUS;
    const generation = (<u64>unit.contextGeneration) << INFO_GENERATION_LO;
    ContextCache.noteBus(unit, requesterId);
    line.tag = TAG_VALID;
    line.info = 0;
    const rootTable = unit.rootTable;
    if (Bits.of64(rootTable, RTADDR_SSIRWE_HI, RTADDR_SSIRWE_LO)) return FAULT_ROOT_ADDRESS_INVALID;

    const rootAt = (rootTable & PAGE_ADDRESS) + <u64>(bus * ROOT_ENTRY_SIZE);
    const root = Tables.load(unit, rootAt);
    const rootUpper = Tables.load(unit, rootAt + UPPER_OFFSET);
    if (Tables.failed(unit)) return FAULT_ROOT_ACCESS;
    line.info = generation | INFO_REFUSED | ((<u64>FAULT_ROOT_NOT_PRESENT) << INFO_REASON_LO);
    if (!Bits.of64(root, ROOT_P_HI, ROOT_P_LO)) return FAULT_ROOT_NOT_PRESENT;
    line.info = generation | INFO_REFUSED | ((<u64>FAULT_ROOT_RESERVED) << INFO_REASON_LO);
    const rootReserved = Bits.mask64(ROOT_RESERVED_LOW_HI, ROOT_RESERVED_LOW_LO) | unit.reservedAddress;
    if ((root & rootReserved) | rootUpper) return FAULT_ROOT_RESERVED;

    const entryAt = (root & PAGE_ADDRESS) + <u64>((requesterId % FUNCTIONS_PER_BUS) * CONTEXT_ENTRY_SIZE);
    const entry = Tables.load(unit, entryAt);
    const upper = Tables.load(unit, entryAt + UPPER_OFFSET);
    line.info = 0;
    if (Tables.failed(unit)) return FAULT_CONTEXT_ACCESS;
    const fpd = Bits.of64(entry, CONTEXT_FPD_HI, CONTEXT_FPD_LO) ? INFO_FPD : 0;
    const reason = ContextCache.check(unit, entry, upper);
    if (reason != 0) {
      line.info = generation | fpd | INFO_REFUSED | ((<u64>reason) << INFO_REASON_LO);
      return reason;
    }
    const domain = Bits.of64(upper, CONTEXT_DID_HI - UPPER, CONTEXT_DID_LO - UPPER);
    const type = <u32>Bits.of64(entry, CONTEXT_TT_HI, CONTEXT_TT_LO);
    if (type == CONTEXT_TT_PASS_THROUGH) {
      line.tag = TAG_VALID | TAG_IDENTITY | domain;
      line.info = generation | fpd;
      return 0;
    }
    const width = Bits.of64(upper, CONTEXT_AW_HI - UPPER, CONTEXT_AW_LO - UPPER);
    line.tag = TAG_VALID | domain;
    const bits = min(<u64>unit.guestAddressWidth, BASE_WIDTH + WIDTH_PER_AW * width);
    const how = (bits << INFO_WIDTH_LO) | (unit.cachingMode ? INFO_CAREFUL : 0) | fpd | (width + LEVELS_ABOVE_AW);
    line.info = generation | (entry & PAGE_ADDRESS) | how;
    return type == CONTEXT_TT_DEVICE_TLB ? DECISION_SERVED : 0;
  }

  /** Checks a context-entry that was read (VT-d 5.10 §7.1.3 LCT.2–LCT.4). Returns the reason of a refusal, or 0. */
  static check(unit: Unit, entry: u64, upper: u64): u32 {
    if (!Bits.of64(entry, CONTEXT_P_HI, CONTEXT_P_LO)) return FAULT_CONTEXT_NOT_PRESENT;
    const type = <u32>Bits.of64(entry, CONTEXT_TT_HI, CONTEXT_TT_LO);
    let reserved = entry & Bits.mask64(CONTEXT_RESERVED_LOW_HI, CONTEXT_RESERVED_LOW_LO);
    if (type != CONTEXT_TT_PASS_THROUGH) reserved |= entry & unit.reservedAddress;
    reserved |= upper & Bits.mask64(CONTEXT_RESERVED_HIGH_HI - UPPER, CONTEXT_RESERVED_HIGH_LO - UPPER);
    reserved |= upper & Bits.mask64(CONTEXT_RESERVED_MIDDLE_HI - UPPER, CONTEXT_RESERVED_MIDDLE_LO - UPPER);
    reserved |= Bits.of64(upper, CONTEXT_DID_HI - UPPER, CONTEXT_DID_LO - UPPER) & unit.reservedDomain;
    if (reserved) return FAULT_CONTEXT_RESERVED;
    if (type > CONTEXT_TT_PASS_THROUGH) return FAULT_CONTEXT_INVALID;
    if (type == CONTEXT_TT_PASS_THROUGH && unit.passThrough == 0) return FAULT_CONTEXT_INVALID;
    if (type == CONTEXT_TT_DEVICE_TLB && unit.deviceTlb == 0) return FAULT_CONTEXT_INVALID;
    const width = <u32>Bits.of64(upper, CONTEXT_AW_HI - UPPER, CONTEXT_AW_LO - UPPER);
    if (width < CONTEXT_AW_39 || width > CONTEXT_AW_57) return FAULT_CONTEXT_INVALID;
    return Bits.of32(unit.supportedWidths, width, width) ? 0 : FAULT_CONTEXT_INVALID;
  }

  /** Whether a line refuses, from the cache. */
  @inline static refuses(line: Context): bool {
    return (line.info & INFO_LEVELS) == INFO_REFUSED;
  }

  /** Whether a line refuses, or its decision is elsewhere. */
  @inline static defers(line: Context): bool {
    return (line.info & INFO_ELSEWHERE) == INFO_ELSEWHERE;
  }

  /** Drops everything; in scalable mode a domain-selective request comes to the same (§6.5.2.1). */
  static flush(unit: Unit): void {
    ScalableContext.flush(unit);
    ContextCache.flushLines(unit);
  }

  static flushDomain(unit: Unit, domainId: u32): void {
    if (ContextCache.isLegacy(unit)) ContextCache.flushLinesOf(unit, domainId);
    else ContextCache.flush(unit);
  }

  /** Drops the lines of all requesters. */
  static flushLines(unit: Unit): void {
    for (let word: u32 = 0; word < BUS_WORDS; word++) store<u64>(ContextCache.busWord(unit, word), 0);
    unit.contextGeneration++;
    if (unit.contextGeneration < GENERATION_LIMIT) return;
    unit.contextGeneration = 1;
    memory.fill(unit.base + <usize>UNIT_CONTEXT_CACHE, 0, CONTEXT_CACHE_ENTRIES * CONTEXT_CACHE_ENTRY_SIZE);
  }

  /** Drops the lines of requesters in a domain. */
  static flushLinesOf(unit: Unit, domainId: u32): void {
    for (let word: u32 = 0; word < BUS_WORDS; word++) {
      let buses = load<u64>(ContextCache.busWord(unit, word));
      for (; buses != 0; buses &= buses - 1) {
        const first = (word * BUSES_PER_WORD + <u32>ctz<u64>(buses)) * FUNCTIONS_PER_BUS;
        for (let requesterId = first; requesterId < first + FUNCTIONS_PER_BUS; requesterId++) {
          const line = Context.line(unit, requesterId);
          if (<u32>(line.tag & TAG_DOMAIN) == domainId) line.info = 0;
        }
      }
    }
  }

  /** A requester has a line in the cache. */
  @inline static noteBus(unit: Unit, requesterId: u32): void {
    const bus = requesterId / FUNCTIONS_PER_BUS;
    const used = ContextCache.busWord(unit, bus / BUSES_PER_WORD);
    store<u64>(used, load<u64>(used) | (u64(1) << u64(bus % BUSES_PER_WORD)));
  }

  /** Where the bits of buses with lines in the cache are. */
  @inline static busWord(unit: Unit, word: u32): usize {
    return unit.base + offsetof<Unit>("buses0") + ((<usize>word) << 3);
  }

  /**
   * Drops the lines of a source-id, and of those that differ in the bits of `functions` only: in legacy mode those in
   * the domain.
   */
  static flushDevices(unit: Unit, domainId: u32, sourceId: u32, functions: u32): void {
    const first = sourceId & ~functions;
    const legacy = ContextCache.isLegacy(unit);
    for (let requesterId = first; requesterId <= (first | functions); requesterId++) {
      if ((requesterId & ~functions) != first) continue;
      const line = Context.line(unit, requesterId);
      if (!legacy) ScalableContext.flushOne(unit, requesterId);
      if (!legacy || <u32>(line.tag & TAG_DOMAIN) == domainId) line.info = 0;
    }
  }
}
