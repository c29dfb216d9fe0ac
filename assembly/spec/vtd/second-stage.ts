// VT-d 5.10 §9.8 Second-Stage Paging Entries (Tables 41–47), with second-stage I/O read/write bits disabled.
//
//  63  62  61 60  52 51    12 11       10    9   8   7    6..2    1   0
// │ign│rsv│  ignored │ ADDR  │rsv/SNP │ ign │ D │ A │PS │ ignored │ W │ R │

export const SS_ENTRY_SIZE: u32 = 8;

export const SS_IGNORED_TOP_HI: u32 = 63;
export const SS_IGNORED_TOP_LO: u32 = 63;
/** IW: reserved while second-stage I/O read/write bits are disabled. */
export const SS_IW_HI: u32 = 62;
export const SS_IW_LO: u32 = 62;
export const SS_IGNORED_HIGH_HI: u32 = 61;
export const SS_IGNORED_HIGH_LO: u32 = 52;
/** Address; bits 51:HAW are reserved. A larger page uses fewer bits, the rest below are reserved. */
export const SS_ADDR_HI: u32 = 51;
export const SS_ADDR_LO: u32 = 12;
export const SS_ADDR_1G_LO: u32 = 30;
export const SS_ADDR_2M_LO: u32 = 21;
/** SNP in a leaf: reserved without ECAP_REG.SC. Reserved in every entry that references a table. */
export const SS_SNP_HI: u32 = 11;
export const SS_SNP_LO: u32 = 11;
export const SS_IGNORED_MIDDLE_HI: u32 = 10;
export const SS_IGNORED_MIDDLE_LO: u32 = 10;
/** Dirty, of an entry that maps a page, and accessed: ignored unless SSADE is set in the PASID-table entry. */
export const SS_D_HI: u32 = 9;
export const SS_D_LO: u32 = 9;
export const SS_A_HI: u32 = 8;
export const SS_A_LO: u32 = 8;
/** PS: reserved in SS-PML5E and SS-PML4E and where CAP_REG.SSLPS lacks the size; ignored in SS-PTE. */
export const SS_PS_HI: u32 = 7;
export const SS_PS_LO: u32 = 7;
export const SS_IGNORED_LOW_HI: u32 = 6;
export const SS_IGNORED_LOW_LO: u32 = 2;
export const SS_W_HI: u32 = 1;
export const SS_W_LO: u32 = 1;
export const SS_R_HI: u32 = 0;
export const SS_R_LO: u32 = 0;

/** Bits of an address that index one table. */
export const SS_INDEX_WIDTH: u32 = 9;
