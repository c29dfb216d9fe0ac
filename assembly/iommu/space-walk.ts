// What the walk of a request finds that belongs to a line of the PASID cache: first-stage, second-stage, nested and
// pass-through translation (VT-d 5.10 §3.6–3.9).

import { Bits } from "../core/bits";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED } from "../spec/abi/iommu";
import {
  FAULT_SM_BEYOND_HOST_WIDTH,
  FAULT_SM_BEYOND_WIDTH,
  FAULT_SM_INTERRUPT_RANGE,
  FAULT_SM_NOT_CANONICAL,
} from "../spec/vtd/fault-reason";
import { PGTT_NESTED, PGTT_PASS_THROUGH, PGTT_SECOND_STAGE } from "../spec/vtd/pasid-table-entry";
import { CarefulWalk } from "./careful-walk";
import { Context, INFO_REASON_HI, INFO_REASON_LO, PAGE_ADDRESS, PAGE_OFFSET, TAG_ADDRESS_WIDTH } from "./context";
import { FirstStage, NestedFirstStage } from "./format/first-stage";
import { FlaggedSecondStage, SecondStage } from "./format/second-stage";
import { Iotlb, TlbEntry } from "./iotlb";
import { Nested } from "./nested";
import { PasidLine } from "./pasid-line";
import { BOTH, HPA_WIDTH, REFUSED_HI, REFUSED_LO, WALK_AGAIN, WALK_NOTHING, WALK_REASON, WALK_REFUSED } from "./result";
import { Space } from "./space";
import { Tables } from "./tables";
import { Unit } from "./unit";
import { Walk } from "./walk";

/** Requests of a space agree in these, so that every translation of the space grants them. */
const OF_SPACE: u64 = <u64>(ACCESS_EXECUTE | ACCESS_PRIVILEGED);
const ADDRESS_BITS: u64 = 64;

export class SpaceWalk {
  /** As Dma.miss, for a request whose context is a line of the PASID cache. */
  static miss(unit: Unit, context: Context, entry: TlbEntry, tag: u64, iova: u64, access: u32): u64 {
    const line = changetype<PasidLine>(context);
    if (!line.withPasid && Tables.inInterruptRange(iova)) {
      unit.unwalked++;
      return iova;
    }
    const wanted = <u64>access & BOTH;
    const type = line.type;
    // The tag of an address beyond its width would be that of another one.
    const cacheable = iova >> TAG_ADDRESS_WIDTH == 0;
    let value: u64;
    if (type == PGTT_PASS_THROUGH) {
      unit.unwalked++;
      value = iova >> <u64>unit.hostAddressWidth ? WALK_REFUSED | <u64>FAULT_SM_BEYOND_HOST_WIDTH : iova & PAGE_ADDRESS;
      value |= value & WALK_REFUSED ? 0 : BOTH;
    } else if (type == PGTT_SECOND_STAGE) {
      value = SpaceWalk.second(unit, line, entry, tag, iova, wanted);
    } else if (SpaceWalk.isCanonical(context, iova)) {
      value =
        type == PGTT_NESTED
          ? SpaceWalk.nested(unit, line, iova, wanted, cacheable)
          : SpaceWalk.first(unit, line, iova, wanted, cacheable);
    } else {
      value = WALK_REFUSED | <u64>FAULT_SM_NOT_CANONICAL;
    }
    if (value & WALK_REFUSED) return Space.refuseAt(unit, context, iova, access, <u32>(value & WALK_REASON));
    const page = value & PAGE_ADDRESS;
    if (Tables.inInterruptRange(page)) return Space.refuseAt(unit, context, iova, access, FAULT_SM_INTERRUPT_RANGE);
    const region = Tables.regionOf(unit, page);
    const place = ((<u64>region) << HPA_WIDTH) | page;
    if (region != 0 && cacheable) Iotlb.fill(unit, entry, tag, place | (value & BOTH) | OF_SPACE);
    return place | (iova & PAGE_OFFSET);
  }

  /** Whether the bits above a first stage's width repeat its highest one (§3.6). */
  @inline static isCanonical(context: Context, iova: u64): bool {
    const above = ADDRESS_BITS - context.width;
    return <u64>(<i64>(iova << above) >> <i64>above) == iova;
  }

  static second(unit: Unit, line: PasidLine, entry: TlbEntry, tag: u64, iova: u64, access: u64): u64 {
    if (iova >> line.second.width) return WALK_REFUSED | <u64>FAULT_SM_BEYOND_WIDTH;
    const known = unit.cachingMode && entry.tag == tag && Bits.of64(entry.value, REFUSED_HI, REFUSED_LO) == access;
    if (known) {
      const reason = Bits.of64(entry.value, INFO_REASON_HI, INFO_REASON_LO);
      if (reason != 0) return WALK_REFUSED | reason;
    }
    const fast = Nested.fastPage(unit, line, iova, access);
    if (fast != WALK_AGAIN) return fast;
    const value = line.flags
      ? CarefulWalk.walk<FlaggedSecondStage>(FlaggedSecondStage.of(unit), unit, line.second, iova, access, true)
      : CarefulWalk.walk<SecondStage>(SecondStage.of(unit), unit, line.second, iova, access, true);
    if (unit.cachingMode && value & WALK_REFUSED && value & WALK_NOTHING) {
      Iotlb.fill(unit, entry, tag, ((value & WALK_REASON) << INFO_REASON_LO) | (access << REFUSED_LO));
    }
    return value;
  }

  static first(unit: Unit, line: PasidLine, iova: u64, access: u64, caching: bool): u64 {
    const format = FirstStage.of(unit);
    const context = line.context;
    if (caching) {
      const value = Walk.fast<FirstStage>(format, unit, context, iova, access);
      if (value != WALK_AGAIN) return value;
    }
    return CarefulWalk.walk<FirstStage>(format, unit, context, iova, access, caching);
  }

  static nested(unit: Unit, line: PasidLine, iova: u64, access: u64, caching: bool): u64 {
    const format = NestedFirstStage.of(unit);
    const context = line.context;
    let value = WALK_AGAIN;
    if (caching) value = Walk.fast<NestedFirstStage>(format, unit, context, iova, access);
    if (value == WALK_AGAIN) {
      value = CarefulWalk.walk<NestedFirstStage>(format, unit, context, iova, access, caching);
      if (value & WALK_REFUSED) return value;
    }
    const gpa = value & PAGE_ADDRESS;
    let page = Nested.fastPage(unit, line, gpa, access);
    if (page == WALK_AGAIN) page = Nested.page(unit, line, gpa, access);
    if (page & WALK_REFUSED) return page;
    return (page & PAGE_ADDRESS) | (page & value & BOTH);
  }
}
