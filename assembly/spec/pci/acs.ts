// PCIe 6.0 §7.7.11 ACS Extended Capability.

/** Bytes without an egress control vector, which follows at ACS_EGRESS_VECTOR when there is one. */
export const ACS_LENGTH: u32 = 0x08;
export const ACS_EGRESS_VECTOR: u32 = 0x08;

/** §7.7.11.2 ACS Capability Register. */
export const ACS_CAP: u32 = 0x04;
export const ACS_CAP_WIDTH: u32 = 16;
export const ACS_CAP_SOURCE_VALIDATION_HI: u32 = 0;
export const ACS_CAP_SOURCE_VALIDATION_LO: u32 = 0;
export const ACS_CAP_TRANSLATION_BLOCKING_HI: u32 = 1;
export const ACS_CAP_TRANSLATION_BLOCKING_LO: u32 = 1;
export const ACS_CAP_REQUEST_REDIRECT_HI: u32 = 2;
export const ACS_CAP_REQUEST_REDIRECT_LO: u32 = 2;
export const ACS_CAP_COMPLETION_REDIRECT_HI: u32 = 3;
export const ACS_CAP_COMPLETION_REDIRECT_LO: u32 = 3;
export const ACS_CAP_UPSTREAM_FORWARDING_HI: u32 = 4;
export const ACS_CAP_UPSTREAM_FORWARDING_LO: u32 = 4;
export const ACS_CAP_EGRESS_CONTROL_HI: u32 = 5;
export const ACS_CAP_EGRESS_CONTROL_LO: u32 = 5;
export const ACS_CAP_DIRECT_TRANSLATED_HI: u32 = 6;
export const ACS_CAP_DIRECT_TRANSLATED_LO: u32 = 6;
export const ACS_CAP_ENHANCED_HI: u32 = 7;
export const ACS_CAP_ENHANCED_LO: u32 = 7;
export const ACS_CAP_EGRESS_VECTOR_SIZE_HI: u32 = 15;
export const ACS_CAP_EGRESS_VECTOR_SIZE_LO: u32 = 8;

/** §7.7.11.3 ACS Control Register. */
export const ACS_CTL: u32 = 0x06;
export const ACS_CTL_WIDTH: u32 = 16;
export const ACS_CTL_SOURCE_VALIDATION_HI: u32 = 0;
export const ACS_CTL_SOURCE_VALIDATION_LO: u32 = 0;
export const ACS_CTL_TRANSLATION_BLOCKING_HI: u32 = 1;
export const ACS_CTL_TRANSLATION_BLOCKING_LO: u32 = 1;
export const ACS_CTL_REQUEST_REDIRECT_HI: u32 = 2;
export const ACS_CTL_REQUEST_REDIRECT_LO: u32 = 2;
export const ACS_CTL_COMPLETION_REDIRECT_HI: u32 = 3;
export const ACS_CTL_COMPLETION_REDIRECT_LO: u32 = 3;
export const ACS_CTL_UPSTREAM_FORWARDING_HI: u32 = 4;
export const ACS_CTL_UPSTREAM_FORWARDING_LO: u32 = 4;
export const ACS_CTL_EGRESS_CONTROL_HI: u32 = 5;
export const ACS_CTL_EGRESS_CONTROL_LO: u32 = 5;
export const ACS_CTL_DIRECT_TRANSLATED_HI: u32 = 6;
export const ACS_CTL_DIRECT_TRANSLATED_LO: u32 = 6;
export const ACS_CTL_IO_BLOCKING_HI: u32 = 7;
export const ACS_CTL_IO_BLOCKING_LO: u32 = 7;
export const ACS_CTL_DSP_MEMORY_TARGET_HI: u32 = 9;
export const ACS_CTL_DSP_MEMORY_TARGET_LO: u32 = 8;
export const ACS_CTL_USP_MEMORY_TARGET_HI: u32 = 11;
export const ACS_CTL_USP_MEMORY_TARGET_LO: u32 = 10;
export const ACS_CTL_UNCLAIMED_REDIRECT_HI: u32 = 12;
export const ACS_CTL_UNCLAIMED_REDIRECT_LO: u32 = 12;
export const ACS_CTL_RESERVED13_HI: u32 = 15;
export const ACS_CTL_RESERVED13_LO: u32 = 13;
