// VT-d 5.10 §6.5.2 invalidation descriptors: those of every mode, 128 bits each, above which a queue of 256-bit
// descriptors has zeroes. The type is bits 11:9 above bits 3:0. More are in pasid-descriptors.ts and
// device-tlb-descriptors.ts.

export const DESCRIPTOR_SIZE: u32 = 16;
/** With IQA_REG.DW. */
export const WIDE_DESCRIPTOR_SIZE: u32 = 32;
export const DESCRIPTOR_TYPE_HIGH_HI: u32 = 11;
export const DESCRIPTOR_TYPE_HIGH_LO: u32 = 9;
export const DESCRIPTOR_TYPE_LOW_HI: u32 = 3;
export const DESCRIPTOR_TYPE_LOW_LO: u32 = 0;

/** §6.5.2.1 Context-cache Invalidate Descriptor. */
export const TYPE_CONTEXT: u32 = 1;
export const CONTEXT_INV_RESERVED_64_HI: u32 = 127;
export const CONTEXT_INV_RESERVED_64_LO: u32 = 64;
export const CONTEXT_INV_RESERVED_50_HI: u32 = 63;
export const CONTEXT_INV_RESERVED_50_LO: u32 = 50;
export const CONTEXT_INV_FM_HI: u32 = 49;
export const CONTEXT_INV_FM_LO: u32 = 48;
export const CONTEXT_INV_SID_HI: u32 = 47;
export const CONTEXT_INV_SID_LO: u32 = 32;
export const CONTEXT_INV_DID_HI: u32 = 31;
export const CONTEXT_INV_DID_LO: u32 = 16;
export const CONTEXT_INV_RESERVED_12_HI: u32 = 15;
export const CONTEXT_INV_RESERVED_12_LO: u32 = 12;
export const CONTEXT_INV_TYPE_HIGH_HI: u32 = 11;
export const CONTEXT_INV_TYPE_HIGH_LO: u32 = 9;
export const CONTEXT_INV_RESERVED_6_HI: u32 = 8;
export const CONTEXT_INV_RESERVED_6_LO: u32 = 6;
/** 01 global, 10 domain, 11 device. */
export const CONTEXT_INV_G_HI: u32 = 5;
export const CONTEXT_INV_G_LO: u32 = 4;
export const CONTEXT_INV_TYPE_LOW_HI: u32 = 3;
export const CONTEXT_INV_TYPE_LOW_LO: u32 = 0;

/** §6.5.2.3 IOTLB Invalidate Descriptor. */
export const TYPE_IOTLB: u32 = 2;
export const IOTLB_INV_ADDR_HI: u32 = 127;
export const IOTLB_INV_ADDR_LO: u32 = 76;
export const IOTLB_INV_RESERVED_71_HI: u32 = 75;
export const IOTLB_INV_RESERVED_71_LO: u32 = 71;
export const IOTLB_INV_IH_HI: u32 = 70;
export const IOTLB_INV_IH_LO: u32 = 70;
export const IOTLB_INV_AM_HI: u32 = 69;
export const IOTLB_INV_AM_LO: u32 = 64;
export const IOTLB_INV_RESERVED_32_HI: u32 = 63;
export const IOTLB_INV_RESERVED_32_LO: u32 = 32;
export const IOTLB_INV_DID_HI: u32 = 31;
export const IOTLB_INV_DID_LO: u32 = 16;
export const IOTLB_INV_RESERVED_12_HI: u32 = 15;
export const IOTLB_INV_RESERVED_12_LO: u32 = 12;
export const IOTLB_INV_TYPE_HIGH_HI: u32 = 11;
export const IOTLB_INV_TYPE_HIGH_LO: u32 = 9;
export const IOTLB_INV_RESERVED_8_HI: u32 = 8;
export const IOTLB_INV_RESERVED_8_LO: u32 = 8;
export const IOTLB_INV_DR_HI: u32 = 7;
export const IOTLB_INV_DR_LO: u32 = 7;
export const IOTLB_INV_DW_HI: u32 = 6;
export const IOTLB_INV_DW_LO: u32 = 6;
/** 01 global, 10 domain, 11 pages of a domain. */
export const IOTLB_INV_G_HI: u32 = 5;
export const IOTLB_INV_G_LO: u32 = 4;
export const IOTLB_INV_TYPE_LOW_HI: u32 = 3;
export const IOTLB_INV_TYPE_LOW_LO: u32 = 0;

/** §6.5.2.8 Interrupt Entry Cache Invalidate Descriptor. */
export const TYPE_INTERRUPT_ENTRY: u32 = 4;
export const IEC_INV_RESERVED_64_HI: u32 = 127;
export const IEC_INV_RESERVED_64_LO: u32 = 64;
export const IEC_INV_RESERVED_48_HI: u32 = 63;
export const IEC_INV_RESERVED_48_LO: u32 = 48;
export const IEC_INV_IIDX_HI: u32 = 47;
export const IEC_INV_IIDX_LO: u32 = 32;
/** How many low bits of the index are ignored. */
export const IEC_INV_IM_HI: u32 = 31;
export const IEC_INV_IM_LO: u32 = 27;
export const IEC_INV_RESERVED_12_HI: u32 = 26;
export const IEC_INV_RESERVED_12_LO: u32 = 12;
export const IEC_INV_TYPE_HIGH_HI: u32 = 11;
export const IEC_INV_TYPE_HIGH_LO: u32 = 9;
export const IEC_INV_RESERVED_5_HI: u32 = 8;
export const IEC_INV_RESERVED_5_LO: u32 = 5;
/** 0 global, 1 by index. */
export const IEC_INV_G_HI: u32 = 4;
export const IEC_INV_G_LO: u32 = 4;
export const IEC_INV_TYPE_LOW_HI: u32 = 3;
export const IEC_INV_TYPE_LOW_LO: u32 = 0;

/** §6.5.2.9 Invalidation Wait Descriptor. */
export const TYPE_WAIT: u32 = 5;
/** Status address; bits beyond HAW are ignored. */
export const WAIT_ADDRESS_HI: u32 = 127;
export const WAIT_ADDRESS_LO: u32 = 66;
export const WAIT_RESERVED_64_HI: u32 = 65;
export const WAIT_RESERVED_64_LO: u32 = 64;
export const WAIT_DATA_HI: u32 = 63;
export const WAIT_DATA_LO: u32 = 32;
export const WAIT_RESERVED_12_HI: u32 = 31;
export const WAIT_RESERVED_12_LO: u32 = 12;
export const WAIT_TYPE_HIGH_HI: u32 = 11;
export const WAIT_TYPE_HIGH_LO: u32 = 9;
export const WAIT_RESERVED_8_HI: u32 = 8;
export const WAIT_RESERVED_8_LO: u32 = 8;
/** Reserved without page-request draining. */
export const WAIT_PD_HI: u32 = 7;
export const WAIT_PD_LO: u32 = 7;
export const WAIT_FN_HI: u32 = 6;
export const WAIT_FN_LO: u32 = 6;
/** Write the data to the address. */
export const WAIT_SW_HI: u32 = 5;
export const WAIT_SW_LO: u32 = 5;
/** Set ICS_REG.IWC. */
export const WAIT_IF_HI: u32 = 4;
export const WAIT_IF_LO: u32 = 4;
export const WAIT_TYPE_LOW_HI: u32 = 3;
export const WAIT_TYPE_LOW_LO: u32 = 0;

/** G of context and IOTLB descriptors, and CIRG, CAIG, IIRG, IAIG. */
export const GRANULARITY_NONE: u32 = 0;
export const GRANULARITY_GLOBAL: u32 = 1;
export const GRANULARITY_DOMAIN: u32 = 2;
/** The device's context-entry, or pages of the domain. */
export const GRANULARITY_FINE: u32 = 3;
