// The internal PHY's registers that MDIC reaches (IEEE 802.3 clause 22 and annex 28B; I350 §8.27, 82576 §8.25).

/** PHY address that MDIC.PHYADD names. */
export const PHY_ADDRESS: u32 = 1;
/** Registers that MDIC.REGADD tells apart. */
export const PHY_REGISTERS: u32 = 32;
/** Registers have 16 bits. */
export const PHY_REGISTER_MASK: u32 = 0xffff;

// IEEE 802.3 §22.2.4.1 Control.
export const PHY_CONTROL: u32 = 0;
/** Speed, high bit: 1000 Mb/s. */
export const PHY_CONTROL_SPEED_1000: u32 = 0x0040;
export const PHY_CONTROL_DUPLEX: u32 = 0x0100;
/** Restart auto-negotiation, clears itself. */
export const PHY_CONTROL_RESTART: u32 = 0x0200;
export const PHY_CONTROL_ISOLATE: u32 = 0x0400;
export const PHY_CONTROL_POWER_DOWN: u32 = 0x0800;
export const PHY_CONTROL_NEGOTIATE: u32 = 0x1000;
/** Speed, low bit: 100 Mb/s. */
export const PHY_CONTROL_SPEED_100: u32 = 0x2000;
/** What is sent comes back. */
export const PHY_CONTROL_LOOPBACK: u32 = 0x4000;
/** Reset, clears itself. */
export const PHY_CONTROL_RESET: u32 = 0x8000;
export const PHY_CONTROL_MASK: u32 = 0x7d40;
/** Auto-negotiation, full duplex, 1000 Mb/s. */
export const PHY_CONTROL_RESET_VALUE: u32 = 0x1140;

// IEEE 802.3 §22.2.4.2 Status.
export const PHY_STATUS: u32 = 1;
/** All 10 and 100 Mb/s modes, extended status, auto-negotiation able, preamble suppression, extended registers. */
export const PHY_STATUS_ABILITIES: u32 = 0x7949;
/** The link is up; latched low until it is read. */
export const PHY_STATUS_LINK: u32 = 0x0004;
export const PHY_STATUS_NEGOTIATED: u32 = 0x0020;

export const PHY_ID1: u32 = 2;
export const PHY_ID2: u32 = 3;
export const PHY_ID1_I350: u32 = 0x0154;
export const PHY_ID2_I350: u32 = 0x03b1;
export const PHY_ID1_82576: u32 = 0x02a8;
export const PHY_ID2_82576: u32 = 0x0391;

// IEEE 802.3 §28.2.4.1: what is advertised, and what the link partner does, in one layout.
export const PHY_ADVERTISEMENT: u32 = 4;
export const PHY_ADVERTISEMENT_MASK: u32 = 0xbfff;
export const PHY_ADVERTISEMENT_RESET: u32 = 0x0de1;
export const PHY_PARTNER: u32 = 5;
/** IEEE 802.3. */
export const PHY_ABILITY_SELECTOR: u32 = 0x0001;
export const PHY_ABILITY_10_HALF: u32 = 0x0020;
export const PHY_ABILITY_10_FULL: u32 = 0x0040;
export const PHY_ABILITY_100_HALF: u32 = 0x0080;
export const PHY_ABILITY_100_FULL: u32 = 0x0100;
export const PHY_ABILITY_PAUSE: u32 = 0x0400;
export const PHY_ABILITY_ASYMMETRIC: u32 = 0x0800;
export const PHY_ABILITY_ACKNOWLEDGE: u32 = 0x4000;
export const PHY_ABILITY_NEXT_PAGE: u32 = 0x8000;
/** All modes, pause. */
export const PHY_PARTNER_VALUE: u32 = 0x85e1;
export const PHY_EXPANSION: u32 = 6;
/** Of the partner and of this PHY: next pages; a page was received; the partner negotiates. */
export const PHY_EXPANSION_NEGOTIATED: u32 = 0x000f;
/** This PHY: next pages. */
export const PHY_EXPANSION_ALONE: u32 = 0x0004;

// IEEE 802.3 §40.5.1.1: 1000BASE-T.
export const PHY_1000T_CONTROL: u32 = 9;
export const PHY_1000T_CONTROL_MASK: u32 = 0xff00;
export const PHY_1000T_CONTROL_FULL: u32 = 0x0200;
export const PHY_1000T_CONTROL_MASTER: u32 = 0x0800;
export const PHY_1000T_CONTROL_MANUAL: u32 = 0x1000;
export const PHY_1000T_CONTROL_RESET: u32 = 0x0200;
export const PHY_1000T_STATUS: u32 = 10;
/** The partner does 1000BASE-T full duplex. */
export const PHY_1000T_STATUS_PARTNER_FULL: u32 = 0x0800;
/** The remote and the local receiver are in order. */
export const PHY_1000T_STATUS_RECEIVERS: u32 = 0x3000;
/** This PHY is the master. */
export const PHY_1000T_STATUS_MASTER: u32 = 0x4000;

// IEEE 802.3 §22.2.4.3.11: clause 45 registers through clause 22.
export const PHY_MMD_CONTROL: u32 = 13;
export const PHY_MMD_CONTROL_MASK: u32 = 0xc01f;
export const PHY_MMD_CONTROL_FUNCTION_HI: u32 = 15;
export const PHY_MMD_CONTROL_FUNCTION_LO: u32 = 14;
export const PHY_MMD_CONTROL_DEVICE_HI: u32 = 4;
export const PHY_MMD_CONTROL_DEVICE_LO: u32 = 0;
export const PHY_MMD_DATA: u32 = 14;
/** Where the device stands beside the register in the numbers below. */
export const PHY_MMD_DEVICE_LO: u32 = 16;
/** Device and register: EEE capability, EEE advertisement, what the partner advertises. */
export const PHY_MMD_EEE_CAPABILITY: u32 = 0x0003_0014;
export const PHY_MMD_EEE_ADVERTISEMENT: u32 = 0x0007_003c;
export const PHY_MMD_EEE_PARTNER: u32 = 0x0007_003d;
export const PHY_EEE_100: u32 = 0x0002;
export const PHY_EEE_1000: u32 = 0x0004;

export const PHY_EXTENDED_STATUS: u32 = 15;
/** 1000BASE-T full duplex. */
export const PHY_EXTENDED_STATUS_VALUE: u32 = 0x2000;

// Of the I350's PHY.

/** Extended management interface: address, then data. */
export const PHY_EMI_ADDRESS: u32 = 16;
export const PHY_EMI_DATA: u32 = 17;
/** What the partner advertises for EEE, as in PHY_MMD_EEE_PARTNER. */
export const PHY_EMI_EEE_PARTNER: u32 = 0x040f;
export const PHY_CONTROL_2: u32 = 18;
/** Crossover is found automatically. */
export const PHY_CONTROL_2_RESET: u32 = 0x0400;
export const PHY_LOOPBACK_CONTROL: u32 = 19;
export const PHY_CONFIGURATION: u32 = 22;
export const PHY_DOWNSHIFT: u32 = 23;
export const PHY_STATUS_2: u32 = 26;
export const PHY_STATUS_2_SPEED_HI: u32 = 9;
export const PHY_STATUS_2_SPEED_LO: u32 = 8;
export const PHY_DIAGNOSTIC: u32 = 31;
/** In metres. */
export const PHY_DIAGNOSTIC_LENGTH_HI: u32 = 9;
export const PHY_DIAGNOSTIC_LENGTH_LO: u32 = 2;

// Of the 82576's PHY, whose registers from 16 on are in pages.

export const PHY_PAGE_SELECT: u32 = 31;
/** First register that has pages. */
export const PHY_PAGED: u32 = 16;
/** The part of the selected address that is a page. */
export const PHY_PAGE_MASK: u32 = 0xffe0;
export const PHY_PORT_STATUS: u32 = 17;
export const PHY_PORT_STATUS_DUPLEX: u32 = 0x0200;
export const PHY_PORT_STATUS_LINK: u32 = 0x0400;
export const PHY_PORT_STATUS_SPEED_HI: u32 = 15;
export const PHY_PORT_STATUS_SPEED_LO: u32 = 14;
export const PHY_POWER_MANAGEMENT: u32 = 25;
/** Low power link-up outside D0. */
export const PHY_POWER_MANAGEMENT_RESET: u32 = 0x0004;
/** Page and register of the gain of pair A, B, C, D, which tells the cable's length. */
export const PHY_GAIN_A: u32 = 0x11b1;
export const PHY_GAIN_B: u32 = 0x12b1;
export const PHY_GAIN_C: u32 = 0x14b1;
export const PHY_GAIN_D: u32 = 0x18b1;
/** As a cable of three metres makes it. */
export const PHY_GAIN_VALUE: u32 = 0x1000;
