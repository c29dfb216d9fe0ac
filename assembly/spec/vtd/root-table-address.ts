// VT-d 5.10 §11.4.5 Root Table Address Register, 64 bits.

export const RTADDR_REG: u32 = 0x20;

export const RTADDR_RTA_HI: u32 = 63;
export const RTADDR_RTA_LO: u32 = 12;
/** Translation table mode. */
export const RTADDR_TTM_HI: u32 = 11;
export const RTADDR_TTM_LO: u32 = 10;
export const RTADDR_RESERVED_8_HI: u32 = 9;
export const RTADDR_RESERVED_8_LO: u32 = 8;
/** Second-stage I/O read/write enable; reserved without ECAP_REG.SSIRWS. */
export const RTADDR_SSIRWE_HI: u32 = 7;
export const RTADDR_SSIRWE_LO: u32 = 7;
export const RTADDR_RESERVED_0_HI: u32 = 6;
export const RTADDR_RESERVED_0_LO: u32 = 0;

export const RTADDR_TTM_LEGACY: u32 = 0;
export const RTADDR_TTM_SCALABLE: u32 = 1;
export const RTADDR_TTM_RESERVED: u32 = 2;
export const RTADDR_TTM_ABORT: u32 = 3;
