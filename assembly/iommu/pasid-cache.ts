// The PASID cache (VT-d 5.10 §6.2.3): sets of four lines, found by a hash of the space's key. A line that is taken
// over by another space, domain or kind of translation first loses what the other caches hold under its number.

import { HASH_MULTIPLIER } from "../core/bits";
import { PASID_CACHE_ENTRIES, PASID_CACHE_INDEX_WIDTH, PASID_CACHE_WAYS } from "../spec/abi/iommu";
import { TAG_SPACE } from "./context";
import { ContextCache } from "./context-cache";
import { Iotlb } from "./iotlb";
import { PagingCaches } from "./paging-cache";
import { ATTRIBUTE_DECIDED, PasidLine } from "./pasid-line";
import { Unit } from "./unit";

export class PasidCache {
  /** The line of a space, whether decided or not; null when it has none. */
  @inline static find(unit: Unit, key: u64): PasidLine {
    const first = PasidCache.setOf(key);
    for (let way: u32 = 0; way < PASID_CACHE_WAYS; way++) {
      const line = PasidLine.at(unit, first + way);
      if (line.key == key) return line;
    }
    return changetype<PasidLine>(0);
  }

  /** The space's line, taken from another space if need be. */
  static claim(unit: Unit, key: u64): PasidLine {
    unit.pasidsUsed = 1;
    const own = PasidCache.find(unit, key);
    if (changetype<usize>(own) != 0) return own;
    const first = PasidCache.setOf(key);
    let chosen = PasidLine.at(unit, first + (unit.pasidTurn % PASID_CACHE_WAYS));
    for (let way: u32 = 0; way < PASID_CACHE_WAYS; way++) {
      const line = PasidLine.at(unit, first + way);
      if (line.key == 0) chosen = line;
    }
    if (chosen.key != 0) {
      unit.pasidTurn++;
      PasidCache.forget(unit, chosen);
    }
    chosen.key = key;
    chosen.attributes = 0;
    return chosen;
  }

  /** Drops what the other caches hold under a line's number. */
  static forget(unit: Unit, line: PasidLine): void {
    const wanted = TAG_SPACE | <u64>line.indexIn(unit);
    Iotlb.dropSpace(unit, wanted);
    PagingCaches.dropSpace(unit, wanted);
  }

  @inline static setOf(key: u64): u32 {
    return <u32>((key * HASH_MULTIPLIER) >> <u64>(64 - PASID_CACHE_INDEX_WIDTH)) * PASID_CACHE_WAYS;
  }

  /** Drops all decisions. What was translated by them stays until the IOTLB is invalidated. */
  static flush(unit: Unit): void {
    ContextCache.flushLines(unit);
    if (!unit.pasidsUsed) return;
    for (let index: u32 = 0; index < PASID_CACHE_ENTRIES; index++) {
      PasidLine.at(unit, index).attributes &= ~ATTRIBUTE_DECIDED;
    }
  }

  /** Drops the decisions that name a domain. */
  static flushDomain(unit: Unit, domainId: u32): void {
    ContextCache.flushLinesOf(unit, domainId);
    if (!unit.pasidsUsed) return;
    for (let index: u32 = 0; index < PASID_CACHE_ENTRIES; index++) {
      const line = PasidLine.at(unit, index);
      if (line.domainId == domainId) line.attributes &= ~ATTRIBUTE_DECIDED;
    }
  }

  /** Drops the decisions of a PASID, whichever the requester, that name a domain. */
  static flushPasid(unit: Unit, domainId: u32, pasid: u32): void {
    ContextCache.flushLinesOf(unit, domainId);
    if (!unit.pasidsUsed) return;
    for (let index: u32 = 0; index < PASID_CACHE_ENTRIES; index++) {
      const line = PasidLine.at(unit, index);
      if (line.domainId == domainId && line.pasid == pasid) line.attributes &= ~ATTRIBUTE_DECIDED;
    }
  }
}

if (PASID_CACHE_WAYS << PASID_CACHE_INDEX_WIDTH != PASID_CACHE_ENTRIES) ERROR("PASID_CACHE_ENTRIES");
