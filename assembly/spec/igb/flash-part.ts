// The flash itself: Atmel AT25DF321, 32 Mbit behind SPI modes 0 and 3. Commands are a byte, addresses three, highest first.

export const FLASH_SIZE: u32 = 0x40_0000;
/** What one program command may fill. */
export const FLASH_PAGE: u32 = 0x100;
/** What the three erase commands erase; the largest is what can be protected by itself, too. */
export const FLASH_BLOCK_4K: u32 = 0x1000;
export const FLASH_BLOCK_32K: u32 = 0x8000;
export const FLASH_SECTOR: u32 = 0x1_0000;
export const FLASH_SECTORS: u32 = 64;
export const FLASH_ERASED: u32 = 0xff;

export const FLASH_WRITE_STATUS: u32 = 0x01;
export const FLASH_PROGRAM: u32 = 0x02;
export const FLASH_READ: u32 = 0x03;
export const FLASH_WRITE_DISABLE: u32 = 0x04;
export const FLASH_READ_STATUS: u32 = 0x05;
export const FLASH_WRITE_ENABLE: u32 = 0x06;
/** One byte between address and data. */
export const FLASH_FAST_READ: u32 = 0x0b;
export const FLASH_ERASE_4K: u32 = 0x20;
export const FLASH_PROTECT: u32 = 0x36;
export const FLASH_UNPROTECT: u32 = 0x39;
export const FLASH_READ_PROTECTION: u32 = 0x3c;
export const FLASH_ERASE_32K: u32 = 0x52;
export const FLASH_ERASE_CHIP: u32 = 0x60;
export const FLASH_READ_ID: u32 = 0x9f;
export const FLASH_RESUME: u32 = 0xab;
export const FLASH_POWER_DOWN: u32 = 0xb9;
export const FLASH_ERASE_CHIP_ALIAS: u32 = 0xc7;
export const FLASH_ERASE_64K: u32 = 0xd8;

/** What FLASH_READ_ID gives: manufacturer, family and density, version, bytes that follow. */
export const FLASH_ID_0: u32 = 0x1f;
export const FLASH_ID_1: u32 = 0x47;
export const FLASH_ID_2: u32 = 0x00;
export const FLASH_ID_3: u32 = 0x00;

/** The status register: a program or erase goes on; the next one is allowed. */
export const FLASH_STATUS_BUSY: u32 = 0x01;
export const FLASH_STATUS_WRITE_ENABLED: u32 = 0x02;
/** Sectors that are protected: none, some, all. */
export const FLASH_STATUS_SWP_HI: u32 = 3;
export const FLASH_STATUS_SWP_LO: u32 = 2;
export const FLASH_SWP_NONE: u32 = 0;
export const FLASH_SWP_SOME: u32 = 1;
export const FLASH_SWP_ALL: u32 = 3;
/** The pin WP is not asserted. */
export const FLASH_STATUS_WPP: u32 = 0x10;
/** A program or erase failed. */
export const FLASH_STATUS_EPE: u32 = 0x20;
/** The sectors' protection is locked. */
export const FLASH_STATUS_SPRL: u32 = 0x80;
/** Of a byte that is written to the status: all zero unprotects every sector, all one protects every sector. */
export const FLASH_GLOBAL_HI: u32 = 5;
export const FLASH_GLOBAL_LO: u32 = 2;
export const FLASH_GLOBAL_UNPROTECT: u32 = 0x0;
export const FLASH_GLOBAL_PROTECT: u32 = 0xf;

// Typical durations, in microseconds.

export const FLASH_BYTE_US: u32 = 7;
export const FLASH_PAGE_US: u32 = 1_500;
export const FLASH_ERASE_4K_US: u32 = 50_000;
export const FLASH_ERASE_32K_US: u32 = 250_000;
export const FLASH_ERASE_64K_US: u32 = 400_000;
export const FLASH_ERASE_CHIP_US: u32 = 36_000_000;
