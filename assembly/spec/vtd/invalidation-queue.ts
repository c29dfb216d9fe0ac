// VT-d 5.10 §11.4.9.1–4 and §11.4.9.9: the invalidation queue's registers.

/** 64 bits. */
export const IQH_REG: u32 = 0x80;
export const IQH_RESERVED_19_HI: u32 = 63;
export const IQH_RESERVED_19_LO: u32 = 19;
/** Offset of the next descriptor to execute, in 16 bytes. */
export const IQH_QH_HI: u32 = 18;
export const IQH_QH_LO: u32 = 4;
export const IQH_RESERVED_0_HI: u32 = 3;
export const IQH_RESERVED_0_LO: u32 = 0;

/** 64 bits. */
export const IQT_REG: u32 = 0x88;
export const IQT_RESERVED_19_HI: u32 = 63;
export const IQT_RESERVED_19_LO: u32 = 19;
/** Offset of the next descriptor to write, in 16 bytes. */
export const IQT_QT_HI: u32 = 18;
export const IQT_QT_LO: u32 = 4;
export const IQT_RESERVED_0_HI: u32 = 3;
export const IQT_RESERVED_0_LO: u32 = 0;

/** 64 bits. */
export const IQA_REG: u32 = 0x90;
export const IQA_IQA_HI: u32 = 63;
export const IQA_IQA_LO: u32 = 12;
/** Descriptors of 256 bits; an error without scalable mode. */
export const IQA_DW_HI: u32 = 11;
export const IQA_DW_LO: u32 = 11;
export const IQA_RESERVED_3_HI: u32 = 10;
export const IQA_RESERVED_3_LO: u32 = 3;
/** The queue has 2^QS pages. */
export const IQA_QS_HI: u32 = 2;
export const IQA_QS_LO: u32 = 0;

/** Invalidation Completion Status, 32 bits. */
export const ICS_REG: u32 = 0x9c;
export const ICS_RESERVED_1_HI: u32 = 31;
export const ICS_RESERVED_1_LO: u32 = 1;
/** RW1C: a wait descriptor with IF completed. */
export const ICS_IWC_HI: u32 = 0;
export const ICS_IWC_LO: u32 = 0;

/** Invalidation Queue Error Record, 64 bits. */
export const IQERCD_REG: u32 = 0xb0;
export const IQERCD_ICESID_HI: u32 = 63;
export const IQERCD_ICESID_LO: u32 = 48;
export const IQERCD_ITESID_HI: u32 = 47;
export const IQERCD_ITESID_LO: u32 = 32;
export const IQERCD_RESERVED_4_HI: u32 = 31;
export const IQERCD_RESERVED_4_LO: u32 = 4;
export const IQERCD_IQEI_HI: u32 = 3;
export const IQERCD_IQEI_LO: u32 = 0;

/** IQEI: the tail lies outside the queue. */
export const IQEI_TAIL: u32 = 1;
export const IQEI_FETCH: u32 = 2;
export const IQEI_TYPE: u32 = 3;
/** IQEI: a reserved field or value in a descriptor of a valid type. */
export const IQEI_RESERVED: u32 = 4;
export const IQEI_WIDTH: u32 = 5;
export const IQEI_TAIL_ALIGNMENT: u32 = 6;
export const IQEI_TTM: u32 = 7;
