// VT-d 5.10 §6.5.2.5 and §6.5.2.6: invalidation descriptors of Device-TLBs, and §7.6.1 Page Group Response Descriptor:
// what the queue sends to functions.

/** §6.5.2.5 Device-TLB Invalidate Descriptor, 128 bits. */
export const TYPE_DEVICE_TLB: u32 = 3;
export const DEVICE_TLB_INV_ADDR_HI: u32 = 127;
export const DEVICE_TLB_INV_ADDR_LO: u32 = 76;
export const DEVICE_TLB_INV_RESERVED_65_HI: u32 = 75;
export const DEVICE_TLB_INV_RESERVED_65_LO: u32 = 65;
/** More than one page: the lowest 0 in ADDR tells how many. */
export const DEVICE_TLB_INV_S_HI: u32 = 64;
export const DEVICE_TLB_INV_S_LO: u32 = 64;
/** PFSID fields are reserved without ECAP_REG.DIT. */
export const DEVICE_TLB_INV_PFSID_HIGH_HI: u32 = 63;
export const DEVICE_TLB_INV_PFSID_HIGH_LO: u32 = 52;
export const DEVICE_TLB_INV_RESERVED_48_HI: u32 = 51;
export const DEVICE_TLB_INV_RESERVED_48_LO: u32 = 48;
export const DEVICE_TLB_INV_SID_HI: u32 = 47;
export const DEVICE_TLB_INV_SID_LO: u32 = 32;
export const DEVICE_TLB_INV_RESERVED_21_HI: u32 = 31;
export const DEVICE_TLB_INV_RESERVED_21_LO: u32 = 21;
/** A hint: how many invalidations the function takes at a time. */
export const DEVICE_TLB_INV_MIP_HI: u32 = 20;
export const DEVICE_TLB_INV_MIP_LO: u32 = 16;
export const DEVICE_TLB_INV_PFSID_LOW_HI: u32 = 15;
export const DEVICE_TLB_INV_PFSID_LOW_LO: u32 = 12;
export const DEVICE_TLB_INV_TYPE_HIGH_HI: u32 = 11;
export const DEVICE_TLB_INV_TYPE_HIGH_LO: u32 = 9;
export const DEVICE_TLB_INV_RESERVED_4_HI: u32 = 8;
export const DEVICE_TLB_INV_RESERVED_4_LO: u32 = 4;
export const DEVICE_TLB_INV_TYPE_LOW_HI: u32 = 3;
export const DEVICE_TLB_INV_TYPE_LOW_LO: u32 = 0;

/** §6.5.2.6 PASID-based-Device-TLB Invalidate Descriptor, 256 bits. */
export const TYPE_PASID_DEVICE_TLB: u32 = 8;
export const PASID_DEVICE_TLB_INV_RESERVED_128_HI: u32 = 255;
export const PASID_DEVICE_TLB_INV_RESERVED_128_LO: u32 = 128;
export const PASID_DEVICE_TLB_INV_ADDR_HI: u32 = 127;
export const PASID_DEVICE_TLB_INV_ADDR_LO: u32 = 76;
export const PASID_DEVICE_TLB_INV_S_HI: u32 = 75;
export const PASID_DEVICE_TLB_INV_S_LO: u32 = 75;
export const PASID_DEVICE_TLB_INV_RESERVED_65_HI: u32 = 74;
export const PASID_DEVICE_TLB_INV_RESERVED_65_LO: u32 = 65;
/** Global: whatever the PASID. */
export const PASID_DEVICE_TLB_INV_GI_HI: u32 = 64;
export const PASID_DEVICE_TLB_INV_GI_LO: u32 = 64;
export const PASID_DEVICE_TLB_INV_PFSID_HIGH_HI: u32 = 63;
export const PASID_DEVICE_TLB_INV_PFSID_HIGH_LO: u32 = 52;
export const PASID_DEVICE_TLB_INV_PASID_HI: u32 = 51;
export const PASID_DEVICE_TLB_INV_PASID_LO: u32 = 32;
export const PASID_DEVICE_TLB_INV_SID_HI: u32 = 31;
export const PASID_DEVICE_TLB_INV_SID_LO: u32 = 16;
export const PASID_DEVICE_TLB_INV_PFSID_LOW_HI: u32 = 15;
export const PASID_DEVICE_TLB_INV_PFSID_LOW_LO: u32 = 12;
export const PASID_DEVICE_TLB_INV_TYPE_HIGH_HI: u32 = 11;
export const PASID_DEVICE_TLB_INV_TYPE_HIGH_LO: u32 = 9;
export const PASID_DEVICE_TLB_INV_MIP_HI: u32 = 8;
export const PASID_DEVICE_TLB_INV_MIP_LO: u32 = 4;
export const PASID_DEVICE_TLB_INV_TYPE_LOW_HI: u32 = 3;
export const PASID_DEVICE_TLB_INV_TYPE_LOW_LO: u32 = 0;

/** §7.6.1 Page Group Response Descriptor, 256 bits. */
export const TYPE_PAGE_GROUP_RESPONSE: u32 = 9;
export const PAGE_RESPONSE_RESERVED_128_HI: u32 = 255;
export const PAGE_RESPONSE_RESERVED_128_LO: u32 = 128;
export const PAGE_RESPONSE_RESERVED_76_HI: u32 = 127;
export const PAGE_RESPONSE_RESERVED_76_LO: u32 = 76;
/** Page request group index. */
export const PAGE_RESPONSE_PRGI_HI: u32 = 75;
export const PAGE_RESPONSE_PRGI_LO: u32 = 67;
export const PAGE_RESPONSE_IGNORED_HI: u32 = 66;
export const PAGE_RESPONSE_IGNORED_LO: u32 = 66;
export const PAGE_RESPONSE_RESERVED_64_HI: u32 = 65;
export const PAGE_RESPONSE_RESERVED_64_LO: u32 = 64;
export const PAGE_RESPONSE_RESERVED_52_HI: u32 = 63;
export const PAGE_RESPONSE_RESERVED_52_LO: u32 = 52;
export const PAGE_RESPONSE_PASID_HI: u32 = 51;
export const PAGE_RESPONSE_PASID_LO: u32 = 32;
export const PAGE_RESPONSE_RID_HI: u32 = 31;
export const PAGE_RESPONSE_RID_LO: u32 = 16;
/** Response code: 0 success, 1 invalid request, 15 failure. */
export const PAGE_RESPONSE_RC_HI: u32 = 15;
export const PAGE_RESPONSE_RC_LO: u32 = 12;
export const PAGE_RESPONSE_TYPE_HIGH_HI: u32 = 11;
export const PAGE_RESPONSE_TYPE_HIGH_LO: u32 = 9;
export const PAGE_RESPONSE_RESERVED_5_HI: u32 = 8;
export const PAGE_RESPONSE_RESERVED_5_LO: u32 = 5;
/** PASID present. */
export const PAGE_RESPONSE_PP_HI: u32 = 4;
export const PAGE_RESPONSE_PP_LO: u32 = 4;
export const PAGE_RESPONSE_TYPE_LOW_HI: u32 = 3;
export const PAGE_RESPONSE_TYPE_LOW_LO: u32 = 0;

/** Response codes (Table 32). */
export const RESPONSE_SUCCESS: u32 = 0;
export const RESPONSE_INVALID: u32 = 1;
export const RESPONSE_FAILURE: u32 = 15;
