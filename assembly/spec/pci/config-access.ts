// How software reaches configuration space: PCI Local Bus 3.0 §3.2.2.3.2 (I/O ports), PCIe 6.0 §7.2.2 (ECAM).

/** The port that holds the address: accessed as a dword only. */
export const CONFIG_ADDRESS: u32 = 0xcf8;
export const CONFIG_ADDRESS_WIDTH: u32 = 32;
export const CONFIG_ADDRESS_ZERO_HI: u32 = 1;
export const CONFIG_ADDRESS_ZERO_LO: u32 = 0;
export const CONFIG_ADDRESS_REGISTER_HI: u32 = 7;
export const CONFIG_ADDRESS_REGISTER_LO: u32 = 2;
export const CONFIG_ADDRESS_FUNCTION_HI: u32 = 10;
export const CONFIG_ADDRESS_FUNCTION_LO: u32 = 8;
export const CONFIG_ADDRESS_DEVICE_HI: u32 = 15;
export const CONFIG_ADDRESS_DEVICE_LO: u32 = 11;
export const CONFIG_ADDRESS_BUS_HI: u32 = 23;
export const CONFIG_ADDRESS_BUS_LO: u32 = 16;
export const CONFIG_ADDRESS_RESERVED24_HI: u32 = 30;
export const CONFIG_ADDRESS_RESERVED24_LO: u32 = 24;
export const CONFIG_ADDRESS_ENABLE_HI: u32 = 31;
export const CONFIG_ADDRESS_ENABLE_LO: u32 = 31;
/** The four ports through which the addressed dword is reached, with any width. */
export const CONFIG_DATA: u32 = 0xcfc;
export const CONFIG_DATA_PORTS: u32 = 4;

/** An address in the memory-mapped window. */
export const ECAM: u32 = 0x0;
export const ECAM_WIDTH: u32 = 28;
export const ECAM_REGISTER_HI: u32 = 11;
export const ECAM_REGISTER_LO: u32 = 0;
export const ECAM_FUNCTION_HI: u32 = 14;
export const ECAM_FUNCTION_LO: u32 = 12;
export const ECAM_DEVICE_HI: u32 = 19;
export const ECAM_DEVICE_LO: u32 = 15;
export const ECAM_BUS_HI: u32 = 27;
export const ECAM_BUS_LO: u32 = 20;
