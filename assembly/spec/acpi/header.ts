// ACPI 6.5 §5.2.6 System Description Table Header: byte offsets.

export const TABLE_SIGNATURE: u32 = 0;
export const TABLE_LENGTH: u32 = 4;
export const TABLE_REVISION: u32 = 8;
/** Makes all bytes of the table add up to 0. */
export const TABLE_CHECKSUM: u32 = 9;
/** 6 characters. */
export const TABLE_OEM_ID: u32 = 10;
/** 8 characters. */
export const TABLE_OEM_TABLE_ID: u32 = 16;
export const TABLE_OEM_REVISION: u32 = 24;
/** 4 characters. */
export const TABLE_CREATOR_ID: u32 = 28;
export const TABLE_CREATOR_REVISION: u32 = 32;
export const TABLE_HEADER_SIZE: u32 = 36;
