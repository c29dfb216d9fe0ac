// PCIe 6.0 §7.9.13 TPH Requester Extended Capability.

/** Bytes without a steering tag table, which follows at TPH_ST_TABLE when TPH_ST_IN_CAPABILITY. */
export const TPH_LENGTH: u32 = 0x0c;

/** §7.9.13.2 TPH Requester Capability Register. ST_TABLE_SIZE is the number of entries less one. */
export const TPH_CAP: u32 = 0x04;
export const TPH_CAP_WIDTH: u32 = 32;
export const TPH_CAP_NO_ST_MODE_HI: u32 = 0;
export const TPH_CAP_NO_ST_MODE_LO: u32 = 0;
export const TPH_CAP_INTERRUPT_VECTOR_MODE_HI: u32 = 1;
export const TPH_CAP_INTERRUPT_VECTOR_MODE_LO: u32 = 1;
export const TPH_CAP_DEVICE_SPECIFIC_MODE_HI: u32 = 2;
export const TPH_CAP_DEVICE_SPECIFIC_MODE_LO: u32 = 2;
export const TPH_CAP_RESERVED3_HI: u32 = 7;
export const TPH_CAP_RESERVED3_LO: u32 = 3;
export const TPH_CAP_EXTENDED_HI: u32 = 8;
export const TPH_CAP_EXTENDED_LO: u32 = 8;
export const TPH_CAP_ST_LOCATION_HI: u32 = 10;
export const TPH_CAP_ST_LOCATION_LO: u32 = 9;
export const TPH_CAP_RESERVED11_HI: u32 = 15;
export const TPH_CAP_RESERVED11_LO: u32 = 11;
export const TPH_CAP_ST_TABLE_SIZE_HI: u32 = 26;
export const TPH_CAP_ST_TABLE_SIZE_LO: u32 = 16;
export const TPH_CAP_RESERVED27_HI: u32 = 31;
export const TPH_CAP_RESERVED27_LO: u32 = 27;
/** Values of TPH_CAP_ST_LOCATION. */
export const TPH_ST_NONE: u32 = 0x00;
export const TPH_ST_IN_CAPABILITY: u32 = 0x01;
export const TPH_ST_IN_MSIX: u32 = 0x02;

/** §7.9.13.3 TPH Requester Control Register. */
export const TPH_CTL: u32 = 0x08;
export const TPH_CTL_WIDTH: u32 = 32;
export const TPH_CTL_ST_MODE_HI: u32 = 2;
export const TPH_CTL_ST_MODE_LO: u32 = 0;
export const TPH_CTL_RESERVED3_HI: u32 = 7;
export const TPH_CTL_RESERVED3_LO: u32 = 3;
export const TPH_CTL_REQUESTER_ENABLE_HI: u32 = 9;
export const TPH_CTL_REQUESTER_ENABLE_LO: u32 = 8;
export const TPH_CTL_RESERVED10_HI: u32 = 31;
export const TPH_CTL_RESERVED10_LO: u32 = 10;
/** §7.9.13.4 TPH ST Table: 16-bit entries. */
export const TPH_ST_TABLE: u32 = 0x0c;

/** One entry. */
export const TPH_ST_ENTRY_WIDTH: u32 = 16;
export const TPH_ST_ENTRY_LOWER_HI: u32 = 7;
export const TPH_ST_ENTRY_LOWER_LO: u32 = 0;
export const TPH_ST_ENTRY_UPPER_HI: u32 = 15;
export const TPH_ST_ENTRY_UPPER_LO: u32 = 8;
export const TPH_ST_ENTRY_SIZE: u32 = 0x02;
