// Strict mode: every use of what a cache holds is shown to the host, with what memory says by now of the requester's
// entries (VT-d 5.10 §6.2). So that the IOTLB's quick comparison never matches, its tags are kept without TAG_VALID.

import { hostUse, hostUseEntry } from "../core/env";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../spec/abi/iommu";
import { USE_CONTEXT_STALE, USE_PASID_STALE } from "../spec/abi/strict";
import { FAULT_TYPE_BLOCKED } from "../spec/vtd/fault-reason";
import { AtsState } from "./ats-state";
import { Context, INFO_FPD, INFO_LEVELS, PAGE_ADDRESS, PAGE_OFFSET, TAG_ADDRESS_WIDTH, TAG_VALID } from "./context";
import { ContextCache, DECISION_SERVED } from "./context-cache";
import { TlbEntry } from "./iotlb";
import { PasidCache } from "./pasid-cache";
import { PasidEntry } from "./pasid-entry";
import { PasidLine } from "./pasid-line";
import { BOTH, FAULT, HPA_MASK } from "./result";
import { ScalableContext } from "./scalable-context";
import { Dma } from "./translate";
import { Unit } from "./unit";

/** Of the map's scratch: what follows the room that reading memory needs. */
const FRESH: usize = 256;
const FRESH_SPACE: usize = 512;
const WORD_SHIFT: u64 = 32;

export class Strict {
  /** As Dma.lookup. */
  static lookup(unit: Unit, context: Context, entry: TlbEntry, tag: u64, iova: u64, access: u32): u64 {
    // The tag of page 0 of domain 0 is 0 then; lines that hold nothing have no value either.
    if (entry.tag == (tag & ~TAG_VALID) && entry.value != 0) entry.tag = tag;
    const value = entry.value;
    const other = (entry.tag ^ tag) | (iova >> TAG_ADDRESS_WIDTH) | (<u64>access & ~value);
    let result = (value & ~PAGE_OFFSET) | (iova & PAGE_OFFSET);
    if (other != 0) {
      unit.misses++;
      result = Dma.walk(unit, context, entry, tag, iova, access);
    }
    entry.tag &= ~TAG_VALID;
    if (!(result & FAULT) && unit.translating) {
      Strict.used(unit, context.requesterId(unit), context.pasid(unit), iova, access, result & HPA_MASK, 0);
    }
    return result;
  }

  /** A request was refused. What is refused whatever the tables say is no use of a cache. */
  static refused(unit: Unit, requesterId: u32, pasid: u32, iova: u64, access: u32, reason: u32): void {
    if (reason != FAULT_TYPE_BLOCKED) Strict.used(unit, requesterId, pasid, iova, access, 0, reason);
  }

  private static used(unit: Unit, requesterId: u32, pasid: u32, iova: u64, access: u32, hpa: u64, reason: u32): void {
    const stale = ContextCache.isLegacy(unit)
      ? Strict.staleContext(unit, requesterId)
      : Strict.staleSpace(unit, requesterId, pasid, access);
    const wanted = pasid == 0 ? access & <u32>BOTH : access & (<u32>BOTH | ACCESS_EXECUTE | ACCESS_PRIVILEGED);
    const hi = <u32>(iova >> WORD_SHIFT);
    const hpaHi = <u32>(hpa >> WORD_SHIFT);
    const map = unit.memory.mapId;
    hostUse(map, unit.base, requesterId, pasid, <u32>iova, hi, wanted, <u32>hpa, hpaHi, reason, stale);
  }

  /** Whether a legacy-mode requester's line says something else than memory. */
  private static staleContext(unit: Unit, requesterId: u32): u32 {
    const line = Context.line(unit, requesterId);
    if (!line.valid(unit)) return 0;
    const fresh = changetype<Context>(unit.memory.scratch + FRESH);
    const served = ContextCache.decide(unit, requesterId, fresh) == DECISION_SERVED;
    if (fresh.tag != line.tag || ((fresh.info ^ line.info) & ~INFO_FPD) != 0) return USE_CONTEXT_STALE;
    return ContextCache.refuses(line) || served == AtsState.of(unit).serves(requesterId) ? 0 : USE_CONTEXT_STALE;
  }

  /** Likewise of the scalable-mode context of a requester, and the PASID-cache line that a request is for. */
  private static staleSpace(unit: Unit, requesterId: u32, pasid: u32, access: u32): u32 {
    const context = ScalableContext.of(unit, requesterId);
    if (context.tag != ScalableContext.tagOf(unit, requesterId)) return 0;
    const fresh = changetype<ScalableContext>(unit.memory.scratch + FRESH);
    fresh.low = 0;
    fresh.high = 0;
    const reason = fresh.read(unit, requesterId);
    const other = (fresh.low ^ context.low) | (fresh.high ^ context.high) | <u64>(reason ^ context.reason);
    if (other != 0) return USE_CONTEXT_STALE;
    if (reason != 0) return 0;
    const privileged = pasid == 0 ? context.privileged : (access & ACCESS_PRIVILEGED) != 0;
    const key = PasidLine.keyOf(requesterId, pasid, pasid == 0 ? context.requesterPasid : pasid, privileged);
    const line = PasidCache.find(unit, key);
    if (changetype<usize>(line) == 0 || !line.decided || ContextCache.refuses(line.context)) return 0;
    const space = changetype<PasidLine>(unit.memory.scratch + FRESH_SPACE);
    space.key = key;
    space.attributes = 0;
    if (PasidEntry.read(unit, context, space) != 0 || space.domainId != line.domainId) return USE_PASID_STALE;
    const kinds = PasidEntry.kindOf(space.attributes) ^ PasidEntry.kindOf(line.attributes);
    const tables = PAGE_ADDRESS | INFO_LEVELS;
    const places = ((space.info ^ line.info) | (space.secondInfo ^ line.secondInfo)) & tables;
    return kinds == 0 && places == 0 ? 0 : USE_PASID_STALE;
  }

  /** A cached interrupt entry is used. */
  static usedEntry(unit: Unit, requesterId: u32, index: u32, low: u64, high: u64): void {
    const lowHi = <u32>(low >> WORD_SHIFT);
    const highHi = <u32>(high >> WORD_SHIFT);
    hostUseEntry(unit.memory.mapId, unit.base, requesterId, index, <u32>low, lowHi, <u32>high, highHi);
  }
}
