// The 82576's configuration space (8086:10c9, and 8086:10ca of its VFs), as on the dual-port card Gigabit ET.
//
//   PF  40 PM → 50 MSI → 70 MSI-X → A0 PCIe    100 AER → 140 DSN → 150 ARI → 160 SR-IOV
//   VF  70 MSI-X → A0 PCIe                     100 AER → 150 ARI
//
// The NVM decides the subsystem ID, the size of the flash's windows and the power data register; PMCSR.Data_Select stays
// 0. Without VPD in the NVM the VPD capability at E0h is not linked, but its ID stays readable.
import { FLASH_WINDOW_82576 } from "../../../assembly/spec/igb/flash.ts";
import * as link from "../../../assembly/spec/pci/express-link.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import {
  aerCapability,
  COMMON_CORRECTABLE,
  COMMON_UNCORRECTABLE,
  VIRTUAL_CORRECTABLE,
  VIRTUAL_UNCORRECTABLE,
} from "../../pci/capabilities/aer.ts";
import { ariCapability } from "../../pci/capabilities/ari.ts";
import { type express, expressCapability } from "../../pci/capabilities/express.ts";
import type { Fields } from "../../pci/capabilities/fields.ts";
import { sriovCapability, type VfBar } from "../../pci/capabilities/sriov.ts";
import type { FunctionProfile } from "../../pci/profile.ts";
import * as common from "./config-common.ts";

export const MAX_PORTS = 2;
/** From one VF of a port to the next. */
export const VF_STRIDE = 2;
export const VF_BARS: readonly VfBar[] = common.vfBars(false);

const VPD_OFFSET = 0xe0;
export const SUBSYSTEM_ET = 0xa03c;
/** Tenths of a watt. */
const POWER_D0 = 26;

const EXPRESS: Fields<typeof express> = {
  ...common.SHARED_EXPRESS,
  LNKCAP_MAX_SPEED: link.LINK_SPEED_2_5,
  LNKCAP_L1_EXIT: 6,
};

/** A port of the card. Throws ArgumentError for a port that it does not have or a MAC address that is none. */
export function pfConfig(options: common.PfOptions): FunctionProfile {
  common.checkPort(options, MAX_PORTS);
  const fields: Fields<typeof express> = {
    ...EXPRESS,
    ...common.PF_EXPRESS,
    LNKSTA_SPEED: link.LINK_SPEED_2_5,
  };
  const errors = aerCapability({
    version: 1,
    uncorrectable: COMMON_UNCORRECTABLE,
    correctable: COMMON_CORRECTABLE,
    severity: {
      UE_UNDEFINED0: 1,
      UE_DATA_LINK_PROTOCOL: 1,
      UE_FLOW_CONTROL: 1,
      UE_RECEIVER_OVERFLOW: 1,
      UE_MALFORMED_TLP: 1,
    },
    correctableMask: { CE_ADVISORY_NON_FATAL: 1 },
  });
  const card = { deviceId: ids.DEVICE_82576_VF, stride: VF_STRIDE, bars: VF_BARS, ariPreserved: false };
  return {
    layout: "type0",
    identity: common.pfIdentity(options, ids.DEVICE_82576, SUBSYSTEM_ET),
    capabilities: [
      ...common.pfLegacyCapabilities({ PM_DATA_VALUE: POWER_D0 }),
      { offset: common.EXPRESS_OFFSET, capability: expressCapability({ fields }) },
      { offset: common.AER_OFFSET, capability: errors },
      common.cardSerial(options),
      {
        offset: common.ARI_OFFSET,
        capability: ariCapability({ ARI_CAP_NEXT_FUNCTION: common.nextFunction(options) }),
      },
      { offset: common.SRIOV_OFFSET, capability: sriovCapability(common.sriovOptions(options, card)) },
    ],
    bars: [
      ...common.PF_BARS,
      { index: common.FLASH_BAR, kind: "memory32", prefetchable: false, size: FLASH_WINDOW_82576 },
    ],
    romSize: FLASH_WINDOW_82576,
    rows: [{ offset: VPD_OFFSET, width: 1, reset: ids.CAP_VPD }],
  };
}

/** Any VF: they are all alike. */
export function vfConfig(): FunctionProfile {
  const errors = aerCapability({
    version: 1,
    uncorrectable: VIRTUAL_UNCORRECTABLE,
    correctable: VIRTUAL_CORRECTABLE,
    virtual: true,
  });
  return {
    layout: "virtual",
    identity: common.vfIdentity(SUBSYSTEM_ET),
    capabilities: [
      { offset: common.MSIX_OFFSET, capability: common.msixAt(common.VF_VECTORS) },
      { offset: common.EXPRESS_OFFSET, capability: expressCapability({ fields: EXPRESS, virtual: true }) },
      { offset: common.AER_OFFSET, capability: errors },
      { offset: common.ARI_OFFSET, capability: ariCapability({}) },
    ],
    bars: VF_BARS,
    romSize: 0,
    rows: [],
  };
}
