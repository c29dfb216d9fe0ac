// PCIe 6.0 §7.5.3 PCI Express Capability Structure, version 2: the function and device registers.
// Link registers are in express-link.ts, slot and root registers in express-slot.ts; the offsets are of one structure.
//
//   +0   id │ next │ EXPRESS_CAP
//   +4   DEVCAP
//   +8   DEVCTL │ DEVSTA
//   +12  LNKCAP
//   +16  LNKCTL │ LNKSTA
//   +20  SLTCAP
//   +24  SLTCTL │ SLTSTA
//   +28  ROOTCTL │ ROOTCAP
//   +32  ROOTSTA
//   +36  DEVCAP2
//   +40  DEVCTL2 │ DEVSTA2
//   +44  LNKCAP2
//   +48  LNKCTL2 │ LNKSTA2
//   +52  SLTCAP2
//   +56  SLTCTL2 │ SLTSTA2

/** Bytes of version 2. */
export const EXPRESS_LENGTH: u32 = 0x3c;

/** §7.5.3.2 PCI Express Capabilities Register. */
export const EXPRESS_CAP: u32 = 0x02;
export const EXPRESS_CAP_WIDTH: u32 = 16;
export const EXPRESS_CAP_VERSION_HI: u32 = 3;
export const EXPRESS_CAP_VERSION_LO: u32 = 0;
export const EXPRESS_CAP_PORT_TYPE_HI: u32 = 7;
export const EXPRESS_CAP_PORT_TYPE_LO: u32 = 4;
export const EXPRESS_CAP_SLOT_IMPLEMENTED_HI: u32 = 8;
export const EXPRESS_CAP_SLOT_IMPLEMENTED_LO: u32 = 8;
export const EXPRESS_CAP_INTERRUPT_MESSAGE_HI: u32 = 13;
export const EXPRESS_CAP_INTERRUPT_MESSAGE_LO: u32 = 9;
export const EXPRESS_CAP_UNDEFINED14_HI: u32 = 14;
export const EXPRESS_CAP_UNDEFINED14_LO: u32 = 14;
export const EXPRESS_CAP_FLIT_MODE_HI: u32 = 15;
export const EXPRESS_CAP_FLIT_MODE_LO: u32 = 15;
/** Values of EXPRESS_CAP_PORT_TYPE. */
export const PORT_TYPE_ENDPOINT: u32 = 0x00;
export const PORT_TYPE_LEGACY_ENDPOINT: u32 = 0x01;
export const PORT_TYPE_ROOT_PORT: u32 = 0x04;
export const PORT_TYPE_SWITCH_UPSTREAM: u32 = 0x05;
export const PORT_TYPE_SWITCH_DOWNSTREAM: u32 = 0x06;
export const PORT_TYPE_PCIE_TO_PCI: u32 = 0x07;
export const PORT_TYPE_PCI_TO_PCIE: u32 = 0x08;
export const PORT_TYPE_INTEGRATED_ENDPOINT: u32 = 0x09;
export const PORT_TYPE_EVENT_COLLECTOR: u32 = 0x0a;

/** §7.5.3.3 Device Capabilities Register. */
export const DEVCAP: u32 = 0x04;
export const DEVCAP_WIDTH: u32 = 32;
export const DEVCAP_MAX_PAYLOAD_HI: u32 = 2;
export const DEVCAP_MAX_PAYLOAD_LO: u32 = 0;
export const DEVCAP_PHANTOM_HI: u32 = 4;
export const DEVCAP_PHANTOM_LO: u32 = 3;
export const DEVCAP_EXTENDED_TAG_HI: u32 = 5;
export const DEVCAP_EXTENDED_TAG_LO: u32 = 5;
export const DEVCAP_L0S_LATENCY_HI: u32 = 8;
export const DEVCAP_L0S_LATENCY_LO: u32 = 6;
export const DEVCAP_L1_LATENCY_HI: u32 = 11;
export const DEVCAP_L1_LATENCY_LO: u32 = 9;
export const DEVCAP_UNDEFINED12_HI: u32 = 14;
export const DEVCAP_UNDEFINED12_LO: u32 = 12;
export const DEVCAP_ROLE_BASED_ERRORS_HI: u32 = 15;
export const DEVCAP_ROLE_BASED_ERRORS_LO: u32 = 15;
export const DEVCAP_ERR_COR_SUBCLASS_HI: u32 = 16;
export const DEVCAP_ERR_COR_SUBCLASS_LO: u32 = 16;
export const DEVCAP_RX_MPS_FIXED_HI: u32 = 17;
export const DEVCAP_RX_MPS_FIXED_LO: u32 = 17;
export const DEVCAP_SLOT_POWER_VALUE_HI: u32 = 25;
export const DEVCAP_SLOT_POWER_VALUE_LO: u32 = 18;
export const DEVCAP_SLOT_POWER_SCALE_HI: u32 = 27;
export const DEVCAP_SLOT_POWER_SCALE_LO: u32 = 26;
export const DEVCAP_FLR_HI: u32 = 28;
export const DEVCAP_FLR_LO: u32 = 28;
export const DEVCAP_MIXED_MPS_HI: u32 = 29;
export const DEVCAP_MIXED_MPS_LO: u32 = 29;
export const DEVCAP_RESERVED30_HI: u32 = 31;
export const DEVCAP_RESERVED30_LO: u32 = 30;
/** Values of DEVCAP_MAX_PAYLOAD, DEVCTL_MAX_PAYLOAD and DEVCTL_MAX_READ_REQUEST: 128 bytes << value. */
export const PAYLOAD_128: u32 = 0x00;
export const PAYLOAD_256: u32 = 0x01;
export const PAYLOAD_512: u32 = 0x02;
export const PAYLOAD_1024: u32 = 0x03;
export const PAYLOAD_2048: u32 = 0x04;
export const PAYLOAD_4096: u32 = 0x05;

/** §7.5.3.4 Device Control Register. INITIATE_FLR reads as 0. */
export const DEVCTL: u32 = 0x08;
export const DEVCTL_WIDTH: u32 = 16;
export const DEVCTL_CORRECTABLE_HI: u32 = 0;
export const DEVCTL_CORRECTABLE_LO: u32 = 0;
export const DEVCTL_NON_FATAL_HI: u32 = 1;
export const DEVCTL_NON_FATAL_LO: u32 = 1;
export const DEVCTL_FATAL_HI: u32 = 2;
export const DEVCTL_FATAL_LO: u32 = 2;
export const DEVCTL_UNSUPPORTED_HI: u32 = 3;
export const DEVCTL_UNSUPPORTED_LO: u32 = 3;
export const DEVCTL_RELAXED_ORDERING_HI: u32 = 4;
export const DEVCTL_RELAXED_ORDERING_LO: u32 = 4;
export const DEVCTL_MAX_PAYLOAD_HI: u32 = 7;
export const DEVCTL_MAX_PAYLOAD_LO: u32 = 5;
export const DEVCTL_EXTENDED_TAG_HI: u32 = 8;
export const DEVCTL_EXTENDED_TAG_LO: u32 = 8;
export const DEVCTL_PHANTOM_HI: u32 = 9;
export const DEVCTL_PHANTOM_LO: u32 = 9;
export const DEVCTL_AUX_POWER_HI: u32 = 10;
export const DEVCTL_AUX_POWER_LO: u32 = 10;
export const DEVCTL_NO_SNOOP_HI: u32 = 11;
export const DEVCTL_NO_SNOOP_LO: u32 = 11;
export const DEVCTL_MAX_READ_REQUEST_HI: u32 = 14;
export const DEVCTL_MAX_READ_REQUEST_LO: u32 = 12;
export const DEVCTL_INITIATE_FLR_HI: u32 = 15;
export const DEVCTL_INITIATE_FLR_LO: u32 = 15;

/** §7.5.3.5 Device Status Register. */
export const DEVSTA: u32 = 0x0a;
export const DEVSTA_WIDTH: u32 = 16;
export const DEVSTA_CORRECTABLE_HI: u32 = 0;
export const DEVSTA_CORRECTABLE_LO: u32 = 0;
export const DEVSTA_NON_FATAL_HI: u32 = 1;
export const DEVSTA_NON_FATAL_LO: u32 = 1;
export const DEVSTA_FATAL_HI: u32 = 2;
export const DEVSTA_FATAL_LO: u32 = 2;
export const DEVSTA_UNSUPPORTED_HI: u32 = 3;
export const DEVSTA_UNSUPPORTED_LO: u32 = 3;
export const DEVSTA_AUX_POWER_HI: u32 = 4;
export const DEVSTA_AUX_POWER_LO: u32 = 4;
export const DEVSTA_TRANSACTIONS_PENDING_HI: u32 = 5;
export const DEVSTA_TRANSACTIONS_PENDING_LO: u32 = 5;
export const DEVSTA_EMERGENCY_POWER_REDUCTION_HI: u32 = 6;
export const DEVSTA_EMERGENCY_POWER_REDUCTION_LO: u32 = 6;
export const DEVSTA_RESERVED7_HI: u32 = 15;
export const DEVSTA_RESERVED7_LO: u32 = 7;

/** §7.5.3.15 Device Capabilities 2 Register. */
export const DEVCAP2: u32 = 0x24;
export const DEVCAP2_WIDTH: u32 = 32;
export const DEVCAP2_COMPLETION_RANGES_HI: u32 = 3;
export const DEVCAP2_COMPLETION_RANGES_LO: u32 = 0;
export const DEVCAP2_COMPLETION_DISABLE_HI: u32 = 4;
export const DEVCAP2_COMPLETION_DISABLE_LO: u32 = 4;
export const DEVCAP2_ARI_FORWARDING_HI: u32 = 5;
export const DEVCAP2_ARI_FORWARDING_LO: u32 = 5;
export const DEVCAP2_ATOMIC_ROUTING_HI: u32 = 6;
export const DEVCAP2_ATOMIC_ROUTING_LO: u32 = 6;
export const DEVCAP2_ATOMIC32_HI: u32 = 7;
export const DEVCAP2_ATOMIC32_LO: u32 = 7;
export const DEVCAP2_ATOMIC64_HI: u32 = 8;
export const DEVCAP2_ATOMIC64_LO: u32 = 8;
export const DEVCAP2_CAS128_HI: u32 = 9;
export const DEVCAP2_CAS128_LO: u32 = 9;
export const DEVCAP2_NO_RO_PASSING_HI: u32 = 10;
export const DEVCAP2_NO_RO_PASSING_LO: u32 = 10;
export const DEVCAP2_LTR_HI: u32 = 11;
export const DEVCAP2_LTR_LO: u32 = 11;
export const DEVCAP2_TPH_COMPLETER_HI: u32 = 13;
export const DEVCAP2_TPH_COMPLETER_LO: u32 = 12;
export const DEVCAP2_UNDEFINED14_HI: u32 = 15;
export const DEVCAP2_UNDEFINED14_LO: u32 = 14;
export const DEVCAP2_TAG10_COMPLETER_HI: u32 = 16;
export const DEVCAP2_TAG10_COMPLETER_LO: u32 = 16;
export const DEVCAP2_TAG10_REQUESTER_HI: u32 = 17;
export const DEVCAP2_TAG10_REQUESTER_LO: u32 = 17;
export const DEVCAP2_OBFF_HI: u32 = 19;
export const DEVCAP2_OBFF_LO: u32 = 18;
export const DEVCAP2_EXTENDED_FMT_HI: u32 = 20;
export const DEVCAP2_EXTENDED_FMT_LO: u32 = 20;
export const DEVCAP2_END_END_PREFIX_HI: u32 = 21;
export const DEVCAP2_END_END_PREFIX_LO: u32 = 21;
export const DEVCAP2_MAX_END_END_PREFIXES_HI: u32 = 23;
export const DEVCAP2_MAX_END_END_PREFIXES_LO: u32 = 22;
export const DEVCAP2_EMERGENCY_POWER_HI: u32 = 25;
export const DEVCAP2_EMERGENCY_POWER_LO: u32 = 24;
export const DEVCAP2_EMERGENCY_POWER_INIT_HI: u32 = 26;
export const DEVCAP2_EMERGENCY_POWER_INIT_LO: u32 = 26;
export const DEVCAP2_RESERVED27_HI: u32 = 27;
export const DEVCAP2_RESERVED27_LO: u32 = 27;
export const DEVCAP2_DMWR_COMPLETER_HI: u32 = 28;
export const DEVCAP2_DMWR_COMPLETER_LO: u32 = 28;
export const DEVCAP2_DMWR_LENGTHS_HI: u32 = 30;
export const DEVCAP2_DMWR_LENGTHS_LO: u32 = 29;
export const DEVCAP2_FRS_HI: u32 = 31;
export const DEVCAP2_FRS_LO: u32 = 31;
/** Values of DEVCAP2_COMPLETION_RANGES. */
export const COMPLETION_RANGES_NONE: u32 = 0x00;
export const COMPLETION_RANGES_A: u32 = 0x01;
export const COMPLETION_RANGES_B: u32 = 0x02;
export const COMPLETION_RANGES_AB: u32 = 0x03;
export const COMPLETION_RANGES_BC: u32 = 0x06;
export const COMPLETION_RANGES_ABC: u32 = 0x07;
export const COMPLETION_RANGES_BCD: u32 = 0x0e;
export const COMPLETION_RANGES_ABCD: u32 = 0x0f;

/** §7.5.3.16 Device Control 2 Register. */
export const DEVCTL2: u32 = 0x28;
export const DEVCTL2_WIDTH: u32 = 16;
export const DEVCTL2_COMPLETION_VALUE_HI: u32 = 3;
export const DEVCTL2_COMPLETION_VALUE_LO: u32 = 0;
export const DEVCTL2_COMPLETION_DISABLE_HI: u32 = 4;
export const DEVCTL2_COMPLETION_DISABLE_LO: u32 = 4;
export const DEVCTL2_ARI_FORWARDING_HI: u32 = 5;
export const DEVCTL2_ARI_FORWARDING_LO: u32 = 5;
export const DEVCTL2_ATOMIC_REQUESTER_HI: u32 = 6;
export const DEVCTL2_ATOMIC_REQUESTER_LO: u32 = 6;
export const DEVCTL2_ATOMIC_EGRESS_BLOCK_HI: u32 = 7;
export const DEVCTL2_ATOMIC_EGRESS_BLOCK_LO: u32 = 7;
export const DEVCTL2_IDO_REQUEST_HI: u32 = 8;
export const DEVCTL2_IDO_REQUEST_LO: u32 = 8;
export const DEVCTL2_IDO_COMPLETION_HI: u32 = 9;
export const DEVCTL2_IDO_COMPLETION_LO: u32 = 9;
export const DEVCTL2_LTR_HI: u32 = 10;
export const DEVCTL2_LTR_LO: u32 = 10;
export const DEVCTL2_EMERGENCY_POWER_REQUEST_HI: u32 = 11;
export const DEVCTL2_EMERGENCY_POWER_REQUEST_LO: u32 = 11;
export const DEVCTL2_TAG10_REQUESTER_HI: u32 = 12;
export const DEVCTL2_TAG10_REQUESTER_LO: u32 = 12;
export const DEVCTL2_OBFF_HI: u32 = 14;
export const DEVCTL2_OBFF_LO: u32 = 13;
export const DEVCTL2_END_END_PREFIX_BLOCK_HI: u32 = 15;
export const DEVCTL2_END_END_PREFIX_BLOCK_LO: u32 = 15;

/** §7.5.3.17 Device Status 2 Register: no bits yet. */
export const DEVSTA2: u32 = 0x2a;
export const DEVSTA2_WIDTH: u32 = 16;
export const DEVSTA2_RESERVED0_HI: u32 = 15;
export const DEVSTA2_RESERVED0_LO: u32 = 0;
