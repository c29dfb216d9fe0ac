// Page requests (VT-d 5.10 §7.4, §7.5): which are accepted, the page request queue in memory, its overflow, its event.

import { Bits } from "../core/bits";
import { RESPONSE_NONE } from "../spec/abi/ats";
import {
  EVENT_PAGE_REQUEST,
  PASID_EXECUTE,
  PASID_HI,
  PASID_LO,
  PASID_PRESENT,
  PASID_PRIVILEGED,
} from "../spec/abi/iommu";
import {
  PAGE_REQUEST_ADDRESS_HI,
  PAGE_REQUEST_ADDRESS_LO,
  PAGE_REQUEST_GROUP_HI,
  PAGE_REQUEST_GROUP_LO,
  PAGE_REQUEST_L_HI,
  PAGE_REQUEST_L_LO,
  PAGE_REQUEST_R_LO,
  PAGE_REQUEST_W_HI,
  RESPONSE_INVALID_REQUEST,
  RESPONSE_SUCCESS,
} from "../spec/pci/ats-messages";
import { PECTL_REG } from "../spec/vtd/event";
import { ECAP_PRS_HI, ECAP_PRS_LO, ECAP_REG, ECAP_SMS_HI, ECAP_SMS_LO } from "../spec/vtd/extended-capability";
import { FAULT_PAGE_REQUEST_IN_LEGACY_MODE, FAULT_SM_PAGE_REQUEST_DISABLED } from "../spec/vtd/fault-reason";
import {
  PAGE_REQ_EXR_LO,
  PAGE_REQ_LPIG_LO,
  PAGE_REQ_PASID_LO,
  PAGE_REQ_PMR_LO,
  PAGE_REQ_PP_LO,
  PAGE_REQ_PRGI_LO,
  PAGE_REQ_RDR_LO,
  PAGE_REQ_RID_LO,
  PAGE_REQ_TYPE,
  PAGE_REQ_TYPE_LO,
  PAGE_REQUEST_SIZE,
} from "../spec/vtd/page-request-descriptor";
import {
  PQA_PQS_HI,
  PQA_PQS_LO,
  PQA_REG,
  PQH_PQH_HI,
  PQH_PQH_LO,
  PQH_REG,
  PQT_REG,
  PRS_PPR_HI,
  PRS_PPR_LO,
  PRS_PRO_HI,
  PRS_PRO_LO,
  PRS_REG,
} from "../spec/vtd/page-request-queue";
import { PGTT_FIRST_STAGE, PGTT_NESTED } from "../spec/vtd/pasid-table-entry";
import { PAGE_ADDRESS, PAGE_OFFSET } from "./context";
import { ContextCache } from "./context-cache";
import { Faults, PAGE_REQUEST } from "./fault";
import { Iotlb } from "./iotlb";
import { PagingCaches } from "./paging-cache";
import { PasidLine } from "./pasid-line";
import { ScalableContext } from "./scalable-context";
import { Space } from "./space";
import { Tables } from "./tables";
import { Dma } from "./translate";
import { Unit } from "./unit";

const UPPER: u32 = 64;
const PAGE_SIZE: u32 = 4096;

export class PageRequests {
  /**
   * A Page Request message arrived: `body` is its body, `pasid` as of other requests. Returns the code of a response
   * that hardware sends by itself, or RESPONSE_NONE.
   */
  static receive(unit: Unit, requesterId: u32, pasid: u32, body: u64): u32 {
    const ecap = unit.register64(ECAP_REG);
    if (!unit.translating || !Bits.of64(ecap, ECAP_PRS_HI, ECAP_PRS_LO)) return RESPONSE_NONE;
    const last = Bits.of64(body, PAGE_REQUEST_L_HI, PAGE_REQUEST_L_LO) != 0;
    const answered = last && Bits.of64(body, PAGE_REQUEST_W_HI, PAGE_REQUEST_R_LO) != 0;
    const address = body & Bits.mask64(PAGE_REQUEST_ADDRESS_HI, PAGE_REQUEST_ADDRESS_LO);
    const access = PAGE_REQUEST | Dma.attributes(pasid);
    if (!PageRequests.admits(unit, requesterId, pasid, address, access)) {
      return answered ? RESPONSE_INVALID_REQUEST : RESPONSE_NONE;
    }
    const marker = last && !answered;
    const dropsMarkers = Bits.of64(ecap, ECAP_SMS_HI, ECAP_SMS_LO) != 0;
    const status = unit.register(PRS_REG);
    if (Bits.of32(status, PRS_PRO_HI, PRS_PRO_LO)) return answered ? RESPONSE_SUCCESS : RESPONSE_NONE;
    if (PageRequests.full(unit)) {
      if (!marker || !dropsMarkers) PageRequests.tell(unit, Bits.mask32(PRS_PRO_HI, PRS_PRO_LO));
      return answered ? RESPONSE_SUCCESS : RESPONSE_NONE;
    }
    PageRequests.append(unit, requesterId, pasid, body);
    PageRequests.tell(unit, Bits.mask32(PRS_PPR_HI, PRS_PPR_LO));
    return RESPONSE_NONE;
  }

  /**
   * Whether the tables let the requester ask for pages; a refusal is recorded (§7.1.3). What the IOTLB and the
   * paging-structure caches hold of the address is dropped (§6.5.3.1).
   */
  static admits(unit: Unit, requesterId: u32, pasid: u32, address: u64, access: u32): bool {
    Tables.refresh(unit);
    let reason = ContextCache.isLegacy(unit) ? FAULT_PAGE_REQUEST_IN_LEGACY_MODE : Space.refuseMode(unit);
    let suppressed: bool = false;
    if (reason == 0) {
      const context = ScalableContext.find(unit, requesterId);
      suppressed = context.suppressed;
      reason = context.reason;
      if (reason == 0 && !context.hasPageRequests) reason = FAULT_SM_PAGE_REQUEST_DISABLED;
      if (reason == 0 && pasid != 0) reason = context.refusePasid(unit, pasid);
      if (reason == 0) {
        // SRE has no say (SPT.6): the space is the unprivileged one.
        const own = pasid != 0 ? pasid : context.requesterPasid;
        const key = PasidLine.keyOf(requesterId, pasid & PASID_PRESENT, own, false);
        const space = Space.open(unit, context, key, address, access);
        if (changetype<usize>(space) == 0) return false;
        PageRequests.invalidate(unit, space, address);
        return true;
      }
    }
    Space.refuse(unit, requesterId, pasid, address, access, reason, suppressed);
    return false;
  }

  /** §6.5.3.1 Table 27. */
  static invalidate(unit: Unit, space: PasidLine, address: u64): void {
    const domain = space.domainId;
    const type = space.type;
    if (type == PGTT_FIRST_STAGE) {
      Iotlb.flushPasidPages(unit, domain, space.pasid, address, 0);
      PagingCaches.flushPasidPages(unit, domain, space.pasid, address, 0, false);
    } else if (type == PGTT_NESTED) {
      Iotlb.flushDomain(unit, domain);
      PagingCaches.flushDomain(unit, domain);
    } else {
      Iotlb.flushPages(unit, domain, address, 0);
      PagingCaches.flushPages(unit, domain, address, 0, false);
    }
  }

  /** All entries but one are in use. */
  static full(unit: Unit): bool {
    const head = unit.register(PQH_REG) & Bits.mask32(PQH_PQH_HI, PQH_PQH_LO) & (PageRequests.size(unit) - 1);
    return PageRequests.after(unit, PageRequests.tail(unit)) == head;
  }

  @inline static tail(unit: Unit): u32 {
    return unit.register(PQT_REG) & Bits.mask32(PQH_PQH_HI, PQH_PQH_LO) & (PageRequests.size(unit) - 1);
  }

  /** Bytes of the queue, a power of 2. Software can leave a tail beyond it: what counts is the offset in the queue. */
  @inline static size(unit: Unit): u32 {
    return PAGE_SIZE << (<u32>Bits.of64(unit.register64(PQA_REG), PQA_PQS_HI, PQA_PQS_LO));
  }

  /** The offset of the entry after the one at `offset`. */
  static after(unit: Unit, offset: u32): u32 {
    return (offset + PAGE_REQUEST_SIZE) & (PageRequests.size(unit) - 1);
  }

  /** Writes a descriptor to the queue; where no memory answers, it is lost. */
  static append(unit: Unit, requesterId: u32, pasid: u32, body: u64): void {
    const tail = PageRequests.tail(unit);
    let low = ((<u64>PAGE_REQ_TYPE) << PAGE_REQ_TYPE_LO) | ((<u64>requesterId) << PAGE_REQ_RID_LO);
    if (pasid != 0) {
      low |= (u64(1) << PAGE_REQ_PP_LO) | ((<u64>Bits.of32(pasid, PASID_HI, PASID_LO)) << PAGE_REQ_PASID_LO);
      if (pasid & PASID_EXECUTE) low |= u64(1) << PAGE_REQ_EXR_LO;
      if (pasid & PASID_PRIVILEGED) low |= u64(1) << PAGE_REQ_PMR_LO;
    }
    // R, W and L lie side by side in both words.
    const wants = Bits.of64(body, PAGE_REQUEST_L_HI, PAGE_REQUEST_R_LO);
    const group = Bits.of64(body, PAGE_REQUEST_GROUP_HI, PAGE_REQUEST_GROUP_LO);
    const high = (body & ~PAGE_OFFSET) | (group << (PAGE_REQ_PRGI_LO - UPPER)) | (wants << (PAGE_REQ_RDR_LO - UPPER));
    const scratch = unit.memory.scratch;
    memory.fill(scratch, 0, PAGE_REQUEST_SIZE);
    store<u64>(scratch, low);
    store<u64>(scratch, high, 8);
    Tables.write(unit, (unit.register64(PQA_REG) & PAGE_ADDRESS) + <u64>tail, scratch, PAGE_REQUEST_SIZE);
    unit.setRegister(PQT_REG, PageRequests.after(unit, tail));
  }

  /** Sets PPR or PRO; an event becomes due when neither was set before (§7.5). */
  static tell(unit: Unit, bit: u32): void {
    const status = unit.register(PRS_REG);
    unit.setRegister(PRS_REG, status | bit);
    const pending = Bits.mask32(PRS_PPR_HI, PRS_PPR_LO) | Bits.mask32(PRS_PRO_HI, PRS_PRO_LO);
    if ((status & pending) == 0) Faults.raise(unit, PECTL_REG, EVENT_PAGE_REQUEST);
  }
}

if (PAGE_REQ_LPIG_LO - PAGE_REQ_RDR_LO != PAGE_REQUEST_L_LO - PAGE_REQUEST_R_LO) ERROR("R, W and L");
