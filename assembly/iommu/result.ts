// What a translation gives: HPA 51:0, the region there in 62:52, or FAULT.

/** In a result: the request was refused, and a fault recorded. */
export const FAULT: u64 = 0x8000_0000_0000_0000;

export const HPA_MASK: u64 = 0x000f_ffff_ffff_ffff;
export const HPA_WIDTH: u64 = 52;
export const REGION_MASK: u64 = 0x7ff;

/** ACCESS_READ and ACCESS_WRITE. */
export const BOTH: u64 = 3;
/** In an IOTLB value: the access that a cached refusal is for; 0 in a translation of a requester's context. */
export const REFUSED_HI: u32 = 3;
export const REFUSED_LO: u32 = 2;
