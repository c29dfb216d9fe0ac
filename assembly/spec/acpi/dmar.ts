// VT-d 5.10 §8.1 DMAR: the units and what they cover. Byte offsets; those of the table are after the ACPI header.

/** Host address width less one. */
export const DMAR_HOST_ADDRESS_WIDTH: u32 = 0;
export const DMAR_FLAGS: u32 = 1;
/** 1: interrupts can be remapped. */
export const DMAR_FLAG_INTERRUPTS: u32 = 0x1;
/** After 10 reserved bytes. */
export const DMAR_STRUCTURES: u32 = 12;
export const DMAR_REVISION: u32 = 1;

/** §8.3 Remapping hardware unit definition. */
export const DRHD_TYPE: u32 = 0;
export const DRHD_LENGTH: u32 = 2;
export const DRHD_FLAGS: u32 = 4;
export const DRHD_SEGMENT: u32 = 6;
/** 64 bits. */
export const DRHD_BASE: u32 = 8;
export const DRHD_SIZE: u32 = 16;
/** Type 0. */
export const STRUCTURE_DRHD: u32 = 0;
/** The unit covers every device of the segment that no other one names. */
export const DRHD_INCLUDE_ALL: u32 = 0x1;
