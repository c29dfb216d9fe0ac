// VT-d 5.10 §7.4.1.1 Page Request Descriptor, 256 bits.

export const PAGE_REQUEST_SIZE: u32 = 32;

export const PAGE_REQ_RESERVED_128_HI: u32 = 255;
export const PAGE_REQ_RESERVED_128_LO: u32 = 128;
export const PAGE_REQ_ADDR_HI: u32 = 127;
export const PAGE_REQ_ADDR_LO: u32 = 76;
/** Page request group index. */
export const PAGE_REQ_PRGI_HI: u32 = 75;
export const PAGE_REQ_PRGI_LO: u32 = 67;
/** Last page in group. */
export const PAGE_REQ_LPIG_HI: u32 = 66;
export const PAGE_REQ_LPIG_LO: u32 = 66;
export const PAGE_REQ_WRR_HI: u32 = 65;
export const PAGE_REQ_WRR_LO: u32 = 65;
export const PAGE_REQ_RDR_HI: u32 = 64;
export const PAGE_REQ_RDR_LO: u32 = 64;
export const PAGE_REQ_RESERVED_54_HI: u32 = 63;
export const PAGE_REQ_RESERVED_54_LO: u32 = 54;
/** Privileged mode requested. */
export const PAGE_REQ_PMR_HI: u32 = 53;
export const PAGE_REQ_PMR_LO: u32 = 53;
export const PAGE_REQ_EXR_HI: u32 = 52;
export const PAGE_REQ_EXR_LO: u32 = 52;
export const PAGE_REQ_PASID_HI: u32 = 51;
export const PAGE_REQ_PASID_LO: u32 = 32;
export const PAGE_REQ_RID_HI: u32 = 31;
export const PAGE_REQ_RID_LO: u32 = 16;
export const PAGE_REQ_RESERVED_9_HI: u32 = 15;
export const PAGE_REQ_RESERVED_9_LO: u32 = 9;
/** PASID present. */
export const PAGE_REQ_PP_HI: u32 = 8;
export const PAGE_REQ_PP_LO: u32 = 8;
export const PAGE_REQ_TYPE_HI: u32 = 7;
export const PAGE_REQ_TYPE_LO: u32 = 0;

export const PAGE_REQ_TYPE: u32 = 1;
