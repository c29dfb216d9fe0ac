// VT-d 5.10 §11.4.7.6 Fault Recording Registers, 128 bits each, at 16 × CAP_REG.FRO.

export const FRCD_SIZE: u32 = 16;

/** RW1C: set with the record; what is below is meaningful while it is set. */
export const FRCD_F_HI: u32 = 127;
export const FRCD_F_LO: u32 = 127;
/** T1 and T2: 00 write, 10 page request, 01 read, 11 atomic operation. */
export const FRCD_T1_HI: u32 = 126;
export const FRCD_T1_LO: u32 = 126;
export const FRCD_AT_HI: u32 = 125;
export const FRCD_AT_LO: u32 = 124;
export const FRCD_PV_HI: u32 = 123;
export const FRCD_PV_LO: u32 = 104;
export const FRCD_FR_HI: u32 = 103;
export const FRCD_FR_LO: u32 = 96;
export const FRCD_PP_HI: u32 = 95;
export const FRCD_PP_LO: u32 = 95;
export const FRCD_EXE_HI: u32 = 94;
export const FRCD_EXE_LO: u32 = 94;
export const FRCD_PRIV_HI: u32 = 93;
export const FRCD_PRIV_LO: u32 = 93;
export const FRCD_T2_HI: u32 = 92;
export const FRCD_T2_LO: u32 = 92;
export const FRCD_RESERVED_HIGH_HI: u32 = 91;
export const FRCD_RESERVED_HIGH_LO: u32 = 80;
export const FRCD_SID_HI: u32 = 79;
export const FRCD_SID_LO: u32 = 64;
/** Fault information: bits 63:12 of the address, or the interrupt index in bits 63:48. */
export const FRCD_FI_HI: u32 = 63;
export const FRCD_FI_LO: u32 = 12;
export const FRCD_RESERVED_LOW_HI: u32 = 11;
export const FRCD_RESERVED_LOW_LO: u32 = 0;

/** Where the interrupt index lies in the record of an interrupt fault. */
export const FRCD_INTERRUPT_INDEX_HI: u32 = 63;
export const FRCD_INTERRUPT_INDEX_LO: u32 = 48;
