// Who a guest is told that its function is.
import { DEVICE_ID, SUBSYSTEM_ID, SUBSYSTEM_VENDOR_ID, VENDOR_ID } from "../../assembly/spec/pci/header.ts";
import { EXT_CAP_SRIOV } from "../../assembly/spec/pci/ids.ts";
import { SRIOV_VF_DEVICE_ID } from "../../assembly/spec/pci/sriov.ts";
import { findExtendedCapability } from "../pci/capability.ts";
import type { PciFunction } from "../pci/function.ts";
import type { ShownIdentity } from "./assigned-function.ts";

/**
 * A physical function's own IDs. A VF's read FFFFh: it is shown with its PF's vendor and the VF Device ID of its PF's
 * SR-IOV capability (PCIe 6.0 §9.3.4.1.1, §9.3.4.1.2).
 */
export function shownIdentity(fn: PciFunction, pf: PciFunction | undefined): ShownIdentity {
  const named = pf ?? fn;
  const capability = pf === undefined ? undefined : findExtendedCapability(pf.config, EXT_CAP_SRIOV);
  const deviceId =
    capability === undefined ? named.config.get(DEVICE_ID, 2) : named.config.get(capability + SRIOV_VF_DEVICE_ID, 2);
  return {
    vendorId: named.config.get(VENDOR_ID, 2),
    deviceId,
    subsystemVendorId: fn.config.get(SUBSYSTEM_VENDOR_ID, 2),
    subsystemId: fn.config.get(SUBSYSTEM_ID, 2),
  };
}
