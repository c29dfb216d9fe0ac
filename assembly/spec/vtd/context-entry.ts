// VT-d 5.10 §9.3 Context Entry, 128 bits.
//
//   127    88 87  72 71   70  67 66  64 63        12 11   4 3  2 1    0
//  │ reserved │ DID │ r │ ignored │ AW │  SSPTPTR   │ rsvd │ TT │ FPD │ P │

export const CONTEXT_ENTRY_SIZE: u32 = 16;

export const CONTEXT_RESERVED_HIGH_HI: u32 = 127;
export const CONTEXT_RESERVED_HIGH_LO: u32 = 88;
/** Domain identifier; bits beyond the width that CAP_REG.ND reports are reserved. */
export const CONTEXT_DID_HI: u32 = 87;
export const CONTEXT_DID_LO: u32 = 72;
export const CONTEXT_RESERVED_MIDDLE_HI: u32 = 71;
export const CONTEXT_RESERVED_MIDDLE_LO: u32 = 71;
export const CONTEXT_IGNORED_HI: u32 = 70;
export const CONTEXT_IGNORED_LO: u32 = 67;
export const CONTEXT_AW_HI: u32 = 66;
export const CONTEXT_AW_LO: u32 = 64;
/** Second-stage page table; bits 63:HAW are reserved. Ignored for pass-through. */
export const CONTEXT_SSPTPTR_HI: u32 = 63;
export const CONTEXT_SSPTPTR_LO: u32 = 12;
export const CONTEXT_RESERVED_LOW_HI: u32 = 11;
export const CONTEXT_RESERVED_LOW_LO: u32 = 4;
export const CONTEXT_TT_HI: u32 = 3;
export const CONTEXT_TT_LO: u32 = 2;
export const CONTEXT_FPD_HI: u32 = 1;
export const CONTEXT_FPD_LO: u32 = 1;
export const CONTEXT_P_HI: u32 = 0;
export const CONTEXT_P_LO: u32 = 0;

/** TT: untranslated requests go through the second stage, others are blocked. */
export const CONTEXT_TT_UNTRANSLATED: u32 = 0;
/** TT: as 0, and translation and translated requests are served. Reserved without Device-TLB support. */
export const CONTEXT_TT_DEVICE_TLB: u32 = 1;
/** TT: untranslated requests pass through. Reserved without ECAP_REG.PT. */
export const CONTEXT_TT_PASS_THROUGH: u32 = 2;

/** AW: 39 bits, three levels. Each further value adds 9 bits and one level. */
export const CONTEXT_AW_39: u32 = 1;
export const CONTEXT_AW_48: u32 = 2;
export const CONTEXT_AW_57: u32 = 3;
