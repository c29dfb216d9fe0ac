// The internal PHY's registers that MDIC reaches (IEEE 802.3 clause 22; I350 §8.27, 82576 §8.25).

/** PHY address that MDIC.PHYADD names. */
export const PHY_ADDRESS: u32 = 1;
export const PHY_REGISTERS: u32 = 32;
export const PHY_CONTROL: u32 = 0;
/** Reset, clears itself. */
export const PHY_CONTROL_RESET: u32 = 0x8000;
/** Restart auto-negotiation, clears itself. */
export const PHY_CONTROL_RESTART: u32 = 0x0200;
/** Auto-negotiation, full duplex, 1000 Mb/s. */
export const PHY_CONTROL_RESET_VALUE: u32 = 0x1140;
export const PHY_STATUS: u32 = 1;
/** All 10 and 100 Mb/s modes, extended status, auto-negotiation able. */
export const PHY_STATUS_ABILITIES: u32 = 0x7949;
export const PHY_STATUS_LINK: u32 = 0x0004;
export const PHY_STATUS_NEGOTIATED: u32 = 0x0020;
export const PHY_ID1: u32 = 2;
export const PHY_ID2: u32 = 3;
export const PHY_ID1_I350: u32 = 0x0154;
export const PHY_ID2_I350: u32 = 0x03b1;
export const PHY_ID1_82576: u32 = 0x02a8;
export const PHY_ID2_82576: u32 = 0x0391;
export const PHY_ADVERTISEMENT: u32 = 4;
export const PHY_ADVERTISEMENT_RESET: u32 = 0x0de1;
export const PHY_PARTNER: u32 = 5;
/** All modes, pause, acknowledge. */
export const PHY_PARTNER_VALUE: u32 = 0xc5e1;
export const PHY_1000T_CONTROL: u32 = 9;
export const PHY_1000T_CONTROL_RESET: u32 = 0x0200;
export const PHY_1000T_STATUS: u32 = 10;
/** Both receivers in order, the partner does 1000BASE-T full and half duplex. */
export const PHY_1000T_STATUS_VALUE: u32 = 0x3c00;
export const PHY_EXTENDED_STATUS: u32 = 15;
export const PHY_EXTENDED_STATUS_VALUE: u32 = 0x3000;
