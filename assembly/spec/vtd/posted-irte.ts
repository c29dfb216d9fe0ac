// VT-d 5.10 §9.10 Interrupt Remapping Table Entry (IRTE) for posted interrupts, 128 bits: IM is set.

/** Bits 63:32 of the posted-interrupt descriptor's address; those from HAW on are reserved. */
export const POSTED_PDAH_HI: u32 = 127;
export const POSTED_PDAH_LO: u32 = 96;
export const POSTED_RESERVED_84_HI: u32 = 95;
export const POSTED_RESERVED_84_LO: u32 = 84;
/** Source validation type, as in the remapped format. */
export const POSTED_SVT_HI: u32 = 83;
export const POSTED_SVT_LO: u32 = 82;
export const POSTED_SQ_HI: u32 = 81;
export const POSTED_SQ_LO: u32 = 80;
export const POSTED_SID_HI: u32 = 79;
export const POSTED_SID_LO: u32 = 64;
/** Bits 31:6 of the descriptor's address. */
export const POSTED_PDAL_HI: u32 = 63;
export const POSTED_PDAL_LO: u32 = 38;
export const POSTED_RESERVED_24_HI: u32 = 37;
export const POSTED_RESERVED_24_LO: u32 = 24;
/** Virtual vector: the bit of PIR. */
export const POSTED_VV_HI: u32 = 23;
export const POSTED_VV_LO: u32 = 16;
export const POSTED_IM_HI: u32 = 15;
export const POSTED_IM_LO: u32 = 15;
/** Urgent: notified even while SN is set. */
export const POSTED_URG_HI: u32 = 14;
export const POSTED_URG_LO: u32 = 14;
export const POSTED_RESERVED_12_HI: u32 = 13;
export const POSTED_RESERVED_12_LO: u32 = 12;
export const POSTED_AVAIL_HI: u32 = 11;
export const POSTED_AVAIL_LO: u32 = 8;
export const POSTED_RESERVED_2_HI: u32 = 7;
export const POSTED_RESERVED_2_LO: u32 = 2;
export const POSTED_FPD_HI: u32 = 1;
export const POSTED_FPD_LO: u32 = 1;
export const POSTED_P_HI: u32 = 0;
export const POSTED_P_LO: u32 = 0;

/** PDAL holds the address from this bit on. */
export const POSTED_ADDRESS_LO: u32 = 6;
