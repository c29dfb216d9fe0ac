// PCI-to-PCI Bridge 1.2 §3.2.5.13 Subsystem IDs of a bridge as data.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as subsystem from "../../../assembly/spec/pci/subsystem.ts";
import type { Capability } from "../capability.ts";
import { row } from "./fields.ts";

export function subsystemCapability(vendorId: number, deviceId: number): Capability {
  return {
    id: ids.CAP_SUBSYSTEM,
    extended: false,
    length: subsystem.SUBSYSTEM_LENGTH,
    rows: [row(subsystem, "SSVID", { SSVID_VALUE: vendorId }), row(subsystem, "SSID", { SSID_VALUE: deviceId })],
  };
}
