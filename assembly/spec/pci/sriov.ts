// PCIe 6.0 §9.3.3 SR-IOV Extended Capability.
//
//   +4   SRIOV_CAP
//   +8   SRIOV_CTL │ SRIOV_STA
//   +12  SRIOV_INITIAL_VFS │ SRIOV_TOTAL_VFS
//   +16  SRIOV_NUM_VFS │ SRIOV_DEPENDENCY_LINK
//   +20  SRIOV_VF_OFFSET │ SRIOV_VF_STRIDE
//   +24  reserved │ SRIOV_VF_DEVICE_ID
//   +28  SRIOV_SUPPORTED_PAGES
//   +32  SRIOV_SYSTEM_PAGE
//   +36  SRIOV_VF_BAR0 … +56 VF BAR 5
//   +60  SRIOV_MIGRATION_ARRAY

/** Bytes. */
export const SRIOV_LENGTH: u32 = 0x40;

/** §9.3.3.2 SR-IOV Capabilities Register. */
export const SRIOV_CAP: u32 = 0x04;
export const SRIOV_CAP_WIDTH: u32 = 32;
export const SRIOV_CAP_VF_MIGRATION_HI: u32 = 0;
export const SRIOV_CAP_VF_MIGRATION_LO: u32 = 0;
export const SRIOV_CAP_ARI_PRESERVED_HI: u32 = 1;
export const SRIOV_CAP_ARI_PRESERVED_LO: u32 = 1;
export const SRIOV_CAP_TAG10_HI: u32 = 2;
export const SRIOV_CAP_TAG10_LO: u32 = 2;
export const SRIOV_CAP_TAG14_HI: u32 = 3;
export const SRIOV_CAP_TAG14_LO: u32 = 3;
export const SRIOV_CAP_RESERVED4_HI: u32 = 20;
export const SRIOV_CAP_RESERVED4_LO: u32 = 4;
export const SRIOV_CAP_MIGRATION_INTERRUPT_HI: u32 = 31;
export const SRIOV_CAP_MIGRATION_INTERRUPT_LO: u32 = 21;

/** §9.3.3.3 SR-IOV Control Register. */
export const SRIOV_CTL: u32 = 0x08;
export const SRIOV_CTL_WIDTH: u32 = 16;
export const SRIOV_CTL_VF_ENABLE_HI: u32 = 0;
export const SRIOV_CTL_VF_ENABLE_LO: u32 = 0;
export const SRIOV_CTL_MIGRATION_ENABLE_HI: u32 = 1;
export const SRIOV_CTL_MIGRATION_ENABLE_LO: u32 = 1;
export const SRIOV_CTL_MIGRATION_INTERRUPT_HI: u32 = 2;
export const SRIOV_CTL_MIGRATION_INTERRUPT_LO: u32 = 2;
export const SRIOV_CTL_VF_MSE_HI: u32 = 3;
export const SRIOV_CTL_VF_MSE_LO: u32 = 3;
export const SRIOV_CTL_ARI_CAPABLE_HI: u32 = 4;
export const SRIOV_CTL_ARI_CAPABLE_LO: u32 = 4;
export const SRIOV_CTL_TAG10_HI: u32 = 5;
export const SRIOV_CTL_TAG10_LO: u32 = 5;
export const SRIOV_CTL_TAG14_HI: u32 = 6;
export const SRIOV_CTL_TAG14_LO: u32 = 6;
export const SRIOV_CTL_RESERVED7_HI: u32 = 15;
export const SRIOV_CTL_RESERVED7_LO: u32 = 7;

/** §9.3.3.4 SR-IOV Status Register. */
export const SRIOV_STA: u32 = 0x0a;
export const SRIOV_STA_WIDTH: u32 = 16;
export const SRIOV_STA_MIGRATION_HI: u32 = 0;
export const SRIOV_STA_MIGRATION_LO: u32 = 0;
export const SRIOV_STA_RESERVED1_HI: u32 = 15;
export const SRIOV_STA_RESERVED1_LO: u32 = 1;

/** §9.3.3.5 InitialVFs. */
export const SRIOV_INITIAL_VFS: u32 = 0x0c;
export const SRIOV_INITIAL_VFS_WIDTH: u32 = 16;
export const SRIOV_INITIAL_VFS_VALUE_HI: u32 = 15;
export const SRIOV_INITIAL_VFS_VALUE_LO: u32 = 0;

/** §9.3.3.6 TotalVFs. */
export const SRIOV_TOTAL_VFS: u32 = 0x0e;
export const SRIOV_TOTAL_VFS_WIDTH: u32 = 16;
export const SRIOV_TOTAL_VFS_VALUE_HI: u32 = 15;
export const SRIOV_TOTAL_VFS_VALUE_LO: u32 = 0;

/** §9.3.3.7 NumVFs. */
export const SRIOV_NUM_VFS: u32 = 0x10;
export const SRIOV_NUM_VFS_WIDTH: u32 = 16;
export const SRIOV_NUM_VFS_VALUE_HI: u32 = 15;
export const SRIOV_NUM_VFS_VALUE_LO: u32 = 0;

/** §9.3.3.8 Function Dependency Link. */
export const SRIOV_DEPENDENCY_LINK: u32 = 0x12;
export const SRIOV_DEPENDENCY_LINK_WIDTH: u32 = 8;
export const SRIOV_DEPENDENCY_LINK_FUNCTION_HI: u32 = 7;
export const SRIOV_DEPENDENCY_LINK_FUNCTION_LO: u32 = 0;

/** §9.3.3.9 First VF Offset: from the PF to VF 1, in requester IDs. */
export const SRIOV_VF_OFFSET: u32 = 0x14;
export const SRIOV_VF_OFFSET_WIDTH: u32 = 16;
export const SRIOV_VF_OFFSET_VALUE_HI: u32 = 15;
export const SRIOV_VF_OFFSET_VALUE_LO: u32 = 0;

/** §9.3.3.10 VF Stride: from one VF to the next. */
export const SRIOV_VF_STRIDE: u32 = 0x16;
export const SRIOV_VF_STRIDE_WIDTH: u32 = 16;
export const SRIOV_VF_STRIDE_VALUE_HI: u32 = 15;
export const SRIOV_VF_STRIDE_VALUE_LO: u32 = 0;

/** §9.3.3.11 VF Device ID. */
export const SRIOV_VF_DEVICE_ID: u32 = 0x1a;
export const SRIOV_VF_DEVICE_ID_WIDTH: u32 = 16;
export const SRIOV_VF_DEVICE_ID_VALUE_HI: u32 = 15;
export const SRIOV_VF_DEVICE_ID_VALUE_LO: u32 = 0;

/** §9.3.3.12 Supported Page Sizes: bit n stands for 2^(n+12) bytes. */
export const SRIOV_SUPPORTED_PAGES: u32 = 0x1c;
export const SRIOV_SUPPORTED_PAGES_WIDTH: u32 = 32;
export const SRIOV_SUPPORTED_PAGES_SIZES_HI: u32 = 31;
export const SRIOV_SUPPORTED_PAGES_SIZES_LO: u32 = 0;

/** §9.3.3.13 System Page Size: one of the supported bits. */
export const SRIOV_SYSTEM_PAGE: u32 = 0x20;
export const SRIOV_SYSTEM_PAGE_WIDTH: u32 = 32;
export const SRIOV_SYSTEM_PAGE_SIZE_HI: u32 = 31;
export const SRIOV_SYSTEM_PAGE_SIZE_LO: u32 = 0;
/** §9.3.3.14 VF BAR0 to VF BAR5. */
export const SRIOV_VF_BAR0: u32 = 0x24;
export const SRIOV_VF_BAR_COUNT: u32 = 0x06;

/** §9.3.3.15 VF Migration State Array Offset. */
export const SRIOV_MIGRATION_ARRAY: u32 = 0x3c;
export const SRIOV_MIGRATION_ARRAY_WIDTH: u32 = 32;
export const SRIOV_MIGRATION_ARRAY_BIR_HI: u32 = 2;
export const SRIOV_MIGRATION_ARRAY_BIR_LO: u32 = 0;
export const SRIOV_MIGRATION_ARRAY_OFFSET_HI: u32 = 31;
export const SRIOV_MIGRATION_ARRAY_OFFSET_LO: u32 = 3;
