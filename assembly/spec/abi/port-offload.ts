// Receive offloads, queue filters, time stamps and flow control of a port: a part of its state (spec/abi/port), as the
// PF's driver wrote it unless told otherwise.

export const PORT_OFFLOAD: u32 = 16000;
export const PORT_RXCSUM: u32 = 16000;
export const PORT_RFCTL: u32 = 16004;
export const PORT_CTRL_EXT: u32 = 16008;
export const PORT_VLAPQF: u32 = 16012;
export const PORT_SYNQF: u32 = 16016;
/** VET; spec/abi/port's PORT_VET is its lower half. */
export const PORT_VET_BOTH: u32 = 16136;
export const PORT_TSYNCRXCTL: u32 = 16020;
export const PORT_TSYNCRXCFG: u32 = 16024;
export const PORT_TSYNCTXCTL: u32 = 16028;
/** SYSTIML and SYSTIMH as of this turn: the host keeps them up to date. */
export const PORT_SYSTIM: u32 = 16032;
/** Captured time stamps, low half first, and the received one's source: RXSTMP, RXSATR, TXSTMP. */
export const PORT_RXSTMP: u32 = 16040;
export const PORT_RXSATR: u32 = 16048;
export const PORT_TXSTMP: u32 = 16056;
/** What was captured since the host took it. */
export const PORT_STAMPED: u32 = 16064;
export const STAMPED_RX: u32 = 0x0000_0001;
export const STAMPED_TX: u32 = 0x0000_0002;
export const PORT_FCRTL: u32 = 16068;
export const PORT_FCRTH: u32 = 16072;
export const PORT_FCTTV: u32 = 16076;
export const PORT_FCAL: u32 = 16080;
export const PORT_FCAH: u32 = 16084;
export const PORT_FCT: u32 = 16088;
/** The pause that the link partner asked for last: 512 bit times in 15:0, PAUSE_NEW until the host took it. */
export const PORT_PAUSE: u32 = 16092;
export const PAUSE_TIME_HI: u32 = 15;
export const PAUSE_TIME_LO: u32 = 0;
export const PAUSE_NEW: u32 = 0x8000_0000;
/** 1 while the link partner's pause lasts: transmit queues rest. The host sets it. */
export const PORT_HELD: u32 = 16096;
/** XOFF_SENT while the link partner was asked to pause; the host makes it XOFF_AGAIN when it is to be asked again. */
export const PORT_XOFF: u32 = 16100;
export const XOFF_SENT: u32 = 1;
export const XOFF_AGAIN: u32 = 2;
/** PAUSE frames: XON and XOFF received, XON and XOFF sent. */
export const COUNT_XON_RX: u32 = 16104;
export const COUNT_XOFF_RX: u32 = 16108;
export const COUNT_XON_TX: u32 = 16112;
export const COUNT_XOFF_TX: u32 = 16116;
/** Frames cut into segments, and those whose context could not be used. */
export const COUNT_SEGMENTED: u32 = 16120;
export const COUNT_SEGMENTED_FAILED: u32 = 16124;
/** Derived: EtherType filters that are on, and tuple filters that choose queues or keep times, one bit each. */
export const PORT_ETYPES: u32 = 16128;
export const PORT_TUPLES: u32 = 16132;
export const PORT_DTXTCPFLGL: u32 = 16140;
export const PORT_DTXTCPFLGH: u32 = 16144;
/**
 * The frame from the wire that was counted last as one without a descriptor, and as one without room: COUNT_INGRESS as
 * it will be with that frame.
 */
export const PORT_UNBUFFERED: u32 = 16148;
export const PORT_OVERRUN: u32 = 16152;
export const PORT_IMIRVP: u32 = 16156;
/** Receive queues that took a frame which interrupts at once, since the host took them. */
export const PORT_IMMEDIATE: u32 = 16160;
/** Derived: filters whose frames interrupt at once: tuple filters in 7:0, EtherType filters in 15:8, VLAN priority. */
export const PORT_IMMEDIATES: u32 = 16164;
export const IMMEDIATES_TUPLES_LO: u32 = 0;
export const IMMEDIATES_ETYPES_LO: u32 = 8;
export const IMMEDIATES_PRIORITY: u32 = 0x0001_0000;
/** Some flexible filter is on: its queueing field says whether its frames do. */
export const IMMEDIATES_FLEXIBLE: u32 = 0x0002_0000;
export const PORT_WUFC: u32 = 16168;
/** Derived: flexible filters that choose queues, one bit each. */
export const PORT_FLEXES: u32 = 16172;

/** Of each pool. */
export const PORT_PSRTYPE: u32 = 16192;
export const PORT_RSSRK: u32 = 16224;
export const PORT_RETA: u32 = 16264;
export const PORT_ETQF: u32 = 16392;
/** TTQF on the I350, FTQF on the 82576; with IMIR and IMIREXT, and the 82576's SAQF, DAQF and SPQF. */
export const PORT_TTQF: u32 = 16424;
export const PORT_IMIR: u32 = 16456;
export const PORT_IMIREXT: u32 = 16488;
export const PORT_SAQF: u32 = 16520;
export const PORT_DAQF: u32 = 16552;
export const PORT_SPQF: u32 = 16584;
export const PORT_OFFLOAD_END: u32 = 17024;
/** Flexible filters 0 to 7 (FHFT, FHFT_EXT), behind everything else. */
export const PORT_FLEXIBLE: u32 = 17408;
export const PORT_FLEXIBLE_SIZE: u32 = 256;
