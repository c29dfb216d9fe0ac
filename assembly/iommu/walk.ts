// The page walk (VT-d 5.10 §3.7), one for all formats and unrolled per level: 5, 4 or 3 levels down to a page
// of 4 KiB, 2 MiB or 1 GiB, starting where the paging-structure caches allow.

import { ACCESS_WRITE } from "../spec/abi/iommu";
import {
  FAULT_CONTEXT_INVALID,
  FAULT_ENTRY_RESERVED,
  FAULT_READ_DENIED,
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
  /**
   * The 4 KiB page of `iova`: HPA 51:12 and the ACCESS_ bits that all levels grant; or WALK_REFUSED.
   * `access` must be granted at every level, checked from the top as the entries are met.
   */
  static page<F extends PageTableFormat>(format: F, unit: Unit, context: Context, iova: u64, access: u64): u64 {
    const line2M = PagingLine.of2M(unit, PagingLine.tag2M(context.tag, iova));
    let table: u64;
    let granted: u64;
    let entry: u64;
    if (line2M.tag == PagingLine.tag2M(context.tag, iova)) {
      table = line2M.value & PAGE_ADDRESS;
      granted = line2M.value & BOTH;
    } else {
      const line1G = PagingLine.of1G(unit, PagingLine.tag1G(context.tag, iova));
      if (line1G.tag == PagingLine.tag1G(context.tag, iova)) {
        table = line1G.value & PAGE_ADDRESS;
        granted = line1G.value & BOTH;
      } else {
        table = context.table;
        granted = BOTH;
        const levels = context.levels;
        if (levels > 3) {
          if (levels > 4) {
            entry = Tables.load(unit, table | ((iova >> SHIFT_LEVEL_4) & INDEX_MASK));
            granted &= format.permissions(entry);
            if ((access & ~granted) | format.reservedInTable(entry)) {
              return Walk.refuse(unit, context, table, granted, access);
            }
            table = entry & PAGE_ADDRESS;
          }
          entry = Tables.load(unit, table | ((iova >> SHIFT_LEVEL_3) & INDEX_MASK));
          granted &= format.permissions(entry);
          if ((access & ~granted) | format.reservedInTable(entry)) {
            return Walk.refuse(unit, context, table, granted, access);
          }
          table = entry & PAGE_ADDRESS;
        }
        entry = Tables.load(unit, table | ((iova >> SHIFT_LEVEL_2) & INDEX_MASK));
        granted &= format.permissions(entry);
        if (format.maps1G(entry)) {
          if ((access & ~granted) | format.reservedIn1G(entry)) {
            return Walk.refuse(unit, context, table, granted, access);
          }
          return (entry & PAGE_ADDRESS) | (iova & OFFSET_1G) | granted;
        }
        if ((access & ~granted) | format.reservedInTable(entry)) {
          return Walk.refuse(unit, context, table, granted, access);
        }
        table = entry & PAGE_ADDRESS;
        line1G.tag = PagingLine.tag1G(context.tag, iova);
        line1G.value = table | granted;
      }
      entry = Tables.load(unit, table | ((iova >> SHIFT_LEVEL_1) & INDEX_MASK));
      granted &= format.permissions(entry);
      if (format.maps2M(entry)) {
        if ((access & ~granted) | format.reservedIn2M(entry)) {
          return Walk.refuse(unit, context, table, granted, access);
        }
        return (entry & PAGE_ADDRESS) | (iova & OFFSET_2M) | granted;
      }
      if ((access & ~granted) | format.reservedInTable(entry)) {
        return Walk.refuse(unit, context, table, granted, access);
      }
      table = entry & PAGE_ADDRESS;
      line2M.tag = PagingLine.tag2M(context.tag, iova);
      line2M.value = table | granted;
    }
    entry = Tables.load(unit, table | ((iova >> SHIFT_LEVEL_0) & INDEX_MASK));
    granted &= format.permissions(entry);
    if ((access & ~granted) | format.reservedIn4K(entry)) return Walk.refuse(unit, context, table, granted, access);
    return (entry & PAGE_ADDRESS) | granted;
  }

  /** Why an entry of `table` ends the walk (VT-d 5.10 §7.1.3 LCT.4.3, LSS.1, LGN.2, LGN.3, LSS.2). */
  static refuse(unit: Unit, context: Context, table: u64, granted: u64, access: u64): u64 {
    if (unit.tableError != 0) {
      unit.tableError = 0;
      const top = table == context.table;
      return WALK_REFUSED | WALK_NOTHING | <u64>(top ? FAULT_CONTEXT_INVALID : FAULT_TABLE_ACCESS);
    }
    if (access & ~granted) {
      const write = (access & ~granted & <u64>ACCESS_WRITE) != 0;
      const reason = <u64>(write ? FAULT_WRITE_DENIED : FAULT_READ_DENIED);
      return WALK_REFUSED | reason | (granted == 0 ? WALK_NOTHING : 0);
    }
    return WALK_REFUSED | WALK_NOTHING | <u64>FAULT_ENTRY_RESERVED;
  }
}
