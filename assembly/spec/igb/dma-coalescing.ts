// DMA coalescing registers of the PF's BAR0 (I350).

export const DMACR: u32 = 0x2508;
/** Watchdog: how long something may wait, in units of 32 µs. */
export const DMACR_DMACWT_HI: u32 = 13;
export const DMACR_DMACWT_LO: u32 = 0;
export const DMACWT_UNIT: u32 = 32;
export const DMACR_DC_BMC2OSW_EN: u32 = 0x0000_8000;
/** Bytes in the receive packet buffer that end it, in KiB; 0 for no such limit. */
export const DMACR_DMACTHR_HI: u32 = 23;
export const DMACR_DMACTHR_LO: u32 = 16;
export const DMACTHR_UNIT: u32 = 1024;
/** Ends it once; clears itself. */
export const DMACR_EXIT_DC: u32 = 0x0200_0000;
export const DMACR_DMAC_LX_HI: u32 = 29;
export const DMACR_DMAC_LX_LO: u32 = 28;
export const DMACR_DMAC_EN: u32 = 0x8000_0000;
export const DMACR_MASK: u32 = 0xb0ff_bfff;
export const DMCTXTH: u32 = 0x3550;
/** Room in the transmit packet buffer that lets a doorbell end it, in 64 bytes; 0 for no such limit. */
export const DMCTXTH_DMCTTHR_HI: u32 = 11;
export const DMCTXTH_DMCTTHR_LO: u32 = 0;
export const DMCTTHR_UNIT: u32 = 64;
export const DMCTXTH_MASK: u32 = 0x0000_0fff;
export const DMCTXTH_RESET: u32 = 0x0000_00e4;
/** Bytes of a port's transmit packet buffer. */
export const TX_PACKET_BUFFER: u32 = 0x5000;
export const DMCTLX: u32 = 0x2514;
/** Microseconds without DMA until it begins. */
export const DMCTLX_TTLX_HI: u32 = 11;
export const DMCTLX_TTLX_LO: u32 = 0;
export const DMCTLX_DCFLUSH_DIS: u32 = 0x8000_0000;
export const DMCTLX_MASK: u32 = 0x8000_0fff;
export const DMCTLX_RESET: u32 = 0x0000_0020;
export const DMCRTRH: u32 = 0x5dd0;
/** Traffic below which there is none of it. */
export const DMCRTRH_UTRESH_HI: u32 = 18;
export const DMCRTRH_UTRESH_LO: u32 = 0;
export const DMCRTRH_MASK: u32 = 0x0007_ffff;
export const DMCCNT: u32 = 0x5dd4;
export const FCRTC: u32 = 0x2170;
/** In place of FCRTH meanwhile. */
export const FCRTC_RTH_COAL_HI: u32 = 17;
export const FCRTC_RTH_COAL_LO: u32 = 4;
export const FCRTC_MASK: u32 = 0x0003_fff0;
