// The conditions under which a DMA request is refused (VT-d 5.10 §7.1.3 Table 30) and under which an interrupt is
// (§5.1.4.1 Table 15): the code of each, its fault reason, and whether FPD may suppress the report.
import * as fault from "../../../assembly/spec/vtd/fault-reason.ts";

/** Codes of Table 30, without those of requests that are not untranslated. */
export type DmaCondition =
  | "LRT.1"
  | "LRT.2"
  | "LRT.3"
  | "LCT.1"
  | "LCT.2"
  | "LCT.3"
  | "LCT.4.1"
  | "LCT.4.2"
  | "LCT.4.3"
  | "LSS.1"
  | "LSS.2"
  | "LGN.1.1"
  | "LGN.1.3"
  | "LGN.2"
  | "LGN.3"
  | "LGN.4"
  | "RTA.1.1"
  | "RTA.1.2"
  | "RTA.1.3"
  | "RTA.1.4"
  | "RTA.2"
  | "RTA.4"
  | "RTA.5"
  | "SRT.1"
  | "SRT.2"
  | "SRT.3"
  | "SCT.1"
  | "SCT.2"
  | "SCT.3"
  | "SCT.4.1"
  | "SCT.4.2"
  | "SCT.4.3"
  | "SCT.6"
  | "SCT.7"
  | "SCT.9"
  | "SPD.1"
  | "SPD.2"
  | "SPD.3"
  | "SPT.1"
  | "SPT.2"
  | "SPT.3"
  | "SPT.4.1"
  | "SPT.4.2"
  | "SPT.4.3"
  | "SPT.4.4"
  | "SPT.5"
  | "SPT.6"
  | "SFS.1"
  | "SFS.2"
  | "SFS.3"
  | "SFS.4"
  | "SFS.5"
  | "SFS.6"
  | "SFS.7"
  | "SFS.8"
  | "SFS.9"
  | "SFS.10"
  | "SSS.1"
  | "SSS.2"
  | "SSS.3"
  | "SSS.4"
  | "SSS.5"
  | "SSS.6"
  | "SGN.1"
  | "SGN.2"
  | "SGN.4.2"
  | "SGN.5"
  | "SGN.6"
  | "SGN.7"
  | "SGN.8.1"
  | "SGN.10";

/** Interrupt conditions have no codes of their own: here the reason in hexadecimal names them. */
export type InterruptCondition =
  | "20h"
  | "21h"
  | "22h"
  | "23h"
  | "24h"
  | "25h"
  | "26h"
  | "27h"
  | "28h"
  | "29h"
  | "2Ah"
  | "2Bh";

export interface Condition {
  reason: number;
  /** Column "Qualified". */
  qualified: boolean;
}

const always = (reason: number): Condition => ({ reason, qualified: false });
const qualified = (reason: number): Condition => ({ reason, qualified: true });

export const DMA_CONDITIONS: Readonly<Record<DmaCondition, Condition>> = {
  "LRT.1": always(fault.FAULT_ROOT_ACCESS),
  "LRT.2": always(fault.FAULT_ROOT_NOT_PRESENT),
  "LRT.3": always(fault.FAULT_ROOT_RESERVED),
  "LCT.1": always(fault.FAULT_CONTEXT_ACCESS),
  "LCT.2": qualified(fault.FAULT_CONTEXT_NOT_PRESENT),
  "LCT.3": qualified(fault.FAULT_CONTEXT_RESERVED),
  "LCT.4.1": qualified(fault.FAULT_CONTEXT_INVALID),
  "LCT.4.2": qualified(fault.FAULT_CONTEXT_INVALID),
  "LCT.4.3": qualified(fault.FAULT_CONTEXT_INVALID),
  "LSS.1": qualified(fault.FAULT_TABLE_ACCESS),
  "LSS.2": qualified(fault.FAULT_ENTRY_RESERVED),
  "LGN.1.1": qualified(fault.FAULT_ADDRESS_BEYOND_WIDTH),
  "LGN.1.3": qualified(fault.FAULT_ADDRESS_BEYOND_WIDTH),
  "LGN.2": qualified(fault.FAULT_WRITE_DENIED),
  "LGN.3": qualified(fault.FAULT_READ_DENIED),
  "LGN.4": qualified(fault.FAULT_INTERRUPT_RANGE),
  "RTA.1.1": always(fault.FAULT_ROOT_ADDRESS_INVALID),
  "RTA.1.2": always(fault.FAULT_ROOT_ADDRESS_INVALID),
  "RTA.1.3": always(fault.FAULT_ROOT_ADDRESS_INVALID),
  "RTA.1.4": always(fault.FAULT_ROOT_ADDRESS_INVALID),
  "RTA.2": always(fault.FAULT_PASID_IN_LEGACY_MODE),
  "RTA.4": always(fault.FAULT_DMA_ABORTED),
  "RTA.5": always(fault.FAULT_EXECUTE_REQUEST),
  "SRT.1": always(fault.FAULT_SM_ROOT_ACCESS),
  "SRT.2": always(fault.FAULT_SM_ROOT_NOT_PRESENT),
  "SRT.3": always(fault.FAULT_SM_ROOT_RESERVED),
  "SCT.1": always(fault.FAULT_SM_CONTEXT_ACCESS),
  "SCT.2": qualified(fault.FAULT_SM_CONTEXT_NOT_PRESENT),
  "SCT.3": qualified(fault.FAULT_SM_CONTEXT_RESERVED),
  "SCT.4.1": qualified(fault.FAULT_SM_CONTEXT_INVALID),
  "SCT.4.2": qualified(fault.FAULT_SM_CONTEXT_INVALID),
  "SCT.4.3": qualified(fault.FAULT_SM_CONTEXT_INVALID),
  "SCT.6": qualified(fault.FAULT_SM_PASID_DISABLED),
  "SCT.7": qualified(fault.FAULT_SM_PASID_BEYOND_DIRECTORY),
  "SCT.9": qualified(fault.FAULT_SM_PASID_OF_REQUESTER),
  "SPD.1": always(fault.FAULT_SM_DIRECTORY_ACCESS),
  "SPD.2": qualified(fault.FAULT_SM_DIRECTORY_NOT_PRESENT),
  "SPD.3": qualified(fault.FAULT_SM_DIRECTORY_RESERVED),
  "SPT.1": always(fault.FAULT_SM_PASID_ACCESS),
  "SPT.2": qualified(fault.FAULT_SM_PASID_NOT_PRESENT),
  "SPT.3": qualified(fault.FAULT_SM_PASID_RESERVED),
  "SPT.4.1": qualified(fault.FAULT_SM_PASID_INVALID),
  "SPT.4.2": qualified(fault.FAULT_SM_PASID_INVALID),
  "SPT.4.3": qualified(fault.FAULT_SM_PASID_INVALID),
  "SPT.4.4": qualified(fault.FAULT_SM_PASID_INVALID),
  "SPT.5": qualified(fault.FAULT_SM_EXECUTE),
  "SPT.6": qualified(fault.FAULT_SM_SUPERVISOR),
  "SFS.1": qualified(fault.FAULT_FS_TABLE_ACCESS),
  "SFS.2": qualified(fault.FAULT_FS_NOT_PRESENT),
  "SFS.3": qualified(fault.FAULT_FS_RESERVED),
  "SFS.4": qualified(fault.FAULT_FS_TOP_ACCESS),
  "SFS.5": qualified(fault.FAULT_FS_ADDRESS_BEYOND_WIDTH),
  "SFS.6": qualified(fault.FAULT_FS_TOP_READ_DENIED),
  "SFS.7": qualified(fault.FAULT_FS_TABLE_READ_DENIED),
  "SFS.8": qualified(fault.FAULT_FS_TABLE_WRITE_DENIED),
  "SFS.9": qualified(fault.FAULT_FS_NOT_SNOOPED),
  "SFS.10": qualified(fault.FAULT_FS_UPDATE),
  "SSS.1": qualified(fault.FAULT_SS_TABLE_ACCESS),
  "SSS.2": qualified(fault.FAULT_SS_NOT_PRESENT),
  "SSS.3": qualified(fault.FAULT_SS_RESERVED),
  "SSS.4": qualified(fault.FAULT_SS_TOP_ACCESS),
  "SSS.5": qualified(fault.FAULT_SS_NOT_SNOOPED),
  "SSS.6": qualified(fault.FAULT_SS_UPDATE),
  "SGN.1": qualified(fault.FAULT_SM_NOT_CANONICAL),
  "SGN.2": qualified(fault.FAULT_SM_USER_DENIED),
  "SGN.4.2": qualified(fault.FAULT_SM_BEYOND_HOST_WIDTH),
  "SGN.5": qualified(fault.FAULT_SM_BEYOND_WIDTH),
  "SGN.6": qualified(fault.FAULT_SM_WRITE_DENIED),
  "SGN.7": qualified(fault.FAULT_SM_READ_DENIED),
  "SGN.8.1": qualified(fault.FAULT_SM_INTERRUPT_RANGE),
  "SGN.10": qualified(fault.FAULT_SM_PASID_TOO_WIDE),
};

export const INTERRUPT_CONDITIONS: Readonly<Record<InterruptCondition, Condition>> = {
  "20h": always(fault.FAULT_INTERRUPT_REQUEST_RESERVED),
  "21h": always(fault.FAULT_INTERRUPT_INDEX),
  "22h": qualified(fault.FAULT_INTERRUPT_NOT_PRESENT),
  "23h": always(fault.FAULT_INTERRUPT_TABLE_ACCESS),
  "24h": qualified(fault.FAULT_INTERRUPT_ENTRY_RESERVED),
  "25h": always(fault.FAULT_INTERRUPT_COMPATIBILITY),
  "26h": qualified(fault.FAULT_INTERRUPT_SOURCE),
  "27h": qualified(fault.FAULT_INTERRUPT_DESCRIPTOR_ACCESS),
  "28h": qualified(fault.FAULT_INTERRUPT_DESCRIPTOR_RESERVED),
  "29h": always(fault.FAULT_INTERRUPT_MALFORMED),
  "2Ah": always(fault.FAULT_INTERRUPT_EXTENDED_REQUIRED),
  "2Bh": always(fault.FAULT_INTERRUPT_REMAPPING_REQUIRED),
};

export const DMA_CLAUSE = "VT-d 5.10 §7.1.3 Table 30";
export const INTERRUPT_CLAUSE = "VT-d 5.10 §5.1.4.1 Table 15";
