// How a card reaches its flash: registers and windows (I350 §8.4, 82576 §8.4).

export const FLA: u32 = 0x001c;
/** The flash's pins: clock, chip select (it selects while 0), data to it and from it. */
export const FLA_SCK: u32 = 0x0000_0001;
export const FLA_CE: u32 = 0x0000_0002;
export const FLA_SI: u32 = 0x0000_0004;
export const FLA_SO: u32 = 0x0000_0008;
/** Software asks for the pins, the device grants them. */
export const FLA_REQ: u32 = 0x0000_0010;
export const FLA_GNT: u32 = 0x0000_0020;
/** A write or an erase of the device's own goes on. */
export const FLA_BUSY: u32 = 0x4000_0000;
/** Erase all, once EECD.FWE lets it. */
export const FLA_ER: u32 = 0x8000_0000;

/** The commands that the device erases with: all, and a sector. Of the whole card; only power-up resets it. */
export const FLASHOP: u32 = 0x103c;
export const FLASHOP_DERASE_HI: u32 = 7;
export const FLASHOP_DERASE_LO: u32 = 0;
export const FLASHOP_SERASE_HI: u32 = 15;
export const FLASHOP_SERASE_LO: u32 = 8;
export const FLASHOP_RESERVED_HI: u32 = 31;
export const FLASHOP_RESERVED_LO: u32 = 16;
export const FLASHOP_MASK: u32 = 0x0000_ffff;
export const FLASHOP_RESET: u32 = 0x0000_5262;

/** Bytes that the windows of the 82576 show: BAR 1 and the expansion ROM. */
export const FLASH_WINDOW_82576: u32 = 0x40_0000;
/** Bytes that the windows of the I350 show: BAR 0 behind the registers, and the expansion ROM. */
export const FLASH_WINDOW_I350: u32 = 0x8_0000;
/** Bytes of the I350's BAR 0, when registers and flash are both in it. */
export const FLASH_BAR0_SIZE_I350: u32 = 0x10_0000;
/** The unit of the sizes in the NVM. */
export const FLASH_WINDOW_MIN: u32 = 0x1_0000;
