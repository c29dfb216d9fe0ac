// PCIe 6.0 §7.7.1 MSI Capability Structure. With 64-bit addresses everything after the address moves up by 4.
//
//   +0   id │ next │ MSI_CONTROL
//   +4   MSI_ADDRESS_LOWER
//   +8   MSI_ADDRESS_UPPER        (64-bit only)
//   +8   MSI_DATA_32,    +12 MSI_DATA_64
//   +12  MSI_MASK_32,    +16 MSI_MASK_64     (per-vector masking only)
//   +16  MSI_PENDING_32, +20 MSI_PENDING_64  (per-vector masking only)

/** Bytes, by address size and per-vector masking. */
export const MSI_LENGTH_32: u32 = 0x0a;
export const MSI_LENGTH_64: u32 = 0x0e;
export const MSI_LENGTH_32_MASKED: u32 = 0x14;
export const MSI_LENGTH_64_MASKED: u32 = 0x18;

/** §7.7.1.2 Message Control Register. */
export const MSI_CONTROL: u32 = 0x02;
export const MSI_CONTROL_WIDTH: u32 = 16;
export const MSI_CONTROL_ENABLE_HI: u32 = 0;
export const MSI_CONTROL_ENABLE_LO: u32 = 0;
export const MSI_CONTROL_MULTIPLE_CAPABLE_HI: u32 = 3;
export const MSI_CONTROL_MULTIPLE_CAPABLE_LO: u32 = 1;
export const MSI_CONTROL_MULTIPLE_ENABLE_HI: u32 = 6;
export const MSI_CONTROL_MULTIPLE_ENABLE_LO: u32 = 4;
export const MSI_CONTROL_ADDRESS64_HI: u32 = 7;
export const MSI_CONTROL_ADDRESS64_LO: u32 = 7;
export const MSI_CONTROL_PER_VECTOR_MASKING_HI: u32 = 8;
export const MSI_CONTROL_PER_VECTOR_MASKING_LO: u32 = 8;
export const MSI_CONTROL_EXTENDED_DATA_CAPABLE_HI: u32 = 9;
export const MSI_CONTROL_EXTENDED_DATA_CAPABLE_LO: u32 = 9;
export const MSI_CONTROL_EXTENDED_DATA_ENABLE_HI: u32 = 10;
export const MSI_CONTROL_EXTENDED_DATA_ENABLE_LO: u32 = 10;
export const MSI_CONTROL_RESERVED11_HI: u32 = 15;
export const MSI_CONTROL_RESERVED11_LO: u32 = 11;

/** §7.7.1.3 Message Address Register. */
export const MSI_ADDRESS_LOWER: u32 = 0x04;
export const MSI_ADDRESS_LOWER_WIDTH: u32 = 32;
export const MSI_ADDRESS_LOWER_RESERVED0_HI: u32 = 1;
export const MSI_ADDRESS_LOWER_RESERVED0_LO: u32 = 0;
export const MSI_ADDRESS_LOWER_VALUE_HI: u32 = 31;
export const MSI_ADDRESS_LOWER_VALUE_LO: u32 = 2;

/** §7.7.1.4 Message Upper Address Register. */
export const MSI_ADDRESS_UPPER: u32 = 0x08;
export const MSI_ADDRESS_UPPER_WIDTH: u32 = 32;
export const MSI_ADDRESS_UPPER_VALUE_HI: u32 = 31;
export const MSI_ADDRESS_UPPER_VALUE_LO: u32 = 0;

/** §7.7.1.5 Message Data Register and §7.7.1.6 Extended Message Data Register. */
export const MSI_DATA_32: u32 = 0x08;
export const MSI_DATA_64: u32 = 0x0c;
export const MSI_DATA_WIDTH: u32 = 32;
export const MSI_DATA_VALUE_HI: u32 = 15;
export const MSI_DATA_VALUE_LO: u32 = 0;
export const MSI_DATA_EXTENDED_HI: u32 = 31;
export const MSI_DATA_EXTENDED_LO: u32 = 16;

/** §7.7.1.7 Mask Bits Register. */
export const MSI_MASK_32: u32 = 0x0c;
export const MSI_MASK_64: u32 = 0x10;
export const MSI_MASK_WIDTH: u32 = 32;
export const MSI_MASK_VECTORS_HI: u32 = 31;
export const MSI_MASK_VECTORS_LO: u32 = 0;

/** §7.7.1.8 Pending Bits Register. */
export const MSI_PENDING_32: u32 = 0x10;
export const MSI_PENDING_64: u32 = 0x14;
export const MSI_PENDING_WIDTH: u32 = 32;
export const MSI_PENDING_VECTORS_HI: u32 = 31;
export const MSI_PENDING_VECTORS_LO: u32 = 0;
