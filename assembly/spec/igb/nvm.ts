// The NVM: a serial EEPROM behind EECD and EERD, and what its words mean (I350 §6, 82576 §6).

/** EECD.SIZE_EX: 2^(n + 6) words. */
export const NVM_SIZE_EX: u32 = 3;
export const NVM_WORDS: u32 = 512;
/** Words of the page that one write command may fill. */
export const NVM_PAGE_WORDS: u32 = 16;

// Words of the first area, and, at the same places, of the other ports' areas.

/** MAC address: three words, low byte first. */
export const NVM_MAC: u32 = 0x00;
export const NVM_COMPATIBILITY: u32 = 0x03;
/** What the identification LEDs do: on and off in turns. */
export const NVM_ID_LED: u32 = 0x04;
export const NVM_ID_LED_DEFAULT: u32 = 0x8911;
/** Version of the image: major, minor (two decimal digits), identification. */
export const NVM_VERSION: u32 = 0x05;
export const NVM_VERSION_VALUE: u32 = 0x1630;
/** Part number: three bytes and a suffix of one. */
export const NVM_PBA_0: u32 = 0x08;
export const NVM_PBA_1: u32 = 0x09;
export const NVM_SUBSYSTEM_ID: u32 = 0x0b;
export const NVM_SUBSYSTEM_VENDOR_ID: u32 = 0x0c;
export const NVM_DEVICE_ID: u32 = 0x0d;
export const NVM_VENDOR_ID: u32 = 0x0e;
/** Initialization control 2: what flow control to advertise, both directions. */
export const NVM_CONTROL_2: u32 = 0x0f;
export const NVM_CONTROL_2_PAUSE: u32 = 0x3000;
/** Of the 82576: the flash's size as its windows have it, 2^n times 64 KiB. */
export const NVM_CONTROL_2_FLASH_SIZE_HI: u32 = 10;
export const NVM_CONTROL_2_FLASH_SIZE_LO: u32 = 8;
/** Initialization control 3, of the 82576's port 1. */
export const NVM_CONTROL_3_PORT_1: u32 = 0x14;
/** Initialization control 3. */
export const NVM_CONTROL_3: u32 = 0x24;
/** Wake-up by magic packets. */
export const NVM_CONTROL_3_APM: u32 = 0x0400;
/** PCIe control 2 of the I350: the flash's size as its windows have it, 2^n times 64 KiB; 0 for no window. */
export const NVM_PCIE_CONTROL_2: u32 = 0x28;
export const NVM_PCIE_CONTROL_2_FLASH_SIZE_HI: u32 = 3;
export const NVM_PCIE_CONTROL_2_FLASH_SIZE_LO: u32 = 1;
/** Pointer to alternate MAC addresses; none. */
export const NVM_ALTERNATE_MAC: u32 = 0x37;
/** Pointer to external thermal sensors; none. */
export const NVM_THERMAL_SENSORS: u32 = 0x3e;
/** Words 0 to 3Fh of an area add up to NVM_SUM. */
export const NVM_CHECKSUM: u32 = 0x3f;
export const NVM_SUM: u32 = 0xbaba;
export const NVM_NONE: u32 = 0xffff;
/** Identification of the image; bit 15 of the high word says that there is one. */
export const NVM_ETRACK_LOW: u32 = 0x42;
export const NVM_ETRACK_HIGH: u32 = 0x43;
export const NVM_ETRACK_VALID: u32 = 0x8000;
/** The areas of ports 1, 2 and 3. */
export const NVM_AREA_1: u32 = 0x80;
export const NVM_AREA_2: u32 = 0xc0;
export const NVM_AREA_3: u32 = 0x100;

// Commands of the serial EEPROM, each a byte; its address counts bytes.

export const SPI_WRITE_STATUS: u32 = 0x01;
export const SPI_WRITE: u32 = 0x02;
export const SPI_READ: u32 = 0x03;
export const SPI_WRITE_DISABLE: u32 = 0x04;
export const SPI_READ_STATUS: u32 = 0x05;
export const SPI_WRITE_ENABLE: u32 = 0x06;
export const SPI_ADDRESS_BITS: u32 = 16;
/** Of the status: a write is under way; writes are enabled. */
export const SPI_STATUS_BUSY: u32 = 0x01;
export const SPI_STATUS_WRITE_ENABLED: u32 = 0x02;
