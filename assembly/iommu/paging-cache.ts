// The paging-structure caches (VT-d 5.10 §6.2.5): which table continues the walk for a 1 GiB region
// (a PDPE that references a directory) and for a 2 MiB region (a PDE that references a table). The
// upper levels have none of their own: a 1 GiB line skips them.
//
//   tag    address of the region and context tag, see context.ts
//   value  51:12 table  1 W  0 R of the entries above

import { HASH_MULTIPLIER } from "../core/bits";
import {
  PAGING_CACHE_ENTRIES,
  PAGING_CACHE_ENTRY_SIZE,
  UNIT_PAGING_CACHE_1G,
  UNIT_PAGING_CACHE_2M,
} from "../spec/abi/iommu";
import { TAG_ADDRESS_WIDTH, TAG_DOMAIN, TAG_SHIFT } from "./context";
import { Unit } from "./unit";

const INDEX_WIDTH: u32 = 10;
const PAGE_WIDTH: u32 = 12;
const WIDTH_2M: u32 = 21;
const WIDTH_1G: u32 = 30;

@unmanaged
export class PagingLine {
  tag: u64;
  value: u64;

  @inline static of1G(unit: Unit, tag: u64): PagingLine {
    const index = <usize>((tag * HASH_MULTIPLIER) >> <u64>(64 - INDEX_WIDTH));
    return changetype<PagingLine>(unit.base + <usize>UNIT_PAGING_CACHE_1G + index * PAGING_CACHE_ENTRY_SIZE);
  }

  @inline static of2M(unit: Unit, tag: u64): PagingLine {
    const index = <usize>((tag * HASH_MULTIPLIER) >> <u64>(64 - INDEX_WIDTH));
    return changetype<PagingLine>(unit.base + <usize>UNIT_PAGING_CACHE_2M + index * PAGING_CACHE_ENTRY_SIZE);
  }

  @inline fill(unit: Unit, tag: u64, value: u64): void {
    unit.pagingUsed = 1;
    this.tag = tag;
    this.value = value;
  }

  /** The tag of the 1 GiB region around `iova`. */
  @inline static tag1G(contextTag: u64, iova: u64): u64 {
    return ((iova >> WIDTH_1G) << (WIDTH_1G + TAG_SHIFT)) | contextTag;
  }

  /** The tag of the 2 MiB region around `iova`. */
  @inline static tag2M(contextTag: u64, iova: u64): u64 {
    return ((iova >> WIDTH_2M) << (WIDTH_2M + TAG_SHIFT)) | contextTag;
  }
}

export class PagingCaches {
  static flush(unit: Unit): void {
    if (!unit.pagingUsed) return;
    unit.pagingUsed = 0;
    memory.fill(unit.base + <usize>UNIT_PAGING_CACHE_1G, 0, 2 * PAGING_CACHE_ENTRIES * PAGING_CACHE_ENTRY_SIZE);
  }

  static flushDomain(unit: Unit, domainId: u32): void {
    PagingCaches.drop(unit, UNIT_PAGING_CACHE_1G, 2 * PAGING_CACHE_ENTRIES, TAG_DOMAIN, <u64>domainId);
  }

  /** Drops what leads to any of 2^addressMask pages of a domain; `iova` is in one of them. */
  static flushPages(unit: Unit, domainId: u32, iova: u64, addressMask: u32): void {
    PagingCaches.flushRegions(unit, UNIT_PAGING_CACHE_1G, domainId, iova, max(WIDTH_1G, PAGE_WIDTH + addressMask));
    PagingCaches.flushRegions(unit, UNIT_PAGING_CACHE_2M, domainId, iova, max(WIDTH_2M, PAGE_WIDTH + addressMask));
  }

  static flushRegions(unit: Unit, cache: u32, domainId: u32, iova: u64, width: u32): void {
    const above = ((u64(1) << TAG_ADDRESS_WIDTH) - 1) & ~((u64(1) << u64(width)) - 1);
    const wanted = ((iova & above) << TAG_SHIFT) | <u64>domainId;
    PagingCaches.drop(unit, cache, PAGING_CACHE_ENTRIES, (above << TAG_SHIFT) | TAG_DOMAIN, wanted);
  }

  static drop(unit: Unit, cache: u32, count: u32, mask: u64, wanted: u64): void {
    if (!unit.pagingUsed) return;
    let at = unit.base + <usize>cache;
    const end = at + <usize>(count * PAGING_CACHE_ENTRY_SIZE);
    for (; at < end; at += PAGING_CACHE_ENTRY_SIZE) {
      if ((load<u64>(at) & mask) == wanted) store<u64>(at, 0);
    }
  }
}

if (UNIT_PAGING_CACHE_1G + PAGING_CACHE_ENTRIES * PAGING_CACHE_ENTRY_SIZE != UNIT_PAGING_CACHE_2M) ERROR("caches");
