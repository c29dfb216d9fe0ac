// The copy engine's configuration space.
//
//   40 PM → 50 MSI-X → 60 PCIe    100 AER → 150 ATS → 160 PASID → 170 PRI

import * as ids from "../../../assembly/spec/copy-engine/ids.ts";
import * as spec from "../../../assembly/spec/copy-engine/registers.ts";
import * as device from "../../../assembly/spec/pci/express.ts";
import * as link from "../../../assembly/spec/pci/express-link.ts";
import { PASID_MAX_WIDTH } from "../../../assembly/spec/pci/pasid.ts";
import { aerCapability, COMMON_CORRECTABLE, COMMON_UNCORRECTABLE } from "../../pci/capabilities/aer.ts";
import { atsCapability } from "../../pci/capabilities/ats.ts";
import { expressCapability } from "../../pci/capabilities/express.ts";
import { msixCapability } from "../../pci/capabilities/msix.ts";
import { pasidCapability } from "../../pci/capabilities/pasid.ts";
import { powerManagementCapability } from "../../pci/capabilities/power-management.ts";
import { priCapability } from "../../pci/capabilities/pri.ts";
import type { FunctionProfile } from "../../pci/profile.ts";

const POWER_MANAGEMENT_OFFSET = 0x40;
export const MSIX_OFFSET = 0x50;
const EXPRESS_OFFSET = 0x60;
const AER_OFFSET = 0x100;
const ATS_OFFSET = 0x150;
const PASID_OFFSET = 0x160;
const PRI_OFFSET = 0x170;
/** Page requests that can be outstanding: a source and a destination page for each queue. */
const PAGE_REQUEST_CAPACITY: number = 2 * spec.QUEUES;

export function copyEngineConfig(): FunctionProfile {
  return {
    layout: "type0",
    identity: {
      vendorId: ids.VENDOR_ID,
      deviceId: ids.DEVICE_ID,
      revision: 1,
      classCode: ids.CLASS_CODE,
      subsystemVendorId: ids.VENDOR_ID,
      subsystemId: ids.SUBSYSTEM_ID,
    },
    capabilities: [
      {
        offset: POWER_MANAGEMENT_OFFSET,
        capability: powerManagementCapability({ PMC_VERSION: 3, PMCSR_NO_SOFT_RESET: 1 }),
      },
      {
        offset: MSIX_OFFSET,
        capability: msixCapability({
          vectors: spec.QUEUES,
          tableBar: spec.MSIX_BAR,
          tableOffset: spec.MSIX_TABLE_OFFSET,
          pbaBar: spec.MSIX_BAR,
          pbaOffset: spec.MSIX_PBA_OFFSET,
        }),
      },
      {
        offset: EXPRESS_OFFSET,
        capability: expressCapability({
          fields: {
            EXPRESS_CAP_PORT_TYPE: device.PORT_TYPE_ENDPOINT,
            DEVCAP_MAX_PAYLOAD: device.PAYLOAD_512,
            DEVCAP_ROLE_BASED_ERRORS: 1,
            DEVCAP_FLR: 1,
            DEVCTL_MAX_READ_REQUEST: device.PAYLOAD_512,
            LNKCAP_MAX_SPEED: link.LINK_SPEED_5,
            LNKCAP_MAX_WIDTH: 4,
            LNKSTA_SPEED: link.LINK_SPEED_5,
            LNKSTA_WIDTH: 4,
            LNKCTL2_TARGET_SPEED: link.LINK_SPEED_5,
            DEVCAP2_END_END_PREFIX: 1,
            DEVCAP2_MAX_END_END_PREFIXES: 1,
          },
        }),
      },
      {
        offset: AER_OFFSET,
        capability: aerCapability({
          version: 2,
          uncorrectable: COMMON_UNCORRECTABLE,
          correctable: COMMON_CORRECTABLE,
          correctableMask: { CE_ADVISORY_NON_FATAL: 1 },
          severity: {
            UE_DATA_LINK_PROTOCOL: 1,
            UE_FLOW_CONTROL: 1,
            UE_RECEIVER_OVERFLOW: 1,
            UE_MALFORMED_TLP: 1,
          },
          prefixLog: true,
        }),
      },
      {
        offset: ATS_OFFSET,
        capability: atsCapability({ ATS_CAP_QUEUE_DEPTH: 0, ATS_CAP_PAGE_ALIGNED: 1, ATS_CAP_GLOBAL_INVALIDATE: 1 }),
      },
      {
        offset: PASID_OFFSET,
        capability: pasidCapability({ PASID_CAP_PRIVILEGED: 1, PASID_CAP_MAX_WIDTH: PASID_MAX_WIDTH }),
      },
      {
        offset: PRI_OFFSET,
        capability: priCapability(
          { PRI_STA_STOPPED: 1, PRI_STA_PASID_REQUIRED: 1, PRI_CAPACITY_VALUE: PAGE_REQUEST_CAPACITY },
          true,
        ),
      },
    ],
    bars: [
      { index: spec.REGISTERS_BAR, kind: "memory32", prefetchable: false, size: spec.REGISTERS_SIZE },
      { index: spec.MSIX_BAR, kind: "memory32", prefetchable: false, size: spec.MSIX_BAR_SIZE },
    ],
    romSize: 0,
    rows: [],
  };
}
