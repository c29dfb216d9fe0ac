// The I/O BAR: registers by an address and a data port (I350 §8.1.1, 82576 §8.1.1: I/O-mapped access). Dwords only.

/** Offset of a register in BAR 0, or of flash behind it. */
export const IOADDR: u32 = 0x0;
export const IODATA: u32 = 0x4;
/** Registers end here; addresses from here to IOADDR_END are undefined, and those above do not fit. */
export const IOADDR_REGISTERS_END: u32 = 0x2_0000;
