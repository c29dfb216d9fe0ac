// The paging-structure caches (VT-d 5.10 §6.2.5): which table continues the walk for a region of 256 TiB, 512 GiB,
// 1 GiB or 2 MiB. Second-stage walks use the two lower ones only: a line of 1 GiB skips the levels above, and a read of
// memory costs no more than a look into a cache.
//
//   tag    address of the region and context tag, see context.ts
//   value  51:12 table, host-physical  1 W  0 R of the entries above

import { HASH_MULTIPLIER } from "../core/bits";
import {
  PAGING_CACHE_ENTRIES,
  PAGING_CACHE_ENTRY_SIZE,
  PAGING_CACHE_UPPER_ENTRIES,
  UNIT_PAGING_CACHE_1G,
  UNIT_PAGING_CACHE_2M,
  UNIT_PAGING_CACHE_256T,
  UNIT_PAGING_CACHE_512G,
} from "../spec/abi/iommu";
import { TAG_ADDRESS_WIDTH, TAG_DOMAIN, TAG_SHIFT, TAG_SPACE, TAG_VALID } from "./context";
import { ALL_TYPES, ANY_PASID, PasidLine } from "./pasid-line";
import { Unit } from "./unit";

const INDEX_WIDTH: u32 = 10;
const UPPER_INDEX_WIDTH: u32 = 8;
const PAGE_WIDTH: u32 = 12;
const WIDTH_2M: u32 = 21;
const WIDTH_1G: u32 = 30;
const WIDTH_512G: u32 = 39;
const WIDTH_256T: u32 = 48;
const WIDTH_PER_LEVEL: u32 = 9;
const CACHES: u32 = 4;
/** An address mask that covers every address. */
const ADDRESS_MASK_ALL: u32 = 64;

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

  @inline static of512G(unit: Unit, tag: u64): PagingLine {
    const index = <usize>((tag * HASH_MULTIPLIER) >> <u64>(64 - UPPER_INDEX_WIDTH));
    return changetype<PagingLine>(unit.base + <usize>UNIT_PAGING_CACHE_512G + index * PAGING_CACHE_ENTRY_SIZE);
  }

  @inline static of256T(unit: Unit, tag: u64): PagingLine {
    const index = <usize>((tag * HASH_MULTIPLIER) >> <u64>(64 - UPPER_INDEX_WIDTH));
    return changetype<PagingLine>(unit.base + <usize>UNIT_PAGING_CACHE_256T + index * PAGING_CACHE_ENTRY_SIZE);
  }

  @inline fill(unit: Unit, tag: u64, value: u64): void {
    unit.pagingUsed = 1;
    this.tag = tag;
    this.value = value;
  }

  @inline drop(tag: u64): void {
    if (this.tag == tag) this.tag = 0;
  }

  /** The tag of the 1 GiB region around `iova`. */
  @inline static tag1G(contextTag: u64, iova: u64): u64 {
    return ((iova >> WIDTH_1G) << (WIDTH_1G + TAG_SHIFT)) | contextTag;
  }

  /** The tag of the 2 MiB region around `iova`. */
  @inline static tag2M(contextTag: u64, iova: u64): u64 {
    return ((iova >> WIDTH_2M) << (WIDTH_2M + TAG_SHIFT)) | contextTag;
  }

  /** The tag of the 512 GiB region around `iova`. */
  @inline static tag512G(contextTag: u64, iova: u64): u64 {
    return ((iova >> WIDTH_512G) << (WIDTH_512G + TAG_SHIFT)) | contextTag;
  }

  /** The tag of the 256 TiB region around `iova`. */
  @inline static tag256T(contextTag: u64, iova: u64): u64 {
    return ((iova >> WIDTH_256T) << (WIDTH_256T + TAG_SHIFT)) | contextTag;
  }
}

export class PagingCaches {
  static flush(unit: Unit): void {
    if (!unit.pagingUsed) return;
    unit.pagingUsed = 0;
    memory.fill(unit.base + <usize>UNIT_PAGING_CACHE_1G, 0, 2 * PAGING_CACHE_ENTRIES * PAGING_CACHE_ENTRY_SIZE);
    const upper = 2 * PAGING_CACHE_UPPER_ENTRIES * PAGING_CACHE_ENTRY_SIZE;
    memory.fill(unit.base + <usize>UNIT_PAGING_CACHE_512G, 0, upper);
  }

  static flushDomain(unit: Unit, domainId: u32): void {
    PagingCaches.dropRegions(unit, TAG_SPACE | TAG_DOMAIN, <u64>domainId, 0, ADDRESS_MASK_ALL);
    PagingCaches.dropSpaces(unit, domainId, ANY_PASID, 0, ADDRESS_MASK_ALL);
  }

  /**
   * Drops what leads to any of 2^addressMask pages of a domain, `iova` in one of them, unless only leaves changed; and
   * in any case what a first stage took part in (VT-d 5.10 §6.5.2.3).
   */
  static flushPages(unit: Unit, domainId: u32, iova: u64, addressMask: u32, leavesOnly: bool): void {
    PagingCaches.dropSpaces(unit, domainId, ANY_PASID, 0, ADDRESS_MASK_ALL);
    if (leavesOnly) return;
    if (addressMask <= WIDTH_2M - PAGE_WIDTH) PagingCaches.dropAround(unit, TAG_VALID | <u64>domainId, iova);
    else PagingCaches.dropRegions(unit, TAG_SPACE | TAG_DOMAIN, <u64>domainId, iova, addressMask);
  }

  /** Drops the one line of each level that leads to `iova` in a domain's second stage. */
  static dropAround(unit: Unit, contextTag: u64, iova: u64): void {
    if (iova >> TAG_ADDRESS_WIDTH) return;
    const tag2M = PagingLine.tag2M(contextTag, iova);
    PagingLine.of2M(unit, tag2M).drop(tag2M);
    const tag1G = PagingLine.tag1G(contextTag, iova);
    PagingLine.of1G(unit, tag1G).drop(tag1G);
    const tag512G = PagingLine.tag512G(contextTag, iova);
    PagingLine.of512G(unit, tag512G).drop(tag512G);
    const tag256T = PagingLine.tag256T(contextTag, iova);
    PagingLine.of256T(unit, tag256T).drop(tag256T);
  }

  /** Drops what a PASID's first stage took part in, in a domain. */
  static flushPasid(unit: Unit, domainId: u32, pasid: u32): void {
    PagingCaches.dropSpaces(unit, domainId, pasid, 0, ADDRESS_MASK_ALL);
  }

  /** Of that, drops what leads to any of 2^addressMask pages, unless only leaves changed. */
  static flushPasidPages(
    unit: Unit,
    domainId: u32,
    pasid: u32,
    address: u64,
    addressMask: u32,
    leavesOnly: bool,
  ): void {
    if (!leavesOnly) PagingCaches.dropSpaces(unit, domainId, pasid, address, addressMask);
  }

  /** Drops what is tagged with a line of the PASID cache: `wanted` is its TAG_SPACE and number. */
  static dropSpace(unit: Unit, wanted: u64): void {
    PagingCaches.dropRegions(unit, TAG_SPACE | TAG_DOMAIN, wanted, 0, ADDRESS_MASK_ALL);
  }

  /** Drops, at every level, the lines whose tag under `mask` is `wanted` and whose region meets the pages. */
  static dropRegions(unit: Unit, mask: u64, wanted: u64, address: u64, addressMask: u32): void {
    if (!unit.pagingUsed) return;
    for (let cache: u32 = 0; cache < CACHES; cache++) {
      const above = PagingCaches.above(cache, addressMask);
      const own = mask | (above << TAG_SHIFT);
      const value = wanted | ((address & above) << TAG_SHIFT);
      let at = unit.base + <usize>PagingCaches.place(cache);
      const end = at + <usize>(PagingCaches.entries(cache) * PAGING_CACHE_ENTRY_SIZE);
      for (; at < end; at += PAGING_CACHE_ENTRY_SIZE) {
        if ((load<u64>(at) & own) == value) store<u64>(at, 0);
      }
    }
  }

  /** As `dropRegions`, for the lines of spaces in a domain, of one PASID or ANY_PASID. */
  static dropSpaces(unit: Unit, domainId: u32, pasid: u32, address: u64, addressMask: u32): void {
    if (!unit.pagingUsed || !unit.pasidsUsed) return;
    for (let cache: u32 = 0; cache < CACHES; cache++) {
      const above = PagingCaches.above(cache, addressMask) << TAG_SHIFT;
      const wanted = (address << TAG_SHIFT) & above;
      let at = unit.base + <usize>PagingCaches.place(cache);
      const end = at + <usize>(PagingCaches.entries(cache) * PAGING_CACHE_ENTRY_SIZE);
      for (; at < end; at += PAGING_CACHE_ENTRY_SIZE) {
        const tag = load<u64>(at);
        if (!(tag & TAG_SPACE) || (tag & above) != wanted) continue;
        if (PasidLine.ofTag(unit, tag).isOf(domainId, pasid, ALL_TYPES)) store<u64>(at, 0);
      }
    }
  }

  /** Where the cache number `cache` lies: 2 MiB, 1 GiB, 512 GiB, 256 TiB. */
  @inline static place(cache: u32): u32 {
    if (cache == 0) return UNIT_PAGING_CACHE_2M;
    if (cache == 1) return UNIT_PAGING_CACHE_1G;
    return cache == 2 ? UNIT_PAGING_CACHE_512G : UNIT_PAGING_CACHE_256T;
  }

  @inline static entries(cache: u32): u32 {
    return cache < 2 ? PAGING_CACHE_ENTRIES : PAGING_CACHE_UPPER_ENTRIES;
  }

  /** Address bits above both a cache's regions and 2^addressMask pages. */
  @inline static above(cache: u32, addressMask: u32): u64 {
    const width = max(WIDTH_2M + cache * WIDTH_PER_LEVEL, PAGE_WIDTH + addressMask);
    return <u64>width < TAG_ADDRESS_WIDTH ? ((u64(1) << TAG_ADDRESS_WIDTH) - 1) & ~((u64(1) << u64(width)) - 1) : 0;
  }
}

if (UNIT_PAGING_CACHE_1G + PAGING_CACHE_ENTRIES * PAGING_CACHE_ENTRY_SIZE != UNIT_PAGING_CACHE_2M) ERROR("caches");
if (UNIT_PAGING_CACHE_512G + PAGING_CACHE_UPPER_ENTRIES * PAGING_CACHE_ENTRY_SIZE != UNIT_PAGING_CACHE_256T) {
  ERROR("upper caches");
}
