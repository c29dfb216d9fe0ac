// Invalidation commands (VT-d 5.10 §6.5), the same for the registers and the queue. Each takes the granularity that
// software asked for and returns the one that was performed, GRANULARITY_NONE for a request that is refused.

import { Bits } from "../core/bits";
import {
  TRACE_CONTEXTS,
  TRACE_GRANULARITY_PASID,
  TRACE_PASID_LO,
  TRACE_PASIDS,
  TRACE_SPACES,
  TRACE_TRANSLATIONS,
} from "../spec/abi/trace";
import { CAP_MAMV_HI, CAP_MAMV_LO, CAP_PSI_HI, CAP_PSI_LO, CAP_REG } from "../spec/vtd/capability";
import { GRANULARITY_DOMAIN, GRANULARITY_FINE, GRANULARITY_GLOBAL, GRANULARITY_NONE } from "../spec/vtd/descriptors";
import { PASID_GRANULARITY_DOMAIN, PASID_GRANULARITY_GLOBAL } from "../spec/vtd/pasid-descriptors";
import { ContextCache } from "./context-cache";
import { FunctionMask } from "./function-mask";
import { Iotlb } from "./iotlb";
import { PagingCaches } from "./paging-cache";
import { PasidCache } from "./pasid-cache";
import { Unit } from "./unit";

export class Invalidate {
  /** Context-cache; a device by source-id and function mask (0–3 function bits, from bit 2 down). */
  static contexts(unit: Unit, granularity: u32, domainId: u32, sourceId: u32, functionMask: u32): u32 {
    if (granularity == GRANULARITY_NONE) return GRANULARITY_NONE;
    unit.invalidations++;
    const domain = domainId & ~(<u32>unit.reservedDomain);
    unit.trace(TRACE_CONTEXTS, domain, <u64>sourceId, granularity);
    if (granularity == GRANULARITY_GLOBAL) ContextCache.flush(unit);
    else if (granularity == GRANULARITY_DOMAIN) ContextCache.flushDomain(unit, domain);
    else ContextCache.flushDevices(unit, domain, sourceId, FunctionMask.ignored(functionMask));
    return granularity;
  }

  /** IOTLB and paging-structure caches; `leavesOnly` is the invalidation hint IH. */
  static translations(unit: Unit, granularity: u32, domainId: u32, iova: u64, addressMask: u32, leavesOnly: bool): u32 {
    if (granularity == GRANULARITY_NONE) return GRANULARITY_NONE;
    const domain = domainId & ~(<u32>unit.reservedDomain);
    const cap = unit.register64(CAP_REG);
    const byPages = Bits.of64(cap, CAP_PSI_HI, CAP_PSI_LO) != 0;
    if (granularity == GRANULARITY_FINE && byPages && addressMask > <u32>Bits.of64(cap, CAP_MAMV_HI, CAP_MAMV_LO)) {
      return GRANULARITY_NONE;
    }
    unit.invalidations++;
    const performed = granularity == GRANULARITY_FINE && !byPages ? GRANULARITY_DOMAIN : granularity;
    unit.trace(TRACE_TRANSLATIONS, domain, iova, performed);
    if (granularity == GRANULARITY_GLOBAL) {
      Iotlb.flush(unit);
      PagingCaches.flush(unit);
      return granularity;
    }
    if (granularity == GRANULARITY_DOMAIN || !byPages) {
      Iotlb.flushDomain(unit, domain);
      PagingCaches.flushDomain(unit, domain);
      return GRANULARITY_DOMAIN;
    }
    const address = iova & Bits.ones64(unit.guestAddressWidth);
    Iotlb.flushPages(unit, domain, address, addressMask);
    PagingCaches.flushPages(unit, domain, address, addressMask, leavesOnly);
    return granularity;
  }

  /** PASID cache; what its decisions translated stays until the IOTLB is invalidated. */
  static pasids(unit: Unit, granularity: u32, domainId: u32, pasid: u32): void {
    unit.invalidations++;
    const domain = domainId & ~(<u32>unit.reservedDomain);
    let performed = TRACE_GRANULARITY_PASID;
    if (granularity == PASID_GRANULARITY_GLOBAL) performed = GRANULARITY_GLOBAL;
    else if (granularity == PASID_GRANULARITY_DOMAIN) performed = GRANULARITY_DOMAIN;
    unit.trace(TRACE_PASIDS, domain, 0, (pasid << TRACE_PASID_LO) | performed);
    if (performed == GRANULARITY_GLOBAL) PasidCache.flush(unit);
    else if (performed == GRANULARITY_DOMAIN) PasidCache.flushDomain(unit, domain);
    else PasidCache.flushPasid(unit, domain, pasid);
  }

  /** IOTLB and paging-structure caches of a PASID in a domain. */
  static space(unit: Unit, domainId: u32, pasid: u32): void {
    unit.invalidations++;
    const domain = domainId & ~(<u32>unit.reservedDomain);
    unit.trace(TRACE_SPACES, domain, 0, (pasid << TRACE_PASID_LO) | TRACE_GRANULARITY_PASID);
    Iotlb.flushPasid(unit, domain, pasid);
    PagingCaches.flushPasid(unit, domain, pasid);
  }

  /** Of those, what leads to 2^addressMask pages of the first stage. */
  static spacePages(unit: Unit, domainId: u32, pasid: u32, address: u64, addressMask: u32, leavesOnly: bool): void {
    unit.invalidations++;
    const domain = domainId & ~(<u32>unit.reservedDomain);
    unit.trace(TRACE_SPACES, domain, address, (pasid << TRACE_PASID_LO) | GRANULARITY_FINE);
    Iotlb.flushPasidPages(unit, domain, pasid, address, addressMask);
    PagingCaches.flushPasidPages(unit, domain, pasid, address, addressMask, leavesOnly);
  }

  /** Everything that DMA remapping caches. */
  static everything(unit: Unit): void {
    ContextCache.flush(unit);
    PasidCache.flush(unit);
    Iotlb.flush(unit);
    PagingCaches.flush(unit);
  }
}
