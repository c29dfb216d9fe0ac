// What a translation gives: HPA 51:0, the region there in 62:52, or FAULT.

import { IOTLB_REFUSED_HI, IOTLB_REFUSED_LO } from "../spec/abi/iommu";

/** In a result: the request was refused, and a fault recorded. */
export const FAULT: u64 = 0x8000_0000_0000_0000;

export const HPA_MASK: u64 = 0x000f_ffff_ffff_ffff;
export const HPA_WIDTH: u64 = 52;
export const REGION_MASK: u64 = 0x7ff;

/** ACCESS_READ and ACCESS_WRITE. */
export const BOTH: u64 = 3;
/** In an IOTLB value: the access that a cached refusal is for; 0 in a translation of a requester's context. */
export const REFUSED_HI: u32 = IOTLB_REFUSED_HI;
export const REFUSED_LO: u32 = IOTLB_REFUSED_LO;

// What a walk gives: HPA 51:12 of a page and the ACCESS_ bits that may be cached for it, or WALK_REFUSED.

/** The walk was refused; the reason is in the low bits. */
export const WALK_REFUSED: u64 = 0x8000_0000_0000_0000;
/** With WALK_REFUSED: whatever the access, the tables map nothing here. */
export const WALK_NOTHING: u64 = 0x4000_0000_0000_0000;
export const WALK_REASON: u64 = 0xff;
/** A fast walk met something that it leaves to a careful one; no other result looks like it. */
export const WALK_AGAIN: u64 = 0x2000_0000_0000_0000;
