// The page walk where Walk gave up: tables in any memory, accessed and dirty bits to be set, and the reason of a
// refusal. Level by level, at most five; tables that reference themselves end like any other.

import { ACCESS_WRITE } from "../spec/abi/iommu";
import { Context, INDEX_MASK, PAGE_ADDRESS } from "./context";
import { PageTableFormat } from "./format/page-table-format";
import { PagingLine } from "./paging-cache";
import { BOTH, WALK_NOTHING, WALK_REFUSED } from "./result";
import { Tables } from "./tables";
import { Unit } from "./unit";

const SHIFT_LEVEL_0: u32 = 9;
const PAGE_WIDTH: u32 = 12;
const WIDTH_PER_LEVEL: u32 = 9;
const MOST_LEVELS: u32 = 5;
/** In place of a table's guest-physical address: it came from a cache. */
const UNKNOWN: u64 = 0xffff_ffff_ffff_ffff;

export class CarefulWalk {
  /**
   * The 4 KiB page of `iova`: HPA 51:12 (of a nested first stage GPA 51:12) and the ACCESS_ bits that may be cached; or
   * WALK_REFUSED. `access` must be granted at every level, checked from the top as the entries are met.
   */
  static walk<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
    caching: bool,
  ): u64 {
    return CarefulWalk.from<F>(format, unit, context, iova, access, caching, caching);
  }

  /** As `walk`; `cached`: start from what the paging-structure caches hold. */
  static from<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
    caching: bool,
    cached: bool,
  ): u64 {
    const force = format.force(context);
    const required = format.required(access);
    // A state that was restored may claim no level at all.
    let level = max(context.levels, 1);
    let table = context.table;
    let granted = BOTH;
    let home = table;
    let top = true;
    if (cached) {
      const highest = format.deep ? min(level, MOST_LEVELS) : min(level, 3);
      for (let below: u32 = 1; below < highest; below++) {
        const tag = CarefulWalk.tag(context, iova, below);
        const line = CarefulWalk.line(unit, tag, below);
        if (line.tag != tag) continue;
        table = line.value & PAGE_ADDRESS;
        granted = line.value & BOTH;
        level = below;
        home = UNKNOWN;
        top = false;
        if (access & ~granted) return format.refuse(context, required, granted, access);
        break;
      }
    }
    if (top) {
      table = format.carefulTableAt(unit, context, table, true);
      if (table & WALK_REFUSED) return table;
    }
    while (true) {
      level--;
      const at = table | ((iova >> <u64>(SHIFT_LEVEL_0 + WIDTH_PER_LEVEL * level)) & INDEX_MASK);
      let entry = Tables.load(unit, at);
      if (Tables.failed(unit))
        return WALK_REFUSED | CarefulWalk.nothing<F>(format) | <u64>format.unreadable(context, top);
      granted &= format.permissions(entry | force);
      const leaf = level == 0 || (level == 1 && format.maps2M(entry)) || (level == 2 && format.maps1G(entry));
      const reserved = leaf ? CarefulWalk.reserved<F>(format, level) : format.reservedInTable;
      if (format.wrong(entry | force, required, required | reserved)) {
        return format.refuse(context, entry, granted, access);
      }
      const flags = format.accessed(context) | (leaf && access & <u64>ACCESS_WRITE ? format.dirty : 0);
      if (flags & ~entry) {
        if (format.nested && home == UNKNOWN) {
          return CarefulWalk.from<F>(format, unit, context, iova, access, caching, false);
        }
        const refusal = format.refuseUpdate(unit, context, home);
        if (refusal != 0) return refusal;
        if (!format.snooped(context)) return WALK_REFUSED | <u64>format.notSnooped;
        if (!Tables.update(unit, at, entry, entry | flags)) return WALK_REFUSED | <u64>format.notUpdated;
        entry |= flags;
      }
      if (leaf) {
        const inside = (u64(1) << u64(PAGE_WIDTH + WIDTH_PER_LEVEL * level)) - 1;
        const page = (entry & PAGE_ADDRESS & ~inside) | (iova & PAGE_ADDRESS & inside);
        return page | format.cacheable(entry, granted & BOTH);
      }
      table = entry & PAGE_ADDRESS;
      home = table;
      top = false;
      table = format.carefulTableAt(unit, context, table, false);
      if (table & WALK_REFUSED) return table;
      if (caching && (format.deep || level < 3)) {
        const tag = CarefulWalk.tag(context, iova, level);
        CarefulWalk.line(unit, tag, level).fill(unit, tag, table | (granted & BOTH));
      }
    }
  }

  /** A table that cannot be read maps nothing, of the second stage. */
  @inline static nothing<F extends PageTableFormat>(format: F): u64 {
    return format.deep ? 0 : WALK_NOTHING;
  }

  @inline static reserved<F extends PageTableFormat>(format: F, level: u32): u64 {
    if (level == 0) return format.reservedIn4K;
    return level == 1 ? format.reservedIn2M : format.reservedIn1G;
  }

  /** The tag under which the table of `level - 1` is cached. */
  @inline static tag(context: Context, iova: u64, level: u32): u64 {
    if (level == 1) return PagingLine.tag2M(context.tag, iova);
    if (level == 2) return PagingLine.tag1G(context.tag, iova);
    return level == 3 ? PagingLine.tag512G(context.tag, iova) : PagingLine.tag256T(context.tag, iova);
  }

  @inline static line(unit: Unit, tag: u64, level: u32): PagingLine {
    if (level == 1) return PagingLine.of2M(unit, tag);
    if (level == 2) return PagingLine.of1G(unit, tag);
    return level == 3 ? PagingLine.of512G(unit, tag) : PagingLine.of256T(unit, tag);
  }
}
