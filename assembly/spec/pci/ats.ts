// PCIe 6.0 §10.5.1 ATS Extended Capability.

/** Bytes. */
export const ATS_LENGTH: u32 = 0x08;

/** §10.5.1.2 ATS Capability Register. QUEUE_DEPTH 0 stands for 32. */
export const ATS_CAP: u32 = 0x04;
export const ATS_CAP_WIDTH: u32 = 16;
export const ATS_CAP_QUEUE_DEPTH_HI: u32 = 4;
export const ATS_CAP_QUEUE_DEPTH_LO: u32 = 0;
export const ATS_CAP_PAGE_ALIGNED_HI: u32 = 5;
export const ATS_CAP_PAGE_ALIGNED_LO: u32 = 5;
export const ATS_CAP_GLOBAL_INVALIDATE_HI: u32 = 6;
export const ATS_CAP_GLOBAL_INVALIDATE_LO: u32 = 6;
export const ATS_CAP_RELAXED_ORDERING_HI: u32 = 7;
export const ATS_CAP_RELAXED_ORDERING_LO: u32 = 7;
export const ATS_CAP_RESERVED8_HI: u32 = 15;
export const ATS_CAP_RESERVED8_LO: u32 = 8;

/** §10.5.1.3 ATS Control Register. STU: 2^(STU+12) bytes. */
export const ATS_CTL: u32 = 0x06;
export const ATS_CTL_WIDTH: u32 = 16;
export const ATS_CTL_STU_HI: u32 = 4;
export const ATS_CTL_STU_LO: u32 = 0;
export const ATS_CTL_RESERVED5_HI: u32 = 14;
export const ATS_CTL_RESERVED5_LO: u32 = 5;
export const ATS_CTL_ENABLE_HI: u32 = 15;
export const ATS_CTL_ENABLE_LO: u32 = 15;
