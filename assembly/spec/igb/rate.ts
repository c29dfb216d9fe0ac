// Transmit rate limits of queues (82576: RTTDQSEL, RTTBCNRC, RTTBCNRM). The I350 has none.

/** Which transmit queue RTTBCNRC is of. */
export const RTTDQSEL: u32 = 0x3604;
export const RTTDQSEL_TXDQ_IDX_HI: u32 = 3;
export const RTTDQSEL_TXDQ_IDX_LO: u32 = 0;

/** For how much payload a queue that was silent may make up. */
export const RTTBCNRM: u32 = 0x3690;
/** In KiB. */
export const RTTBCNRM_MMW_SIZE_HI: u32 = 9;
export const RTTBCNRM_MMW_SIZE_LO: u32 = 0;

export const RTTBCNRC: u32 = 0x36b0;
/** Rate factor, link speed over rate: 14 bits before and 14 bits behind the binary point. */
export const RTTBCNRC_RF_DEC_HI: u32 = 13;
export const RTTBCNRC_RF_DEC_LO: u32 = 0;
export const RTTBCNRC_RF_INT_HI: u32 = 27;
export const RTTBCNRC_RF_INT_LO: u32 = 14;
export const RTTBCNRC_RS_ENA: u32 = 0x8000_0000;
export const RTTBCNRC_MASK: u32 = 0x8fff_ffff;

/** Time of one byte at 1000 Mb/s, in nanoseconds. */
export const NS_PER_BYTE: u32 = 8;
