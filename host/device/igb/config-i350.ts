// The I350's configuration space (8086:1521, and 8086:1520 of its VFs), as on the quad-port card I350-T4.
//
//   PF  40 PM → 50 MSI → 70 MSI-X → A0 PCIe    100 AER → 140 DSN → 150 ARI → 160 SR-IOV → 1A0 TPH → 1C0 LTR → 1D0 ACS
//   VF  70 MSI-X → A0 PCIe                     100 AER → 150 ARI → 1A0 TPH → 1D0 ACS
//
// The NVM decides two values here: the subsystem ID, and the 4.2 W that the power data register reports for D0.
// PMCSR.Data_Select stays 0: only that register is in the profile.
import { FLASH_BAR0_SIZE_I350, FLASH_WINDOW_I350 } from "../../../assembly/spec/igb/flash.ts";
import * as link from "../../../assembly/spec/pci/express-link.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as tph from "../../../assembly/spec/pci/tph.ts";
import { acsCapability } from "../../pci/capabilities/acs.ts";
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
import { ltrCapability } from "../../pci/capabilities/ltr.ts";
import { sriovCapability, type VfBar } from "../../pci/capabilities/sriov.ts";
import { tphCapability } from "../../pci/capabilities/tph.ts";
import type { FunctionProfile } from "../../pci/profile.ts";
import * as common from "./config-common.ts";

export const MAX_PORTS = 4;
/** From one VF of a port to the next: the ports take turns, whether the card has two or four. */
export const VF_STRIDE = 4;
export const VF_BARS: readonly VfBar[] = common.vfBars(true);

const TPH_OFFSET = 0x1a0;
const LTR_OFFSET = 0x1c0;
const ACS_OFFSET = 0x1d0;
export const SUBSYSTEM_T4 = 0x00a1;
/** Tenths of a watt. */
const POWER_D0 = 42;
const STEERING_TAGS = 8;

const EXPRESS: Fields<typeof express> = {
  ...common.SHARED_EXPRESS,
  LNKCAP_MAX_SPEED: link.LINK_SPEED_5,
  LNKCAP_L1_EXIT: 5,
  LNKCAP_ASPM_OPTIONALITY: 1,
  DEVCAP2_LTR: 1,
};

/** A port of the card. Throws ArgumentError for a port that it does not have or a MAC address that is none. */
export function pfConfig(options: common.PfOptions): FunctionProfile {
  common.checkPort(options, MAX_PORTS);
  // Without a flash the NVM gives it no window: BAR 0 is registers only, and there is no expansion ROM.
  const { flash = false } = options;
  const fields: Fields<typeof express> = {
    ...EXPRESS,
    ...common.PF_EXPRESS,
    LNKSTA_SPEED: link.LINK_SPEED_5,
    LNKCTL2_TARGET_SPEED: link.LINK_SPEED_5,
  };
  const errors = aerCapability({
    version: 2,
    uncorrectable: [...COMMON_UNCORRECTABLE, "UE_ECRC"],
    correctable: COMMON_CORRECTABLE,
    severity: {
      UE_DATA_LINK_PROTOCOL: 1,
      UE_SURPRISE_DOWN: 1,
      UE_FLOW_CONTROL: 1,
      UE_RECEIVER_OVERFLOW: 1,
      UE_MALFORMED_TLP: 1,
    },
    correctableMask: { CE_ADVISORY_NON_FATAL: 1 },
    fields: { AERCTL_ECRC_GENERATION_CAPABLE: 1, AERCTL_ECRC_CHECK_CAPABLE: 1 },
  });
  const hints = tphCapability({
    TPH_CAP_NO_ST_MODE: 1,
    TPH_CAP_DEVICE_SPECIFIC_MODE: 1,
    TPH_CAP_ST_LOCATION: tph.TPH_ST_IN_CAPABILITY,
    TPH_CAP_ST_TABLE_SIZE: STEERING_TAGS - 1,
  });
  const card = { deviceId: ids.DEVICE_I350_VF, stride: VF_STRIDE, bars: VF_BARS, ariPreserved: true };
  return {
    layout: "type0",
    identity: common.pfIdentity(options, ids.DEVICE_I350, SUBSYSTEM_T4),
    capabilities: [
      ...common.pfLegacyCapabilities({ PMCSR_NO_SOFT_RESET: 1, PM_DATA_VALUE: POWER_D0 }),
      { offset: common.EXPRESS_OFFSET, capability: expressCapability({ fields }) },
      { offset: common.AER_OFFSET, capability: errors },
      common.cardSerial(options),
      {
        offset: common.ARI_OFFSET,
        capability: ariCapability({ ARI_CAP_NEXT_FUNCTION: common.nextFunction(options) }),
      },
      { offset: common.SRIOV_OFFSET, capability: sriovCapability(common.sriovOptions(options, card)) },
      { offset: TPH_OFFSET, capability: hints },
      { offset: LTR_OFFSET, capability: ltrCapability() },
      { offset: ACS_OFFSET, capability: acsCapability({}) },
    ],
    bars: flash
      ? common.PF_BARS.map((bar) => (bar.index === 0 ? { ...bar, size: FLASH_BAR0_SIZE_I350 } : bar))
      : common.PF_BARS,
    romSize: flash ? FLASH_WINDOW_I350 : 0,
    rows: [],
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
    identity: common.vfIdentity(SUBSYSTEM_T4),
    capabilities: [
      { offset: common.MSIX_OFFSET, capability: common.msixAt(common.VF_VECTORS) },
      { offset: common.EXPRESS_OFFSET, capability: expressCapability({ fields: EXPRESS, virtual: true }) },
      { offset: common.AER_OFFSET, capability: errors },
      { offset: common.ARI_OFFSET, capability: ariCapability({}) },
      {
        offset: TPH_OFFSET,
        capability: tphCapability({ TPH_CAP_NO_ST_MODE: 1, TPH_CAP_DEVICE_SPECIFIC_MODE: 1 }),
      },
      { offset: ACS_OFFSET, capability: acsCapability({}) },
    ],
    bars: VF_BARS,
    romSize: 0,
    rows: [],
  };
}
