// PCI Code and ID Assignment Specification 1.16: capability IDs; vendor, device and class numbers.

/** Capability IDs in the first 256 bytes. */
export const CAP_POWER_MANAGEMENT: u32 = 0x01;
export const CAP_AGP: u32 = 0x02;
export const CAP_VPD: u32 = 0x03;
export const CAP_SLOT_ID: u32 = 0x04;
export const CAP_MSI: u32 = 0x05;
export const CAP_HOT_SWAP: u32 = 0x06;
export const CAP_PCI_X: u32 = 0x07;
export const CAP_HYPERTRANSPORT: u32 = 0x08;
export const CAP_VENDOR: u32 = 0x09;
export const CAP_DEBUG_PORT: u32 = 0x0a;
export const CAP_RESOURCE_CONTROL: u32 = 0x0b;
export const CAP_HOT_PLUG: u32 = 0x0c;
export const CAP_SUBSYSTEM: u32 = 0x0d;
export const CAP_AGP8X: u32 = 0x0e;
export const CAP_SECURE: u32 = 0x0f;
export const CAP_EXPRESS: u32 = 0x10;
export const CAP_MSIX: u32 = 0x11;
export const CAP_SATA: u32 = 0x12;
export const CAP_ADVANCED_FEATURES: u32 = 0x13;
export const CAP_ENHANCED_ALLOCATION: u32 = 0x14;
export const CAP_FLATTENING_PORTAL: u32 = 0x15;

/** PCIe 6.0 §7.5.1.1.11 Header of a capability. */
export const CAP_HEADER: u32 = 0x00;
export const CAP_HEADER_WIDTH: u32 = 16;
export const CAP_HEADER_ID_HI: u32 = 7;
export const CAP_HEADER_ID_LO: u32 = 0;
export const CAP_HEADER_NEXT_HI: u32 = 15;
export const CAP_HEADER_NEXT_LO: u32 = 8;
/** Extended capability IDs. */
export const EXT_CAP_AER: u32 = 0x01;
export const EXT_CAP_VC: u32 = 0x02;
export const EXT_CAP_DEVICE_SERIAL_NUMBER: u32 = 0x03;
export const EXT_CAP_POWER_BUDGETING: u32 = 0x04;
export const EXT_CAP_ROOT_LINK_DECLARATION: u32 = 0x05;
export const EXT_CAP_ROOT_LINK_CONTROL: u32 = 0x06;
export const EXT_CAP_EVENT_COLLECTOR: u32 = 0x07;
export const EXT_CAP_MFVC: u32 = 0x08;
export const EXT_CAP_VC_MFVC: u32 = 0x09;
export const EXT_CAP_RCRB: u32 = 0x0a;
export const EXT_CAP_VENDOR: u32 = 0x0b;
export const EXT_CAP_CAC: u32 = 0x0c;
export const EXT_CAP_ACS: u32 = 0x0d;
export const EXT_CAP_ARI: u32 = 0x0e;
export const EXT_CAP_ATS: u32 = 0x0f;
export const EXT_CAP_SRIOV: u32 = 0x10;
export const EXT_CAP_MRIOV: u32 = 0x11;
export const EXT_CAP_MULTICAST: u32 = 0x12;
export const EXT_CAP_PRI: u32 = 0x13;
export const EXT_CAP_AMD: u32 = 0x14;
export const EXT_CAP_RESIZABLE_BAR: u32 = 0x15;
export const EXT_CAP_DPA: u32 = 0x16;
export const EXT_CAP_TPH: u32 = 0x17;
export const EXT_CAP_LTR: u32 = 0x18;
export const EXT_CAP_SECONDARY_EXPRESS: u32 = 0x19;
export const EXT_CAP_PMUX: u32 = 0x1a;
export const EXT_CAP_PASID: u32 = 0x1b;
export const EXT_CAP_LN_REQUESTER: u32 = 0x1c;
export const EXT_CAP_DPC: u32 = 0x1d;
export const EXT_CAP_L1_SUBSTATES: u32 = 0x1e;
export const EXT_CAP_PTM: u32 = 0x1f;
export const EXT_CAP_MPHY: u32 = 0x20;
export const EXT_CAP_FRS_QUEUEING: u32 = 0x21;
export const EXT_CAP_READINESS_TIME: u32 = 0x22;
export const EXT_CAP_DVSEC: u32 = 0x23;
export const EXT_CAP_VF_RESIZABLE_BAR: u32 = 0x24;
export const EXT_CAP_DATA_LINK_FEATURE: u32 = 0x25;
export const EXT_CAP_PHYSICAL_16: u32 = 0x26;
export const EXT_CAP_LANE_MARGINING: u32 = 0x27;
export const EXT_CAP_HIERARCHY_ID: u32 = 0x28;
export const EXT_CAP_NPEM: u32 = 0x29;
export const EXT_CAP_PHYSICAL_32: u32 = 0x2a;
export const EXT_CAP_ALTERNATE_PROTOCOL: u32 = 0x2b;
export const EXT_CAP_SFI: u32 = 0x2c;
export const EXT_CAP_SHADOW_FUNCTIONS: u32 = 0x2d;
export const EXT_CAP_DOE: u32 = 0x2e;
export const EXT_CAP_DEVICE_3: u32 = 0x2f;
export const EXT_CAP_IDE: u32 = 0x30;
export const EXT_CAP_PHYSICAL_64: u32 = 0x31;
export const EXT_CAP_FLIT_LOGGING: u32 = 0x32;
export const EXT_CAP_FLIT_PERFORMANCE: u32 = 0x33;
export const EXT_CAP_FLIT_ERROR_INJECTION: u32 = 0x34;
/** PCIe 6.0 §7.6.2: the list of extended capabilities starts here; a header of 0 there is an empty list. */
export const EXT_CAP_BASE: u32 = 0x100;

/** PCIe 6.0 §7.6.3 Header of an extended capability. */
export const EXT_CAP_HEADER: u32 = 0x00;
export const EXT_CAP_HEADER_WIDTH: u32 = 32;
export const EXT_CAP_HEADER_ID_HI: u32 = 15;
export const EXT_CAP_HEADER_ID_LO: u32 = 0;
export const EXT_CAP_HEADER_VERSION_HI: u32 = 19;
export const EXT_CAP_HEADER_VERSION_LO: u32 = 16;
export const EXT_CAP_HEADER_NEXT_HI: u32 = 31;
export const EXT_CAP_HEADER_NEXT_LO: u32 = 20;
/** Vendor and device IDs of the modelled hardware. */
export const VENDOR_INTEL: u32 = 0x8086;
/** I350, copper. */
export const DEVICE_I350: u32 = 0x1521;
export const DEVICE_I350_VF: u32 = 0x1520;
/** 82576, copper. */
export const DEVICE_82576: u32 = 0x10c9;
export const DEVICE_82576_VF: u32 = 0x10ca;
/** 5520/X58 I/O hub: PCI Express root port 3, and its host bridge. */
export const DEVICE_X58_ROOT_PORT: u32 = 0x340a;
export const DEVICE_X58_HOST_BRIDGE: u32 = 0x3405;
/** PEX 8747 switch. */
export const VENDOR_PLX: u32 = 0x10b5;
export const DEVICE_PEX_8747: u32 = 0x8747;
/** Class code: base class, sub-class, programming interface. */
export const CLASS_ETHERNET: u32 = 0x020000;
export const CLASS_HOST_BRIDGE: u32 = 0x060000;
export const CLASS_PCI_BRIDGE: u32 = 0x060400;
