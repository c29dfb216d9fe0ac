// What the configuration spaces of I350 and 82576 share. Offsets and values are those of the real cards.
import * as device from "../../../assembly/spec/pci/express.ts";
import * as link from "../../../assembly/spec/pci/express-link.ts";
import * as header from "../../../assembly/spec/pci/header.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as pm from "../../../assembly/spec/pci/power-management.ts";
import { ArgumentError } from "../../core/errors.ts";
import {
  deviceSerialNumberCapability,
  serialNumberOfBytes,
  serialNumberOfMac,
} from "../../pci/capabilities/device-serial-number.ts";
import type { express } from "../../pci/capabilities/express.ts";
import type { Fields } from "../../pci/capabilities/fields.ts";
import { msiCapability } from "../../pci/capabilities/msi.ts";
import { msixCapability } from "../../pci/capabilities/msix.ts";
import { powerManagementCapability } from "../../pci/capabilities/power-management.ts";
import type { SriovOptions, VfBar } from "../../pci/capabilities/sriov.ts";
import type { Identity } from "../../pci/header.ts";
import type { BarProfile, PlacedCapability } from "../../pci/profile.ts";

export interface PfOptions {
  /** Which port, and so which function of the device. */
  functionNumber: number;
  /** Ports of the card. */
  ports: number;
  /** MAC address of port 0, 6 bytes. */
  mac: Uint8Array;
  /** The card's serial number, an EUI-64 of 8 bytes. Default: made of the MAC address. */
  serial?: Uint8Array | undefined;
  /** A flash is fitted. Default: as on the card that the profile is of. */
  flash?: boolean;
}

/** Where capabilities lie in both cards, in PF and VF. */
export const POWER_MANAGEMENT_OFFSET = 0x40;
export const MSI_OFFSET = 0x50;
export const MSIX_OFFSET = 0x70;
export const EXPRESS_OFFSET = 0xa0;
export const AER_OFFSET = 0x100;
const DEVICE_SERIAL_NUMBER_OFFSET = 0x140;
export const ARI_OFFSET = 0x150;
export const SRIOV_OFFSET = 0x160;

/** MSI-X vectors, and where their table and pending bits lie in BAR 3. */
export const PF_VECTORS = 10;
export const VF_VECTORS = 3;
export const FLASH_BAR = 1;
export const MSIX_BAR = 3;
export const MSIX_TABLE_OFFSET = 0;
export const MSIX_PBA_OFFSET = 0x2000;

const TOTAL_VFS = 8;
/** From PF to its first VF, in requester IDs, by ARI Capable Hierarchy. */
const VF_OFFSET = 384;
export const VF_OFFSET_ARI = 128;
/** Bytes of a VF's registers and of its MSI-X BAR. */
const VF_BAR_SIZE = 0x4000;
/** 4 KiB, 8 KiB, 64 KiB, 256 KiB, 1 MiB, 4 MiB. */
const SUPPORTED_PAGES = 0x553;
const PAGE_4K = 1;

/** Registers of a PF: 128 KiB; 32 bytes of I/O; MSI-X: 16 KiB. */
export const PF_BARS: readonly BarProfile[] = [
  { index: 0, kind: "memory32", prefetchable: false, size: 0x2_0000 },
  { index: 2, kind: "io", prefetchable: false, size: 0x20 },
  { index: MSIX_BAR, kind: "memory32", prefetchable: false, size: 0x4000 },
];

/** Throws ArgumentError unless the card has as many ports and the function is one of them. */
export function checkPort(options: PfOptions, maxPorts: number): void {
  const { functionNumber, ports } = options;
  if (!Number.isInteger(ports) || ports < 1 || ports > maxPorts) {
    throw new ArgumentError("ports", ports, `is not in 1–${maxPorts}`);
  }
  if (!Number.isInteger(functionNumber) || functionNumber < 0 || functionNumber >= ports) {
    throw new ArgumentError("functionNumber", functionNumber, `is not one of ${ports} ports`);
  }
}

/** The three capabilities before the PCI Express one. `power` is what differs in PMCSR and the data register. */
export function pfLegacyCapabilities(power: Fields<typeof pm>): PlacedCapability[] {
  return [
    {
      offset: POWER_MANAGEMENT_OFFSET,
      capability: powerManagementCapability({
        PMC_VERSION: 3,
        PMC_DSI: 1,
        PMC_PME_SUPPORT: pm.PMC_PME_FROM_D0 | pm.PMC_PME_FROM_D3HOT | pm.PMC_PME_FROM_D3COLD,
        PMCSR_DATA_SCALE: 1,
        ...power,
      }),
    },
    {
      offset: MSI_OFFSET,
      capability: msiCapability({ MSI_CONTROL_ADDRESS64: 1, MSI_CONTROL_PER_VECTOR_MASKING: 1 }),
    },
    { offset: MSIX_OFFSET, capability: msixAt(PF_VECTORS) },
  ];
}

/** MSI-X of a PF or VF: both structures in BAR 3. */
export function msixAt(vectors: number): PlacedCapability["capability"] {
  return msixCapability({
    vectors,
    tableBar: MSIX_BAR,
    tableOffset: MSIX_TABLE_OFFSET,
    pbaBar: MSIX_BAR,
    pbaOffset: MSIX_PBA_OFFSET,
  });
}

/** Device and link capabilities of PF and VF alike. */
export const SHARED_EXPRESS: Fields<typeof express> = {
  EXPRESS_CAP_PORT_TYPE: device.PORT_TYPE_ENDPOINT,
  DEVCAP_MAX_PAYLOAD: device.PAYLOAD_512,
  DEVCAP_L0S_LATENCY: 3,
  DEVCAP_L1_LATENCY: 6,
  DEVCAP_ROLE_BASED_ERRORS: 1,
  DEVCAP_FLR: 1,
  LNKCAP_MAX_WIDTH: 4,
  LNKCAP_ASPM: link.ASPM_L0S | link.ASPM_L1,
  LNKCAP_L0S_EXIT: 6,
  DEVCAP2_COMPLETION_RANGES: device.COMPLETION_RANGES_ABCD,
  DEVCAP2_COMPLETION_DISABLE: 1,
};

/** What only a PF has: controls at their defaults, the trained link, auxiliary power. */
export const PF_EXPRESS: Fields<typeof express> = {
  DEVCTL_RELAXED_ORDERING: 1,
  DEVCTL_NO_SNOOP: 1,
  DEVCTL_MAX_READ_REQUEST: device.PAYLOAD_512,
  DEVSTA_AUX_POWER: 1,
  LNKSTA_WIDTH: 4,
  LNKSTA_SLOT_CLOCK: 1,
};

/** The two BARs of a VF. */
export function vfBars(prefetchable: boolean): VfBar[] {
  return [
    { index: 0, kind: "memory64", prefetchable, size: VF_BAR_SIZE },
    { index: MSIX_BAR, kind: "memory64", prefetchable, size: VF_BAR_SIZE },
  ];
}

/** SR-IOV of a PF. A PF depends on none but itself. */
export function sriovOptions(
  options: PfOptions,
  card: { deviceId: number; stride: number; bars: readonly VfBar[]; ariPreserved: boolean },
): SriovOptions {
  return {
    fields: {
      SRIOV_CAP_ARI_PRESERVED: card.ariPreserved,
      SRIOV_INITIAL_VFS_VALUE: TOTAL_VFS,
      SRIOV_TOTAL_VFS_VALUE: TOTAL_VFS,
      SRIOV_DEPENDENCY_LINK_FUNCTION: options.functionNumber,
      SRIOV_VF_OFFSET_VALUE: VF_OFFSET,
      SRIOV_VF_STRIDE_VALUE: card.stride,
      SRIOV_VF_DEVICE_ID_VALUE: card.deviceId,
      SRIOV_SUPPORTED_PAGES_SIZES: SUPPORTED_PAGES,
      SRIOV_SYSTEM_PAGE_SIZE: PAGE_4K,
    },
    bars: card.bars,
    ariControl: options.functionNumber === 0,
  };
}

/** The card's serial number. Throws ArgumentError unless MAC address or serial number have their lengths. */
export function cardSerial({ mac, serial }: PfOptions): PlacedCapability {
  const number = serial === undefined ? serialNumberOfMac(mac) : serialNumberOfBytes(serial);
  return { offset: DEVICE_SERIAL_NUMBER_OFFSET, capability: deviceSerialNumberCapability(number) };
}

/** ARI's Next Function: the last port ends the list. */
export function nextFunction(options: PfOptions): number {
  return options.functionNumber + 1 < options.ports ? options.functionNumber + 1 : 0;
}

/** Identity of a PF; ports signal INTA, INTB, … */
export function pfIdentity(options: PfOptions, deviceId: number, subsystemId: number): Identity {
  return {
    ...vfIdentity(subsystemId),
    deviceId,
    multiFunction: options.ports > 1,
    interruptPin: options.functionNumber + 1,
  };
}

/** Identity of a VF: its Vendor and Device ID read FFFFh whatever stands here (PCIe 6.0 §9.3.4.1.1). */
export function vfIdentity(subsystemId: number): Identity {
  return {
    vendorId: ids.VENDOR_INTEL,
    deviceId: header.VENDOR_ID_NONE,
    revision: 1,
    classCode: ids.CLASS_ETHERNET,
    subsystemVendorId: ids.VENDOR_INTEL,
    subsystemId,
  };
}
