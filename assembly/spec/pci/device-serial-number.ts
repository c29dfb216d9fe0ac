// PCIe 6.0 §7.9.3 Device Serial Number Extended Capability: an EUI-64, first octet in the top bits of the upper half.

/** Bytes. */
export const DSN_LENGTH: u32 = 0x0c;

/** §7.9.3.2 Serial Number Register, lower half. */
export const DSN_LOWER: u32 = 0x04;
export const DSN_LOWER_WIDTH: u32 = 32;
export const DSN_LOWER_VALUE_HI: u32 = 31;
export const DSN_LOWER_VALUE_LO: u32 = 0;

/** §7.9.3.2 Serial Number Register, upper half. */
export const DSN_UPPER: u32 = 0x08;
export const DSN_UPPER_WIDTH: u32 = 32;
export const DSN_UPPER_VALUE_HI: u32 = 31;
export const DSN_UPPER_VALUE_LO: u32 = 0;
