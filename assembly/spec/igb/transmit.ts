// Transmit registers (I350 §8.11 and §8.12; 82576 §8.12): queue n at E000h + 40h × n, queues 0 to 3 also at
// 3800h + 100h × n. A VF sees its queues at 3800h.

export const TCTL: u32 = 0x0400;
export const TCTL_EN: u32 = 0x0000_0002;
/** Pad short packets to 64 bytes with the CRC. */
export const TCTL_PSP: u32 = 0x0000_0008;
export const TCTL_EXT: u32 = 0x0404;
export const TIPG: u32 = 0x0410;
export const TIPG_MASK: u32 = 0x3fff_ffff;
export const TIPG_RESET: u32 = 0x0060_2006;
export const TXPBS: u32 = 0x3404;
/** Of the 82576: 40 KiB. The I350's 0 stands for the share of one port of four. */
export const TXPBS_RESET_82576: u32 = 0x0000_0028;
export const DTXCTL: u32 = 0x3590;
/** A forged frame does not stop its queue (I350). */
export const DTXCTL_ENABLE_SPOOF_QUEUE: u32 = 0x0000_0004;
/** Malicious driver protection: queues that misbehave are blocked until the PF's driver frees them. */
export const DTXCTL_MDP_EN: u32 = 0x0000_0020;
/** Interrupt (DOUTSYNC) when a frame was dropped as forged. */
export const DTXCTL_SPOOF_INT: u32 = 0x0000_0040;

/** The TCP flags that the first, the middle and the last segment of a frame keep. */
export const DTXTCPFLGL: u32 = 0x359c;
export const DTXTCPFLGL_FIRST_HI: u32 = 11;
export const DTXTCPFLGL_FIRST_LO: u32 = 0;
export const DTXTCPFLGL_MIDDLE_HI: u32 = 27;
export const DTXTCPFLGL_MIDDLE_LO: u32 = 16;
export const DTXTCPFLGL_MASK: u32 = 0x0fff_0fff;
export const DTXTCPFLGL_RESET: u32 = 0x0f76_0ff6;
export const DTXTCPFLGH: u32 = 0x35a0;
export const DTXTCPFLGH_LAST_HI: u32 = 11;
export const DTXTCPFLGH_LAST_LO: u32 = 0;
export const DTXTCPFLGH_MASK: u32 = 0x0000_0fff;
export const DTXTCPFLGH_RESET: u32 = 0x0000_0f7f;

export const TX_QUEUE_BASE: u32 = 0xe000;
export const TX_QUEUE_STRIDE: u32 = 0x40;
export const TX_QUEUE_ALIAS_BASE: u32 = 0x3800;
export const TX_QUEUE_ALIAS_STRIDE: u32 = 0x100;
export const TX_QUEUE_ALIASES: u32 = 4;

// Offsets inside a queue's block.
export const TDBAL: u32 = 0x00;
/** The base is a multiple of 128 bytes. */
export const TDBAL_MASK: u32 = 0xffff_ff80;
export const TDBAH: u32 = 0x04;
export const TDLEN: u32 = 0x08;
/** Bytes, a multiple of 128, up to 512 KiB. */
export const TDLEN_MASK: u32 = 0x000f_ff80;
export const TDH: u32 = 0x10;
export const TDH_MASK: u32 = 0x0000_ffff;
export const TXCTL: u32 = 0x14;
export const TXCTL_MASK: u32 = 0xff00_2a20;
export const TXCTL_RESET: u32 = 0x0000_2a00;
export const TDT: u32 = 0x18;
export const TDT_MASK: u32 = 0x0000_ffff;
export const TXDCTL: u32 = 0x28;
/** Descriptors: prefetch, host and write-back threshold. */
export const TXDCTL_PTHRESH_HI: u32 = 4;
export const TXDCTL_PTHRESH_LO: u32 = 0;
export const TXDCTL_HTHRESH_HI: u32 = 12;
export const TXDCTL_HTHRESH_LO: u32 = 8;
export const TXDCTL_WTHRESH_HI: u32 = 20;
export const TXDCTL_WTHRESH_LO: u32 = 16;
export const TXDCTL_ENABLE: u32 = 0x0200_0000;
/** Software flush: writes back what is pending; clears itself. */
export const TXDCTL_SWFLSH: u32 = 0x0400_0000;
export const TXDCTL_MASK: u32 = 0x0a1f_1f1f;
export const TQDPC: u32 = 0x30;
export const TDWBAL: u32 = 0x38;
/** The head is written back to memory instead of the descriptors. */
export const TDWBAL_HEAD_WB_EN: u32 = 0x0000_0001;
export const TDWBAL_ADDRESS_MASK: u32 = 0xffff_fffc;
export const TDWBAH: u32 = 0x3c;

/** Longest frame that may be sent, without the CRC (9.5 KiB). */
export const TX_FRAME_MAX: u32 = 9728;
/** Shortest frame that software may hand over. */
export const TX_FRAME_MIN: u32 = 17;
