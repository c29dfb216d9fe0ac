// VT-d 5.10 §6.5.2.2 and §6.5.2.4: invalidation descriptors of scalable mode's own caches, 256 bits each.

/** §6.5.2.2 PASID-cache Invalidate Descriptor. */
export const TYPE_PASID_CACHE: u32 = 7;
export const PASID_INV_RESERVED_64_HI: u32 = 255;
export const PASID_INV_RESERVED_64_LO: u32 = 64;
export const PASID_INV_RESERVED_52_HI: u32 = 63;
export const PASID_INV_RESERVED_52_LO: u32 = 52;
export const PASID_INV_PASID_HI: u32 = 51;
export const PASID_INV_PASID_LO: u32 = 32;
export const PASID_INV_DID_HI: u32 = 31;
export const PASID_INV_DID_LO: u32 = 16;
export const PASID_INV_RESERVED_12_HI: u32 = 15;
export const PASID_INV_RESERVED_12_LO: u32 = 12;
export const PASID_INV_TYPE_HIGH_HI: u32 = 11;
export const PASID_INV_TYPE_HIGH_LO: u32 = 9;
export const PASID_INV_RESERVED_6_HI: u32 = 8;
export const PASID_INV_RESERVED_6_LO: u32 = 6;
/** 00 domain, 01 PASID within a domain, 11 global. */
export const PASID_INV_G_HI: u32 = 5;
export const PASID_INV_G_LO: u32 = 4;
export const PASID_INV_TYPE_LOW_HI: u32 = 3;
export const PASID_INV_TYPE_LOW_LO: u32 = 0;

export const PASID_GRANULARITY_DOMAIN: u32 = 0;
export const PASID_GRANULARITY_PASID: u32 = 1;
export const PASID_GRANULARITY_RESERVED: u32 = 2;
export const PASID_GRANULARITY_GLOBAL: u32 = 3;

/** §6.5.2.4 PASID-based IOTLB Invalidate Descriptor. */
export const TYPE_PASID_IOTLB: u32 = 6;
export const PASID_IOTLB_INV_RESERVED_128_HI: u32 = 255;
export const PASID_IOTLB_INV_RESERVED_128_LO: u32 = 128;
export const PASID_IOTLB_INV_ADDR_HI: u32 = 127;
export const PASID_IOTLB_INV_ADDR_LO: u32 = 76;
export const PASID_IOTLB_INV_RESERVED_71_HI: u32 = 75;
export const PASID_IOTLB_INV_RESERVED_71_LO: u32 = 71;
/** Only leaves were changed: the paging-structure caches may stay. */
export const PASID_IOTLB_INV_IH_HI: u32 = 70;
export const PASID_IOTLB_INV_IH_LO: u32 = 70;
export const PASID_IOTLB_INV_AM_HI: u32 = 69;
export const PASID_IOTLB_INV_AM_LO: u32 = 64;
export const PASID_IOTLB_INV_RESERVED_52_HI: u32 = 63;
export const PASID_IOTLB_INV_RESERVED_52_LO: u32 = 52;
export const PASID_IOTLB_INV_PASID_HI: u32 = 51;
export const PASID_IOTLB_INV_PASID_LO: u32 = 32;
export const PASID_IOTLB_INV_DID_HI: u32 = 31;
export const PASID_IOTLB_INV_DID_LO: u32 = 16;
export const PASID_IOTLB_INV_RESERVED_12_HI: u32 = 15;
export const PASID_IOTLB_INV_RESERVED_12_LO: u32 = 12;
export const PASID_IOTLB_INV_TYPE_HIGH_HI: u32 = 11;
export const PASID_IOTLB_INV_TYPE_HIGH_LO: u32 = 9;
export const PASID_IOTLB_INV_RESERVED_6_HI: u32 = 8;
export const PASID_IOTLB_INV_RESERVED_6_LO: u32 = 6;
/** 10 all of a PASID within a domain, 11 pages of it; 00 and 01 are reserved. */
export const PASID_IOTLB_INV_G_HI: u32 = 5;
export const PASID_IOTLB_INV_G_LO: u32 = 4;
export const PASID_IOTLB_INV_TYPE_LOW_HI: u32 = 3;
export const PASID_IOTLB_INV_TYPE_LOW_LO: u32 = 0;

export const PASID_IOTLB_GRANULARITY_PASID: u32 = 2;
export const PASID_IOTLB_GRANULARITY_PAGES: u32 = 3;
