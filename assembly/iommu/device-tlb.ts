// Invalidation of device TLBs (VT-d 5.10 §4.3): ITags, completions and time-outs. The queue asks for invalidations;
// the host carries requests and completions between unit and endpoint and says when time is up.

import { Bits } from "../core/bits";
import { ATS_INVALIDATE } from "../spec/abi/ats";
import { INVALIDATE_COMPLETIONS_MAX, INVALIDATE_TAGS } from "../spec/pci/ats-messages";
import { FSTS_ICE_HI, FSTS_ICE_LO, FSTS_ITE_HI, FSTS_ITE_LO, FSTS_REG } from "../spec/vtd/fault-status";
import {
  IQERCD_ICESID_HI,
  IQERCD_ICESID_LO,
  IQERCD_ITESID_HI,
  IQERCD_ITESID_LO,
  IQERCD_REG,
} from "../spec/vtd/invalidation-queue";
import { AtsState } from "./ats-state";
import { Faults } from "./fault";
import { Unit } from "./unit";

const ALL_TAGS: u32 = 0xffff_ffff;

export class DeviceTlb {
  /** Whether a request can be issued now: an ITag is free, and there is room for a message. Else the queue rests. */
  static ready(unit: Unit): bool {
    const state = AtsState.of(unit);
    state.queueWaits = u32(state.tags == ALL_TAGS || state.full);
    return state.queueWaits == 0;
  }

  /** Whether a response can be sent now. Else the queue rests. */
  static takes(unit: Unit): bool {
    const state = AtsState.of(unit);
    state.queueWaits = u32(state.full);
    return state.queueWaits == 0;
  }

  /** Whether the queue rests. */
  @inline static rests(unit: Unit): bool {
    return AtsState.of(unit).queueWaits != 0;
  }

  /** Whether a wait descriptor has to wait: the queue then rests until a completion or a time-out. */
  static pending(unit: Unit): bool {
    const state = AtsState.of(unit);
    state.queueWaits = u32(state.tags != 0);
    return state.tags != 0;
  }

  /**
   * Issues an invalidation; `body` is that of the Invalidate Request message, `pasid` 0 or PASID_PRESENT and a PASID.
   * The caller has asked `ready`.
   */
  static invalidate(unit: Unit, requesterId: u32, pasid: u32, body: u64): void {
    const state = AtsState.of(unit);
    const tag = ctz<u32>(~state.tags);
    state.tags |= u32(1) << tag;
    const invalidation = state.invalidation(tag);
    invalidation.requesterId = requesterId;
    invalidation.completions = 0;
    invalidation.deadline = 0;
    unit.invalidations++;
    state.send(ATS_INVALIDATE, requesterId, pasid, tag, body);
  }

  /**
   * An Invalidate Completion arrived: `tags` is its ITag vector, `count` its completion count, 0 for 8. ITags that are
   * not the requester's make an invalidation completion error, after the others were served.
   */
  static complete(unit: Unit, requesterId: u32, tags: u32, count: u32): void {
    if (unit.translating == 0) return;
    const state = AtsState.of(unit);
    const wanted = count == 0 ? INVALIDATE_COMPLETIONS_MAX : count;
    let wrong = false;
    for (let rest = tags; rest != 0; rest &= rest - 1) {
      const tag = ctz<u32>(rest);
      const invalidation = state.invalidation(tag);
      if ((state.tags & (u32(1) << tag)) == 0 || invalidation.requesterId != requesterId) {
        wrong = true;
        continue;
      }
      invalidation.completions++;
      if (invalidation.completions != wanted) continue;
      state.queueWaits = 0;
      state.tags &= ~(u32(1) << tag);
    }
    if (wrong) {
      DeviceTlb.note(unit, IQERCD_ICESID_HI, IQERCD_ICESID_LO, requesterId);
      Faults.setStatus(unit, unit.register(FSTS_REG) | Bits.mask32(FSTS_ICE_HI, FSTS_ICE_LO));
    }
  }

  /** Frees the ITags whose time is up at `now`, in ns, and reports the first (§6.5.2.11). */
  static expire(unit: Unit, now: f64): void {
    const state = AtsState.of(unit);
    for (let tag: u32 = 0; tag < INVALIDATE_TAGS; tag++) {
      const invalidation = state.invalidation(tag);
      if ((state.tags & (u32(1) << tag)) == 0 || invalidation.deadline == 0 || invalidation.deadline > now) continue;
      state.queueWaits = 0;
      state.tags &= ~(u32(1) << tag);
      const status = unit.register(FSTS_REG);
      if (status & Bits.mask32(FSTS_ITE_HI, FSTS_ITE_LO)) continue;
      DeviceTlb.note(unit, IQERCD_ITESID_HI, IQERCD_ITESID_LO, invalidation.requesterId);
      Faults.setStatus(unit, status | Bits.mask32(FSTS_ITE_HI, FSTS_ITE_LO));
    }
  }

  /** IQERCD_REG keeps who was at fault. */
  static note(unit: Unit, hi: u32, lo: u32, requesterId: u32): void {
    const record = unit.register64(IQERCD_REG) & ~Bits.mask64(hi, lo);
    unit.setRegister64(IQERCD_REG, record | ((<u64>requesterId) << (<u64>lo)));
  }
}
