// Receive registers (I350 §8.10; 82576 §8.10): queue n at C000h + 40h × n, queues 0 to 3 also at 2800h + 100h × n.
// A VF sees its queues at 2800h.

export const RCTL: u32 = 0x0100;
export const RCTL_RXEN: u32 = 0x0000_0002;
/** Store bad packets. */
export const RCTL_SBP: u32 = 0x0000_0004;
/** Unicast promiscuous. */
export const RCTL_UPE: u32 = 0x0000_0008;
/** Multicast promiscuous. */
export const RCTL_MPE: u32 = 0x0000_0010;
/** Frames longer than 1522 bytes are accepted, up to RLPML. */
export const RCTL_LPE: u32 = 0x0000_0020;
/** Which 12 bits of the destination address index MTA and UTA: from bit 47, 46, 45 or 43 down. */
export const RCTL_MO_HI: u32 = 13;
export const RCTL_MO_LO: u32 = 12;
/** Accept broadcasts. */
export const RCTL_BAM: u32 = 0x0000_8000;
/** Receive buffer size where SRRCTL leaves it out: 2048, 1024, 512, 256 bytes. */
export const RCTL_BSIZE_HI: u32 = 17;
export const RCTL_BSIZE_LO: u32 = 16;
/** Frames with a VLAN tag are filtered by VFTA (and VLVF in VT mode). */
export const RCTL_VFE: u32 = 0x0004_0000;
/** PAUSE frames to the port's own address are not passed on. */
export const RCTL_DPF: u32 = 0x0040_0000;
/** MAC control frames that are no PAUSE frames are passed on. */
export const RCTL_PMCF: u32 = 0x0080_0000;
/** The CRC is not put into memory. */
export const RCTL_SECRC: u32 = 0x0400_0000;
export const RXPBS: u32 = 0x2404;
/** Of the 82576: 64 KiB. The I350's 0 stands for 36 KiB. */
export const RXPBS_RESET_82576: u32 = 0x0000_0040;
/** Queue drop enable, one bit a queue. */
export const QDE: u32 = 0x2408;
export const QDE_MASK: u32 = 0x0000_ffff;
export const RLPML: u32 = 0x5004;
export const RLPML_MASK: u32 = 0x0000_3fff;
export const RLPML_RESET: u32 = 0x0000_2600;

export const RX_QUEUE_BASE: u32 = 0xc000;
export const RX_QUEUE_STRIDE: u32 = 0x40;
export const RX_QUEUE_ALIAS_BASE: u32 = 0x2800;
export const RX_QUEUE_ALIAS_STRIDE: u32 = 0x100;
export const RX_QUEUE_ALIASES: u32 = 4;

// Offsets inside a queue's block.
export const RDBAL: u32 = 0x00;
export const RDBAL_MASK: u32 = 0xffff_ff80;
export const RDBAH: u32 = 0x04;
export const RDLEN: u32 = 0x08;
export const RDLEN_MASK: u32 = 0x000f_ff80;
/** Of the 82576, whose drivers have to keep to multiples of 128 by themselves; TDLEN alike. */
export const RDLEN_MASK_82576: u32 = 0x000f_fff0;
export const SRRCTL: u32 = 0x0c;
/** Packet buffer size in KiB; 0 leaves it to RCTL.BSIZE. */
export const SRRCTL_BSIZEPACKET_HI: u32 = 6;
export const SRRCTL_BSIZEPACKET_LO: u32 = 0;
/** Header buffer size in 64 bytes. */
export const SRRCTL_BSIZEHEADER_UNIT: u32 = 64;
export const SRRCTL_BSIZEHEADER_HI: u32 = 13;
export const SRRCTL_BSIZEHEADER_LO: u32 = 8;
export const SRRCTL_DESCTYPE_HI: u32 = 27;
export const SRRCTL_DESCTYPE_LO: u32 = 25;
export const SRRCTL_DESCTYPE_LEGACY: u32 = 0;
export const SRRCTL_DESCTYPE_ONE_BUFFER: u32 = 1;
export const SRRCTL_DESCTYPE_SPLIT: u32 = 2;
/** The header is copied to a buffer of its own; or so for frames longer than that buffer. */
export const SRRCTL_DESCTYPE_REPLICATE: u32 = 3;
export const SRRCTL_DESCTYPE_REPLICATE_LARGE: u32 = 4;
export const SRRCTL_DESCTYPE_SPLIT_ALWAYS: u32 = 5;
export const SRRCTL_TIMESTAMP: u32 = 0x4000_0000;
/** Frames for which there is no descriptor are dropped at once. */
export const SRRCTL_DROP_EN: u32 = 0x8000_0000;
export const SRRCTL_MASK: u32 = 0xce1f_3f7f;
export const SRRCTL_RESET: u32 = 0x0000_0400;
export const RDH: u32 = 0x10;
export const RDH_MASK: u32 = 0x0000_ffff;
export const RXCTL: u32 = 0x14;
export const RXCTL_MASK: u32 = 0xff00_fae0;
export const RXCTL_RESET: u32 = 0x0000_a200;
export const RDT: u32 = 0x18;
export const RDT_MASK: u32 = 0x0000_ffff;
export const RXDCTL: u32 = 0x28;
/** Descriptors: prefetch, host and write-back threshold. */
export const RXDCTL_PTHRESH_HI: u32 = 4;
export const RXDCTL_PTHRESH_LO: u32 = 0;
export const RXDCTL_HTHRESH_HI: u32 = 12;
export const RXDCTL_HTHRESH_LO: u32 = 8;
export const RXDCTL_WTHRESH_HI: u32 = 20;
export const RXDCTL_WTHRESH_LO: u32 = 16;
export const RXDCTL_ENABLE: u32 = 0x0200_0000;
export const RXDCTL_SWFLSH: u32 = 0x0400_0000;
export const RXDCTL_MASK: u32 = 0x021f_1f1f;
/** Frames that found no descriptor. Cleared by reading. */
export const RQDPC: u32 = 0x30;

/** Longest frame without LPE: without a tag, with the CRC. A tag adds 4. */
export const RX_FRAME_MAX: u32 = 1518;
export const FRAME_CRC: u32 = 4;
/** Shortest frame with the CRC. */
export const RX_FRAME_MIN: u32 = 64;
/** 82576 §8.3.1 RXPBS, at its default: bytes of the packet buffer, where frames wait for descriptors. */
export const RX_PACKET_BUFFER: u32 = 0x1_0000;
