// The I/O BAR: registers by an address and a data port (I350 §8.1.1, 82576 §8.1.1: I/O-mapped access). Dwords only.

/** Offset of a register in BAR 0, or of a byte of the flash behind it. */
export const IOADDR: u32 = 0x0;
export const IODATA: u32 = 0x4;
/** Registers end here; the addresses from here to the flash are undefined, and so are those above it. */
export const IOADDR_REGISTERS_END: u32 = 0x2_0000;
/** The first 512 KiB of the flash. */
export const IOADDR_FLASH: u32 = 0x8_0000;
export const IOADDR_FLASH_END: u32 = 0x10_0000;
