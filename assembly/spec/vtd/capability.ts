// VT-d 5.10 §11.4.1 Version Register (32 bits) and §11.4.2 Capability Register (64 bits).

export const VER_REG: u32 = 0x00;
export const VER_RESERVED_HI: u32 = 31;
export const VER_RESERVED_LO: u32 = 8;
export const VER_MAX_HI: u32 = 7;
export const VER_MAX_LO: u32 = 4;
export const VER_MIN_HI: u32 = 3;
export const VER_MIN_LO: u32 = 0;

export const CAP_REG: u32 = 0x08;
export const CAP_ESRTPS_HI: u32 = 63;
export const CAP_ESRTPS_LO: u32 = 63;
export const CAP_ESIRTPS_HI: u32 = 62;
export const CAP_ESIRTPS_LO: u32 = 62;
export const CAP_ECMDS_HI: u32 = 61;
export const CAP_ECMDS_LO: u32 = 61;
export const CAP_FS5LP_HI: u32 = 60;
export const CAP_FS5LP_LO: u32 = 60;
export const CAP_PI_HI: u32 = 59;
export const CAP_PI_LO: u32 = 59;
export const CAP_RESERVED_57_HI: u32 = 58;
export const CAP_RESERVED_57_LO: u32 = 57;
export const CAP_FS1GP_HI: u32 = 56;
export const CAP_FS1GP_LO: u32 = 56;
export const CAP_DRD_HI: u32 = 55;
export const CAP_DRD_LO: u32 = 55;
export const CAP_DWD_HI: u32 = 54;
export const CAP_DWD_LO: u32 = 54;
/** Largest address mask of a page-selective invalidation. */
export const CAP_MAMV_HI: u32 = 53;
export const CAP_MAMV_LO: u32 = 48;
/** Fault recording registers, minus 1. */
export const CAP_NFR_HI: u32 = 47;
export const CAP_NFR_LO: u32 = 40;
export const CAP_PSI_HI: u32 = 39;
export const CAP_PSI_LO: u32 = 39;
export const CAP_RESERVED_38_HI: u32 = 38;
export const CAP_RESERVED_38_LO: u32 = 38;
/** Second-stage large pages: bit 0 2 MiB, bit 1 1 GiB. */
export const CAP_SSLPS_HI: u32 = 37;
export const CAP_SSLPS_LO: u32 = 34;
/** Offset of the fault recording registers, in units of 16 bytes. */
export const CAP_FRO_HI: u32 = 33;
export const CAP_FRO_LO: u32 = 24;
export const CAP_DEPRECATED_23_HI: u32 = 23;
export const CAP_DEPRECATED_23_LO: u32 = 23;
export const CAP_ZLR_HI: u32 = 22;
export const CAP_ZLR_LO: u32 = 22;
/** Maximum guest address width, minus 1. */
export const CAP_MGAW_HI: u32 = 21;
export const CAP_MGAW_LO: u32 = 16;
export const CAP_RESERVED_13_HI: u32 = 15;
export const CAP_RESERVED_13_LO: u32 = 13;
/** Bit 1, 2, 3: 39, 48, 57 address bits in 3, 4, 5 levels. */
export const CAP_SAGAW_HI: u32 = 12;
export const CAP_SAGAW_LO: u32 = 8;
export const CAP_CM_HI: u32 = 7;
export const CAP_CM_LO: u32 = 7;
export const CAP_PHMR_HI: u32 = 6;
export const CAP_PHMR_LO: u32 = 6;
export const CAP_PLMR_HI: u32 = 5;
export const CAP_PLMR_LO: u32 = 5;
export const CAP_RWBF_HI: u32 = 4;
export const CAP_RWBF_LO: u32 = 4;
export const CAP_RESERVED_3_HI: u32 = 3;
export const CAP_RESERVED_3_LO: u32 = 3;
/** Domain-ids have 4 + 2 × ND bits. */
export const CAP_ND_HI: u32 = 2;
export const CAP_ND_LO: u32 = 0;
