// Translation requests and translated requests of devices with a device TLB (VT-d 5.10 §4.2.3, §4.2.5). They are decided
// as other requests are. What of §7.1.3 Table 30 is a fault for them is recorded; a recoverable fault is a successful
// completion that grants nothing.

import { Bits } from "../core/bits";
import { ACCESS_PRIVILEGED, ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import {
  ADDRESS_TYPE_TRANSLATED,
  ADDRESS_TYPE_TRANSLATION_REQUEST,
  ADDRESS_TYPE_UNTRANSLATED,
  COMPLETION_SUCCESS,
  COMPLETION_UNSUPPORTED,
  TRANSLATION_N_LO,
  TRANSLATION_PRIV_LO,
  TRANSLATION_U_LO,
  TRANSLATION_W_LO,
} from "../spec/pci/ats-messages";
import { ECAP_NWFS_HI, ECAP_NWFS_LO, ECAP_REG } from "../spec/vtd/extended-capability";
import {
  FAULT_ADDRESS_BEYOND_WIDTH,
  FAULT_INTERRUPT_RANGE,
  FAULT_SM_BEYOND_HOST_WIDTH,
  FAULT_SM_DEVICE_TLB_DISABLED,
  FAULT_SM_INTERRUPT_RANGE,
  FAULT_TYPE_BLOCKED,
} from "../spec/vtd/fault-reason";
import { AtsFaults } from "./ats-faults";
import { AtsState } from "./ats-state";
import { Context, PAGE_ADDRESS, PAGE_OFFSET } from "./context";
import { ContextCache } from "./context-cache";
import { LeafWalk } from "./leaf-walk";
import { ScalableContext } from "./scalable-context";
import { Space } from "./space";
import { Tables } from "./tables";
import { Dma, FAULT } from "./translate";
import { Unit } from "./unit";

const READ_AND_WRITE: u32 = 3;

export class Ats {
  /**
   * A translation request. The completion's data is left at `out`, u64; its status is the result. `pasid` is as for
   * other requests; `readOnly` is NW.
   */
  static translate(unit: Unit, requesterId: u32, pasid: u32, iova: u64, readOnly: bool, out: usize): u32 {
    store<u64>(out, 0);
    if (!unit.translating) return COMPLETION_UNSUPPORTED;
    const state = AtsState.of(unit);
    const heeded = Bits.of64(unit.register64(ECAP_REG), ECAP_NWFS_HI, ECAP_NWFS_LO) != 0;
    const attributes = Dma.attributes(pasid);
    state.addressType = ADDRESS_TYPE_TRANSLATION_REQUEST;
    const status = Ats.decide(unit, requesterId, pasid, iova & ~PAGE_OFFSET, attributes, heeded && readOnly, out);
    state.addressType = ADDRESS_TYPE_UNTRANSLATED;
    if (status == COMPLETION_SUCCESS && attributes & ACCESS_PRIVILEGED) {
      store<u64>(out, load<u64>(out) | (u64(1) << TRANSLATION_PRIV_LO));
    }
    return status;
  }

  static decide(unit: Unit, requesterId: u32, pasid: u32, iova: u64, attributes: u32, readOnly: bool, out: usize): u32 {
    if (!Ats.serves(unit, requesterId, pasid, iova, ACCESS_READ | attributes)) return AtsFaults.status(unit.lastReason);
    const context = Dma.openPasid(unit, requesterId, pasid, iova, ACCESS_READ | attributes);
    if (changetype<usize>(context) == 0) return AtsFaults.status(unit.lastReason);
    if (pasid == 0 && Tables.inInterruptRange(iova)) {
      if (!readOnly) store<u64>(out, (u64(1) << TRANSLATION_U_LO) | (u64(1) << TRANSLATION_W_LO));
      return COMPLETION_SUCCESS;
    }
    // A request that may write counts as one that reads and writes (§4.2.3.1); what it may not do is left out.
    let access = readOnly ? ACCESS_READ : READ_AND_WRITE;
    let place = Dma.translate(unit, context, iova, access | attributes);
    for (let other: u32 = 0; !readOnly && place & FAULT && AtsFaults.denied(unit.lastReason) && other < 2; other++) {
      access = other == 0 ? ACCESS_READ : ACCESS_WRITE;
      place = Dma.translate(unit, context, iova, access | attributes);
    }
    if (place & FAULT) return AtsFaults.status(unit.lastReason);
    const page = Dma.hpa(place) & PAGE_ADDRESS;
    const leaf = LeafWalk.find(unit, context, iova, page);
    const snoop = LeafWalk.snoops(unit, context, leaf) ? u64(1) << TRANSLATION_N_LO : 0;
    store<u64>(out, LeafWalk.sized(iova, page, leaf) | snoop | <u64>access);
    return COMPLETION_SUCCESS;
  }

  /**
   * Whether the requester's translation requests and translated requests are served (§7.1.3 LCT.5, SCT.5). What the
   * tables refuse to any request is refused here too, and recorded.
   */
  static serves(unit: Unit, requesterId: u32, pasid: u32, address: u64, access: u32): bool {
    if (ContextCache.isLegacy(unit)) {
      const context = Dma.openPasid(unit, requesterId, pasid, address, access);
      if (changetype<usize>(context) == 0) return false;
      if (AtsState.of(unit).serves(requesterId)) return true;
      Dma.refuse(unit, context, address, access, FAULT_TYPE_BLOCKED);
      return false;
    }
    Tables.refresh(unit);
    let reason = Space.refuseMode(unit);
    let suppressed: bool = false;
    if (reason == 0) {
      const context = ScalableContext.find(unit, requesterId);
      suppressed = context.suppressed;
      reason = context.reason;
      if (reason == 0 && !context.hasDeviceTlb) reason = FAULT_SM_DEVICE_TLB_DISABLED;
    }
    if (reason == 0) return true;
    Space.refuse(unit, requesterId, pasid, address, access, reason, suppressed);
    return false;
  }

  /** Reads for a translated request; false when it is refused or nothing answers. */
  static read(unit: Unit, requesterId: u32, hpa: u64, pointer: usize, length: u32): bool {
    return Ats.access(unit, requesterId, hpa, pointer, length, ACCESS_READ);
  }

  /** Writes for a translated request; otherwise as `read`. */
  static write(unit: Unit, requesterId: u32, hpa: u64, pointer: usize, length: u32): bool {
    return Ats.access(unit, requesterId, hpa, pointer, length, ACCESS_WRITE);
  }

  static access(unit: Unit, requesterId: u32, hpa: u64, pointer: usize, length: u32, access: u32): bool {
    const state = AtsState.of(unit);
    const memory = unit.memory;
    while (length > 0) {
      state.addressType = ADDRESS_TYPE_TRANSLATED;
      const admitted = Ats.admits(unit, requesterId, hpa, access);
      state.addressType = ADDRESS_TYPE_UNTRANSLATED;
      if (!admitted) return false;
      const part = Dma.part(hpa, length);
      const region = Tables.regionOf(unit, hpa);
      if (region == 0) return false;
      const done =
        access == ACCESS_READ ? memory.read(region, hpa, pointer, part) : memory.write(region, hpa, pointer, part);
      if (!done) return false;
      hpa += <u64>part;
      pointer += part;
      length -= part;
    }
    return true;
  }

  /** Whether a translated request may reach `hpa`; a refusal is recorded. The PASID table has no say (§4.2.5). */
  static admits(unit: Unit, requesterId: u32, hpa: u64, access: u32): bool {
    if (!unit.translating || !Ats.serves(unit, requesterId, 0, hpa, access)) return false;
    const legacy = ContextCache.isLegacy(unit);
    const suppressed = legacy
      ? Context.line(unit, requesterId).suppressed
      : ScalableContext.find(unit, requesterId).suppressed;
    let reason: u32 = 0;
    if (hpa >> <u64>unit.hostAddressWidth) reason = legacy ? FAULT_ADDRESS_BEYOND_WIDTH : FAULT_SM_BEYOND_HOST_WIDTH;
    else if (Tables.inInterruptRange(hpa)) reason = legacy ? FAULT_INTERRUPT_RANGE : FAULT_SM_INTERRUPT_RANGE;
    if (reason == 0) return true;
    Space.refuse(unit, requesterId, 0, hpa, access, reason, suppressed);
    return false;
  }
}
