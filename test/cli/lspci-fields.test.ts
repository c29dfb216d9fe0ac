// The register tables and capability builders against lspci: a field that is set must be the field that lspci prints.
import { describe, it } from "vitest";
import { acsCapability } from "../../host/pci/capabilities/acs.ts";
import { aerCapability } from "../../host/pci/capabilities/aer.ts";
import { ariCapability } from "../../host/pci/capabilities/ari.ts";
import { atsCapability } from "../../host/pci/capabilities/ats.ts";
import { ltrCapability } from "../../host/pci/capabilities/ltr.ts";
import { msiCapability } from "../../host/pci/capabilities/msi.ts";
import { msixCapability } from "../../host/pci/capabilities/msix.ts";
import { pasidCapability } from "../../host/pci/capabilities/pasid.ts";
import { powerManagementCapability } from "../../host/pci/capabilities/power-management.ts";
import { priCapability } from "../../host/pci/capabilities/pri.ts";
import { sriovCapability } from "../../host/pci/capabilities/sriov.ts";
import { tphCapability } from "../../host/pci/capabilities/tph.ts";
import type { Capability } from "../../host/pci/capability.ts";
import { check } from "./capability-judge.ts";

describe("lspci reads what the builders wrote", () => {
  it("PCIe 6.0 §7.5.2 power management", (context) => {
    const pm = powerManagementCapability;
    check(context, [
      [pm({ PMC_VERSION: 2, PMC_PME_CLOCK: 1 }), "version 2", "PMEClk+ DSI- D1- D2-"],
      [pm({ PMC_DSI: 1, PMC_D2: 1 }), "PMEClk- DSI+ D1- D2+"],
      [pm({ PMC_D1: 1, PMC_AUX_CURRENT: 7 }), "D1+ D2- AuxCurrent=375mA"],
      [pm({ PMC_PME_SUPPORT: 0b01010 }), "PME(D0-,D1+,D2-,D3hot+,D3cold-)"],
      [pm({ PMCSR_POWER_STATE: 3, PMCSR_NO_SOFT_RESET: 1 }), "Status: D3 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-"],
      [pm({ PMCSR_PME_ENABLE: 1, PMCSR_DATA_SELECT: 9 }), "PME-Enable+ DSel=9 DScale=0 PME-"],
      [pm({ PMCSR_DATA_SCALE: 2, PMCSR_PME_STATUS: 1 }), "PME-Enable- DSel=0 DScale=2 PME+"],
    ]);
  });

  it("PCIe 6.0 §7.7.1 MSI and §7.7.2 MSI-X", (context) => {
    check(context, [
      [
        msiCapability({ MSI_CONTROL_ENABLE: 1, MSI_CONTROL_MULTIPLE_CAPABLE: 4 }),
        "Enable+ Count=1/16 Maskable- 64bit-",
      ],
      [
        msiCapability({
          MSI_CONTROL_MULTIPLE_CAPABLE: 5,
          MSI_CONTROL_MULTIPLE_ENABLE: 2,
          MSI_CONTROL_ADDRESS64: 1,
          MSI_CONTROL_PER_VECTOR_MASKING: 1,
          MSI_ADDRESS_LOWER_VALUE: 0xfee0_1230 >>> 2,
          MSI_ADDRESS_UPPER_VALUE: 0x12,
          MSI_DATA_VALUE: 0x4567,
          MSI_MASK_VECTORS: 0x89ab,
          MSI_PENDING_VECTORS: 0xcdef,
        }),
        "Enable- Count=4/32 Maskable+ 64bit+",
        "Address: 00000012fee01230 Data: 4567",
        "Masking: 000089ab Pending: 0000cdef",
      ],
      [
        msixCapability({ vectors: 1234, tableBar: 2, tableOffset: 0x1_2340, pbaBar: 5, pbaOffset: 0x5_6788 }),
        "Enable- Count=1234 Masked-",
        "Vector table: BAR=2 offset=00012340",
        "PBA: BAR=5 offset=00056788",
      ],
    ]);
  });

  it("PCIe 6.0 §7.8.4 AER", (context) => {
    const aer = (severity: Parameters<typeof aerCapability>[0]["severity"] = {}, rest = {}): Capability =>
      aerCapability({ version: 2, uncorrectable: [], correctable: [], severity, ...rest });
    check(context, [
      [aer({ UE_DATA_LINK_PROTOCOL: 1, UE_POISONED_TLP: 1 }), "UESvrt: DLP+ SDES- TLP+ FCP- CmpltTO- CmpltAbrt-"],
      [aer({ UE_SURPRISE_DOWN: 1, UE_FLOW_CONTROL: 1 }), "UESvrt: DLP- SDES+ TLP- FCP+ CmpltTO- CmpltAbrt-"],
      [
        aer({ UE_COMPLETION_TIMEOUT: 1, UE_UNEXPECTED_COMPLETION: 1 }),
        "UESvrt: DLP- SDES- TLP- FCP- CmpltTO+ CmpltAbrt- UnxCmplt+ RxOF-",
      ],
      [
        aer({ UE_COMPLETER_ABORT: 1, UE_RECEIVER_OVERFLOW: 1 }),
        "CmpltTO- CmpltAbrt+ UnxCmplt- RxOF+ MalfTLP- ECRC- UnsupReq- ACSViol-",
      ],
      [aer({ UE_MALFORMED_TLP: 1, UE_UNSUPPORTED_REQUEST: 1 }), "RxOF- MalfTLP+ ECRC- UnsupReq+ ACSViol-"],
      [aer({ UE_ECRC: 1, UE_ACS_VIOLATION: 1 }), "MalfTLP- ECRC+ UnsupReq- ACSViol+"],
      [
        aer({}, { mask: { UE_MALFORMED_TLP: 1 } }),
        "UEMsk: DLP- SDES- TLP- FCP- CmpltTO- CmpltAbrt- UnxCmplt- RxOF- MalfTLP+",
      ],
      [
        aer({}, { correctableMask: { CE_RECEIVER: 1, CE_BAD_DLLP: 1 } }),
        "CEMsk: RxErr+ BadTLP- BadDLLP+ Rollover- Timeout- AdvNonFatalErr-",
      ],
      [
        aer({}, { correctableMask: { CE_BAD_TLP: 1, CE_REPLAY_TIMEOUT: 1 } }),
        "CEMsk: RxErr- BadTLP+ BadDLLP- Rollover- Timeout+ AdvNonFatalErr-",
      ],
      [
        aer({}, { correctableMask: { CE_REPLAY_ROLLOVER: 1, CE_ADVISORY_NON_FATAL: 1 } }),
        "Rollover+ Timeout- AdvNonFatalErr+",
      ],
      [
        aer({}, { fields: { AERCTL_FIRST_ERROR: 20, AERCTL_ECRC_GENERATION_CAPABLE: 1, AERCTL_ECRC_CHECK_ENABLE: 1 } }),
        "First Error Pointer: 14, ECRCGenCap+ ECRCGenEn- ECRCChkCap- ECRCChkEn+",
      ],
      [
        aer({}, { fields: { AERCTL_ECRC_GENERATION_ENABLE: 1, AERCTL_ECRC_CHECK_CAPABLE: 1 } }),
        "ECRCGenCap- ECRCGenEn+ ECRCChkCap+ ECRCChkEn-",
      ],
      [
        aer({}, { fields: { AERCTL_MULTIPLE_HEADER_CAPABLE: 1, AERCTL_PREFIX_LOG_PRESENT: 1 } }),
        "MultHdrRecCap+ MultHdrRecEn- TLPPfxPres+ HdrLogCap-",
      ],
      [
        aer({}, { fields: { AERCTL_MULTIPLE_HEADER_ENABLE: 1, AERCTL_COMPLETION_TIMEOUT_LOG_CAPABLE: 1 } }),
        "MultHdrRecCap- MultHdrRecEn+ TLPPfxPres- HdrLogCap+",
      ],
      [
        aer(
          {},
          {
            root: true,
            fields: {
              ROOT_ERROR_COMMAND_NON_FATAL: 1,
              ROOT_ERROR_STATUS_CORRECTABLE: 1,
              ROOT_ERROR_STATUS_INTERRUPT_MESSAGE: 19,
            },
          },
        ),
        "RootCmd: CERptEn- NFERptEn+ FERptEn-",
        "CERcvd+ MultCERcvd- UERcvd- MultUERcvd-",
        "IntMsg 19",
      ],
      [
        aer(
          {},
          { root: true, fields: { ROOT_ERROR_STATUS_MULTIPLE_UNCORRECTABLE: 1, ROOT_ERROR_STATUS_FIRST_FATAL: 1 } },
        ),
        "UERcvd- MultUERcvd+ FirstFatal+ NonFatalMsg- FatalMsg-",
      ],
      [
        aer(
          {},
          {
            root: true,
            fields: {
              ROOT_ERROR_STATUS_FATAL: 1,
              ERROR_SOURCE_CORRECTABLE: 0x1234,
              ERROR_SOURCE_UNCORRECTABLE: 0x5678,
            },
          },
        ),
        "NonFatalMsg- FatalMsg+",
        "ERR_COR: 1234 ERR_FATAL/NONFATAL: 5678",
      ],
    ]);
  });

  it("PCIe 6.0 §7.7.11, §7.8, §9.3.3, §10.5 extended capabilities", (context) => {
    check(context, [
      [
        ariCapability({ ARI_CAP_MFVC_GROUPS: 1, ARI_CAP_NEXT_FUNCTION: 0x8d }),
        "ARICap: MFVC+ ACS-, Next Function: 141",
      ],
      [
        ariCapability({ ARI_CAP_ACS_GROUPS: 1, ARI_CTL_ACS_GROUPS: 1, ARI_CTL_FUNCTION_GROUP: 5 }),
        "ARICap: MFVC- ACS+",
        "ARICtl: MFVC- ACS+, Function Group: 5",
      ],
      [atsCapability({ ATS_CAP_QUEUE_DEPTH: 16 }), "ATSCap: Invalidate Queue Depth: 10"],
      [atsCapability({ ATS_CTL_ENABLE: 1, ATS_CTL_STU: 9 }), "ATSCtl: Enable+, Smallest Translation Unit: 09"],
      [
        pasidCapability({ PASID_CAP_EXECUTE: 1, PASID_CAP_MAX_WIDTH: 20 }),
        "PASIDCap: Exec+ Priv-, Max PASID Width: 14",
      ],
      [
        pasidCapability({ PASID_CAP_PRIVILEGED: 1, PASID_CTL_ENABLE: 1 }),
        "PASIDCap: Exec- Priv+",
        "PASIDCtl: Enable+ Exec- Priv-",
      ],
      [
        priCapability({ PRI_CTL_ENABLE: 1, PRI_CAPACITY_VALUE: 0x1234, PRI_ALLOCATION_VALUE: 0x56 }),
        "PRICtl: Enable+ Reset-",
        "Page Request Capacity: 00001234, Page Request Allocation: 00000056",
      ],
      [priCapability({ PRI_STA_UNEXPECTED_GROUP: 1 }), "PRISta: RF- UPRGI+ Stopped-"],
      [priCapability({ PRI_STA_RESPONSE_FAILURE: 1, PRI_STA_STOPPED: 1 }), "PRISta: RF+ UPRGI- Stopped+"],
      [
        ltrCapability({ LTR_SNOOP_VALUE: 71, LTR_SNOOP_SCALE: 2, LTR_NO_SNOOP_VALUE: 3 }),
        "Max snoop latency: 72704ns",
        "Max no snoop latency: 3ns",
      ],
      [
        tphCapability({ TPH_CAP_INTERRUPT_VECTOR_MODE: 1, TPH_CAP_ST_LOCATION: 2 }),
        "Interrupt vector mode supported",
        "Steering table in MSI-X table",
      ],
      [tphCapability({ TPH_CAP_EXTENDED: 1 }), "Extended requester support"],
      [
        acsCapability({
          ACS_CAP_SOURCE_VALIDATION: 1,
          ACS_CAP_REQUEST_REDIRECT: 1,
          ACS_CAP_UPSTREAM_FORWARDING: 1,
          ACS_CTL_DIRECT_TRANSLATED: 1,
        }),
        "ACSCap: SrcValid+ TransBlk- ReqRedir+ CmpltRedir- UpstreamFwd+ EgressCtrl- DirectTrans-",
        "ACSCtl: SrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans+",
      ],
      [
        acsCapability({
          ACS_CAP_TRANSLATION_BLOCKING: 1,
          ACS_CAP_COMPLETION_REDIRECT: 1,
          ACS_CTL_COMPLETION_REDIRECT: 1,
        }),
        "ACSCap: SrcValid- TransBlk+ ReqRedir- CmpltRedir+ UpstreamFwd- EgressCtrl- DirectTrans-",
        "CmpltRedir+ UpstreamFwd- EgressCtrl- DirectTrans-",
      ],
      [
        sriovCapability({
          fields: {
            SRIOV_CAP_VF_MIGRATION: 1,
            SRIOV_CAP_MIGRATION_INTERRUPT: 0x123,
            SRIOV_CTL_VF_ENABLE: 1,
            SRIOV_CTL_ARI_CAPABLE: 1,
            SRIOV_INITIAL_VFS_VALUE: 0x11,
            SRIOV_TOTAL_VFS_VALUE: 0x22,
            SRIOV_NUM_VFS_VALUE: 0x33,
            SRIOV_DEPENDENCY_LINK_FUNCTION: 0x44,
            SRIOV_VF_OFFSET_VALUE: 0x1234,
            SRIOV_VF_STRIDE_VALUE: 0x5678,
            SRIOV_VF_DEVICE_ID_VALUE: 0x9abc,
            SRIOV_SUPPORTED_PAGES_SIZES: 0x553,
            SRIOV_SYSTEM_PAGE_SIZE: 0x10,
            SRIOV_MIGRATION_ARRAY_BIR: 3,
            SRIOV_MIGRATION_ARRAY_OFFSET: 0x200,
          },
          bars: [{ index: 2, kind: "memory64", prefetchable: true, size: 0x1000 }],
          ariControl: true,
        }),
        "IOVCap: Migration+ 10BitTagReq- Interrupt Message Number: 123",
        "IOVCtl: Enable+ Migration- Interrupt- MSE- ARIHierarchy+ 10BitTagReq-",
        "Initial VFs: 17, Total VFs: 34, Number of VFs: 51, Function Dependency Link: 44",
        "VF offset: 4660, stride: 22136, Device ID: 9abc",
        "Supported Page Size: 00000553, System Page Size: 00000010",
        "Region 2: Memory at 0000000000000000 (64-bit, prefetchable)",
        "VF Migration: offset: 00001000, BIR: 3",
      ],
    ]);
  });
});
