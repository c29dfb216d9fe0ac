// PCIe 6.0 §7.8.8 ARI Extended Capability.

/** Bytes. */
export const ARI_LENGTH: u32 = 0x08;

/** §7.8.8.2 ARI Capability Register. */
export const ARI_CAP: u32 = 0x04;
export const ARI_CAP_WIDTH: u32 = 16;
export const ARI_CAP_MFVC_GROUPS_HI: u32 = 0;
export const ARI_CAP_MFVC_GROUPS_LO: u32 = 0;
export const ARI_CAP_ACS_GROUPS_HI: u32 = 1;
export const ARI_CAP_ACS_GROUPS_LO: u32 = 1;
export const ARI_CAP_RESERVED2_HI: u32 = 7;
export const ARI_CAP_RESERVED2_LO: u32 = 2;
export const ARI_CAP_NEXT_FUNCTION_HI: u32 = 15;
export const ARI_CAP_NEXT_FUNCTION_LO: u32 = 8;

/** §7.8.8.3 ARI Control Register. */
export const ARI_CTL: u32 = 0x06;
export const ARI_CTL_WIDTH: u32 = 16;
export const ARI_CTL_MFVC_GROUPS_HI: u32 = 0;
export const ARI_CTL_MFVC_GROUPS_LO: u32 = 0;
export const ARI_CTL_ACS_GROUPS_HI: u32 = 1;
export const ARI_CTL_ACS_GROUPS_LO: u32 = 1;
export const ARI_CTL_RESERVED2_HI: u32 = 3;
export const ARI_CTL_RESERVED2_LO: u32 = 2;
export const ARI_CTL_FUNCTION_GROUP_HI: u32 = 6;
export const ARI_CTL_FUNCTION_GROUP_LO: u32 = 4;
export const ARI_CTL_RESERVED7_HI: u32 = 15;
export const ARI_CTL_RESERVED7_LO: u32 = 7;
