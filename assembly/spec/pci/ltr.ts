// PCIe 6.0 §7.8.2 Latency Tolerance Reporting Extended Capability. A latency is VALUE × 32^SCALE ns.

/** Bytes. */
export const LTR_LENGTH: u32 = 0x08;

/** §7.8.2.2 Max Snoop Latency Register. */
export const LTR_SNOOP: u32 = 0x04;
export const LTR_SNOOP_WIDTH: u32 = 16;
export const LTR_SNOOP_VALUE_HI: u32 = 9;
export const LTR_SNOOP_VALUE_LO: u32 = 0;
export const LTR_SNOOP_SCALE_HI: u32 = 12;
export const LTR_SNOOP_SCALE_LO: u32 = 10;
export const LTR_SNOOP_RESERVED13_HI: u32 = 15;
export const LTR_SNOOP_RESERVED13_LO: u32 = 13;

/** §7.8.2.3 Max No-Snoop Latency Register. */
export const LTR_NO_SNOOP: u32 = 0x06;
export const LTR_NO_SNOOP_WIDTH: u32 = 16;
export const LTR_NO_SNOOP_VALUE_HI: u32 = 9;
export const LTR_NO_SNOOP_VALUE_LO: u32 = 0;
export const LTR_NO_SNOOP_SCALE_HI: u32 = 12;
export const LTR_NO_SNOOP_SCALE_LO: u32 = 10;
export const LTR_NO_SNOOP_RESERVED13_HI: u32 = 15;
export const LTR_NO_SNOOP_RESERVED13_LO: u32 = 13;
