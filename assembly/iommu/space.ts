// Requests in scalable mode: which address space one is for (VT-d 5.10 §3.4.3), and what its walk finds there.

import { Bits } from "../core/bits";
import { ACCESS_EXECUTE, ACCESS_PRIVILEGED, PASID_CACHE_ENTRIES, PASID_PRESENT } from "../spec/abi/iommu";
import {
  FAULT_DMA_ABORTED,
  FAULT_EXECUTE_REQUEST,
  FAULT_ROOT_ADDRESS_INVALID,
  FAULT_SM_EXECUTE,
} from "../spec/vtd/fault-reason";
import { RTADDR_TTM_ABORT, RTADDR_TTM_HI, RTADDR_TTM_LO } from "../spec/vtd/root-table-address";
import {
  Context,
  INFO_CAREFUL,
  INFO_ELSEWHERE,
  INFO_FPD,
  INFO_GENERATION_LO,
  INFO_LINE_HI,
  INFO_LINE_LO,
  TAG_VALID,
} from "./context";
import { ContextCache } from "./context-cache";
import { PasidCache } from "./pasid-cache";
import { PasidEntry } from "./pasid-entry";
import { ATTRIBUTE_SUPPRESSED, PasidLine } from "./pasid-line";
import { FAULT } from "./result";
import { ScalableContext } from "./scalable-context";
import { Tables } from "./tables";
import { Unit } from "./unit";

export class Space {
  /** The context of requests without PASID from a requester in scalable mode; null when refused. */
  static openRequester(unit: Unit, requesterId: u32, iova: u64, access: u32): Context {
    Tables.refresh(unit);
    const line = Context.line(unit, requesterId);
    if (line.valid(unit)) {
      const space = PasidLine.at(unit, <u32>Bits.of64(line.info, INFO_LINE_HI, INFO_LINE_LO) % PASID_CACHE_ENTRIES);
      const own = !space.withPasid && space.context.requesterId(unit) == requesterId;
      if (own && space.key != 0 && space.decided && !ContextCache.refuses(space.context)) {
        space.use(unit);
        return space.context;
      }
    }
    const refused = Space.refuseMode(unit);
    if (refused != 0) return Space.refuse(unit, requesterId, 0, iova, access, refused, false);
    const context = ScalableContext.find(unit, requesterId);
    const reason = context.reason;
    if (reason != 0) return Space.refuse(unit, requesterId, 0, iova, access, reason, context.suppressed);
    const key = PasidLine.keyOf(requesterId, 0, context.requesterPasid, context.privileged);
    const space = Space.open(unit, context, key, iova, access);
    if (changetype<usize>(space) == 0) return changetype<Context>(0);
    return Space.shorten(unit, line, space, requesterId);
  }

  /** The context of requests with `pasid` (PASID_PRESENT set); null when refused. */
  static openPasid(unit: Unit, requesterId: u32, pasid: u32, iova: u64, access: u32): Context {
    Tables.refresh(unit);
    const refused = Space.refuseMode(unit);
    if (refused != 0) return Space.refuse(unit, requesterId, pasid, iova, access, refused, false);
    if (access & ACCESS_EXECUTE && unit.executeRefused) {
      return Space.refuse(unit, requesterId, pasid, iova, access, FAULT_EXECUTE_REQUEST, false);
    }
    const context = ScalableContext.find(unit, requesterId);
    let reason = context.reason;
    if (reason == 0) reason = context.refusePasid(unit, pasid);
    if (reason != 0) return Space.refuse(unit, requesterId, pasid, iova, access, reason, context.suppressed);
    const key = PasidLine.keyOf(requesterId, PASID_PRESENT, pasid, (access & ACCESS_PRIVILEGED) != 0);
    const space = Space.open(unit, context, key, iova, access);
    if (changetype<usize>(space) == 0) return changetype<Context>(0);
    if (access & ACCESS_EXECUTE && !unit.executeRequests) {
      return Space.refuse(unit, requesterId, pasid, iova, access, FAULT_SM_EXECUTE, space.context.suppressed);
    }
    return space.context;
  }

  /** The decided line of a space; null when the request at `iova` is refused. */
  static open(unit: Unit, context: ScalableContext, key: u64, iova: u64, access: u32): PasidLine {
    const suppressed = context.suppressed;
    let line = PasidCache.find(unit, key);
    let reason: u32 = 0;
    if (changetype<usize>(line) == 0) line = PasidCache.claim(unit, key);
    line.use(unit);
    if (line.decided) {
      if (ContextCache.refuses(line.context)) reason = line.context.refusal;
    } else {
      reason = PasidEntry.decide(unit, context, line);
    }
    const fpd = suppressed || (line.attributes & ATTRIBUTE_SUPPRESSED) != 0;
    line.info = (line.info & ~INFO_FPD) | (fpd ? INFO_FPD : 0);
    if (reason == 0) return line;
    const self = line.context;
    Space.refuse(unit, self.requesterId(unit), self.pasid(unit), iova, access, reason, fpd);
    return changetype<PasidLine>(0);
  }

  /** Leaves in a requester's own line what its next requests need, or where it is. */
  static shorten(unit: Unit, line: Context, space: PasidLine, requesterId: u32): Context {
    ContextCache.noteBus(unit, requesterId);
    const generation = (<u64>unit.contextGeneration) << INFO_GENERATION_LO;
    const second = space.second;
    if (space.plain) {
      line.tag = second.tag;
      line.info = second.info | generation | (space.info & INFO_FPD) | (unit.cachingMode ? INFO_CAREFUL : 0);
      return line;
    }
    line.tag = TAG_VALID | <u64>space.domainId;
    line.info = generation | INFO_ELSEWHERE | ((<u64>space.indexIn(unit)) << INFO_LINE_LO);
    return space.context;
  }

  /** Why no request is served in the mode of the latched root table (§7.1.3 RTA.1, RTA.4), or 0. */
  static refuseMode(unit: Unit): u32 {
    const mode = <u32>Bits.of64(unit.rootTable, RTADDR_TTM_HI, RTADDR_TTM_LO);
    if (!Bits.of32(unit.tableModes, mode, mode)) return FAULT_ROOT_ADDRESS_INVALID;
    return mode == RTADDR_TTM_ABORT ? FAULT_DMA_ABORTED : 0;
  }

  static refuse(
    unit: Unit,
    requesterId: u32,
    pasid: u32,
    iova: u64,
    access: u32,
    reason: u32,
    suppressed: bool,
  ): Context {
    const silent = suppressed && ContextCache.qualified(reason);
    ContextCache.refuse(unit, requesterId, pasid, iova, access, reason, silent);
    return changetype<Context>(0);
  }

  static refuseAt(unit: Unit, context: Context, iova: u64, access: u32, reason: u32): u64 {
    const requesterId = context.requesterId(unit);
    ContextCache.refuse(unit, requesterId, context.pasid(unit), iova, access, reason, context.suppressed);
    return FAULT;
  }
}
