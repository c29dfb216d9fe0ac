// Power management and wake-up registers of the PF's BAR0 (I350 §8.20 to §8.22, §8.2.20; 82576 §8.21).

/** PHY power management (I350). */
export const PHPM: u32 = 0x0e14;
export const PHPM_GO_LINK_DISCONNECT: u32 = 0x0000_0020;
export const PHPM_MASK: u32 = 0x0000_03bf;
/** Smart power down, low power link-up and no 1000 Mb/s outside D0. */
export const PHPM_RESET: u32 = 0x0000_000d;

/** Energy Efficient Ethernet (I350). */
export const EEER: u32 = 0x0e30;
export const EEER_MASK: u32 = 0x1007_ffff;
/** Both ends agreed on it. Read-only. */
export const EEER_EEE_NEG: u32 = 0x2000_0000;
export const EEE_SU: u32 = 0x0e34;
/** Internal PHY configuration (I350): at which speeds the PHY advertises Energy Efficient Ethernet. */
export const IPCNFG: u32 = 0x0e38;
export const IPCNFG_EEE_100M_AN: u32 = 0x0000_0004;
export const IPCNFG_EEE_1G_AN: u32 = 0x0000_0008;
export const IPCNFG_RESET: u32 = 0x0000_000c;

export const WUC: u32 = 0x5800;
/** A magic packet wakes whatever the filters say. */
export const WUC_APME: u32 = 0x0000_0001;
/** Wakes in D3; the capability's PME_En. */
export const WUC_PME_EN: u32 = 0x0000_0002;
/** The capability's PME_Status; software clears it by writing 1. */
export const WUC_PME_STATUS: u32 = 0x0000_0004;
/** A magic packet sets PME_Status although PME_En is 0. */
export const WUC_APMPME: u32 = 0x0000_0008;
export const WUC_MASK: u32 = 0x0000_000b;
/** What wakes, and in WUS what did: the same bits. */
export const WUFC: u32 = 0x5808;
export const WUFC_LNKC: u32 = 0x0000_0001;
export const WUFC_MAG: u32 = 0x0000_0002;
export const WUFC_EX: u32 = 0x0000_0004;
export const WUFC_MC: u32 = 0x0000_0008;
export const WUFC_BC: u32 = 0x0000_0010;
export const WUFC_ARP: u32 = 0x0000_0020;
export const WUFC_IPV4: u32 = 0x0000_0040;
export const WUFC_IPV6: u32 = 0x0000_0080;
/** In D0 the flexible filters choose receive queues (I350). */
export const WUFC_FLEX_HQ: u32 = 0x0000_4000;
/** Flexible filters 0 to 7. */
export const WUFC_FLX_HI: u32 = 23;
export const WUFC_FLX_LO: u32 = 16;
export const WUFC_MASK: u32 = 0x80ff_80ff;
export const WUFC_MASK_I350: u32 = 0x80ff_c0ff;
export const WUS: u32 = 0x5810;
/** Addresses that count: IPv4 0 to 3, IPv6. */
export const IPAV: u32 = 0x5838;
export const IPAV_V40_LO: u32 = 0;
export const IPAV_V60: u32 = 0x0001_0000;
export const IPAV_MASK: u32 = 0x0001_000f;
/** IPv4 addresses 0 to 3, 8 bytes apart. */
export const IP4AT: u32 = 0x5840;
export const IP4AT_COUNT: u32 = 4;
export const IP4AT_STRIDE: u32 = 8;
/** The IPv6 address: four words. */
export const IP6AT: u32 = 0x5880;
export const IP6AT_COUNT: u32 = 4;
/** Length of the frame that woke. */
export const WUPL: u32 = 0x5900;
export const WUPL_MASK: u32 = 0x0000_0fff;
/** Its first 128 bytes. */
export const WUPM: u32 = 0x5a00;
export const WUPM_WORDS: u32 = 32;

/** Flexible filters 0 to 3 and 4 to 7: 256 bytes each. */
export const FHFT: u32 = 0x9000;
export const FHFT_EXT: u32 = 0x9a00;
export const FHFT_STRIDE: u32 = 0x100;
export const FHFT_COUNT: u32 = 4;
/** Sixteen rows of 16 bytes: eight bytes of the frame, a mask of 8 bits, and in the last row the filter's length. */
export const FHFT_ROWS: u32 = 16;
export const FHFT_ROW_SIZE: u32 = 16;
export const FHFT_ROW_BYTES: u32 = 8;
export const FHFT_ROW_MASK: u32 = 8;
export const FHFT_LENGTH: u32 = 0xfc;
export const FHFT_LENGTH_HI: u32 = 7;
export const FHFT_LENGTH_LO: u32 = 0;
/** In the same word the queueing field (I350): queue, priority, no moderation of the frame's interrupt. */
export const FHFT_QUEUE_HI: u32 = 10;
export const FHFT_QUEUE_LO: u32 = 8;
export const FHFT_PRIORITY_HI: u32 = 18;
export const FHFT_PRIORITY_LO: u32 = 16;
export const FHFT_IMMEDIATE_INTERRUPT: u32 = 0x0100_0000;

/** A magic packet: six bytes of ones, then the address this often (AMD 20213). */
export const MAGIC_ONES: u32 = 6;
export const MAGIC_REPEATS: u32 = 16;
