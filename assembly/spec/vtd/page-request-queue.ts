// VT-d 5.10 §11.4.11.1–4: the page request queue's registers. Its event registers are in event.ts.

/** 64 bits. */
export const PQH_REG: u32 = 0xc0;
export const PQH_RESERVED_19_HI: u32 = 63;
export const PQH_RESERVED_19_LO: u32 = 19;
/** Offset of the request that software serves next, in 32 bytes. */
export const PQH_PQH_HI: u32 = 18;
export const PQH_PQH_LO: u32 = 5;
export const PQH_RESERVED_0_HI: u32 = 4;
export const PQH_RESERVED_0_LO: u32 = 0;

/** 64 bits. */
export const PQT_REG: u32 = 0xc8;
export const PQT_RESERVED_19_HI: u32 = 63;
export const PQT_RESERVED_19_LO: u32 = 19;
/** Offset of the request that hardware writes next, in 32 bytes. */
export const PQT_PQT_HI: u32 = 18;
export const PQT_PQT_LO: u32 = 5;
export const PQT_RESERVED_0_HI: u32 = 4;
export const PQT_RESERVED_0_LO: u32 = 0;

/** 64 bits. */
export const PQA_REG: u32 = 0xd0;
export const PQA_PQA_HI: u32 = 63;
export const PQA_PQA_LO: u32 = 12;
export const PQA_RESERVED_3_HI: u32 = 11;
export const PQA_RESERVED_3_LO: u32 = 3;
/** The queue has 2^PQS pages. */
export const PQA_PQS_HI: u32 = 2;
export const PQA_PQS_LO: u32 = 0;

/** Page Request Status, 32 bits. */
export const PRS_REG: u32 = 0xdc;
export const PRS_RESERVED_2_HI: u32 = 31;
export const PRS_RESERVED_2_LO: u32 = 2;
/** RW1C: a request found the queue full. */
export const PRS_PRO_HI: u32 = 1;
export const PRS_PRO_LO: u32 = 1;
/** RW1C: a request was written to the queue. */
export const PRS_PPR_HI: u32 = 0;
export const PRS_PPR_LO: u32 = 0;
