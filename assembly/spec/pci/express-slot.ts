// PCIe 6.0 §7.5.3 PCI Express Capability Structure, version 2: the slot and root registers.

/** §7.5.3.9 Slot Capabilities Register. */
export const SLTCAP: u32 = 0x14;
export const SLTCAP_WIDTH: u32 = 32;
export const SLTCAP_ATTENTION_BUTTON_HI: u32 = 0;
export const SLTCAP_ATTENTION_BUTTON_LO: u32 = 0;
export const SLTCAP_POWER_CONTROLLER_HI: u32 = 1;
export const SLTCAP_POWER_CONTROLLER_LO: u32 = 1;
export const SLTCAP_MRL_SENSOR_HI: u32 = 2;
export const SLTCAP_MRL_SENSOR_LO: u32 = 2;
export const SLTCAP_ATTENTION_INDICATOR_HI: u32 = 3;
export const SLTCAP_ATTENTION_INDICATOR_LO: u32 = 3;
export const SLTCAP_POWER_INDICATOR_HI: u32 = 4;
export const SLTCAP_POWER_INDICATOR_LO: u32 = 4;
export const SLTCAP_HOT_PLUG_SURPRISE_HI: u32 = 5;
export const SLTCAP_HOT_PLUG_SURPRISE_LO: u32 = 5;
export const SLTCAP_HOT_PLUG_HI: u32 = 6;
export const SLTCAP_HOT_PLUG_LO: u32 = 6;
export const SLTCAP_POWER_VALUE_HI: u32 = 14;
export const SLTCAP_POWER_VALUE_LO: u32 = 7;
export const SLTCAP_POWER_SCALE_HI: u32 = 16;
export const SLTCAP_POWER_SCALE_LO: u32 = 15;
export const SLTCAP_INTERLOCK_HI: u32 = 17;
export const SLTCAP_INTERLOCK_LO: u32 = 17;
export const SLTCAP_NO_COMMAND_COMPLETED_HI: u32 = 18;
export const SLTCAP_NO_COMMAND_COMPLETED_LO: u32 = 18;
export const SLTCAP_NUMBER_HI: u32 = 31;
export const SLTCAP_NUMBER_LO: u32 = 19;

/** §7.5.3.10 Slot Control Register. INTERLOCK reads as 0. */
export const SLTCTL: u32 = 0x18;
export const SLTCTL_WIDTH: u32 = 16;
export const SLTCTL_ATTENTION_BUTTON_HI: u32 = 0;
export const SLTCTL_ATTENTION_BUTTON_LO: u32 = 0;
export const SLTCTL_POWER_FAULT_HI: u32 = 1;
export const SLTCTL_POWER_FAULT_LO: u32 = 1;
export const SLTCTL_MRL_CHANGED_HI: u32 = 2;
export const SLTCTL_MRL_CHANGED_LO: u32 = 2;
export const SLTCTL_PRESENCE_CHANGED_HI: u32 = 3;
export const SLTCTL_PRESENCE_CHANGED_LO: u32 = 3;
export const SLTCTL_COMMAND_COMPLETED_HI: u32 = 4;
export const SLTCTL_COMMAND_COMPLETED_LO: u32 = 4;
export const SLTCTL_HOT_PLUG_HI: u32 = 5;
export const SLTCTL_HOT_PLUG_LO: u32 = 5;
export const SLTCTL_ATTENTION_INDICATOR_HI: u32 = 7;
export const SLTCTL_ATTENTION_INDICATOR_LO: u32 = 6;
export const SLTCTL_POWER_INDICATOR_HI: u32 = 9;
export const SLTCTL_POWER_INDICATOR_LO: u32 = 8;
export const SLTCTL_POWER_CONTROLLER_HI: u32 = 10;
export const SLTCTL_POWER_CONTROLLER_LO: u32 = 10;
export const SLTCTL_INTERLOCK_HI: u32 = 11;
export const SLTCTL_INTERLOCK_LO: u32 = 11;
export const SLTCTL_DLL_CHANGED_HI: u32 = 12;
export const SLTCTL_DLL_CHANGED_LO: u32 = 12;
export const SLTCTL_AUTO_POWER_LIMIT_DISABLE_HI: u32 = 13;
export const SLTCTL_AUTO_POWER_LIMIT_DISABLE_LO: u32 = 13;
export const SLTCTL_IN_BAND_PRESENCE_DISABLE_HI: u32 = 14;
export const SLTCTL_IN_BAND_PRESENCE_DISABLE_LO: u32 = 14;
export const SLTCTL_RESERVED15_HI: u32 = 15;
export const SLTCTL_RESERVED15_LO: u32 = 15;
/** Values of the indicator fields. */
export const INDICATOR_ON: u32 = 0x01;
export const INDICATOR_BLINK: u32 = 0x02;
export const INDICATOR_OFF: u32 = 0x03;

/** §7.5.3.11 Slot Status Register. */
export const SLTSTA: u32 = 0x1a;
export const SLTSTA_WIDTH: u32 = 16;
export const SLTSTA_ATTENTION_BUTTON_HI: u32 = 0;
export const SLTSTA_ATTENTION_BUTTON_LO: u32 = 0;
export const SLTSTA_POWER_FAULT_HI: u32 = 1;
export const SLTSTA_POWER_FAULT_LO: u32 = 1;
export const SLTSTA_MRL_CHANGED_HI: u32 = 2;
export const SLTSTA_MRL_CHANGED_LO: u32 = 2;
export const SLTSTA_PRESENCE_CHANGED_HI: u32 = 3;
export const SLTSTA_PRESENCE_CHANGED_LO: u32 = 3;
export const SLTSTA_COMMAND_COMPLETED_HI: u32 = 4;
export const SLTSTA_COMMAND_COMPLETED_LO: u32 = 4;
export const SLTSTA_MRL_STATE_HI: u32 = 5;
export const SLTSTA_MRL_STATE_LO: u32 = 5;
export const SLTSTA_PRESENCE_HI: u32 = 6;
export const SLTSTA_PRESENCE_LO: u32 = 6;
export const SLTSTA_INTERLOCK_HI: u32 = 7;
export const SLTSTA_INTERLOCK_LO: u32 = 7;
export const SLTSTA_DLL_CHANGED_HI: u32 = 8;
export const SLTSTA_DLL_CHANGED_LO: u32 = 8;
export const SLTSTA_RESERVED9_HI: u32 = 15;
export const SLTSTA_RESERVED9_LO: u32 = 9;

/** §7.5.3.12 Root Control Register. */
export const ROOTCTL: u32 = 0x1c;
export const ROOTCTL_WIDTH: u32 = 16;
export const ROOTCTL_CORRECTABLE_HI: u32 = 0;
export const ROOTCTL_CORRECTABLE_LO: u32 = 0;
export const ROOTCTL_NON_FATAL_HI: u32 = 1;
export const ROOTCTL_NON_FATAL_LO: u32 = 1;
export const ROOTCTL_FATAL_HI: u32 = 2;
export const ROOTCTL_FATAL_LO: u32 = 2;
export const ROOTCTL_PME_INTERRUPT_HI: u32 = 3;
export const ROOTCTL_PME_INTERRUPT_LO: u32 = 3;
export const ROOTCTL_RRS_VISIBILITY_HI: u32 = 4;
export const ROOTCTL_RRS_VISIBILITY_LO: u32 = 4;
export const ROOTCTL_NO_NFM_SUBTREE_HI: u32 = 5;
export const ROOTCTL_NO_NFM_SUBTREE_LO: u32 = 5;
export const ROOTCTL_RESERVED6_HI: u32 = 15;
export const ROOTCTL_RESERVED6_LO: u32 = 6;

/** §7.5.3.13 Root Capabilities Register. */
export const ROOTCAP: u32 = 0x1e;
export const ROOTCAP_WIDTH: u32 = 16;
export const ROOTCAP_RRS_VISIBILITY_HI: u32 = 0;
export const ROOTCAP_RRS_VISIBILITY_LO: u32 = 0;
export const ROOTCAP_RESERVED1_HI: u32 = 15;
export const ROOTCAP_RESERVED1_LO: u32 = 1;

/** §7.5.3.14 Root Status Register. */
export const ROOTSTA: u32 = 0x20;
export const ROOTSTA_WIDTH: u32 = 32;
export const ROOTSTA_PME_REQUESTER_HI: u32 = 15;
export const ROOTSTA_PME_REQUESTER_LO: u32 = 0;
export const ROOTSTA_PME_STATUS_HI: u32 = 16;
export const ROOTSTA_PME_STATUS_LO: u32 = 16;
export const ROOTSTA_PME_PENDING_HI: u32 = 17;
export const ROOTSTA_PME_PENDING_LO: u32 = 17;
export const ROOTSTA_RESERVED18_HI: u32 = 31;
export const ROOTSTA_RESERVED18_LO: u32 = 18;

/** §7.5.3.21 Slot Capabilities 2 Register. */
export const SLTCAP2: u32 = 0x34;
export const SLTCAP2_WIDTH: u32 = 32;
export const SLTCAP2_IN_BAND_PRESENCE_DISABLE_HI: u32 = 0;
export const SLTCAP2_IN_BAND_PRESENCE_DISABLE_LO: u32 = 0;
export const SLTCAP2_RESERVED1_HI: u32 = 31;
export const SLTCAP2_RESERVED1_LO: u32 = 1;

/** §7.5.3.22 Slot Control 2 Register: no bits yet. */
export const SLTCTL2: u32 = 0x38;
export const SLTCTL2_WIDTH: u32 = 16;
export const SLTCTL2_RESERVED0_HI: u32 = 15;
export const SLTCTL2_RESERVED0_LO: u32 = 0;

/** §7.5.3.23 Slot Status 2 Register: no bits yet. */
export const SLTSTA2: u32 = 0x3a;
export const SLTSTA2_WIDTH: u32 = 16;
export const SLTSTA2_RESERVED0_HI: u32 = 15;
export const SLTSTA2_RESERVED0_LO: u32 = 0;
