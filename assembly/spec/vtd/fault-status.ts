// VT-d 5.10 §11.4.7.1 Fault Status Register, 32 bits.

export const FSTS_REG: u32 = 0x34;

export const FSTS_RESERVED_HIGH_HI: u32 = 31;
export const FSTS_RESERVED_HIGH_LO: u32 = 16;
/** Which record made PPF set. */
export const FSTS_FRI_HI: u32 = 15;
export const FSTS_FRI_LO: u32 = 8;
export const FSTS_DEPRECATED_HI: u32 = 7;
export const FSTS_DEPRECATED_LO: u32 = 7;
/** RW1C: device-TLB invalidation timed out. RsvdZ without Device-TLB support, as ICE. */
export const FSTS_ITE_HI: u32 = 6;
export const FSTS_ITE_LO: u32 = 6;
export const FSTS_ICE_HI: u32 = 5;
export const FSTS_ICE_LO: u32 = 5;
/** RW1C: invalidation queue error. */
export const FSTS_IQE_HI: u32 = 4;
export const FSTS_IQE_LO: u32 = 4;
export const FSTS_RESERVED_LOW_HI: u32 = 3;
export const FSTS_RESERVED_LOW_LO: u32 = 2;
/** Some record's F is set. */
export const FSTS_PPF_HI: u32 = 1;
export const FSTS_PPF_LO: u32 = 1;
/** RW1C: a fault found no free record; nothing is recorded until it is cleared. */
export const FSTS_PFO_HI: u32 = 0;
export const FSTS_PFO_LO: u32 = 0;
