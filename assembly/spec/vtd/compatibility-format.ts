// VT-d 5.10 §5.1.2.1 interrupt requests in compatibility format (Intel SDM 3A §12.11): address and data, 32 bits each.

/** FEEh. */
export const COMPATIBILITY_ADDRESS_IDENTIFIER_HI: u32 = 31;
export const COMPATIBILITY_ADDRESS_IDENTIFIER_LO: u32 = 20;
export const COMPATIBILITY_ADDRESS_DESTINATION_HI: u32 = 19;
export const COMPATIBILITY_ADDRESS_DESTINATION_LO: u32 = 12;
export const COMPATIBILITY_ADDRESS_RESERVED_HI: u32 = 11;
export const COMPATIBILITY_ADDRESS_RESERVED_LO: u32 = 5;
/** 1 remappable, 0 compatibility. */
export const COMPATIBILITY_ADDRESS_FORMAT_HI: u32 = 4;
export const COMPATIBILITY_ADDRESS_FORMAT_LO: u32 = 4;
export const COMPATIBILITY_ADDRESS_REDIRECTION_HINT_HI: u32 = 3;
export const COMPATIBILITY_ADDRESS_REDIRECTION_HINT_LO: u32 = 3;
/** 1 logical. */
export const COMPATIBILITY_ADDRESS_DESTINATION_MODE_HI: u32 = 2;
export const COMPATIBILITY_ADDRESS_DESTINATION_MODE_LO: u32 = 2;
export const COMPATIBILITY_ADDRESS_IGNORED_HI: u32 = 1;
export const COMPATIBILITY_ADDRESS_IGNORED_LO: u32 = 0;

/** Upper 32 bits of the address of a unit's own message: destination bits 31:8 of an x2APIC ID. */
export const COMPATIBILITY_UPPER_DESTINATION_HI: u32 = 31;
export const COMPATIBILITY_UPPER_DESTINATION_LO: u32 = 8;
export const COMPATIBILITY_UPPER_RESERVED_HI: u32 = 7;
export const COMPATIBILITY_UPPER_RESERVED_LO: u32 = 0;

export const COMPATIBILITY_DATA_RESERVED16_HI: u32 = 31;
export const COMPATIBILITY_DATA_RESERVED16_LO: u32 = 16;
/** 1 level. */
export const COMPATIBILITY_DATA_TRIGGER_MODE_HI: u32 = 15;
export const COMPATIBILITY_DATA_TRIGGER_MODE_LO: u32 = 15;
export const COMPATIBILITY_DATA_LEVEL_HI: u32 = 14;
export const COMPATIBILITY_DATA_LEVEL_LO: u32 = 14;
export const COMPATIBILITY_DATA_RESERVED11_HI: u32 = 13;
export const COMPATIBILITY_DATA_RESERVED11_LO: u32 = 11;
export const COMPATIBILITY_DATA_DELIVERY_MODE_HI: u32 = 10;
export const COMPATIBILITY_DATA_DELIVERY_MODE_LO: u32 = 8;
export const COMPATIBILITY_DATA_VECTOR_HI: u32 = 7;
export const COMPATIBILITY_DATA_VECTOR_LO: u32 = 0;
/** The upper 12 bits of every interrupt request's address. */
export const COMPATIBILITY_IDENTIFIER: u32 = 0xfee;
