// VT-d 5.10 §9.1 Root Entry, 128 bits.
//
//   127        64 63        12 11    1  0
//  │  reserved   │    CTP     │ rsvd │ P │

export const ROOT_ENTRY_SIZE: u32 = 16;

export const ROOT_RESERVED_HIGH_HI: u32 = 127;
export const ROOT_RESERVED_HIGH_LO: u32 = 64;
/** Context-table pointer; bits 63:HAW are reserved. */
export const ROOT_CTP_HI: u32 = 63;
export const ROOT_CTP_LO: u32 = 12;
export const ROOT_RESERVED_LOW_HI: u32 = 11;
export const ROOT_RESERVED_LOW_LO: u32 = 1;
export const ROOT_P_HI: u32 = 0;
export const ROOT_P_LO: u32 = 0;
