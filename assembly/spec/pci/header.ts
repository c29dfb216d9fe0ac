// PCIe 6.0 §7.5.1 PCI-Compatible Configuration Registers: the headers of type 0 (functions) and type 1 (bridges).
// X is a register's offset, X_WIDTH its bits, X_Y_HI and X_Y_LO the bit range of a field.

/** Bytes of the PCI-compatible region, and of the whole space. */
export const CONFIG_SPACE_COMPATIBLE_SIZE: u32 = 0x100;
export const CONFIG_SPACE_SIZE: u32 = 0x1000;
/** Bytes of the header; the capabilities follow it. */
export const HEADER_SIZE: u32 = 0x40;
/** Of a CardBus bridge (layout 2). */
export const CARDBUS_HEADER_SIZE: u32 = 0x80;

// §7.5.1.1 Type 0/1 common registers
export const VENDOR_ID: u32 = 0x00;
/** No function answers with this Vendor ID; a VF's reads as such. */
export const VENDOR_ID_NONE: u32 = 0xffff;
export const DEVICE_ID: u32 = 0x02;

export const COMMAND: u32 = 0x04;
export const COMMAND_WIDTH: u32 = 16;
export const COMMAND_IO_SPACE_ENABLE_HI: u32 = 0;
export const COMMAND_IO_SPACE_ENABLE_LO: u32 = 0;
export const COMMAND_MEMORY_SPACE_ENABLE_HI: u32 = 1;
export const COMMAND_MEMORY_SPACE_ENABLE_LO: u32 = 1;
export const COMMAND_BUS_MASTER_ENABLE_HI: u32 = 2;
export const COMMAND_BUS_MASTER_ENABLE_LO: u32 = 2;
export const COMMAND_SPECIAL_CYCLE_ENABLE_HI: u32 = 3;
export const COMMAND_SPECIAL_CYCLE_ENABLE_LO: u32 = 3;
export const COMMAND_MEMORY_WRITE_AND_INVALIDATE_HI: u32 = 4;
export const COMMAND_MEMORY_WRITE_AND_INVALIDATE_LO: u32 = 4;
export const COMMAND_VGA_PALETTE_SNOOP_HI: u32 = 5;
export const COMMAND_VGA_PALETTE_SNOOP_LO: u32 = 5;
export const COMMAND_PARITY_ERROR_RESPONSE_HI: u32 = 6;
export const COMMAND_PARITY_ERROR_RESPONSE_LO: u32 = 6;
export const COMMAND_IDSEL_STEPPING_HI: u32 = 7;
export const COMMAND_IDSEL_STEPPING_LO: u32 = 7;
export const COMMAND_SERR_ENABLE_HI: u32 = 8;
export const COMMAND_SERR_ENABLE_LO: u32 = 8;
export const COMMAND_FAST_BACK_TO_BACK_HI: u32 = 9;
export const COMMAND_FAST_BACK_TO_BACK_LO: u32 = 9;
export const COMMAND_INTERRUPT_DISABLE_HI: u32 = 10;
export const COMMAND_INTERRUPT_DISABLE_LO: u32 = 10;
export const COMMAND_RESERVED11_HI: u32 = 15;
export const COMMAND_RESERVED11_LO: u32 = 11;

export const STATUS: u32 = 0x06;
export const STATUS_WIDTH: u32 = 16;
export const STATUS_IMMEDIATE_READINESS_HI: u32 = 0;
export const STATUS_IMMEDIATE_READINESS_LO: u32 = 0;
export const STATUS_RESERVED1_HI: u32 = 2;
export const STATUS_RESERVED1_LO: u32 = 1;
export const STATUS_INTERRUPT_STATUS_HI: u32 = 3;
export const STATUS_INTERRUPT_STATUS_LO: u32 = 3;
export const STATUS_CAPABILITIES_LIST_HI: u32 = 4;
export const STATUS_CAPABILITIES_LIST_LO: u32 = 4;
export const STATUS_66_MHZ_CAPABLE_HI: u32 = 5;
export const STATUS_66_MHZ_CAPABLE_LO: u32 = 5;
export const STATUS_RESERVED6_HI: u32 = 6;
export const STATUS_RESERVED6_LO: u32 = 6;
export const STATUS_FAST_BACK_TO_BACK_HI: u32 = 7;
export const STATUS_FAST_BACK_TO_BACK_LO: u32 = 7;
export const STATUS_MASTER_DATA_PARITY_ERROR_HI: u32 = 8;
export const STATUS_MASTER_DATA_PARITY_ERROR_LO: u32 = 8;
export const STATUS_DEVSEL_TIMING_HI: u32 = 10;
export const STATUS_DEVSEL_TIMING_LO: u32 = 9;
export const STATUS_SIGNALED_TARGET_ABORT_HI: u32 = 11;
export const STATUS_SIGNALED_TARGET_ABORT_LO: u32 = 11;
export const STATUS_RECEIVED_TARGET_ABORT_HI: u32 = 12;
export const STATUS_RECEIVED_TARGET_ABORT_LO: u32 = 12;
export const STATUS_RECEIVED_MASTER_ABORT_HI: u32 = 13;
export const STATUS_RECEIVED_MASTER_ABORT_LO: u32 = 13;
export const STATUS_SIGNALED_SYSTEM_ERROR_HI: u32 = 14;
export const STATUS_SIGNALED_SYSTEM_ERROR_LO: u32 = 14;
export const STATUS_DETECTED_PARITY_ERROR_HI: u32 = 15;
export const STATUS_DETECTED_PARITY_ERROR_LO: u32 = 15;

export const REVISION_ID: u32 = 0x08;
/** Three bytes: programming interface, sub-class, base class. */
export const CLASS_CODE: u32 = 0x09;
export const SUB_CLASS: u32 = 0x0a;
export const CACHE_LINE_SIZE: u32 = 0x0c;
export const LATENCY_TIMER: u32 = 0x0d;
export const HEADER_TYPE: u32 = 0x0e;
export const HEADER_TYPE_WIDTH: u32 = 8;
export const HEADER_TYPE_MULTI_FUNCTION_HI: u32 = 7;
export const HEADER_TYPE_MULTI_FUNCTION_LO: u32 = 7;
export const HEADER_TYPE_LAYOUT_HI: u32 = 6;
export const HEADER_TYPE_LAYOUT_LO: u32 = 0;
export const HEADER_TYPE_LAYOUT_0: u32 = 0;
export const HEADER_TYPE_LAYOUT_1: u32 = 1;
/** A CardBus bridge. */
export const HEADER_TYPE_LAYOUT_2: u32 = 2;
export const BIST: u32 = 0x0f;
export const CAPABILITIES_POINTER: u32 = 0x34;
export const CAPABILITIES_POINTER_WIDTH: u32 = 8;
export const CAPABILITIES_POINTER_RESERVED0_HI: u32 = 1;
export const CAPABILITIES_POINTER_RESERVED0_LO: u32 = 0;
export const CAPABILITIES_POINTER_ADDRESS_HI: u32 = 7;
export const CAPABILITIES_POINTER_ADDRESS_LO: u32 = 2;
export const INTERRUPT_LINE: u32 = 0x3c;
export const INTERRUPT_PIN: u32 = 0x3d;

// §7.5.1.2 Type 0
export const BAR0: u32 = 0x10;
export const BAR_SIZE: u32 = 4;
export const TYPE0_BARS: u32 = 6;
export const CARDBUS_CIS_POINTER: u32 = 0x28;
export const SUBSYSTEM_VENDOR_ID: u32 = 0x2c;
export const SUBSYSTEM_ID: u32 = 0x2e;
export const TYPE0_EXPANSION_ROM: u32 = 0x30;
export const MIN_GNT: u32 = 0x3e;
export const MAX_LAT: u32 = 0x3f;

/** §7.5.1.2.1 Base Address Register of memory space. */
export const BAR_MEMORY_WIDTH: u32 = 32;
export const BAR_MEMORY_SPACE_HI: u32 = 0;
export const BAR_MEMORY_SPACE_LO: u32 = 0;
export const BAR_MEMORY_TYPE_HI: u32 = 2;
export const BAR_MEMORY_TYPE_LO: u32 = 1;
export const BAR_MEMORY_PREFETCHABLE_HI: u32 = 3;
export const BAR_MEMORY_PREFETCHABLE_LO: u32 = 3;
export const BAR_MEMORY_ADDRESS_HI: u32 = 31;
export const BAR_MEMORY_ADDRESS_LO: u32 = 4;
/** Values of BAR_MEMORY_TYPE. */
export const BAR_TYPE_32: u32 = 0;
export const BAR_TYPE_64: u32 = 2;

/** §7.5.1.2.1 Base Address Register of I/O space. */
export const BAR_IO_WIDTH: u32 = 32;
export const BAR_IO_SPACE_HI: u32 = 0;
export const BAR_IO_SPACE_LO: u32 = 0;
export const BAR_IO_RESERVED1_HI: u32 = 1;
export const BAR_IO_RESERVED1_LO: u32 = 1;
export const BAR_IO_ADDRESS_HI: u32 = 31;
export const BAR_IO_ADDRESS_LO: u32 = 2;

/** §7.5.1.2.4 Expansion ROM Base Address Register. */
export const ROM_WIDTH: u32 = 32;
export const ROM_ENABLE_HI: u32 = 0;
export const ROM_ENABLE_LO: u32 = 0;
export const ROM_VALIDATION_HI: u32 = 10;
export const ROM_VALIDATION_LO: u32 = 1;
export const ROM_ADDRESS_HI: u32 = 31;
export const ROM_ADDRESS_LO: u32 = 11;

// §7.5.1.3 Type 1
export const TYPE1_BARS: u32 = 2;
export const PRIMARY_BUS: u32 = 0x18;
export const SECONDARY_BUS: u32 = 0x19;
export const SUBORDINATE_BUS: u32 = 0x1a;
export const SECONDARY_LATENCY_TIMER: u32 = 0x1b;

export const IO_BASE: u32 = 0x1c;
export const IO_LIMIT: u32 = 0x1d;
/** Of I/O Base and I/O Limit: address bits 15:12, and what the window can address. */
export const IO_WINDOW_WIDTH: u32 = 8;
export const IO_WINDOW_ADDRESS_HI: u32 = 7;
export const IO_WINDOW_ADDRESS_LO: u32 = 4;
export const IO_WINDOW_CAPABILITY_HI: u32 = 3;
export const IO_WINDOW_CAPABILITY_LO: u32 = 0;
export const IO_WINDOW_CAPABILITY_16: u32 = 0;
export const IO_WINDOW_CAPABILITY_32: u32 = 1;
/** Bytes by which an I/O window is aligned. */
export const IO_WINDOW_GRANULE: u32 = 0x1000;

/** Same bits as STATUS, for the secondary side. */
export const SECONDARY_STATUS: u32 = 0x1e;

export const MEMORY_BASE: u32 = 0x20;
export const MEMORY_LIMIT: u32 = 0x22;
export const PREFETCHABLE_BASE: u32 = 0x24;
export const PREFETCHABLE_LIMIT: u32 = 0x26;
/** Of the four: address bits 31:20, and what the prefetchable window can address. */
export const MEMORY_WINDOW_WIDTH: u32 = 16;
export const MEMORY_WINDOW_ADDRESS_HI: u32 = 15;
export const MEMORY_WINDOW_ADDRESS_LO: u32 = 4;
export const MEMORY_WINDOW_CAPABILITY_HI: u32 = 3;
export const MEMORY_WINDOW_CAPABILITY_LO: u32 = 0;
/** Values of MEMORY_WINDOW_CAPABILITY. */
export const PREFETCHABLE_CAPABILITY_32: u32 = 0;
export const PREFETCHABLE_CAPABILITY_64: u32 = 1;
/** Bytes by which a memory window is aligned. */
export const MEMORY_WINDOW_GRANULE: u32 = 0x10_0000;
export const PREFETCHABLE_BASE_UPPER: u32 = 0x28;
export const PREFETCHABLE_LIMIT_UPPER: u32 = 0x2c;
export const IO_BASE_UPPER: u32 = 0x30;
export const IO_LIMIT_UPPER: u32 = 0x32;
export const TYPE1_EXPANSION_ROM: u32 = 0x38;

export const BRIDGE_CONTROL: u32 = 0x3e;
export const BRIDGE_CONTROL_WIDTH: u32 = 16;
export const BRIDGE_CONTROL_PARITY_ERROR_RESPONSE_HI: u32 = 0;
export const BRIDGE_CONTROL_PARITY_ERROR_RESPONSE_LO: u32 = 0;
export const BRIDGE_CONTROL_SERR_ENABLE_HI: u32 = 1;
export const BRIDGE_CONTROL_SERR_ENABLE_LO: u32 = 1;
export const BRIDGE_CONTROL_ISA_ENABLE_HI: u32 = 2;
export const BRIDGE_CONTROL_ISA_ENABLE_LO: u32 = 2;
export const BRIDGE_CONTROL_VGA_ENABLE_HI: u32 = 3;
export const BRIDGE_CONTROL_VGA_ENABLE_LO: u32 = 3;
export const BRIDGE_CONTROL_VGA_16_BIT_DECODE_HI: u32 = 4;
export const BRIDGE_CONTROL_VGA_16_BIT_DECODE_LO: u32 = 4;
export const BRIDGE_CONTROL_MASTER_ABORT_MODE_HI: u32 = 5;
export const BRIDGE_CONTROL_MASTER_ABORT_MODE_LO: u32 = 5;
export const BRIDGE_CONTROL_SECONDARY_BUS_RESET_HI: u32 = 6;
export const BRIDGE_CONTROL_SECONDARY_BUS_RESET_LO: u32 = 6;
export const BRIDGE_CONTROL_FAST_BACK_TO_BACK_HI: u32 = 7;
export const BRIDGE_CONTROL_FAST_BACK_TO_BACK_LO: u32 = 7;
export const BRIDGE_CONTROL_PRIMARY_DISCARD_TIMER_HI: u32 = 8;
export const BRIDGE_CONTROL_PRIMARY_DISCARD_TIMER_LO: u32 = 8;
export const BRIDGE_CONTROL_SECONDARY_DISCARD_TIMER_HI: u32 = 9;
export const BRIDGE_CONTROL_SECONDARY_DISCARD_TIMER_LO: u32 = 9;
export const BRIDGE_CONTROL_DISCARD_TIMER_STATUS_HI: u32 = 10;
export const BRIDGE_CONTROL_DISCARD_TIMER_STATUS_LO: u32 = 10;
export const BRIDGE_CONTROL_DISCARD_TIMER_SERR_ENABLE_HI: u32 = 11;
export const BRIDGE_CONTROL_DISCARD_TIMER_SERR_ENABLE_LO: u32 = 11;
export const BRIDGE_CONTROL_RESERVED12_HI: u32 = 15;
export const BRIDGE_CONTROL_RESERVED12_LO: u32 = 12;
