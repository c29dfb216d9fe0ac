// PCIe 6.0 §7.7.2 MSI-X Capability and Table Structure.
//
//   +0  id │ next │ MSIX_CONTROL
//   +4  MSIX_TABLE
//   +8  MSIX_PBA

/** Bytes. */
export const MSIX_LENGTH: u32 = 0x0c;

/** §7.7.2.2 Message Control Register. TABLE_SIZE is the number of entries less one. */
export const MSIX_CONTROL: u32 = 0x02;
export const MSIX_CONTROL_WIDTH: u32 = 16;
export const MSIX_CONTROL_TABLE_SIZE_HI: u32 = 10;
export const MSIX_CONTROL_TABLE_SIZE_LO: u32 = 0;
export const MSIX_CONTROL_RESERVED11_HI: u32 = 13;
export const MSIX_CONTROL_RESERVED11_LO: u32 = 11;
export const MSIX_CONTROL_FUNCTION_MASK_HI: u32 = 14;
export const MSIX_CONTROL_FUNCTION_MASK_LO: u32 = 14;
export const MSIX_CONTROL_ENABLE_HI: u32 = 15;
export const MSIX_CONTROL_ENABLE_LO: u32 = 15;
export const MSIX_MAX_VECTORS: u32 = 2048;

/** §7.7.2.3 Table Offset/Table BIR Register. OFFSET counts 8 bytes. */
export const MSIX_TABLE: u32 = 0x04;
export const MSIX_TABLE_WIDTH: u32 = 32;
export const MSIX_TABLE_BIR_HI: u32 = 2;
export const MSIX_TABLE_BIR_LO: u32 = 0;
export const MSIX_TABLE_OFFSET_HI: u32 = 31;
export const MSIX_TABLE_OFFSET_LO: u32 = 3;

/** §7.7.2.4 PBA Offset/PBA BIR Register. */
export const MSIX_PBA: u32 = 0x08;
export const MSIX_PBA_WIDTH: u32 = 32;
export const MSIX_PBA_BIR_HI: u32 = 2;
export const MSIX_PBA_BIR_LO: u32 = 0;
export const MSIX_PBA_OFFSET_HI: u32 = 31;
export const MSIX_PBA_OFFSET_LO: u32 = 3;
/** Bytes of a table entry. */
export const MSIX_ENTRY_SIZE: u32 = 0x10;

/** §7.7.2.5 Message Address Register for MSI-X Table Entries. */
export const MSIX_ENTRY_ADDRESS_LOWER: u32 = 0x00;
export const MSIX_ENTRY_ADDRESS_LOWER_WIDTH: u32 = 32;
export const MSIX_ENTRY_ADDRESS_LOWER_RESERVED0_HI: u32 = 1;
export const MSIX_ENTRY_ADDRESS_LOWER_RESERVED0_LO: u32 = 0;
export const MSIX_ENTRY_ADDRESS_LOWER_VALUE_HI: u32 = 31;
export const MSIX_ENTRY_ADDRESS_LOWER_VALUE_LO: u32 = 2;

/** §7.7.2.6 Message Upper Address Register for MSI-X Table Entries. */
export const MSIX_ENTRY_ADDRESS_UPPER: u32 = 0x04;
export const MSIX_ENTRY_ADDRESS_UPPER_WIDTH: u32 = 32;
export const MSIX_ENTRY_ADDRESS_UPPER_VALUE_HI: u32 = 31;
export const MSIX_ENTRY_ADDRESS_UPPER_VALUE_LO: u32 = 0;

/** §7.7.2.7 Message Data Register for MSI-X Table Entries. */
export const MSIX_ENTRY_DATA: u32 = 0x08;
export const MSIX_ENTRY_DATA_WIDTH: u32 = 32;
export const MSIX_ENTRY_DATA_VALUE_HI: u32 = 31;
export const MSIX_ENTRY_DATA_VALUE_LO: u32 = 0;

/** §7.7.2.8 Vector Control Register for MSI-X Table Entries. */
export const MSIX_ENTRY_CONTROL: u32 = 0x0c;
export const MSIX_ENTRY_CONTROL_WIDTH: u32 = 32;
export const MSIX_ENTRY_CONTROL_MASK_HI: u32 = 0;
export const MSIX_ENTRY_CONTROL_MASK_LO: u32 = 0;
export const MSIX_ENTRY_CONTROL_RESERVED1_HI: u32 = 15;
export const MSIX_ENTRY_CONTROL_RESERVED1_LO: u32 = 1;
export const MSIX_ENTRY_CONTROL_ST_LOWER_HI: u32 = 23;
export const MSIX_ENTRY_CONTROL_ST_LOWER_LO: u32 = 16;
export const MSIX_ENTRY_CONTROL_ST_UPPER_HI: u32 = 31;
export const MSIX_ENTRY_CONTROL_ST_UPPER_LO: u32 = 24;
