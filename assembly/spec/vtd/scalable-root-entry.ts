// VT-d 5.10 §9.2 Scalable-Mode Root Entry, 128 bits.
//
//   127     76 75    65  64  63        12 11     1  0
//  │   UCTP   │ rsvd │ UP │    LCTP     │ rsvd │ LP │

export const SM_ROOT_ENTRY_SIZE: u32 = 16;

/** Context table of devices 16 to 31; bits 127:(HAW + 64) are reserved. */
export const SM_ROOT_UCTP_HI: u32 = 127;
export const SM_ROOT_UCTP_LO: u32 = 76;
export const SM_ROOT_RESERVED_UPPER_HI: u32 = 75;
export const SM_ROOT_RESERVED_UPPER_LO: u32 = 65;
export const SM_ROOT_UP_HI: u32 = 64;
export const SM_ROOT_UP_LO: u32 = 64;
/** Context table of devices 0 to 15; bits 63:HAW are reserved. */
export const SM_ROOT_LCTP_HI: u32 = 63;
export const SM_ROOT_LCTP_LO: u32 = 12;
export const SM_ROOT_RESERVED_LOWER_HI: u32 = 11;
export const SM_ROOT_RESERVED_LOWER_LO: u32 = 1;
export const SM_ROOT_LP_HI: u32 = 0;
export const SM_ROOT_LP_LO: u32 = 0;
