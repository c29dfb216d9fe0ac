// VT-d 5.10 §9.6 Scalable-Mode PASID Table Entry, 512 bits. What lies above bit 255 belongs to host permission
// tables and is reserved without them.
//
//   63        12 11 10    9     8   6   5   4  2   1    0
//  │   SSPTPTR   │ r │ SSADE │ PGTT │ r │ AW │ FPD │ P │
//  127   96 95  91    90    89    88      87     86  80 79  64
//  │  PAT  │  r  │ EMTE │ CD │ PGSNP │ PWSNP │  r  │ DID │
//  191       140 139 136   135   134 133   132   131 130  129   128
//  │   FSPTPTR   │   r   │ EAFE │  ign   │ WPE │  FSPM  │  r  │ SRE │

export const PASID_ENTRY_SIZE: u32 = 64;

export const PASID_ENTRY_RESERVED_192_HI: u32 = 511;
export const PASID_ENTRY_RESERVED_192_LO: u32 = 192;
/** First-stage tables: host-physical, guest-physical for nested translation. Reserved without ECAP_REG.FSTS. */
export const PASID_ENTRY_FSPTPTR_HI: u32 = 191;
export const PASID_ENTRY_FSPTPTR_LO: u32 = 140;
export const PASID_ENTRY_RESERVED_136_HI: u32 = 139;
export const PASID_ENTRY_RESERVED_136_LO: u32 = 136;
/** Extended-accessed bits; reserved without ECAP_REG.EAFS. */
export const PASID_ENTRY_EAFE_HI: u32 = 135;
export const PASID_ENTRY_EAFE_LO: u32 = 135;
export const PASID_ENTRY_IGNORED_HI: u32 = 134;
export const PASID_ENTRY_IGNORED_LO: u32 = 133;
/** Supervisor requests heed R/W; reserved without ECAP_REG.FSTS, as is FSPM. */
export const PASID_ENTRY_WPE_HI: u32 = 132;
export const PASID_ENTRY_WPE_LO: u32 = 132;
export const PASID_ENTRY_FSPM_HI: u32 = 131;
export const PASID_ENTRY_FSPM_LO: u32 = 130;
export const PASID_ENTRY_RESERVED_129_HI: u32 = 129;
export const PASID_ENTRY_RESERVED_129_LO: u32 = 129;
/** Supervisor requests are served; reserved without ECAP_REG.SRS. */
export const PASID_ENTRY_SRE_HI: u32 = 128;
export const PASID_ENTRY_SRE_LO: u32 = 128;
/** Memory types: PAT, EMTE and CD are reserved without ECAP_REG.MTS. */
export const PASID_ENTRY_PAT_HI: u32 = 127;
export const PASID_ENTRY_PAT_LO: u32 = 96;
export const PASID_ENTRY_RESERVED_91_HI: u32 = 95;
export const PASID_ENTRY_RESERVED_91_LO: u32 = 91;
export const PASID_ENTRY_EMTE_HI: u32 = 90;
export const PASID_ENTRY_EMTE_LO: u32 = 90;
export const PASID_ENTRY_CD_HI: u32 = 89;
export const PASID_ENTRY_CD_LO: u32 = 89;
/** Reserved without ECAP_REG.SC. */
export const PASID_ENTRY_PGSNP_HI: u32 = 88;
export const PASID_ENTRY_PGSNP_LO: u32 = 88;
/** Tables are read coherently; reserved without ECAP_REG.SMPWCS. */
export const PASID_ENTRY_PWSNP_HI: u32 = 87;
export const PASID_ENTRY_PWSNP_LO: u32 = 87;
export const PASID_ENTRY_RESERVED_80_HI: u32 = 86;
export const PASID_ENTRY_RESERVED_80_LO: u32 = 80;
/** Domain identifier; bits beyond the width that CAP_REG.ND reports are reserved. */
export const PASID_ENTRY_DID_HI: u32 = 79;
export const PASID_ENTRY_DID_LO: u32 = 64;
/** Second-stage tables; bits 63:HAW are reserved, all of it without ECAP_REG.SSTS. */
export const PASID_ENTRY_SSPTPTR_HI: u32 = 63;
export const PASID_ENTRY_SSPTPTR_LO: u32 = 12;
export const PASID_ENTRY_RESERVED_10_HI: u32 = 11;
export const PASID_ENTRY_RESERVED_10_LO: u32 = 10;
/** Accessed and dirty bits in second-stage entries; reserved without ECAP_REG.SSADS. */
export const PASID_ENTRY_SSADE_HI: u32 = 9;
export const PASID_ENTRY_SSADE_LO: u32 = 9;
export const PASID_ENTRY_PGTT_HI: u32 = 8;
export const PASID_ENTRY_PGTT_LO: u32 = 6;
export const PASID_ENTRY_RESERVED_5_HI: u32 = 5;
export const PASID_ENTRY_RESERVED_5_LO: u32 = 5;
/** Second-stage width, encoded as in a context-entry; reserved without ECAP_REG.SSTS. */
export const PASID_ENTRY_AW_HI: u32 = 4;
export const PASID_ENTRY_AW_LO: u32 = 2;
export const PASID_ENTRY_FPD_HI: u32 = 1;
export const PASID_ENTRY_FPD_LO: u32 = 1;
export const PASID_ENTRY_P_HI: u32 = 0;
export const PASID_ENTRY_P_LO: u32 = 0;

export const PGTT_FIRST_STAGE: u32 = 1;
export const PGTT_SECOND_STAGE: u32 = 2;
export const PGTT_NESTED: u32 = 3;
export const PGTT_PASS_THROUGH: u32 = 4;

/** FSPM: tables of four and of five levels, for 48 and 57 bits; the others are reserved. */
export const FSPM_4_LEVELS: u32 = 0;
export const FSPM_5_LEVELS: u32 = 1;
