// Statistics of the PF's BAR0 (I350 §8.18; 82576 §8.19): cleared by reading. Octets count the CRC.

/** Frames that no receive buffer took. */
export const MPC: u32 = 0x4010;
export const PRC64: u32 = 0x405c;
export const GPRC: u32 = 0x4074;
export const BPRC: u32 = 0x4078;
export const MPRC: u32 = 0x407c;
export const GPTC: u32 = 0x4080;
/** 64 bits: reading the high half clears both. */
export const GORCL: u32 = 0x4088;
export const GORCH: u32 = 0x408c;
export const GOTCL: u32 = 0x4090;
export const GOTCH: u32 = 0x4094;
export const RNBC: u32 = 0x40a0;
export const RUC: u32 = 0x40a4;
export const ROC: u32 = 0x40ac;
export const TORL: u32 = 0x40c0;
export const TORH: u32 = 0x40c4;
export const TOTL: u32 = 0x40c8;
export const TOTH: u32 = 0x40cc;
export const TPR: u32 = 0x40d0;
export const TPT: u32 = 0x40d4;
export const MPTC: u32 = 0x40f0;
export const BPTC: u32 = 0x40f4;
/** Frames of a pool that were dropped because their source was forged (I350). */
export const SSVPC: u32 = 0x41a0;
