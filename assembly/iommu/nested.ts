// The second stage of nested translation (VT-d 5.10 §3.8): of the tables that a first stage walks, and of the page that
// it leads to. With accessed and dirty bits in the second stage a first-stage table is used as if it were written
// (§3.8.1), which marks it dirty.

import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import {
  FAULT_FS_ADDRESS_BEYOND_WIDTH,
  FAULT_FS_TABLE_READ_DENIED,
  FAULT_FS_TABLE_WRITE_DENIED,
  FAULT_FS_TOP_READ_DENIED,
  FAULT_SM_READ_DENIED,
  FAULT_SM_WRITE_DENIED,
} from "../spec/vtd/fault-reason";
import { CarefulWalk } from "./careful-walk";
import { Context, PAGE_ADDRESS } from "./context";
import { FlaggedSecondStage, SecondStage } from "./format/second-stage";
import { PasidLine } from "./pasid-line";
import { BOTH, WALK_AGAIN, WALK_REASON, WALK_REFUSED } from "./result";
import { Unit } from "./unit";
import { Walk } from "./walk";

export class Nested {
  /** The page of `gpa` by a fast walk, or WALK_AGAIN. */
  static fastPage(unit: Unit, line: PasidLine, gpa: u64, access: u64): u64 {
    const second = line.second;
    if (gpa >> second.width) return WALK_AGAIN;
    if (line.flags) {
      return Walk.fast<FlaggedSecondStage>(FlaggedSecondStage.of(unit), unit, second, gpa, access);
    }
    return Walk.fast<SecondStage>(SecondStage.of(unit), unit, second, gpa, access);
  }

  /** The page of `gpa`, or WALK_REFUSED. */
  static page(unit: Unit, line: PasidLine, gpa: u64, access: u64): u64 {
    const second = line.second;
    if (gpa >> second.width) return WALK_REFUSED | <u64>FAULT_FS_ADDRESS_BEYOND_WIDTH;
    if (line.flags) {
      return CarefulWalk.walk<FlaggedSecondStage>(FlaggedSecondStage.of(unit), unit, second, gpa, access, true);
    }
    return CarefulWalk.walk<SecondStage>(SecondStage.of(unit), unit, second, gpa, access, true);
  }

  /** The host-physical address of a first-stage table, or WALK_AGAIN. */
  static fastTable(unit: Unit, context: Context, gpa: u64): u64 {
    const line = changetype<PasidLine>(context);
    const page = Nested.fastPage(unit, line, gpa, Nested.reading(line));
    return page == WALK_AGAIN ? WALK_AGAIN : page & PAGE_ADDRESS;
  }

  /** As `fastTable`, or WALK_REFUSED: §7.1.3 SFS.5, SFS.6, SFS.7 and what the second stage says. */
  static table(unit: Unit, context: Context, gpa: u64, top: bool): u64 {
    const line = changetype<PasidLine>(context);
    const page = Nested.page(unit, line, gpa, Nested.reading(line));
    if (!(page & WALK_REFUSED)) return page & PAGE_ADDRESS;
    if (!Nested.isDenied(page)) return WALK_REFUSED | (page & WALK_REASON);
    return WALK_REFUSED | <u64>(top ? FAULT_FS_TOP_READ_DENIED : FAULT_FS_TABLE_READ_DENIED);
  }

  /** 0 when the first-stage table at `gpa` may be written, otherwise WALK_REFUSED and why: §7.1.3 SFS.8. */
  static refuseUpdate(unit: Unit, context: Context, gpa: u64): u64 {
    const page = Nested.page(unit, changetype<PasidLine>(context), gpa, BOTH);
    if (!(page & WALK_REFUSED)) return 0;
    return WALK_REFUSED | (Nested.isDenied(page) ? <u64>FAULT_FS_TABLE_WRITE_DENIED : page & WALK_REASON);
  }

  /** The access with which first-stage tables are read. */
  @inline static reading(line: PasidLine): u64 {
    return <u64>(line.flags ? ACCESS_READ | ACCESS_WRITE : ACCESS_READ);
  }

  /** Whether a walk was refused for want of a permission, not of everything. */
  @inline static isDenied(page: u64): bool {
    const reason = <u32>(page & WALK_REASON);
    return reason == FAULT_SM_READ_DENIED || reason == FAULT_SM_WRITE_DENIED;
  }
}
