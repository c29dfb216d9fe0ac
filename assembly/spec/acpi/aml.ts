// ACPI 6.5 §20.2 ACPI Machine Language: the encodings of which a device with resources is made.

export const AML_NAME: u32 = 0x08;
export const AML_BYTE: u32 = 0x0a;
export const AML_DWORD: u32 = 0x0c;
export const AML_SCOPE: u32 = 0x10;
export const AML_BUFFER: u32 = 0x11;
export const AML_EXTENDED: u32 = 0x5b;
export const AML_EXTENDED_DEVICE: u32 = 0x82;
/** Package lengths to 3Fh take one byte; longer ones 4 bits of it, and in its top bits how many bytes follow. */
export const AML_LENGTH_SHORT_MAX: u32 = 0x3f;
export const AML_LENGTH_LOW_HI: u32 = 3;
export const AML_LENGTH_LOW_LO: u32 = 0;
export const AML_LENGTH_FOLLOWING_HI: u32 = 7;
export const AML_LENGTH_FOLLOWING_LO: u32 = 6;

/** §6.4.3.4 32-bit fixed memory range descriptor. */
export const RESOURCE_MEMORY32_FIXED: u32 = 0x86;
/** Bytes after tag and length: information, base, size. */
export const MEMORY32_FIXED_LENGTH: u32 = 9;
export const MEMORY32_WRITABLE: u32 = 1;
/** §6.4.2.9 end tag, and its checksum: 0, none. */
export const RESOURCE_END: u32 = 0x79;
export const RESOURCE_END_CHECKSUM: u32 = 0;
/** PNP0C02, motherboard resources, as a compressed EISA identifier. */
export const EISA_PNP0C02: u32 = 0x020c_d041;
