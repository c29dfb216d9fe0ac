// PCIe 6.0 §7.8.9 PASID Extended Capability.

/** Bytes. */
export const PASID_LENGTH: u32 = 0x08;

/** §7.8.9.2 PASID Capability Register. */
export const PASID_CAP: u32 = 0x04;
export const PASID_CAP_WIDTH: u32 = 16;
export const PASID_CAP_RESERVED0_HI: u32 = 0;
export const PASID_CAP_RESERVED0_LO: u32 = 0;
export const PASID_CAP_EXECUTE_HI: u32 = 1;
export const PASID_CAP_EXECUTE_LO: u32 = 1;
export const PASID_CAP_PRIVILEGED_HI: u32 = 2;
export const PASID_CAP_PRIVILEGED_LO: u32 = 2;
export const PASID_CAP_RESERVED3_HI: u32 = 7;
export const PASID_CAP_RESERVED3_LO: u32 = 3;
export const PASID_CAP_MAX_WIDTH_HI: u32 = 12;
export const PASID_CAP_MAX_WIDTH_LO: u32 = 8;
export const PASID_CAP_RESERVED13_HI: u32 = 15;
export const PASID_CAP_RESERVED13_LO: u32 = 13;

/** §7.8.9.3 PASID Control Register. */
export const PASID_CTL: u32 = 0x06;
export const PASID_CTL_WIDTH: u32 = 16;
export const PASID_CTL_ENABLE_HI: u32 = 0;
export const PASID_CTL_ENABLE_LO: u32 = 0;
export const PASID_CTL_EXECUTE_HI: u32 = 1;
export const PASID_CTL_EXECUTE_LO: u32 = 1;
export const PASID_CTL_PRIVILEGED_HI: u32 = 2;
export const PASID_CTL_PRIVILEGED_LO: u32 = 2;
export const PASID_CTL_RESERVED3_HI: u32 = 15;
export const PASID_CTL_RESERVED3_LO: u32 = 3;
/** The widest PASID, in bits. */
export const PASID_MAX_WIDTH: u32 = 20;
