// PCIe 6.0 §7.8.4 Advanced Error Reporting Extended Capability.
// Root registers exist in root ports and event collectors only, the prefix log only with end-end prefixes.

/** Bytes of an endpoint or switch port; of a root port; with a TLP prefix log. */
export const AER_LENGTH: u32 = 0x2c;
export const AER_ROOT_LENGTH: u32 = 0x38;
export const AER_PREFIX_LENGTH: u32 = 0x48;

/** §7.8.4.2–§7.8.4.4 Uncorrectable Error Status, Mask and Severity Registers share one layout. */
export const UE_STATUS: u32 = 0x04;
export const UE_MASK: u32 = 0x08;
export const UE_SEVERITY: u32 = 0x0c;
export const UE_WIDTH: u32 = 32;
export const UE_UNDEFINED0_HI: u32 = 0;
export const UE_UNDEFINED0_LO: u32 = 0;
export const UE_RESERVED1_HI: u32 = 3;
export const UE_RESERVED1_LO: u32 = 1;
export const UE_DATA_LINK_PROTOCOL_HI: u32 = 4;
export const UE_DATA_LINK_PROTOCOL_LO: u32 = 4;
export const UE_SURPRISE_DOWN_HI: u32 = 5;
export const UE_SURPRISE_DOWN_LO: u32 = 5;
export const UE_RESERVED6_HI: u32 = 11;
export const UE_RESERVED6_LO: u32 = 6;
export const UE_POISONED_TLP_HI: u32 = 12;
export const UE_POISONED_TLP_LO: u32 = 12;
export const UE_FLOW_CONTROL_HI: u32 = 13;
export const UE_FLOW_CONTROL_LO: u32 = 13;
export const UE_COMPLETION_TIMEOUT_HI: u32 = 14;
export const UE_COMPLETION_TIMEOUT_LO: u32 = 14;
export const UE_COMPLETER_ABORT_HI: u32 = 15;
export const UE_COMPLETER_ABORT_LO: u32 = 15;
export const UE_UNEXPECTED_COMPLETION_HI: u32 = 16;
export const UE_UNEXPECTED_COMPLETION_LO: u32 = 16;
export const UE_RECEIVER_OVERFLOW_HI: u32 = 17;
export const UE_RECEIVER_OVERFLOW_LO: u32 = 17;
export const UE_MALFORMED_TLP_HI: u32 = 18;
export const UE_MALFORMED_TLP_LO: u32 = 18;
export const UE_ECRC_HI: u32 = 19;
export const UE_ECRC_LO: u32 = 19;
export const UE_UNSUPPORTED_REQUEST_HI: u32 = 20;
export const UE_UNSUPPORTED_REQUEST_LO: u32 = 20;
export const UE_ACS_VIOLATION_HI: u32 = 21;
export const UE_ACS_VIOLATION_LO: u32 = 21;
export const UE_INTERNAL_HI: u32 = 22;
export const UE_INTERNAL_LO: u32 = 22;
export const UE_MC_BLOCKED_HI: u32 = 23;
export const UE_MC_BLOCKED_LO: u32 = 23;
export const UE_ATOMIC_EGRESS_BLOCKED_HI: u32 = 24;
export const UE_ATOMIC_EGRESS_BLOCKED_LO: u32 = 24;
export const UE_PREFIX_BLOCKED_HI: u32 = 25;
export const UE_PREFIX_BLOCKED_LO: u32 = 25;
export const UE_POISONED_EGRESS_BLOCKED_HI: u32 = 26;
export const UE_POISONED_EGRESS_BLOCKED_LO: u32 = 26;
export const UE_DMWR_EGRESS_BLOCKED_HI: u32 = 27;
export const UE_DMWR_EGRESS_BLOCKED_LO: u32 = 27;
export const UE_IDE_CHECK_HI: u32 = 28;
export const UE_IDE_CHECK_LO: u32 = 28;
export const UE_IDE_MISROUTED_HI: u32 = 29;
export const UE_IDE_MISROUTED_LO: u32 = 29;
export const UE_PCRC_CHECK_HI: u32 = 30;
export const UE_PCRC_CHECK_LO: u32 = 30;
export const UE_TRANSLATION_EGRESS_BLOCKED_HI: u32 = 31;
export const UE_TRANSLATION_EGRESS_BLOCKED_LO: u32 = 31;

/** §7.8.4.5, §7.8.4.6 Correctable Error Status and Mask Registers share one layout. */
export const CE_STATUS: u32 = 0x10;
export const CE_MASK: u32 = 0x14;
export const CE_WIDTH: u32 = 32;
export const CE_RECEIVER_HI: u32 = 0;
export const CE_RECEIVER_LO: u32 = 0;
export const CE_RESERVED1_HI: u32 = 5;
export const CE_RESERVED1_LO: u32 = 1;
export const CE_BAD_TLP_HI: u32 = 6;
export const CE_BAD_TLP_LO: u32 = 6;
export const CE_BAD_DLLP_HI: u32 = 7;
export const CE_BAD_DLLP_LO: u32 = 7;
export const CE_REPLAY_ROLLOVER_HI: u32 = 8;
export const CE_REPLAY_ROLLOVER_LO: u32 = 8;
export const CE_RESERVED9_HI: u32 = 11;
export const CE_RESERVED9_LO: u32 = 9;
export const CE_REPLAY_TIMEOUT_HI: u32 = 12;
export const CE_REPLAY_TIMEOUT_LO: u32 = 12;
export const CE_ADVISORY_NON_FATAL_HI: u32 = 13;
export const CE_ADVISORY_NON_FATAL_LO: u32 = 13;
export const CE_INTERNAL_HI: u32 = 14;
export const CE_INTERNAL_LO: u32 = 14;
export const CE_HEADER_LOG_OVERFLOW_HI: u32 = 15;
export const CE_HEADER_LOG_OVERFLOW_LO: u32 = 15;
export const CE_RESERVED16_HI: u32 = 31;
export const CE_RESERVED16_LO: u32 = 16;

/** §7.8.4.7 Advanced Error Capabilities and Control Register. */
export const AERCTL: u32 = 0x18;
export const AERCTL_WIDTH: u32 = 32;
export const AERCTL_FIRST_ERROR_HI: u32 = 4;
export const AERCTL_FIRST_ERROR_LO: u32 = 0;
export const AERCTL_ECRC_GENERATION_CAPABLE_HI: u32 = 5;
export const AERCTL_ECRC_GENERATION_CAPABLE_LO: u32 = 5;
export const AERCTL_ECRC_GENERATION_ENABLE_HI: u32 = 6;
export const AERCTL_ECRC_GENERATION_ENABLE_LO: u32 = 6;
export const AERCTL_ECRC_CHECK_CAPABLE_HI: u32 = 7;
export const AERCTL_ECRC_CHECK_CAPABLE_LO: u32 = 7;
export const AERCTL_ECRC_CHECK_ENABLE_HI: u32 = 8;
export const AERCTL_ECRC_CHECK_ENABLE_LO: u32 = 8;
export const AERCTL_MULTIPLE_HEADER_CAPABLE_HI: u32 = 9;
export const AERCTL_MULTIPLE_HEADER_CAPABLE_LO: u32 = 9;
export const AERCTL_MULTIPLE_HEADER_ENABLE_HI: u32 = 10;
export const AERCTL_MULTIPLE_HEADER_ENABLE_LO: u32 = 10;
export const AERCTL_PREFIX_LOG_PRESENT_HI: u32 = 11;
export const AERCTL_PREFIX_LOG_PRESENT_LO: u32 = 11;
export const AERCTL_COMPLETION_TIMEOUT_LOG_CAPABLE_HI: u32 = 12;
export const AERCTL_COMPLETION_TIMEOUT_LOG_CAPABLE_LO: u32 = 12;
export const AERCTL_HEADER_LOG_SIZE_HI: u32 = 17;
export const AERCTL_HEADER_LOG_SIZE_LO: u32 = 13;
export const AERCTL_LOGGED_FLIT_MODE_HI: u32 = 18;
export const AERCTL_LOGGED_FLIT_MODE_LO: u32 = 18;
export const AERCTL_LOGGED_TLP_SIZE_HI: u32 = 23;
export const AERCTL_LOGGED_TLP_SIZE_LO: u32 = 19;
export const AERCTL_RESERVED24_HI: u32 = 31;
export const AERCTL_RESERVED24_LO: u32 = 24;
/** §7.8.4.8 Header Log Register: the header of the TLP, first byte in bits 31:24 of the first dword. */
export const HEADER_LOG: u32 = 0x1c;
export const HEADER_LOG_LENGTH: u32 = 0x10;

/** §7.8.4.9 Root Error Command Register. */
export const ROOT_ERROR_COMMAND: u32 = 0x2c;
export const ROOT_ERROR_COMMAND_WIDTH: u32 = 32;
export const ROOT_ERROR_COMMAND_CORRECTABLE_HI: u32 = 0;
export const ROOT_ERROR_COMMAND_CORRECTABLE_LO: u32 = 0;
export const ROOT_ERROR_COMMAND_NON_FATAL_HI: u32 = 1;
export const ROOT_ERROR_COMMAND_NON_FATAL_LO: u32 = 1;
export const ROOT_ERROR_COMMAND_FATAL_HI: u32 = 2;
export const ROOT_ERROR_COMMAND_FATAL_LO: u32 = 2;
export const ROOT_ERROR_COMMAND_RESERVED3_HI: u32 = 31;
export const ROOT_ERROR_COMMAND_RESERVED3_LO: u32 = 3;

/** §7.8.4.10 Root Error Status Register. */
export const ROOT_ERROR_STATUS: u32 = 0x30;
export const ROOT_ERROR_STATUS_WIDTH: u32 = 32;
export const ROOT_ERROR_STATUS_CORRECTABLE_HI: u32 = 0;
export const ROOT_ERROR_STATUS_CORRECTABLE_LO: u32 = 0;
export const ROOT_ERROR_STATUS_MULTIPLE_CORRECTABLE_HI: u32 = 1;
export const ROOT_ERROR_STATUS_MULTIPLE_CORRECTABLE_LO: u32 = 1;
export const ROOT_ERROR_STATUS_UNCORRECTABLE_HI: u32 = 2;
export const ROOT_ERROR_STATUS_UNCORRECTABLE_LO: u32 = 2;
export const ROOT_ERROR_STATUS_MULTIPLE_UNCORRECTABLE_HI: u32 = 3;
export const ROOT_ERROR_STATUS_MULTIPLE_UNCORRECTABLE_LO: u32 = 3;
export const ROOT_ERROR_STATUS_FIRST_FATAL_HI: u32 = 4;
export const ROOT_ERROR_STATUS_FIRST_FATAL_LO: u32 = 4;
export const ROOT_ERROR_STATUS_NON_FATAL_HI: u32 = 5;
export const ROOT_ERROR_STATUS_NON_FATAL_LO: u32 = 5;
export const ROOT_ERROR_STATUS_FATAL_HI: u32 = 6;
export const ROOT_ERROR_STATUS_FATAL_LO: u32 = 6;
export const ROOT_ERROR_STATUS_ERR_COR_SUBCLASS_HI: u32 = 8;
export const ROOT_ERROR_STATUS_ERR_COR_SUBCLASS_LO: u32 = 7;
export const ROOT_ERROR_STATUS_RESERVED9_HI: u32 = 26;
export const ROOT_ERROR_STATUS_RESERVED9_LO: u32 = 9;
export const ROOT_ERROR_STATUS_INTERRUPT_MESSAGE_HI: u32 = 31;
export const ROOT_ERROR_STATUS_INTERRUPT_MESSAGE_LO: u32 = 27;

/** §7.8.4.11 Error Source Identification Register: requester IDs. */
export const ERROR_SOURCE: u32 = 0x34;
export const ERROR_SOURCE_WIDTH: u32 = 32;
export const ERROR_SOURCE_CORRECTABLE_HI: u32 = 15;
export const ERROR_SOURCE_CORRECTABLE_LO: u32 = 0;
export const ERROR_SOURCE_UNCORRECTABLE_HI: u32 = 31;
export const ERROR_SOURCE_UNCORRECTABLE_LO: u32 = 16;
/** §7.8.4.12 TLP Prefix Log Register. */
export const PREFIX_LOG: u32 = 0x38;
export const PREFIX_LOG_LENGTH: u32 = 0x10;
