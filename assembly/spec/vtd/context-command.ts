// VT-d 5.10 §11.4.6.1 Context Command Register, 64 bits.

export const CCMD_REG: u32 = 0x28;
/** Set by software to invalidate, cleared when done. */
export const CCMD_ICC_HI: u32 = 63;
export const CCMD_ICC_LO: u32 = 63;
/** Requested granularity: 01 global, 10 domain, 11 device. */
export const CCMD_CIRG_HI: u32 = 62;
export const CCMD_CIRG_LO: u32 = 61;
/** Actual granularity; 00 for a request that was refused. */
export const CCMD_CAIG_HI: u32 = 60;
export const CCMD_CAIG_LO: u32 = 59;
export const CCMD_RESERVED_34_HI: u32 = 58;
export const CCMD_RESERVED_34_LO: u32 = 34;
/** Function mask: how many of SID[2:0] are ignored, from bit 2 down. */
export const CCMD_FM_HI: u32 = 33;
export const CCMD_FM_LO: u32 = 32;
export const CCMD_SID_HI: u32 = 31;
export const CCMD_SID_LO: u32 = 16;
export const CCMD_DID_HI: u32 = 15;
export const CCMD_DID_LO: u32 = 0;
