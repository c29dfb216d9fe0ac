// VT-d 5.10 §11.4.10 Interrupt Remapping Table Address Register, 64 bits.

export const IRTA_REG: u32 = 0xb8;
export const IRTA_IRTA_HI: u32 = 63;
export const IRTA_IRTA_LO: u32 = 12;
/** x2APIC mode: 32-bit destinations. Reserved without ECAP_REG.EIM. */
export const IRTA_EIME_HI: u32 = 11;
export const IRTA_EIME_LO: u32 = 11;
export const IRTA_RESERVED_4_HI: u32 = 10;
export const IRTA_RESERVED_4_LO: u32 = 4;
/** The table has 2^(S+1) entries. */
export const IRTA_S_HI: u32 = 3;
export const IRTA_S_LO: u32 = 0;
