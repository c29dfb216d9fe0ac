// Ports and the host bridge: those of Intel's 5520/X58 I/O hub, and a PEX 8747 switch.
// The I/O hub's vendor-specific capability at 160h and the switch's vendor-specific, power budgeting, virtual channel
// and multicast capabilities are left out.
import * as device from "../../assembly/spec/pci/express.ts";
import * as link from "../../assembly/spec/pci/express-link.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as pm from "../../assembly/spec/pci/power-management.ts";
import { ArgumentError } from "../core/errors.ts";
import { acsCapability } from "./capabilities/acs.ts";
import { aerCapability, COMMON_CORRECTABLE, COMMON_UNCORRECTABLE } from "./capabilities/aer.ts";
import { deviceSerialNumberCapability } from "./capabilities/device-serial-number.ts";
import { express, expressCapability } from "./capabilities/express.ts";
import type { Fields } from "./capabilities/fields.ts";
import { msiCapability } from "./capabilities/msi.ts";
import { powerManagementCapability } from "./capabilities/power-management.ts";
import { subsystemCapability } from "./capabilities/subsystem.ts";
import type { FunctionProfile, PlacedCapability } from "./profile.ts";

export interface PortOptions {
  /** Physical slot number below the port, 1–8191; undefined when what is below is soldered on. */
  slot?: number;
  /** Port number of the link. */
  port?: number;
  /** Something is below: Presence Detect State and Data Link Layer Link Active read 1. Default true. */
  present?: boolean;
  /** Another function of the same device exists. */
  multiFunction?: boolean;
}

const MAX_SLOT = 8191;
const NO_BARS = { bars: [], romSize: 0, rows: [] };
const PME_AS_PORT = pm.PMC_PME_FROM_D0 | pm.PMC_PME_FROM_D3HOT | pm.PMC_PME_FROM_D3COLD;

/** What both kinds of downstream port can isolate. */
const DOWNSTREAM_ACS = {
  ACS_CAP_SOURCE_VALIDATION: 1,
  ACS_CAP_TRANSLATION_BLOCKING: 1,
  ACS_CAP_REQUEST_REDIRECT: 1,
  ACS_CAP_COMPLETION_REDIRECT: 1,
  ACS_CAP_UPSTREAM_FORWARDING: 1,
};
/** Errors that only a port above a link, or one with ACS, detects. */
const DOWNSTREAM_ERRORS = ["UE_SURPRISE_DOWN", "UE_ACS_VIOLATION"] as const;
const SEVERITY = {
  UE_DATA_LINK_PROTOCOL: 1,
  UE_SURPRISE_DOWN: 1,
  UE_FLOW_CONTROL: 1,
  UE_RECEIVER_OVERFLOW: 1,
  UE_MALFORMED_TLP: 1,
};

/** A root port. Throws ArgumentError for a slot number that its register cannot hold. */
export function rootPortProfile(options: PortOptions = {}): FunctionProfile {
  const msi = msiCapability({ MSI_CONTROL_MULTIPLE_CAPABLE: 1, MSI_CONTROL_PER_VECTOR_MASKING: 1 });
  const power = powerManagementCapability({
    PMC_VERSION: 3,
    PMC_PME_SUPPORT: PME_AS_PORT,
    PMCSR_NO_SOFT_RESET: 1,
  });
  const errors = aerCapability({
    version: 1,
    uncorrectable: [...COMMON_UNCORRECTABLE, ...DOWNSTREAM_ERRORS],
    correctable: COMMON_CORRECTABLE,
    severity: SEVERITY,
    correctableMask: { CE_ADVISORY_NON_FATAL: 1 },
    root: true,
  });
  const fields: Fields<typeof express> = {
    EXPRESS_CAP_PORT_TYPE: device.PORT_TYPE_ROOT_PORT,
    DEVCAP_MAX_PAYLOAD: device.PAYLOAD_256,
    DEVCAP_EXTENDED_TAG: 1,
    DEVCAP_ROLE_BASED_ERRORS: 1,
    DEVCTL_EXTENDED_TAG: 1,
    LNKCAP_MAX_WIDTH: 16,
    LNKCAP_L0S_EXIT: 3,
    LNKCAP_L1_EXIT: 2,
    LNKCTL_COMMON_CLOCK: 1,
    LNKSTA_WIDTH: 16,
    DEVCAP2_COMPLETION_RANGES: device.COMPLETION_RANGES_BCD,
    DEVCAP2_COMPLETION_DISABLE: 1,
    ROOTCAP_RRS_VISIBILITY: 1,
    LNKSTA2_DEEMPHASIS: 0,
    ...downstreamFields(options),
  };
  return {
    layout: "type1",
    identity: bridgeIdentity(ids.VENDOR_INTEL, ids.DEVICE_X58_ROOT_PORT, 0x12, options),
    capabilities: [
      { offset: 0x40, capability: subsystemCapability(ids.VENDOR_INTEL, ids.DEVICE_X58_ROOT_PORT) },
      { offset: 0x60, capability: msi },
      { offset: 0x90, capability: expressCapability({ fields }) },
      { offset: 0xe0, capability: power },
      { offset: 0x100, capability: errors },
      { offset: 0x150, capability: acsCapability(DOWNSTREAM_ACS) },
    ],
    ...NO_BARS,
  };
}

/** The port of a switch that looks to the root. */
export function switchUpstreamProfile(options: Pick<PortOptions, "multiFunction"> = {}): FunctionProfile {
  const fields: Fields<typeof express> = {
    ...switchFields(device.PORT_TYPE_SWITCH_UPSTREAM),
    LNKSTA_SLOT_CLOCK: 1,
    LNKSTA_WIDTH: 16,
  };
  return {
    layout: "type1",
    identity: bridgeIdentity(ids.VENDOR_PLX, ids.DEVICE_PEX_8747, 0xca, options),
    capabilities: switchCapabilities(fields, false),
    ...NO_BARS,
  };
}

/** A port of a switch that looks away from the root. Throws ArgumentError for an impossible slot number. */
export function switchDownstreamProfile(options: PortOptions = {}): FunctionProfile {
  const fields: Fields<typeof express> = {
    ...switchFields(device.PORT_TYPE_SWITCH_DOWNSTREAM),
    LNKSTA_WIDTH: 8,
    LNKCAP_MAX_WIDTH: 8,
    ...downstreamFields(options),
  };
  return {
    layout: "type1",
    identity: bridgeIdentity(ids.VENDOR_PLX, ids.DEVICE_PEX_8747, 0xca, options),
    capabilities: [...switchCapabilities(fields, true), { offset: 0xf24, capability: acsCapability(DOWNSTREAM_ACS) }],
    ...NO_BARS,
  };
}

/** The host bridge at 00:00.0, which answers configuration cycles and nothing else. */
export function hostBridgeProfile(): FunctionProfile {
  return {
    layout: "type0",
    identity: {
      vendorId: ids.VENDOR_INTEL,
      deviceId: ids.DEVICE_X58_HOST_BRIDGE,
      revision: 0x12,
      classCode: ids.CLASS_HOST_BRIDGE,
      subsystemVendorId: ids.VENDOR_INTEL,
      subsystemId: ids.DEVICE_X58_HOST_BRIDGE,
    },
    capabilities: [],
    ...NO_BARS,
  };
}

function bridgeIdentity(
  vendorId: number,
  deviceId: number,
  revision: number,
  options: Pick<PortOptions, "multiFunction">,
): FunctionProfile["identity"] {
  return {
    vendorId,
    deviceId,
    revision,
    classCode: ids.CLASS_PCI_BRIDGE,
    multiFunction: options.multiFunction === true,
    interruptPin: 1,
  };
}

/** What a root port and a switch's downstream port say of the link and the slot below them. */
function downstreamFields(options: PortOptions): Fields<typeof express> {
  const { slot, port = 0, present = true } = options;
  if (slot !== undefined && (!Number.isInteger(slot) || slot < 1 || slot > MAX_SLOT)) {
    throw new ArgumentError("slot", slot, "is not in 1–8191");
  }
  return {
    EXPRESS_CAP_SLOT_IMPLEMENTED: slot !== undefined,
    LNKCAP_PORT: port,
    LNKCAP_MAX_SPEED: link.LINK_SPEED_5,
    LNKCAP_ASPM: link.ASPM_L0S | link.ASPM_L1,
    LNKCAP_SURPRISE_DOWN: 1,
    LNKCAP_DLL_ACTIVE_REPORTING: 1,
    LNKCAP_BANDWIDTH_NOTIFICATION: 1,
    LNKSTA_SPEED: link.LINK_SPEED_5,
    LNKSTA_SLOT_CLOCK: 1,
    LNKSTA_DLL_ACTIVE: present,
    LNKCTL2_TARGET_SPEED: link.LINK_SPEED_5,
    DEVCAP2_ARI_FORWARDING: 1,
    ...(slot === undefined
      ? {}
      : {
          SLTCAP_POWER_VALUE: 75,
          SLTCAP_NUMBER: slot,
          SLTCTL_ATTENTION_INDICATOR: express.INDICATOR_OFF,
          SLTCTL_POWER_INDICATOR: express.INDICATOR_OFF,
          SLTSTA_PRESENCE: present,
        }),
  };
}

function switchFields(portType: number): Fields<typeof express> {
  return {
    EXPRESS_CAP_PORT_TYPE: portType,
    DEVCAP_MAX_PAYLOAD: device.PAYLOAD_512,
    DEVCAP_EXTENDED_TAG: 1,
    DEVCAP_ROLE_BASED_ERRORS: 1,
    LNKCAP_MAX_SPEED: link.LINK_SPEED_5,
    LNKCAP_MAX_WIDTH: 16,
    LNKCAP_ASPM: link.ASPM_L0S | link.ASPM_L1,
    LNKCAP_L0S_EXIT: 3,
    LNKCAP_L1_EXIT: 2,
    LNKCAP_ASPM_OPTIONALITY: 1,
    LNKSTA_SPEED: link.LINK_SPEED_5,
    LNKCTL2_TARGET_SPEED: link.LINK_SPEED_5,
    DEVCAP2_LTR: 1,
  };
}

function switchCapabilities(fields: Fields<typeof express>, downstream: boolean): PlacedCapability[] {
  const power = powerManagementCapability({
    PMC_VERSION: 3,
    PMC_PME_SUPPORT: PME_AS_PORT,
    PMCSR_NO_SOFT_RESET: 1,
  });
  const msi = msiCapability({
    MSI_CONTROL_MULTIPLE_CAPABLE: 3,
    MSI_CONTROL_ADDRESS64: 1,
    MSI_CONTROL_PER_VECTOR_MASKING: 1,
  });
  const errors = aerCapability({
    version: 1,
    uncorrectable: downstream ? [...COMMON_UNCORRECTABLE, ...DOWNSTREAM_ERRORS] : COMMON_UNCORRECTABLE,
    correctable: COMMON_CORRECTABLE,
    severity: SEVERITY,
    correctableMask: { CE_ADVISORY_NON_FATAL: 1 },
  });
  return [
    { offset: 0x40, capability: power },
    { offset: 0x48, capability: msi },
    { offset: 0x68, capability: expressCapability({ fields }) },
    { offset: 0xa4, capability: subsystemCapability(ids.VENDOR_PLX, ids.DEVICE_PEX_8747) },
    { offset: 0x100, capability: deviceSerialNumberCapability(PEX_SERIAL) },
    { offset: 0xfb4, capability: errors },
  ];
}

/** Every PEX 8747 carries the same number. */
const PEX_SERIAL = { upper: 0x000e_dfb5, lower: 0x1000_87ca };
