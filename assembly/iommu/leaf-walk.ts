// How large the page around an address is, for translation completions (VT-d 5.10 §4.2.3, S bit), and whether its leaf
// forces snooping (Table 10). The IOTLB holds 4 KiB pieces and may be stale: the size is told only when the tables in
// memory still say what the caches said. Of a nested translation it is not told.

import { Bits } from "../core/bits";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { TRANSLATION_S_LO } from "../spec/pci/ats-messages";
import { FS_P_HI, FS_P_LO } from "../spec/vtd/first-stage";
import { PGTT_FIRST_STAGE, PGTT_SECOND_STAGE } from "../spec/vtd/pasid-table-entry";
import { Context, INDEX_MASK, PAGE_ADDRESS, TAG_SPACE } from "./context";
import { FirstStage } from "./format/first-stage";
import { PageTableFormat } from "./format/page-table-format";
import { SecondStage } from "./format/second-stage";
import { PasidLine } from "./pasid-line";
import { Tables } from "./tables";
import { Unit } from "./unit";

/** In a result, in bits that no entry address has: log2 of the page's 4 KiB pages. */
const SIZE_HI: u32 = 61;
const SIZE_LO: u32 = 56;
const SIZE_1G: u64 = 18;
const SIZE_2M: u64 = 9;
const PAGE_WIDTH: u64 = 12;
const INDEX_WIDTH: u64 = 9;
const ENTRY_WIDTH: u64 = 3;
const LEVEL_1G: u32 = 2;
const LEVEL_2M: u32 = 1;

export class LeafWalk {
  /** The leaf entry that maps `iova`, with its size in SIZE, if memory maps it to `page`; else 0. */
  static find(unit: Unit, context: Context, iova: u64, page: u64): u64 {
    const format = SecondStage.of(unit);
    if (context.identity) return (format.large1G ? SIZE_1G : format.large2M ? SIZE_2M : 0) << SIZE_LO;
    const granting = <u64>(ACCESS_READ | ACCESS_WRITE);
    if ((context.tag & TAG_SPACE) == 0) return LeafWalk.of<SecondStage>(format, unit, context, granting, iova, page);
    const line = changetype<PasidLine>(context);
    if (line.type == PGTT_SECOND_STAGE) {
      return LeafWalk.of<SecondStage>(format, unit, line.second, granting, iova, page);
    }
    if (line.type != PGTT_FIRST_STAGE) return 0;
    const present = Bits.mask64(FS_P_HI, FS_P_LO);
    return LeafWalk.of<FirstStage>(FirstStage.of(unit), unit, context, present, iova, page);
  }

  /** As `find`, of one table; an entry with none of the bits of `present` maps nothing. */
  static of<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    present: u64,
    iova: u64,
    page: u64,
  ): u64 {
    let table = context.table;
    for (let above = context.levels; above > 0; above--) {
      const level = above - 1;
      const shift = PAGE_WIDTH + <u64>level * INDEX_WIDTH;
      const entry = Tables.load(unit, table | ((iova >> (shift - ENTRY_WIDTH)) & INDEX_MASK));
      if (Tables.failed(unit) || (entry & present) == 0) return 0;
      const large = (level == LEVEL_1G && format.maps1G(entry)) || (level == LEVEL_2M && format.maps2M(entry));
      if (large || level == 0) {
        const inside = iova & PAGE_ADDRESS & Bits.ones64(<u32>shift);
        if (((entry & PAGE_ADDRESS) | inside) != page) return 0;
        const size = level == LEVEL_1G ? SIZE_1G : level == LEVEL_2M ? SIZE_2M : 0;
        return (entry & ~Bits.mask64(SIZE_HI, SIZE_LO)) | (size << SIZE_LO);
      }
      table = entry & PAGE_ADDRESS;
    }
    return 0;
  }

  /** Whether accesses to a page with this leaf must snoop: SNP of a second-stage leaf, PGSNP of an address space. */
  static snoops(unit: Unit, context: Context, leaf: u64): bool {
    if (context.tag & TAG_SPACE) {
      const line = changetype<PasidLine>(context);
      if (line.forcesSnoop) return true;
      if (line.type == PGTT_FIRST_STAGE) return false;
    }
    return !context.identity && (leaf & SecondStage.of(unit).snoop) != 0;
  }

  /** Address and S of a completion for `page` in a leaf that `find` gave; 4 KiB where the interrupt range is near. */
  static sized(iova: u64, page: u64, leaf: u64): u64 {
    const size = Bits.of64(leaf, SIZE_HI, SIZE_LO);
    if (size == 0) return page;
    const inside = Bits.ones64(<u32>(PAGE_WIDTH + size)) & PAGE_ADDRESS;
    if (LeafWalk.touches(iova & ~inside, inside) || LeafWalk.touches(page & ~inside, inside)) return page;
    return (page & ~inside) | ((inside >> 1) & PAGE_ADDRESS) | (u64(1) << TRANSLATION_S_LO);
  }

  @inline static touches(base: u64, inside: u64): bool {
    return Tables.meetsInterruptRange(base, base | inside);
  }
}
