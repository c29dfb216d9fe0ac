// VT-d 5.10 §9.7 First-Stage Paging Entries (Tables 34–40).
//
//  63    52 51    12  11   10   9 8    7     6   5    4    3     2    1   0
// │ ignored │ ADDR │ ign │ EA │ G,ign │ PS │ D │ A │ PCD │ PWT │ US │ RW │ P │

export const FS_ENTRY_SIZE: u32 = 8;

export const FS_IGNORED_HIGH_HI: u32 = 63;
export const FS_IGNORED_HIGH_LO: u32 = 52;
/** Address; bits 51:HAW are reserved. Of a larger page the bits below are reserved, but for PAT in bit 12. */
export const FS_ADDR_HI: u32 = 51;
export const FS_ADDR_LO: u32 = 12;
export const FS_ADDR_1G_LO: u32 = 30;
export const FS_ADDR_2M_LO: u32 = 21;
/** PAT of a larger page: the lowest bit of ADDR, which is reserved in nothing. */
export const FS_PAT_LARGE_HI: u32 = 12;
export const FS_PAT_LARGE_LO: u32 = 12;
export const FS_IGNORED_11_HI: u32 = 11;
export const FS_IGNORED_11_LO: u32 = 11;
/** Extended-accessed: ignored unless EAFE is set in the PASID-table entry. */
export const FS_EA_HI: u32 = 10;
export const FS_EA_LO: u32 = 10;
export const FS_IGNORED_8_HI: u32 = 9;
export const FS_IGNORED_8_LO: u32 = 8;
/** PS: reserved in PML5E, PML4E, and in PDPE without CAP_REG.FS1GP. In PTE it is PAT. */
export const FS_PS_HI: u32 = 7;
export const FS_PS_LO: u32 = 7;
/** Dirty: of an entry that maps a page; otherwise ignored. */
export const FS_D_HI: u32 = 6;
export const FS_D_LO: u32 = 6;
export const FS_A_HI: u32 = 5;
export const FS_A_LO: u32 = 5;
export const FS_PCD_HI: u32 = 4;
export const FS_PCD_LO: u32 = 4;
export const FS_PWT_HI: u32 = 3;
export const FS_PWT_LO: u32 = 3;
/** U/S: 1 lets user requests through. */
export const FS_US_HI: u32 = 2;
export const FS_US_LO: u32 = 2;
export const FS_RW_HI: u32 = 1;
export const FS_RW_LO: u32 = 1;
export const FS_P_HI: u32 = 0;
export const FS_P_LO: u32 = 0;
