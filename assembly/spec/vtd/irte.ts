// VT-d 5.10 §9.9 Interrupt Remapping Table Entry (IRTE) for remapped interrupts, 128 bits.

export const IRTE_SIZE: u32 = 16;

export const IRTE_RESERVED_84_HI: u32 = 127;
export const IRTE_RESERVED_84_LO: u32 = 84;
/** Source validation type. */
export const IRTE_SVT_HI: u32 = 83;
export const IRTE_SVT_LO: u32 = 82;
/** Source-id qualifier: how many function bits are ignored, from bit 2 down. */
export const IRTE_SQ_HI: u32 = 81;
export const IRTE_SQ_LO: u32 = 80;
/** Source-id, or first bus (15:8) and last bus (7:0). */
export const IRTE_SID_HI: u32 = 79;
export const IRTE_SID_LO: u32 = 64;
/** SID with SVT_BUS_RANGE: the first and the last bus. */
export const IRTE_SID_FIRST_BUS_HI: u32 = 79;
export const IRTE_SID_FIRST_BUS_LO: u32 = 72;
export const IRTE_SID_LAST_BUS_HI: u32 = 71;
export const IRTE_SID_LAST_BUS_LO: u32 = 64;
/** Destination; in xAPIC mode only bits 47:40, the others are reserved. */
export const IRTE_DST_HI: u32 = 63;
export const IRTE_DST_LO: u32 = 32;
export const IRTE_RESERVED_24_HI: u32 = 31;
export const IRTE_RESERVED_24_LO: u32 = 24;
export const IRTE_V_HI: u32 = 23;
export const IRTE_V_LO: u32 = 16;
/** Posted: the entry has the format of posted-irte.ts. Reserved without CAP_REG.PI. */
export const IRTE_IM_HI: u32 = 15;
export const IRTE_IM_LO: u32 = 15;
export const IRTE_RESERVED_12_HI: u32 = 14;
export const IRTE_RESERVED_12_LO: u32 = 12;
export const IRTE_AVAIL_HI: u32 = 11;
export const IRTE_AVAIL_LO: u32 = 8;
/** Delivery mode. */
export const IRTE_DLM_HI: u32 = 7;
export const IRTE_DLM_LO: u32 = 5;
/** Trigger mode: 1 level. */
export const IRTE_TM_HI: u32 = 4;
export const IRTE_TM_LO: u32 = 4;
/** Redirection hint. */
export const IRTE_RH_HI: u32 = 3;
export const IRTE_RH_LO: u32 = 3;
/** Destination mode: 1 logical. */
export const IRTE_DM_HI: u32 = 2;
export const IRTE_DM_LO: u32 = 2;
export const IRTE_FPD_HI: u32 = 1;
export const IRTE_FPD_LO: u32 = 1;
export const IRTE_P_HI: u32 = 0;
export const IRTE_P_LO: u32 = 0;

/** DST in xAPIC mode. */
export const IRTE_DST_XAPIC_HI: u32 = 47;
export const IRTE_DST_XAPIC_LO: u32 = 40;

export const SVT_NONE: u32 = 0;
export const SVT_REQUESTER: u32 = 1;
export const SVT_BUS_RANGE: u32 = 2;
/** Reserved, and refused as such. */
export const SVT_RESERVED: u32 = 3;

export const DLM_FIXED: u32 = 0;
export const DLM_LOWEST_PRIORITY: u32 = 1;
export const DLM_SMI: u32 = 2;
/** Not defined by the table; refused. */
export const DLM_RESERVED_3: u32 = 3;
export const DLM_NMI: u32 = 4;
export const DLM_INIT: u32 = 5;
/** Not defined by the table; refused. */
export const DLM_RESERVED_6: u32 = 6;
export const DLM_EXTINT: u32 = 7;
