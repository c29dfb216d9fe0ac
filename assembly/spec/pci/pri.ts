// PCIe 6.0 §10.5.2 Page Request Extended Capability.

/** Bytes. */
export const PRI_LENGTH: u32 = 0x10;

/** §10.5.2.2 Page Request Control Register. RESET reads as 0. */
export const PRI_CTL: u32 = 0x04;
export const PRI_CTL_WIDTH: u32 = 16;
export const PRI_CTL_ENABLE_HI: u32 = 0;
export const PRI_CTL_ENABLE_LO: u32 = 0;
export const PRI_CTL_RESET_HI: u32 = 1;
export const PRI_CTL_RESET_LO: u32 = 1;
export const PRI_CTL_RESERVED2_HI: u32 = 15;
export const PRI_CTL_RESERVED2_LO: u32 = 2;

/** §10.5.2.3 Page Request Status Register. */
export const PRI_STA: u32 = 0x06;
export const PRI_STA_WIDTH: u32 = 16;
export const PRI_STA_RESPONSE_FAILURE_HI: u32 = 0;
export const PRI_STA_RESPONSE_FAILURE_LO: u32 = 0;
export const PRI_STA_UNEXPECTED_GROUP_HI: u32 = 1;
export const PRI_STA_UNEXPECTED_GROUP_LO: u32 = 1;
export const PRI_STA_RESERVED2_HI: u32 = 7;
export const PRI_STA_RESERVED2_LO: u32 = 2;
export const PRI_STA_STOPPED_HI: u32 = 8;
export const PRI_STA_STOPPED_LO: u32 = 8;
export const PRI_STA_RESERVED9_HI: u32 = 14;
export const PRI_STA_RESERVED9_LO: u32 = 9;
export const PRI_STA_PASID_REQUIRED_HI: u32 = 15;
export const PRI_STA_PASID_REQUIRED_LO: u32 = 15;

/** §10.5.2.4 Outstanding Page Request Capacity. */
export const PRI_CAPACITY: u32 = 0x08;
export const PRI_CAPACITY_WIDTH: u32 = 32;
export const PRI_CAPACITY_VALUE_HI: u32 = 31;
export const PRI_CAPACITY_VALUE_LO: u32 = 0;

/** §10.5.2.5 Outstanding Page Request Allocation. */
export const PRI_ALLOCATION: u32 = 0x0c;
export const PRI_ALLOCATION_WIDTH: u32 = 32;
export const PRI_ALLOCATION_VALUE_HI: u32 = 31;
export const PRI_ALLOCATION_VALUE_LO: u32 = 0;
