// The page walk (VT-d 5.10 §3.7), one for all formats and unrolled per level: 5, 4 or 3 levels down to a page
// of 4 KiB, 2 MiB or 1 GiB, starting where the paging-structure caches allow.

import { ACCESS_WRITE } from "../spec/abi/iommu";
import {
  FAULT_CONTEXT_INVALID,
  FAULT_ENTRY_RESERVED,
  FAULT_READ_DENIED,
  FAULT_SM_READ_DENIED,
  FAULT_SM_WRITE_DENIED,
  FAULT_SS_NOT_PRESENT,
  FAULT_SS_RESERVED,
  FAULT_SS_TABLE_ACCESS,
  FAULT_SS_TOP_ACCESS,
  FAULT_TABLE_ACCESS,
  FAULT_WRITE_DENIED,
} from "../spec/vtd/fault-reason";
import { Context, PAGE_ADDRESS } from "./context";
import { PageTableFormat } from "./format/page-table-format";
import { PagingLine } from "./paging-cache";
import { Tables } from "./tables";
import { Unit } from "./unit";

/** The walk was refused; the reason is in the low bits. */
export const WALK_REFUSED: u64 = 0x8000_0000_0000_0000;
/** With WALK_REFUSED: whatever the access, the tables map nothing here. */
export const WALK_NOTHING: u64 = 0x4000_0000_0000_0000;
export const WALK_REASON: u64 = 0xff;
/** A fast walk met something that it leaves to a slow one; no other result looks like it. */
export const WALK_AGAIN: u64 = 0x2000_0000_0000_0000;

const INDEX_MASK: u64 = 0xff8;
const SHIFT_LEVEL_4: u64 = 45;
const SHIFT_LEVEL_3: u64 = 36;
const SHIFT_LEVEL_2: u64 = 27;
const SHIFT_LEVEL_1: u64 = 18;
const SHIFT_LEVEL_0: u64 = 9;
const OFFSET_1G: u64 = 0x3fff_f000;
const OFFSET_2M: u64 = 0x001f_f000;
const BOTH: u64 = 3;

export class Walk {
  /** The page of `iova` past the paging-structure caches: every level is read from memory. */
  @inline static uncached<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
  ): u64 {
    const result = Walk.uncachedFast<F>(format, unit, context, iova, access);
    return result != WALK_AGAIN ? result : Walk.uncachedSlow<F>(format, unit, context, iova, access);
  }

  /** A walk through tables in RAM of the unit's window that meets nothing wrong; else WALK_AGAIN. */
  @inline static fast<F extends PageTableFormat>(format: F, unit: Unit, context: Context, iova: u64, access: u64): u64 {
    return Walk.walk<F>(format, unit, context, iova, access, true, true);
  }

  /**
   * The 4 KiB page of `iova`: HPA 51:12 and the ACCESS_ bits that all levels grant; or WALK_REFUSED.
   * `access` must be granted at every level, checked from the top as the entries are met.
   */
  static slow<F extends PageTableFormat>(format: F, unit: Unit, context: Context, iova: u64, access: u64): u64 {
    return Walk.walk<F>(format, unit, context, iova, access, true, false);
  }

  @inline static uncachedFast<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
  ): u64 {
    return Walk.walk<F>(format, unit, context, iova, access, false, true);
  }

  static uncachedSlow<F extends PageTableFormat>(format: F, unit: Unit, context: Context, iova: u64, access: u64): u64 {
    return Walk.walk<F>(format, unit, context, iova, access, false, false);
  }

  /**
   * The walk itself; `caching` and `fast` are constants. A fast walk reads only tables in the RAM of the unit's
   * window and calls nothing; whatever else it meets makes it give WALK_AGAIN, for a walk that is not fast.
   */
  @inline static walk<F extends PageTableFormat>(
    format: F,
    unit: Unit,
    context: Context,
    iova: u64,
    access: u64,
    caching: bool,
    fast: bool,
  ): u64 {
    const tag2M = PagingLine.tag2M(context.tag, iova);
    const line2M = PagingLine.of2M(unit, tag2M);
    const base = unit.windowBase;
    const span = unit.windowSpan;
    const delta = unit.windowDelta;
    const inTable = access | format.reservedInTable;
    let table: u64;
    let granted: u64;
    let entry: u64;
    let at: u64;
    if (caching && line2M.tag == tag2M) {
      table = line2M.value & PAGE_ADDRESS;
      granted = line2M.value & BOTH;
      if (access & ~granted) return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
    } else {
      const tag1G = PagingLine.tag1G(context.tag, iova);
      const line1G = PagingLine.of1G(unit, tag1G);
      if (caching && line1G.tag == tag1G) {
        table = line1G.value & PAGE_ADDRESS;
        granted = line1G.value & BOTH;
        if (access & ~granted) return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
      } else {
        table = context.table;
        granted = BOTH;
        const levels = context.levels;
        if (levels > 3) {
          if (levels > 4) {
            at = table | ((iova >> SHIFT_LEVEL_4) & INDEX_MASK);
            if (fast && at - base >= span) return WALK_AGAIN;
            entry = fast ? load<u64>(<usize>(<u32>at + delta)) : Tables.load(unit, at);
            granted &= format.permissions(entry);
            if (format.wrong(entry, access, inTable)) {
              return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
            }
            table = entry & PAGE_ADDRESS;
          }
          at = table | ((iova >> SHIFT_LEVEL_3) & INDEX_MASK);
          if (fast && at - base >= span) return WALK_AGAIN;
          entry = fast ? load<u64>(<usize>(<u32>at + delta)) : Tables.load(unit, at);
          granted &= format.permissions(entry);
          if (format.wrong(entry, access, inTable)) {
            return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
          }
          table = entry & PAGE_ADDRESS;
        }
        at = table | ((iova >> SHIFT_LEVEL_2) & INDEX_MASK);
        if (fast && at - base >= span) return WALK_AGAIN;
        entry = fast ? load<u64>(<usize>(<u32>at + delta)) : Tables.load(unit, at);
        granted &= format.permissions(entry);
        if (format.wrong(entry, access, inTable)) {
          if (format.maps1G(entry) && !format.wrong(entry, access, access | format.reservedIn1G)) {
            return (entry & PAGE_ADDRESS) | (iova & OFFSET_1G) | granted;
          }
          return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
        }
        table = entry & PAGE_ADDRESS;
        if (caching) line1G.fill(unit, tag1G, table | granted);
      }
      at = table | ((iova >> SHIFT_LEVEL_1) & INDEX_MASK);
      if (fast && at - base >= span) return WALK_AGAIN;
      entry = fast ? load<u64>(<usize>(<u32>at + delta)) : Tables.load(unit, at);
      granted &= format.permissions(entry);
      if (format.wrong(entry, access, inTable)) {
        if (format.maps2M(entry) && !format.wrong(entry, access, access | format.reservedIn2M)) {
          return (entry & PAGE_ADDRESS) | (iova & OFFSET_2M) | granted;
        }
        return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
      }
      table = entry & PAGE_ADDRESS;
      if (caching) line2M.fill(unit, tag2M, table | granted);
    }
    at = table | ((iova >> SHIFT_LEVEL_0) & INDEX_MASK);
    if (fast && at - base >= span) return WALK_AGAIN;
    entry = fast ? load<u64>(<usize>(<u32>at + delta)) : Tables.load(unit, at);
    granted &= format.permissions(entry);
    if (format.wrong(entry, access, access | format.reservedIn4K)) {
      return fast ? WALK_AGAIN : Walk.refuse(unit, context, table, granted, access);
    }
    return (entry & PAGE_ADDRESS) | granted;
  }

  /** Why an entry of `table` ends the walk (VT-d 5.10 §7.1.3 LCT.4.3, LSS, LGN; SSS, SGN). */
  static refuse(unit: Unit, context: Context, table: u64, granted: u64, access: u64): u64 {
    const scalable = context.scalable;
    if (Tables.failed(unit)) {
      const top = table == context.table;
      const reason = scalable
        ? top
          ? FAULT_SS_TOP_ACCESS
          : FAULT_SS_TABLE_ACCESS
        : top
          ? FAULT_CONTEXT_INVALID
          : FAULT_TABLE_ACCESS;
      return WALK_REFUSED | WALK_NOTHING | <u64>reason;
    }
    if (access & ~granted) {
      if (scalable && granted == 0) return WALK_REFUSED | WALK_NOTHING | <u64>FAULT_SS_NOT_PRESENT;
      const write = (access & ~granted & <u64>ACCESS_WRITE) != 0;
      const written = scalable ? FAULT_SM_WRITE_DENIED : FAULT_WRITE_DENIED;
      const read = scalable ? FAULT_SM_READ_DENIED : FAULT_READ_DENIED;
      return WALK_REFUSED | <u64>(write ? written : read) | (granted == 0 ? WALK_NOTHING : 0);
    }
    return WALK_REFUSED | WALK_NOTHING | <u64>(scalable ? FAULT_SS_RESERVED : FAULT_ENTRY_RESERVED);
  }
}
