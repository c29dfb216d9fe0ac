// VT-d 5.10 §9.5 Scalable-Mode PASID Directory Entry, 64 bits.
//
//   63        12 11     2   1    0
//  │  SMPTBLPTR  │ rsvd │ FPD │ P │

export const PASID_DIRECTORY_ENTRY_SIZE: u32 = 8;

/** PASID table, host-physical; bits 63:HAW are reserved. */
export const PASID_DIRECTORY_SMPTBLPTR_HI: u32 = 63;
export const PASID_DIRECTORY_SMPTBLPTR_LO: u32 = 12;
export const PASID_DIRECTORY_RESERVED_HI: u32 = 11;
export const PASID_DIRECTORY_RESERVED_LO: u32 = 2;
export const PASID_DIRECTORY_FPD_HI: u32 = 1;
export const PASID_DIRECTORY_FPD_LO: u32 = 1;
export const PASID_DIRECTORY_P_HI: u32 = 0;
export const PASID_DIRECTORY_P_LO: u32 = 0;

/** Bits of a PASID: those that index the directory, and those that index the table below. */
export const PASID_INDEX_DIRECTORY_HI: u32 = 19;
export const PASID_INDEX_DIRECTORY_LO: u32 = 6;
export const PASID_INDEX_TABLE_HI: u32 = 5;
export const PASID_INDEX_TABLE_LO: u32 = 0;
