// Statistics of the PF's BAR0 (I350 §8.18; 82576 §8.19): cleared by reading. Octets count the CRC.

/** Frames that the packet buffer had no room for. */
export const MPC: u32 = 0x4010;
/** PAUSE frames: XON and XOFF, received and sent. */
export const XONRXC: u32 = 0x4048;
export const XONTXC: u32 = 0x404c;
export const XOFFRXC: u32 = 0x4050;
export const XOFFTXC: u32 = 0x4054;
/** Frames received by length with the CRC: 64, 65 to 127, 128 to 255, 256 to 511, 512 to 1023, longer. */
export const PRC64: u32 = 0x405c;
/** The six counters of either direction, 4 bytes apart. */
export const LENGTH_CLASSES: u32 = 6;
export const GPRC: u32 = 0x4074;
export const BPRC: u32 = 0x4078;
export const MPRC: u32 = 0x407c;
export const GPTC: u32 = 0x4080;
/** 64 bits: reading the high half clears both. */
export const GORCL: u32 = 0x4088;
export const GORCH: u32 = 0x408c;
export const GOTCL: u32 = 0x4090;
export const GOTCH: u32 = 0x4094;
/** Frames that found no receive descriptor when they came: they wait in the packet buffer, or are dropped. */
export const RNBC: u32 = 0x40a0;
export const RUC: u32 = 0x40a4;
export const ROC: u32 = 0x40ac;
export const TORL: u32 = 0x40c0;
export const TORH: u32 = 0x40c4;
export const TOTL: u32 = 0x40c8;
export const TOTH: u32 = 0x40cc;
export const TPR: u32 = 0x40d0;
export const TPT: u32 = 0x40d4;
/** Frames sent, by length. */
export const PTC64: u32 = 0x40d8;
export const MPTC: u32 = 0x40f0;
export const BPTC: u32 = 0x40f4;
/** Frames that were cut into segments, and those that could not be. */
export const TSCTC: u32 = 0x40f8;
export const TSCTFC: u32 = 0x40fc;
/** Interrupts that were signalled. */
export const IAC: u32 = 0x4100;
/** Frames put into receive queues. */
export const RPTHC: u32 = 0x4104;
/** Frames and octets of the host, without a management controller's. */
export const HGPTC: u32 = 0x4118;
export const HGORCL: u32 = 0x4128;
export const HGOTCL: u32 = 0x4130;
/** Frames of a pool that were dropped because their source was forged (I350). */
export const SSVPC: u32 = 0x41a0;
