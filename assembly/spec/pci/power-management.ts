// PCIe 6.0 §7.5.2 PCI Power Management Capability Structure. Offsets are from the capability, `_WIDTH` in bits.
//
//   +0  id │ next │ PMC
//   +4  PMCSR │ PM_BRIDGE │ PM_DATA

/** Bytes. */
export const PM_LENGTH: u32 = 0x08;

/** §7.5.2.1 Power Management Capabilities Register. */
export const PMC: u32 = 0x02;
export const PMC_WIDTH: u32 = 16;
export const PMC_VERSION_HI: u32 = 2;
export const PMC_VERSION_LO: u32 = 0;
export const PMC_PME_CLOCK_HI: u32 = 3;
export const PMC_PME_CLOCK_LO: u32 = 3;
export const PMC_IMMEDIATE_READINESS_HI: u32 = 4;
export const PMC_IMMEDIATE_READINESS_LO: u32 = 4;
export const PMC_DSI_HI: u32 = 5;
export const PMC_DSI_LO: u32 = 5;
export const PMC_AUX_CURRENT_HI: u32 = 8;
export const PMC_AUX_CURRENT_LO: u32 = 6;
export const PMC_D1_HI: u32 = 9;
export const PMC_D1_LO: u32 = 9;
export const PMC_D2_HI: u32 = 10;
export const PMC_D2_LO: u32 = 10;
export const PMC_PME_SUPPORT_HI: u32 = 15;
export const PMC_PME_SUPPORT_LO: u32 = 11;
/** Values within PMC_PME_SUPPORT. */
export const PMC_PME_FROM_D0: u32 = 0x01;
export const PMC_PME_FROM_D1: u32 = 0x02;
export const PMC_PME_FROM_D2: u32 = 0x04;
export const PMC_PME_FROM_D3HOT: u32 = 0x08;
export const PMC_PME_FROM_D3COLD: u32 = 0x10;

/** §7.5.2.2 Power Management Control/Status Register. */
export const PMCSR: u32 = 0x04;
export const PMCSR_WIDTH: u32 = 16;
export const PMCSR_POWER_STATE_HI: u32 = 1;
export const PMCSR_POWER_STATE_LO: u32 = 0;
export const PMCSR_RESERVED2_HI: u32 = 2;
export const PMCSR_RESERVED2_LO: u32 = 2;
export const PMCSR_NO_SOFT_RESET_HI: u32 = 3;
export const PMCSR_NO_SOFT_RESET_LO: u32 = 3;
export const PMCSR_RESERVED4_HI: u32 = 7;
export const PMCSR_RESERVED4_LO: u32 = 4;
export const PMCSR_PME_ENABLE_HI: u32 = 8;
export const PMCSR_PME_ENABLE_LO: u32 = 8;
export const PMCSR_DATA_SELECT_HI: u32 = 12;
export const PMCSR_DATA_SELECT_LO: u32 = 9;
export const PMCSR_DATA_SCALE_HI: u32 = 14;
export const PMCSR_DATA_SCALE_LO: u32 = 13;
export const PMCSR_PME_STATUS_HI: u32 = 15;
export const PMCSR_PME_STATUS_LO: u32 = 15;
/** Values of PMCSR_POWER_STATE. */
export const POWER_STATE_D0: u32 = 0x00;
export const POWER_STATE_D1: u32 = 0x01;
export const POWER_STATE_D2: u32 = 0x02;
export const POWER_STATE_D3HOT: u32 = 0x03;

/** PCI-PM 1.2 §3.2.5 PMCSR Bridge Support Extensions; PCIe leaves its bits undefined. */
export const PM_BRIDGE: u32 = 0x06;
export const PM_BRIDGE_WIDTH: u32 = 8;
export const PM_BRIDGE_RESERVED0_HI: u32 = 5;
export const PM_BRIDGE_RESERVED0_LO: u32 = 0;
export const PM_BRIDGE_B2_B3_HI: u32 = 6;
export const PM_BRIDGE_B2_B3_LO: u32 = 6;
export const PM_BRIDGE_BPCC_HI: u32 = 7;
export const PM_BRIDGE_BPCC_LO: u32 = 7;

/** §7.5.2.3 Data: the value that PMCSR_DATA_SELECT chooses. */
export const PM_DATA: u32 = 0x07;
export const PM_DATA_WIDTH: u32 = 8;
export const PM_DATA_VALUE_HI: u32 = 7;
export const PM_DATA_VALUE_LO: u32 = 0;
