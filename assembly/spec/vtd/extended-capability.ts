// VT-d 5.10 §11.4.3 Extended Capability Register, 64 bits.

export const ECAP_REG: u32 = 0x10;

export const ECAP_RESERVED_63_HI: u32 = 63;
export const ECAP_RESERVED_63_LO: u32 = 63;
/** Interrupt requests are blocked while interrupt remapping is disabled. */
export const ECAP_IRREQ_HI: u32 = 62;
export const ECAP_IRREQ_LO: u32 = 62;
export const ECAP_EIMER_HI: u32 = 61;
export const ECAP_EIMER_LO: u32 = 61;
export const ECAP_RDTS_HI: u32 = 60;
export const ECAP_RDTS_LO: u32 = 60;
export const ECAP_HPT1GPS_HI: u32 = 59;
export const ECAP_HPT1GPS_LO: u32 = 59;
export const ECAP_SMS_HI: u32 = 58;
export const ECAP_SMS_LO: u32 = 58;
export const ECAP_SSIRWS_HI: u32 = 57;
export const ECAP_SSIRWS_LO: u32 = 57;
export const ECAP_PTRS_HI: u32 = 56;
export const ECAP_PTRS_LO: u32 = 56;
export const ECAP_HPTS_HI: u32 = 55;
export const ECAP_HPTS_LO: u32 = 55;
export const ECAP_RESERVED_54_HI: u32 = 54;
export const ECAP_RESERVED_54_LO: u32 = 54;
export const ECAP_RPRIVS_HI: u32 = 53;
export const ECAP_RPRIVS_LO: u32 = 53;
export const ECAP_ADMS_HI: u32 = 52;
export const ECAP_ADMS_LO: u32 = 52;
export const ECAP_PMS_HI: u32 = 51;
export const ECAP_PMS_LO: u32 = 51;
export const ECAP_TDXCS_HI: u32 = 50;
export const ECAP_TDXCS_LO: u32 = 50;
export const ECAP_RPS_HI: u32 = 49;
export const ECAP_RPS_LO: u32 = 49;
export const ECAP_SMPWCS_HI: u32 = 48;
export const ECAP_SMPWCS_LO: u32 = 48;
export const ECAP_FSTS_HI: u32 = 47;
export const ECAP_FSTS_LO: u32 = 47;
export const ECAP_SSTS_HI: u32 = 46;
export const ECAP_SSTS_LO: u32 = 46;
export const ECAP_SSADS_HI: u32 = 45;
export const ECAP_SSADS_LO: u32 = 45;
export const ECAP_VCS_HI: u32 = 44;
export const ECAP_VCS_LO: u32 = 44;
export const ECAP_SMTS_HI: u32 = 43;
export const ECAP_SMTS_LO: u32 = 43;
export const ECAP_PDS_HI: u32 = 42;
export const ECAP_PDS_LO: u32 = 42;
export const ECAP_DIT_HI: u32 = 41;
export const ECAP_DIT_LO: u32 = 41;
export const ECAP_PASID_HI: u32 = 40;
export const ECAP_PASID_LO: u32 = 40;
export const ECAP_PSS_HI: u32 = 39;
export const ECAP_PSS_LO: u32 = 35;
export const ECAP_EAFS_HI: u32 = 34;
export const ECAP_EAFS_LO: u32 = 34;
export const ECAP_NWFS_HI: u32 = 33;
export const ECAP_NWFS_LO: u32 = 33;
export const ECAP_RESERVED_32_HI: u32 = 32;
export const ECAP_RESERVED_32_LO: u32 = 32;
export const ECAP_SRS_HI: u32 = 31;
export const ECAP_SRS_LO: u32 = 31;
export const ECAP_ERS_HI: u32 = 30;
export const ECAP_ERS_LO: u32 = 30;
export const ECAP_PRS_HI: u32 = 29;
export const ECAP_PRS_LO: u32 = 29;
export const ECAP_DEPRECATED_28_HI: u32 = 28;
export const ECAP_DEPRECATED_28_LO: u32 = 28;
export const ECAP_RESERVED_27_HI: u32 = 27;
export const ECAP_RESERVED_27_LO: u32 = 27;
export const ECAP_NEST_HI: u32 = 26;
export const ECAP_NEST_LO: u32 = 26;
export const ECAP_MTS_HI: u32 = 25;
export const ECAP_MTS_LO: u32 = 25;
export const ECAP_DEPRECATED_24_HI: u32 = 24;
export const ECAP_DEPRECATED_24_LO: u32 = 24;
/** Largest handle mask of an interrupt entry invalidation. */
export const ECAP_MHMV_HI: u32 = 23;
export const ECAP_MHMV_LO: u32 = 20;
export const ECAP_RESERVED_18_HI: u32 = 19;
export const ECAP_RESERVED_18_LO: u32 = 18;
/** Offset of the IOTLB registers, in units of 16 bytes. */
export const ECAP_IRO_HI: u32 = 17;
export const ECAP_IRO_LO: u32 = 8;
/** Snoop control: SNP in second-stage leaves. */
export const ECAP_SC_HI: u32 = 7;
export const ECAP_SC_LO: u32 = 7;
/** Pass-through translation type. */
export const ECAP_PT_HI: u32 = 6;
export const ECAP_PT_LO: u32 = 6;
export const ECAP_DEPRECATED_5_HI: u32 = 5;
export const ECAP_DEPRECATED_5_LO: u32 = 5;
/** 32-bit APIC IDs. */
export const ECAP_EIM_HI: u32 = 4;
export const ECAP_EIM_LO: u32 = 4;
export const ECAP_IR_HI: u32 = 3;
export const ECAP_IR_LO: u32 = 3;
/** Device-TLBs. */
export const ECAP_DT_HI: u32 = 2;
export const ECAP_DT_LO: u32 = 2;
/** Queued invalidation. */
export const ECAP_QI_HI: u32 = 1;
export const ECAP_QI_LO: u32 = 1;
/** Page walks are coherent. */
export const ECAP_C_HI: u32 = 0;
export const ECAP_C_LO: u32 = 0;
