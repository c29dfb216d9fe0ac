// VT-d 5.10 §11.4.6.3 IOTLB Invalidate Register and §11.4.6.4 Invalidate Address Register, 64 bits each,
// at 16 × ECAP_REG.IRO: first the address, then the command.

export const IVA_REG_OFFSET: u32 = 0;
export const IVA_ADDR_HI: u32 = 63;
export const IVA_ADDR_LO: u32 = 12;
export const IVA_RESERVED_7_HI: u32 = 11;
export const IVA_RESERVED_7_LO: u32 = 7;
/** Only leaves were changed: the paging-structure caches may stay. */
export const IVA_IH_HI: u32 = 6;
export const IVA_IH_LO: u32 = 6;
/** How many low bits of the page number are ignored. */
export const IVA_AM_HI: u32 = 5;
export const IVA_AM_LO: u32 = 0;

export const IOTLB_REG_OFFSET: u32 = 8;
/** Set by software to invalidate, cleared when done. */
export const IOTLB_IVT_HI: u32 = 63;
export const IOTLB_IVT_LO: u32 = 63;
export const IOTLB_RESERVED_62_HI: u32 = 62;
export const IOTLB_RESERVED_62_LO: u32 = 62;
/** Requested granularity: 01 global, 10 domain, 11 pages of a domain. */
export const IOTLB_IIRG_HI: u32 = 61;
export const IOTLB_IIRG_LO: u32 = 60;
export const IOTLB_RESERVED_59_HI: u32 = 59;
export const IOTLB_RESERVED_59_LO: u32 = 59;
/** Actual granularity; 00 for a request that was refused. */
export const IOTLB_IAIG_HI: u32 = 58;
export const IOTLB_IAIG_LO: u32 = 57;
export const IOTLB_RESERVED_50_HI: u32 = 56;
export const IOTLB_RESERVED_50_LO: u32 = 50;
export const IOTLB_DR_HI: u32 = 49;
export const IOTLB_DR_LO: u32 = 49;
export const IOTLB_DW_HI: u32 = 48;
export const IOTLB_DW_LO: u32 = 48;
export const IOTLB_DID_HI: u32 = 47;
export const IOTLB_DID_LO: u32 = 32;
export const IOTLB_RESERVED_0_HI: u32 = 31;
export const IOTLB_RESERVED_0_LO: u32 = 0;
