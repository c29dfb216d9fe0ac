// VT-d 5.10 §11.4.4 Global Command Register (write-only) and Global Status Register, 32 bits each.

export const GCMD_REG: u32 = 0x18;
/** Translation enable. */
export const GCMD_TE_HI: u32 = 31;
export const GCMD_TE_LO: u32 = 31;
/** One-shot: set root table pointer. */
export const GCMD_SRTP_HI: u32 = 30;
export const GCMD_SRTP_LO: u32 = 30;
export const GCMD_RESERVED_28_HI: u32 = 29;
export const GCMD_RESERVED_28_LO: u32 = 28;
/** One-shot: write buffer flush. */
export const GCMD_WBF_HI: u32 = 27;
export const GCMD_WBF_LO: u32 = 27;
/** Queued invalidation enable. */
export const GCMD_QIE_HI: u32 = 26;
export const GCMD_QIE_LO: u32 = 26;
/** Interrupt remapping enable. */
export const GCMD_IRE_HI: u32 = 25;
export const GCMD_IRE_LO: u32 = 25;
/** One-shot: set interrupt remapping table pointer. */
export const GCMD_SIRTP_HI: u32 = 24;
export const GCMD_SIRTP_LO: u32 = 24;
/** Compatibility-format interrupts pass. */
export const GCMD_CFI_HI: u32 = 23;
export const GCMD_CFI_LO: u32 = 23;
export const GCMD_RESERVED_0_HI: u32 = 22;
export const GCMD_RESERVED_0_LO: u32 = 0;

export const GSTS_REG: u32 = 0x1c;
export const GSTS_TES_HI: u32 = 31;
export const GSTS_TES_LO: u32 = 31;
export const GSTS_RTPS_HI: u32 = 30;
export const GSTS_RTPS_LO: u32 = 30;
export const GSTS_RESERVED_28_HI: u32 = 29;
export const GSTS_RESERVED_28_LO: u32 = 28;
export const GSTS_WBFS_HI: u32 = 27;
export const GSTS_WBFS_LO: u32 = 27;
export const GSTS_QIES_HI: u32 = 26;
export const GSTS_QIES_LO: u32 = 26;
export const GSTS_IRES_HI: u32 = 25;
export const GSTS_IRES_LO: u32 = 25;
export const GSTS_IRTPS_HI: u32 = 24;
export const GSTS_IRTPS_LO: u32 = 24;
export const GSTS_CFIS_HI: u32 = 23;
export const GSTS_CFIS_LO: u32 = 23;
export const GSTS_RESERVED_0_HI: u32 = 22;
export const GSTS_RESERVED_0_LO: u32 = 0;
