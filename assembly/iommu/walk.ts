// The page walk (VT-d 5.10 §3.6, §3.7), one for all formats and unrolled per level: 5, 4 or 3 levels down to a page of
// 4 KiB, 2 MiB or 1 GiB, starting where the paging-structure caches allow. It reads only tables in the RAM of the
// unit's window and meets nothing wrong; whatever else there is, it leaves to CarefulWalk.

import { ACCESS_WRITE } from "../spec/abi/iommu";
import { CarefulWalk } from "./careful-walk";
import { Context, INDEX_MASK, PAGE_ADDRESS } from "./context";
import { PageTableFormat } from "./format/page-table-format";
import { PagingLine } from "./paging-cache";
import { BOTH, WALK_AGAIN } from "./result";
import { Unit } from "./unit";

const SHIFT_LEVEL_4: u64 = 45;
const SHIFT_LEVEL_3: u64 = 36;
const SHIFT_LEVEL_2: u64 = 27;
const SHIFT_LEVEL_1: u64 = 18;
const SHIFT_LEVEL_0: u64 = 9;
const OFFSET_1G: u64 = 0x3fff_f000;
const OFFSET_2M: u64 = 0x001f_f000;

export class Walk {
  /** The page of `iova` past the paging-structure caches: every level is read from memory. */
  @inline static uncached<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
  ): u64 {
    const result = Walk.walk<F>(format, unit, context, iova, access, false);
    return result != WALK_AGAIN ? result : CarefulWalk.walk<F>(format, unit, context, iova, access, false);
  }

  /** The page of `iova`, or WALK_AGAIN. */
  @inline static fast<F extends PageTableFormat>(format: F, unit: Unit, context: Context, iova: u64, access: u64): u64 {
    return Walk.walk<F>(format, unit, context, iova, access, true);
  }

  /**
   * The 4 KiB page of `iova`: HPA 51:12 (of a nested first stage GPA 51:12) and the ACCESS_ bits that all levels grant.
   * `caching` is a constant.
   */
  @inline static walk<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
    caching: bool,
  ): u64 {
    const tag2M = PagingLine.tag2M(context.tag, iova);
    const line2M = PagingLine.of2M(unit, tag2M);
    const base = unit.windowBase;
    const span = unit.windowSpan;
    const delta = unit.windowDelta;
    const force = format.force(context);
    const required = format.required(access) | format.accessed(context);
    const inTable = required | format.reservedInTable;
    const inPage = required | (access & <u64>ACCESS_WRITE ? format.dirty : 0);
    let table: u64;
    let granted: u64;
    let entry: u64;
    let at: u64;
    if (caching && line2M.tag == tag2M) {
      table = line2M.value & PAGE_ADDRESS;
      granted = line2M.value & BOTH;
      if (access & ~granted) return WALK_AGAIN;
    } else {
      const tag1G = PagingLine.tag1G(context.tag, iova);
      const line1G = PagingLine.of1G(unit, tag1G);
      if (caching && line1G.tag == tag1G) {
        table = line1G.value & PAGE_ADDRESS;
        granted = line1G.value & BOTH;
        if (access & ~granted) return WALK_AGAIN;
      } else {
        const tag512G = PagingLine.tag512G(context.tag, iova);
        const line512G = PagingLine.of512G(unit, tag512G);
        if (format.deep && caching && line512G.tag == tag512G) {
          table = line512G.value & PAGE_ADDRESS;
          granted = line512G.value & BOTH;
          if (access & ~granted) return WALK_AGAIN;
        } else {
          table = context.table;
          granted = BOTH;
          const levels = context.levels;
          const tag256T = PagingLine.tag256T(context.tag, iova);
          const line256T = PagingLine.of256T(unit, tag256T);
          const upper = format.deep && caching && levels > 4;
          if (upper && line256T.tag == tag256T) {
            table = line256T.value & PAGE_ADDRESS;
            granted = line256T.value & BOTH;
            if (access & ~granted) return WALK_AGAIN;
          } else {
            table = format.tableAt(unit, context, table);
            if (format.nested && table == WALK_AGAIN) return WALK_AGAIN;
            if (levels > 4) {
              at = table | ((iova >> SHIFT_LEVEL_4) & INDEX_MASK);
              if (at - base >= span) return WALK_AGAIN;
              entry = load<u64>(<usize>(<u32>at + delta)) | force;
              granted &= format.permissions(entry);
              if (format.wrong(entry, required, inTable)) return WALK_AGAIN;
              table = format.tableAt(unit, context, entry & PAGE_ADDRESS);
              if (format.nested && table == WALK_AGAIN) return WALK_AGAIN;
              if (upper) line256T.fill(unit, tag256T, table | granted);
            }
          }
          if (levels > 3) {
            at = table | ((iova >> SHIFT_LEVEL_3) & INDEX_MASK);
            if (at - base >= span) return WALK_AGAIN;
            entry = load<u64>(<usize>(<u32>at + delta)) | force;
            granted &= format.permissions(entry);
            if (format.wrong(entry, required, inTable)) return WALK_AGAIN;
            table = format.tableAt(unit, context, entry & PAGE_ADDRESS);
            if (format.nested && table == WALK_AGAIN) return WALK_AGAIN;
            if (format.deep && caching) line512G.fill(unit, tag512G, table | granted);
          }
        }
        at = table | ((iova >> SHIFT_LEVEL_2) & INDEX_MASK);
        if (at - base >= span) return WALK_AGAIN;
        entry = load<u64>(<usize>(<u32>at + delta)) | force;
        granted &= format.permissions(entry);
        if (format.wrong(entry, required, inTable)) {
          if (!format.maps1G(entry) || format.wrong(entry, inPage, inPage | format.reservedIn1G)) return WALK_AGAIN;
          return (entry & PAGE_ADDRESS & ~OFFSET_1G) | (iova & OFFSET_1G) | format.cacheable(entry, granted);
        }
        table = format.tableAt(unit, context, entry & PAGE_ADDRESS);
        if (format.nested && table == WALK_AGAIN) return WALK_AGAIN;
        if (caching) line1G.fill(unit, tag1G, table | granted);
      }
      at = table | ((iova >> SHIFT_LEVEL_1) & INDEX_MASK);
      if (at - base >= span) return WALK_AGAIN;
      entry = load<u64>(<usize>(<u32>at + delta)) | force;
      granted &= format.permissions(entry);
      if (format.wrong(entry, required, inTable)) {
        if (!format.maps2M(entry) || format.wrong(entry, inPage, inPage | format.reservedIn2M)) return WALK_AGAIN;
        return (entry & PAGE_ADDRESS & ~OFFSET_2M) | (iova & OFFSET_2M) | format.cacheable(entry, granted);
      }
      table = format.tableAt(unit, context, entry & PAGE_ADDRESS);
      if (format.nested && table == WALK_AGAIN) return WALK_AGAIN;
      if (caching) line2M.fill(unit, tag2M, table | granted);
    }
    at = table | ((iova >> SHIFT_LEVEL_0) & INDEX_MASK);
    if (at - base >= span) return WALK_AGAIN;
    entry = load<u64>(<usize>(<u32>at + delta)) | force;
    granted &= format.permissions(entry);
    if (format.wrong(entry, inPage, inPage | format.reservedIn4K)) return WALK_AGAIN;
    return (entry & PAGE_ADDRESS) | format.cacheable(entry, granted);
  }
}
