// PCIe 6.0 §2.2 Transaction Layer Protocol: the header of a memory or I/O request, as AER logs it (first byte on top).
//
//   +0   TLP_DW0: format, type, length
//   +4   TLP_DW1: requester ID, tag, byte enables
//   +8   address, of 64-bit addresses the upper half
//   +12  the lower half of a 64-bit address

/** §2.2.1.1 Common header fields, without the traffic class and attributes. */
export const TLP_DW0: u32 = 0x0;
export const TLP_DW0_WIDTH: u32 = 32;
export const TLP_DW0_LENGTH_HI: u32 = 9;
export const TLP_DW0_LENGTH_LO: u32 = 0;
export const TLP_DW0_ATTRIBUTES_HI: u32 = 23;
export const TLP_DW0_ATTRIBUTES_LO: u32 = 10;
export const TLP_DW0_TYPE_HI: u32 = 28;
export const TLP_DW0_TYPE_LO: u32 = 24;
/** The header has four dwords, a 64-bit address. */
export const TLP_DW0_FOUR_DWORDS_HI: u32 = 29;
export const TLP_DW0_FOUR_DWORDS_LO: u32 = 29;
/** Data follows: a write. */
export const TLP_DW0_WITH_DATA_HI: u32 = 30;
export const TLP_DW0_WITH_DATA_LO: u32 = 30;
export const TLP_DW0_PREFIX_HI: u32 = 31;
export const TLP_DW0_PREFIX_LO: u32 = 31;
/** Values of TLP_DW0_TYPE. */
export const TLP_TYPE_MEMORY: u32 = 0x00;
export const TLP_TYPE_IO: u32 = 0x02;

/** §2.2.5 and §2.2.7: what follows in a memory or I/O request. */
export const TLP_DW1: u32 = 0x4;
export const TLP_DW1_WIDTH: u32 = 32;
export const TLP_DW1_FIRST_BYTE_ENABLES_HI: u32 = 3;
export const TLP_DW1_FIRST_BYTE_ENABLES_LO: u32 = 0;
export const TLP_DW1_LAST_BYTE_ENABLES_HI: u32 = 7;
export const TLP_DW1_LAST_BYTE_ENABLES_LO: u32 = 4;
export const TLP_DW1_TAG_HI: u32 = 15;
export const TLP_DW1_TAG_LO: u32 = 8;
export const TLP_DW1_REQUESTER_ID_HI: u32 = 31;
export const TLP_DW1_REQUESTER_ID_LO: u32 = 16;
