// How VER_REG, CAP_REG and ECAP_REG report a unit's capabilities, field by field (VT-d 5.10 §11.4.1–3).
import * as cap from "../../assembly/spec/vtd/capability.ts";
import * as ecap from "../../assembly/spec/vtd/extended-capability.ts";
import { insert } from "../core/bits.ts";
import type { IommuCapabilities } from "./iommu-capabilities.ts";

/** The registers that report capabilities, dwords in order of their bits. */
export interface CapabilityRegisters {
  version: number;
  capability: Uint32Array;
  extended: Uint32Array;
}

/** CAP_REG.FRO and ECAP_REG.IRO count in these bytes. */
const OFFSET_UNIT = 16;
const MAXIMUM_HANDLE_MASK = 15;
const LEAST_DOMAIN_WIDTH = 4;
const LARGE_PAGES = { "4K": 0, "2M": 1, "1G": 3 };
/** From this version on SAGAW is that of scalable mode's second stage alone. */
const QUEUE_ONLY_VERSION = 6;

type Field = readonly [name: keyof IommuCapabilities, hi: number, lo: number];

/** Capabilities that a bit reports as they are. */
const CAP_BITS: readonly Field[] = [
  ["protectedLow", cap.CAP_PLMR_HI, cap.CAP_PLMR_LO],
  ["protectedHigh", cap.CAP_PHMR_HI, cap.CAP_PHMR_LO],
  ["cachingMode", cap.CAP_CM_HI, cap.CAP_CM_LO],
  ["pageSelectiveInvalidation", cap.CAP_PSI_HI, cap.CAP_PSI_LO],
  ["firstStage1G", cap.CAP_FS1GP_HI, cap.CAP_FS1GP_LO],
  ["postedInterrupts", cap.CAP_PI_HI, cap.CAP_PI_LO],
  ["firstStage5Level", cap.CAP_FS5LP_HI, cap.CAP_FS5LP_LO],
  ["enhancedSetInterruptPointer", cap.CAP_ESIRTPS_HI, cap.CAP_ESIRTPS_LO],
  ["enhancedSetPointer", cap.CAP_ESRTPS_HI, cap.CAP_ESRTPS_LO],
];

const ECAP_BITS: readonly Field[] = [
  ["coherentTables", ecap.ECAP_C_HI, ecap.ECAP_C_LO],
  ["queuedInvalidation", ecap.ECAP_QI_HI, ecap.ECAP_QI_LO],
  ["deviceTlb", ecap.ECAP_DT_HI, ecap.ECAP_DT_LO],
  ["interruptRemapping", ecap.ECAP_IR_HI, ecap.ECAP_IR_LO],
  ["extendedInterruptMode", ecap.ECAP_EIM_HI, ecap.ECAP_EIM_LO],
  ["passThrough", ecap.ECAP_PT_HI, ecap.ECAP_PT_LO],
  ["snoopControl", ecap.ECAP_SC_HI, ecap.ECAP_SC_LO],
  ["nested", ecap.ECAP_NEST_HI, ecap.ECAP_NEST_LO],
  ["pageRequests", ecap.ECAP_PRS_HI, ecap.ECAP_PRS_LO],
  ["executeRequests", ecap.ECAP_ERS_HI, ecap.ECAP_ERS_LO],
  ["supervisorRequests", ecap.ECAP_SRS_HI, ecap.ECAP_SRS_LO],
  ["noWriteFlag", ecap.ECAP_NWFS_HI, ecap.ECAP_NWFS_LO],
  ["extendedAccessed", ecap.ECAP_EAFS_HI, ecap.ECAP_EAFS_LO],
  ["pageDrain", ecap.ECAP_PDS_HI, ecap.ECAP_PDS_LO],
  ["scalableMode", ecap.ECAP_SMTS_HI, ecap.ECAP_SMTS_LO],
  ["secondStageAccessDirty", ecap.ECAP_SSADS_HI, ecap.ECAP_SSADS_LO],
  ["secondStage", ecap.ECAP_SSTS_HI, ecap.ECAP_SSTS_LO],
  ["firstStage", ecap.ECAP_FSTS_HI, ecap.ECAP_FSTS_LO],
  ["coherentScalableTables", ecap.ECAP_SMPWCS_HI, ecap.ECAP_SMPWCS_LO],
  ["ridPasid", ecap.ECAP_RPS_HI, ecap.ECAP_RPS_LO],
  ["abortDma", ecap.ECAP_ADMS_HI, ecap.ECAP_ADMS_LO],
  ["ridPrivilege", ecap.ECAP_RPRIVS_HI, ecap.ECAP_RPRIVS_LO],
  ["extendedInterruptRequired", ecap.ECAP_EIMER_HI, ecap.ECAP_EIMER_LO],
  ["interruptRemappingRequired", ecap.ECAP_IRREQ_HI, ecap.ECAP_IRREQ_LO],
  ["stopMarkers", ecap.ECAP_SMS_HI, ecap.ECAP_SMS_LO],
];

/** Composes the registers of capabilities that were checked. */
export function capabilityRegisters(options: IommuCapabilities): CapabilityRegisters {
  const version = new Uint32Array(1);
  insert(version, options.majorVersion, cap.VER_MAX_HI, cap.VER_MAX_LO);

  const capability = new Uint32Array(2);
  for (const [name, hi, lo] of CAP_BITS) insert(capability, Number(options[name]), hi, lo);
  insert(capability, (options.domainIdWidth - LEAST_DOMAIN_WIDTH) / 2, cap.CAP_ND_HI, cap.CAP_ND_LO);
  insert(capability, supportedWidths(options), cap.CAP_SAGAW_HI, cap.CAP_SAGAW_LO);
  insert(capability, options.guestAddressWidth - 1, cap.CAP_MGAW_HI, cap.CAP_MGAW_LO);
  insert(capability, options.faultOffset / OFFSET_UNIT, cap.CAP_FRO_HI, cap.CAP_FRO_LO);
  insert(capability, LARGE_PAGES[options.largestPage], cap.CAP_SSLPS_HI, cap.CAP_SSLPS_LO);
  insert(capability, options.faultRecords - 1, cap.CAP_NFR_HI, cap.CAP_NFR_LO);
  const mask = options.pageSelectiveInvalidation ? options.maximumAddressMask : 0;
  insert(capability, mask, cap.CAP_MAMV_HI, cap.CAP_MAMV_LO);
  insert(capability, 1, cap.CAP_DWD_HI, cap.CAP_DWD_LO);
  insert(capability, 1, cap.CAP_DRD_HI, cap.CAP_DRD_LO);

  const extended = new Uint32Array(2);
  for (const [name, hi, lo] of ECAP_BITS) insert(extended, Number(options[name]), hi, lo);
  insert(extended, options.iotlbOffset / OFFSET_UNIT, ecap.ECAP_IRO_HI, ecap.ECAP_IRO_LO);
  const handles = options.interruptRemapping ? MAXIMUM_HANDLE_MASK : 0;
  insert(extended, handles, ecap.ECAP_MHMV_HI, ecap.ECAP_MHMV_LO);
  insert(extended, Number(options.pasidWidth > 0), ecap.ECAP_PASID_HI, ecap.ECAP_PASID_LO);
  insert(extended, Math.max(options.pasidWidth - 1, 0), ecap.ECAP_PSS_HI, ecap.ECAP_PSS_LO);
  return { version: version[0] as number, capability, extended };
}

function supportedWidths(options: IommuCapabilities): number {
  if (options.majorVersion >= QUEUE_ONLY_VERSION && !options.secondStage) return 0;
  let widths = 0;
  for (const width of new Set(options.addressWidths)) widths += 2 ** ((width - 30) / 9);
  return widths;
}
