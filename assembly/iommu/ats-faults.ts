// What becomes of a translation request that meets a fault (VT-d 5.10 §7.1.3 Table 30, columns Translation Request).

import {
  ADDRESS_TYPE_TRANSLATION_REQUEST,
  COMPLETION_ABORT,
  COMPLETION_SUCCESS,
  COMPLETION_UNSUPPORTED,
} from "../spec/pci/ats-messages";
import {
  FAULT_ADDRESS_BEYOND_WIDTH,
  FAULT_CONTEXT_NOT_PRESENT,
  FAULT_DMA_ABORTED,
  FAULT_EXECUTE_REQUEST,
  FAULT_FS_NOT_SNOOPED,
  FAULT_FS_TABLE_ACCESS,
  FAULT_FS_TABLE_WRITE_DENIED,
  FAULT_FS_UPDATE,
  FAULT_PASID_IN_LEGACY_MODE,
  FAULT_READ_DENIED,
  FAULT_ROOT_NOT_PRESENT,
  FAULT_SM_BEYOND_HOST_WIDTH,
  FAULT_SM_BEYOND_WIDTH,
  FAULT_SM_CONTEXT_NOT_PRESENT,
  FAULT_SM_DEVICE_TLB_DISABLED,
  FAULT_SM_DIRECTORY_NOT_PRESENT,
  FAULT_SM_EXECUTE,
  FAULT_SM_NOT_CANONICAL,
  FAULT_SM_PASID_BEYOND_DIRECTORY,
  FAULT_SM_PASID_DISABLED,
  FAULT_SM_PASID_NOT_PRESENT,
  FAULT_SM_PASID_OF_REQUESTER,
  FAULT_SM_PASID_TOO_WIDE,
  FAULT_SM_READ_DENIED,
  FAULT_SM_ROOT_NOT_PRESENT,
  FAULT_SM_SUPERVISOR,
  FAULT_SM_USER_DENIED,
  FAULT_SM_WRITE_DENIED,
  FAULT_SS_NOT_PRESENT,
  FAULT_TYPE_BLOCKED,
  FAULT_WRITE_DENIED,
} from "../spec/vtd/fault-reason";
import { AtsState } from "./ats-state";
import { Unit } from "./unit";

export class AtsFaults {
  /** Whether a fault is recoverable for the request that is being decided: no fault for the unit. */
  static recovers(unit: Unit, reason: u32): bool {
    if (AtsState.of(unit).addressType != ADDRESS_TYPE_TRANSLATION_REQUEST) return false;
    return reason != FAULT_FS_UPDATE && AtsFaults.status(reason) == COMPLETION_SUCCESS;
  }

  /** Whether a fault is the want of a permission, or of one of those that were asked for together. */
  @inline static denied(reason: u32): bool {
    return (
      reason == FAULT_READ_DENIED ||
      reason == FAULT_WRITE_DENIED ||
      reason == FAULT_SM_READ_DENIED ||
      reason == FAULT_SM_WRITE_DENIED
    );
  }

  /** The completion status of a translation request that met a fault. */
  static status(reason: u32): u32 {
    if (AtsFaults.denied(reason) || AtsFaults.missing(reason)) return COMPLETION_SUCCESS;
    return AtsFaults.unsupported(reason) ? COMPLETION_UNSUPPORTED : COMPLETION_ABORT;
  }

  /** Nothing is translated: success that grants nothing. */
  static missing(reason: u32): bool {
    if (reason >= FAULT_FS_TABLE_ACCESS && reason <= FAULT_FS_TABLE_WRITE_DENIED) return true;
    return (
      reason == FAULT_ADDRESS_BEYOND_WIDTH ||
      reason == FAULT_SM_DIRECTORY_NOT_PRESENT ||
      reason == FAULT_SM_PASID_NOT_PRESENT ||
      reason == FAULT_SM_EXECUTE ||
      reason == FAULT_SM_SUPERVISOR ||
      reason == FAULT_SM_BEYOND_HOST_WIDTH ||
      reason == FAULT_SM_BEYOND_WIDTH ||
      reason == FAULT_SS_NOT_PRESENT ||
      reason == FAULT_SM_NOT_CANONICAL ||
      reason == FAULT_SM_USER_DENIED ||
      reason == FAULT_FS_NOT_SNOOPED ||
      reason == FAULT_FS_UPDATE
    );
  }

  static unsupported(reason: u32): bool {
    return (
      reason == FAULT_ROOT_NOT_PRESENT ||
      reason == FAULT_CONTEXT_NOT_PRESENT ||
      reason == FAULT_TYPE_BLOCKED ||
      reason == FAULT_PASID_IN_LEGACY_MODE ||
      reason == FAULT_DMA_ABORTED ||
      reason == FAULT_EXECUTE_REQUEST ||
      reason == FAULT_SM_ROOT_NOT_PRESENT ||
      reason == FAULT_SM_CONTEXT_NOT_PRESENT ||
      reason == FAULT_SM_DEVICE_TLB_DISABLED ||
      reason == FAULT_SM_PASID_DISABLED ||
      reason == FAULT_SM_PASID_BEYOND_DIRECTORY ||
      reason == FAULT_SM_PASID_OF_REQUESTER ||
      reason == FAULT_SM_PASID_TOO_WIDE
    );
  }
}
