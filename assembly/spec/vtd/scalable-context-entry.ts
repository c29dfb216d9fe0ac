// VT-d 5.10 §9.4 Scalable-Mode Context-Entry, 256 bits.
//
//  255   85    84     83       64 63          12 11  9 8  7  6     5     4     3       2    1    0
// │ rsvd │ RID_PRIV │ RID_PASID │ PASIDDIRPTR  │ PDTS │ r │ EPTR │ HPTE │ PRE │ PASIDE │ DTE │ FPD │ P │

export const SM_CONTEXT_ENTRY_SIZE: u32 = 32;

export const SM_CONTEXT_RESERVED_HIGH_HI: u32 = 255;
export const SM_CONTEXT_RESERVED_HIGH_LO: u32 = 85;
/** Requests without PASID are privileged; reserved without ECAP_REG.RPRIVS. */
export const SM_CONTEXT_RID_PRIV_HI: u32 = 84;
export const SM_CONTEXT_RID_PRIV_LO: u32 = 84;
/** The PASID of requests without PASID; reserved without ECAP_REG.RPS, which means PASID 0. */
export const SM_CONTEXT_RID_PASID_HI: u32 = 83;
export const SM_CONTEXT_RID_PASID_LO: u32 = 64;
/** PASID directory, host-physical; bits 63:HAW are reserved. */
export const SM_CONTEXT_PASIDDIRPTR_HI: u32 = 63;
export const SM_CONTEXT_PASIDDIRPTR_LO: u32 = 12;
/** The directory has 2^(PDTS + 7) entries. */
export const SM_CONTEXT_PDTS_HI: u32 = 11;
export const SM_CONTEXT_PDTS_LO: u32 = 9;
export const SM_CONTEXT_RESERVED_LOW_HI: u32 = 8;
export const SM_CONTEXT_RESERVED_LOW_LO: u32 = 7;
/** PASID in translated requests; reserved without ECAP_REG.PTRS. */
export const SM_CONTEXT_EPTR_HI: u32 = 6;
export const SM_CONTEXT_EPTR_LO: u32 = 6;
/** Host permission table; reserved without ECAP_REG.HPTS. */
export const SM_CONTEXT_HPTE_HI: u32 = 5;
export const SM_CONTEXT_HPTE_LO: u32 = 5;
/** Page requests; reserved without ECAP_REG.PRS. */
export const SM_CONTEXT_PRE_HI: u32 = 4;
export const SM_CONTEXT_PRE_LO: u32 = 4;
/** Requests with PASID; reserved without ECAP_REG.PASID. */
export const SM_CONTEXT_PASIDE_HI: u32 = 3;
export const SM_CONTEXT_PASIDE_LO: u32 = 3;
/** Device-TLB; reserved without ECAP_REG.DT. */
export const SM_CONTEXT_DTE_HI: u32 = 2;
export const SM_CONTEXT_DTE_LO: u32 = 2;
export const SM_CONTEXT_FPD_HI: u32 = 1;
export const SM_CONTEXT_FPD_LO: u32 = 1;
export const SM_CONTEXT_P_HI: u32 = 0;
export const SM_CONTEXT_P_LO: u32 = 0;

/** Bits of a PASID that index a directory of PDTS 0, and the PASID table below: 7 + 6. */
export const SM_CONTEXT_LEAST_PASID_WIDTH: u32 = 13;
