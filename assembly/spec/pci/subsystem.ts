// PCI-to-PCI Bridge 1.2 §3.2.5.13 Subsystem ID and Subsystem Vendor ID Capability: what a type 1 header has no room for.

/** Bytes. */
export const SUBSYSTEM_LENGTH: u32 = 0x08;

/** Subsystem Vendor ID. */
export const SSVID: u32 = 0x04;
export const SSVID_WIDTH: u32 = 16;
export const SSVID_VALUE_HI: u32 = 15;
export const SSVID_VALUE_LO: u32 = 0;

/** Subsystem ID. */
export const SSID: u32 = 0x06;
export const SSID_WIDTH: u32 = 16;
export const SSID_VALUE_HI: u32 = 15;
export const SSID_VALUE_LO: u32 = 0;
