// The PASID cache (VT-d 5.10 §6.2.3): sets of 16 lines, found by a hash of the space's key. A line that is taken over by
// another space, domain or kind of translation first loses what the other caches hold under its number. The least
// recently used of a set makes room: one burst may hold the contexts of 16 spaces.

import { HASH_MULTIPLIER } from "../core/bits";
import { PASID_CACHE_ENTRIES, PASID_CACHE_INDEX_WIDTH, PASID_CACHE_WAYS } from "../spec/abi/iommu";
import { TAG_SPACE } from "./context";
import { ContextCache } from "./context-cache";
import { Iotlb } from "./iotlb";
import { PagingCaches } from "./paging-cache";
import { ATTRIBUTE_DECIDED, PasidLine } from "./pasid-line";
import { Unit } from "./unit";

/** Which bits of a hash say where in a set to begin. */
const WAY_SHIFT: u64 = 32;

export class PasidCache {
  /** The line of a space, whether decided or not; null when it has none. */
  static find(unit: Unit, key: u64): PasidLine {
    const hash = key * HASH_MULTIPLIER;
    const first = PasidCache.setOf(hash);
    const way = <u32>(hash >> WAY_SHIFT);
    for (let step: u32 = 0; step < PASID_CACHE_WAYS; step++) {
      const line = PasidLine.at(unit, first + ((way + step) % PASID_CACHE_WAYS));
      if (line.key == key) return line;
    }
    return changetype<PasidLine>(0);
  }

  /** A line for a space that has none: a free one, or the one of its set that was not used for longest. */
  static claim(unit: Unit, key: u64): PasidLine {
    unit.pasidsUsed = 1;
    const hash = key * HASH_MULTIPLIER;
    const first = PasidCache.setOf(hash);
    const way = <u32>(hash >> WAY_SHIFT);
    let oldest = PasidLine.at(unit, first + (way % PASID_CACHE_WAYS));
    for (let step: u32 = 0; step < PASID_CACHE_WAYS; step++) {
      const line = PasidLine.at(unit, first + ((way + step) % PASID_CACHE_WAYS));
      if (line.key == 0) {
        oldest = line;
        break;
      }
      if (unit.pasidTurn - line.turn > unit.pasidTurn - oldest.turn) oldest = line;
    }
    if (oldest.key != 0) PasidCache.forget(unit, oldest);
    oldest.key = key;
    oldest.attributes = 0;
    return oldest;
  }

  /** Drops what the other caches hold under a line's number. */
  static forget(unit: Unit, line: PasidLine): void {
    const wanted = TAG_SPACE | <u64>line.indexIn(unit);
    Iotlb.dropSpace(unit, wanted);
    PagingCaches.dropSpace(unit, wanted);
  }

  @inline static setOf(hash: u64): u32 {
    return <u32>(hash >> <u64>(64 - PASID_CACHE_INDEX_WIDTH)) * PASID_CACHE_WAYS;
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
