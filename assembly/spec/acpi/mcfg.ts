// PCI Firmware Specification 3.3 §4.1.2 MCFG: where configuration space lies in memory. Byte offsets after the header.

/** 8 bytes reserved, then one entry for each window. */
export const MCFG_ENTRIES: u32 = 8;
export const MCFG_ENTRY_SIZE: u32 = 16;
/** In an entry: address of the window's bus 0, 64 bits. */
export const MCFG_BASE: u32 = 0;
export const MCFG_SEGMENT: u32 = 8;
export const MCFG_FIRST_BUS: u32 = 10;
export const MCFG_LAST_BUS: u32 = 11;
export const MCFG_REVISION: u32 = 1;
