// What the device tells of drivers that misbehave (I350 §7.8.3.8, §8.14.10, §8.14.11; 82576 §7.10.3).
// Which bit of LVMMC means what is printed for the X550 (§8.2.2.22.15), whose fields the I350's are.

/** Last VM misbehaviour cause. Cleared by reading. */
export const LVMMC: u32 = 0x3548;

// I350.
export const LVMMC_MAC_HEADER: u32 = 0x0000_0001;
export const LVMMC_IPV4_HEADER: u32 = 0x0000_0002;
export const LVMMC_IPV6_HEADER: u32 = 0x0000_0004;
export const LVMMC_WRONG_MAC_IP: u32 = 0x0000_0008;
export const LVMMC_TCP_LSO: u32 = 0x0000_0010;
export const LVMMC_UDP_LSO: u32 = 0x0000_0040;
export const LVMMC_SCTP_CS: u32 = 0x0000_0080;
/** The frame is too long. */
export const LVMMC_SIZE: u32 = 0x0000_0100;
export const LVMMC_OFF_ILL: u32 = 0x0000_0400;
export const LVMMC_ZERO_MSS: u32 = 0x0000_1000;
export const LVMMC_CONTEXT_IN_PACKET: u32 = 0x0000_2000;
/** Out of synchronization: lengths contradict each other. */
export const LVMMC_OOS_SSO: u32 = 0x0000_8000;
export const LVMMC_OOS_LSO: u32 = 0x0001_0000;
/** A request was refused on its way to memory. */
export const LVMMC_INV_MACC: u32 = 0x0008_0000;
/** A descriptor of a wrong type. */
export const LVMMC_DESC_TYPE: u32 = 0x0010_0000;
/** A frame without an end. */
export const LVMMC_NO_EOP: u32 = 0x0040_0000;
export const LVMMC_MAC_VLAN_SPOOF: u32 = 0x0200_0000;
/** A frame brought a tag although the device inserts one. */
export const LVMMC_VLAN_IERR: u32 = 0x0400_0000;
/** The queue is the PF's. */
export const LVMMC_MAL_PF: u32 = 0x1000_0000;
export const LVMMC_LAST_Q_HI: u32 = 31;
export const LVMMC_LAST_Q_LO: u32 = 29;

// 82576.
export const LVMMC_82576_MAC_SPOOF: u32 = 0x0000_0001;
export const LVMMC_82576_VLAN_SPOOF: u32 = 0x0000_0002;
/** Misbehaviour that blocks the queue: one bit for each of three kinds. */
export const LVMMC_82576_BLOCK_HI: u32 = 4;
export const LVMMC_82576_BLOCK_LO: u32 = 2;
export const LVMMC_82576_LAST_Q_HI: u32 = 19;
export const LVMMC_82576_LAST_Q_LO: u32 = 16;

/** Malicious driver free block: transmit queues that are blocked, freed by writing 1 (I350). */
export const MDFB: u32 = 0x3558;
