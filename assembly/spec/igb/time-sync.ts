// IEEE 1588 time synchronization in the PF's BAR0 (I350 §8.17, 82576 §8.17).

/** Which received frames are stamped. */
export const TSYNCRXCTL: u32 = 0xb620;
/** RXSTMP holds a time stamp, until RXSTMPH is read. Read-only. */
export const TSYNCRXCTL_VALID: u32 = 0x0000_0001;
export const TSYNCRXCTL_TYPE_HI: u32 = 3;
export const TSYNCRXCTL_TYPE_LO: u32 = 1;
export const TSYNCRXCTL_TYPE_L2_V2: u32 = 0;
export const TSYNCRXCTL_TYPE_L4_V1: u32 = 1;
export const TSYNCRXCTL_TYPE_L2_L4_V2: u32 = 2;
export const TSYNCRXCTL_TYPE_ALL: u32 = 4;
export const TSYNCRXCTL_TYPE_EVENT_V2: u32 = 5;
export const TSYNCRXCTL_EN: u32 = 0x0000_0010;
export const TSYNCRXCTL_MASK: u32 = 0x0000_001e;
export const RXSTMPL: u32 = 0xb624;
export const RXSTMPH: u32 = 0xb628;
export const RXSATRL: u32 = 0xb62c;
export const RXSATRH: u32 = 0xb630;
export const TSYNCTXCTL: u32 = 0xb614;
/** TXSTMP holds a time stamp, until TXSTMPH is read. Read-only. */
export const TSYNCTXCTL_VALID: u32 = 0x0000_0001;
export const TSYNCTXCTL_EN: u32 = 0x0000_0010;
export const TSYNCTXCTL_MASK: u32 = 0x0000_0010;
export const TXSTMPL: u32 = 0xb618;
export const TXSTMPH: u32 = 0xb61c;
/** The system time. I350: nanoseconds in 40 bits, and SYSTIMR below them; 82576: 64 bits. */
export const SYSTIML: u32 = 0xb600;
export const SYSTIMH: u32 = 0xb604;
export const SYSTIMR: u32 = 0xb6f8;
export const SYSTIMH_MASK_I350: u32 = 0x0000_00ff;
/** How the time goes on. I350: by 8 ns and this many 2^-32 ns every 8 ns, or less with ISGN. */
export const TIMINCA: u32 = 0xb608;
export const TIMINCA_INCVALUE_HI: u32 = 30;
export const TIMINCA_INCVALUE_LO: u32 = 0;
export const TIMINCA_ISGN: u32 = 0x8000_0000;
export const TIMINCA_TICK_NS: u32 = 8;
/** 82576: by this much every so many 16 ns. */
export const TIMINCA_82576_PERIOD_HI: u32 = 31;
export const TIMINCA_82576_PERIOD_LO: u32 = 24;
export const TIMINCA_82576_VALUE_HI: u32 = 23;
export const TIMINCA_82576_VALUE_LO: u32 = 0;
export const TIMINCA_82576_TICK_NS: u32 = 16;
/** Writing the high half adds an offset to the time, or takes it away with the sign. */
export const TIMADJL: u32 = 0xb60c;
export const TIMADJH: u32 = 0xb610;
export const TIMADJH_SIGN: u32 = 0x8000_0000;
export const TSAUXC: u32 = 0xb640;
/** Target times 0 and 1 are awaited; clear themselves. */
export const TSAUXC_EN_TT0: u32 = 0x0000_0001;
export const TSAUXC_EN_TT1: u32 = 0x0000_0002;
/** Auxiliary time stamps 0 and 1 are taken at once; clear themselves. */
export const TSAUXC_SAMP_AUT0: u32 = 0x0000_0008;
export const TSAUXC_SAMP_AUT1: u32 = 0x0000_0040;
/** They were taken; reading AUXSTMPH clears them. */
export const TSAUXC_AUTT0: u32 = 0x0000_0200;
export const TSAUXC_AUTT1: u32 = 0x0000_0800;
/** The time stands still. */
export const TSAUXC_DISABLE: u32 = 0x8000_0000;
export const TRGTTIML0: u32 = 0xb644;
export const TRGTTIMH0: u32 = 0xb648;
export const TRGTTIML1: u32 = 0xb64c;
export const TRGTTIMH1: u32 = 0xb650;
export const FREQOUT0: u32 = 0xb654;
export const FREQOUT1: u32 = 0xb658;
export const AUXSTMPL0: u32 = 0xb65c;
export const AUXSTMPH0: u32 = 0xb660;
export const AUXSTMPL1: u32 = 0xb664;
export const AUXSTMPH1: u32 = 0xb668;
/** Causes and their mask (I350). */
export const TSICR: u32 = 0xb66c;
export const TSIM: u32 = 0xb674;
export const TSICR_TXTS: u32 = 0x0000_0002;
export const TSICR_RXTS: u32 = 0x0000_0004;
export const TSICR_TT0: u32 = 0x0000_0008;
export const TSICR_TT1: u32 = 0x0000_0010;
export const TSICR_AUTT0: u32 = 0x0000_0020;
export const TSICR_AUTT1: u32 = 0x0000_0040;
export const TSICR_TADJ: u32 = 0x0000_0080;
export const TSICR_MASK: u32 = 0x0000_00ff;
/** IEEE 1588 messages: which of them, by version. */
export const TSYNCRXCFG: u32 = 0x5f50;
export const TSYNCRXCFG_V1_HI: u32 = 7;
export const TSYNCRXCFG_V1_LO: u32 = 0;
export const TSYNCRXCFG_V2_HI: u32 = 11;
export const TSYNCRXCFG_V2_LO: u32 = 8;
/** Software-defined pins: which of them show a target time. */
export const TSSDP: u32 = 0x003c;
/** Of pin n, 3 × n bits on: 0 and 1 are target times. */
export const TSSDP_SEL_HI: u32 = 7;
export const TSSDP_SEL_LO: u32 = 6;
export const TSSDP_EN: u32 = 0x0000_0100;
export const TSSDP_STRIDE: u32 = 3;
