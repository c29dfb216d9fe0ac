// The register tables and capability builders against lspci: a field that is set must be the field that lspci prints.
import { describe, expect, it } from "vitest";
import { requesterId } from "../../host/core/address.ts";
import { acsCapability } from "../../host/pci/capabilities/acs.ts";
import { aerCapability } from "../../host/pci/capabilities/aer.ts";
import { ariCapability } from "../../host/pci/capabilities/ari.ts";
import { atsCapability } from "../../host/pci/capabilities/ats.ts";
import { express, expressCapability } from "../../host/pci/capabilities/express.ts";
import type { Fields } from "../../host/pci/capabilities/fields.ts";
import { ltrCapability } from "../../host/pci/capabilities/ltr.ts";
import { msiCapability } from "../../host/pci/capabilities/msi.ts";
import { msixCapability } from "../../host/pci/capabilities/msix.ts";
import { pasidCapability } from "../../host/pci/capabilities/pasid.ts";
import { powerManagementCapability } from "../../host/pci/capabilities/power-management.ts";
import { priCapability } from "../../host/pci/capabilities/pri.ts";
import { sriovCapability } from "../../host/pci/capabilities/sriov.ts";
import { tphCapability } from "../../host/pci/capabilities/tph.ts";
import { addCapability, type Capability } from "../../host/pci/capability.ts";
import { ConfigSpace } from "../../host/pci/config-space.ts";
import { formatDump } from "../../host/pci/dump.ts";
import { type0Header, type1Header } from "../../host/pci/header.ts";
import { lspci, needLspci } from "../pciutils.ts";

const identity = { vendorId: 0x8086, deviceId: 0x1521, classCode: 0x020000 };
const bridgeIdentity = { ...identity, classCode: 0x060400 };

/** What lspci prints of each capability, each in a function of its own, white space made single. */
function decode(capabilities: readonly Capability[]): string[] {
  const dump = formatDump(
    capabilities.map((capability, index) => {
      const config = new ConfigSpace();
      const port = [0x40, 0x50, 0x60].includes((capability.rows[0]?.reset ?? 0) & 0xf0) && capability.id === 0x10;
      const root = capability.id === 1 && capability.length >= 0x38;
      config.define(port || root ? type1Header(bridgeIdentity) : type0Header(identity));
      if (capability.extended) {
        // lspci looks for extended capabilities in PCI Express functions only.
        const EXPRESS_CAP_PORT_TYPE = root ? express.PORT_TYPE_ROOT_PORT : express.PORT_TYPE_ENDPOINT;
        addCapability(config, 0x40, expressCapability({ fields: { EXPRESS_CAP_PORT_TYPE } }));
      }
      addCapability(config, capability.extended ? 0x100 : 0x40, capability);
      return {
        segment: 0,
        requesterId: requesterId(index, 0, 0),
        description: "X",
        bytes: config.bytes(),
      };
    }),
  );
  const { out, complaints } = lspci(dump, "-vvv", "-n");
  expect(complaints).toEqual([]);
  const blocks = out.split("\n\n").filter((block) => block !== "");
  expect(blocks).toHaveLength(capabilities.length);
  return blocks.map((block) => block.slice(block.lastIndexOf("Capabilities: [")).replaceAll(/\s+/g, " "));
}

type Case = readonly [Capability, ...string[]];

function check(context: Parameters<typeof needLspci>[0], cases: readonly Case[]): void {
  needLspci(context);
  const texts = decode(cases.map(([capability]) => capability));
  const misses = cases.flatMap(([, ...expected], index) =>
    expected
      .filter((text) => !texts[index]!.includes(text))
      .map((text) => `${index}: ${text}\n   not in ${texts[index]}`),
  );
  expect(misses).toEqual([]);
}

const endpoint = (fields: Fields<typeof express>): Capability => expressCapability({ fields });
const port = (fields: Fields<typeof express>): Capability =>
  expressCapability({
    fields: { EXPRESS_CAP_PORT_TYPE: express.PORT_TYPE_ROOT_PORT, EXPRESS_CAP_SLOT_IMPLEMENTED: 1, ...fields },
  });

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

  it("PCIe 6.0 §7.5.3.3–5 device capabilities, control and status", (context) => {
    check(context, [
      [endpoint({ DEVCAP_MAX_PAYLOAD: 5, DEVCAP_PHANTOM: 2 }), "DevCap: MaxPayload 4096 bytes, PhantFunc 3"],
      [endpoint({ DEVCAP_L0S_LATENCY: 2, DEVCAP_L1_LATENCY: 5 }), "Latency L0s <256ns, L1 <32us"],
      [endpoint({ DEVCAP_EXTENDED_TAG: 1 }), "ExtTag+ AttnBtn- AttnInd- PwrInd- RBE- FLReset-"],
      [endpoint({ DEVCAP_ROLE_BASED_ERRORS: 1 }), "ExtTag- AttnBtn- AttnInd- PwrInd- RBE+ FLReset-"],
      [endpoint({ DEVCAP_FLR: 1 }), "RBE- FLReset+"],
      [endpoint({ DEVCAP_SLOT_POWER_VALUE: 75, DEVCAP_SLOT_POWER_SCALE: 1 }), "SlotPowerLimit 7.5W"],
      [endpoint({ DEVCTL_CORRECTABLE: 1, DEVCTL_FATAL: 1 }), "DevCtl: CorrErr+ NonFatalErr- FatalErr+ UnsupReq-"],
      [endpoint({ DEVCTL_NON_FATAL: 1, DEVCTL_UNSUPPORTED: 1 }), "DevCtl: CorrErr- NonFatalErr+ FatalErr- UnsupReq+"],
      [endpoint({ DEVCTL_RELAXED_ORDERING: 1 }), "RlxdOrd+ ExtTag- PhantFunc- AuxPwr- NoSnoop-"],
      [endpoint({ DEVCTL_EXTENDED_TAG: 1, DEVCTL_AUX_POWER: 1 }), "RlxdOrd- ExtTag+ PhantFunc- AuxPwr+ NoSnoop-"],
      [endpoint({ DEVCTL_PHANTOM: 1, DEVCTL_NO_SNOOP: 1 }), "RlxdOrd- ExtTag- PhantFunc+ AuxPwr- NoSnoop+"],
      [endpoint({ DEVCTL_MAX_PAYLOAD: 2, DEVCTL_MAX_READ_REQUEST: 5 }), "MaxPayload 512 bytes, MaxReadReq 4096 bytes"],
      [endpoint({ DEVSTA_CORRECTABLE: 1, DEVSTA_FATAL: 1 }), "DevSta: CorrErr+ NonFatalErr- FatalErr+ UnsupReq-"],
      [
        endpoint({ DEVSTA_NON_FATAL: 1, DEVSTA_AUX_POWER: 1 }),
        "CorrErr- NonFatalErr+ FatalErr- UnsupReq- AuxPwr+ TransPend-",
      ],
      [endpoint({ DEVSTA_UNSUPPORTED: 1, DEVSTA_TRANSACTIONS_PENDING: 1 }), "UnsupReq+ AuxPwr- TransPend+"],
    ]);
  });

  it("PCIe 6.0 §7.5.3.6–8 and 18–20 link registers", (context) => {
    check(context, [
      [endpoint({ LNKCAP_PORT: 0xa5, LNKCAP_MAX_SPEED: 3, LNKCAP_MAX_WIDTH: 12 }), "Port #165, Speed 8GT/s, Width x12"],
      [
        endpoint({ LNKCAP_ASPM: 3, LNKCAP_L0S_EXIT: 4, LNKCAP_L1_EXIT: 2 }),
        "ASPM L0s L1, Exit Latency L0s <1us, L1 <4us",
      ],
      [
        endpoint({ LNKCAP_CLOCK_PM: 1, LNKCAP_DLL_ACTIVE_REPORTING: 1 }),
        "ClockPM+ Surprise- LLActRep+ BwNot- ASPMOptComp-",
      ],
      [
        endpoint({ LNKCAP_SURPRISE_DOWN: 1, LNKCAP_BANDWIDTH_NOTIFICATION: 1 }),
        "ClockPM- Surprise+ LLActRep- BwNot+ ASPMOptComp-",
      ],
      [endpoint({ LNKCAP_ASPM_OPTIONALITY: 1 }), "BwNot- ASPMOptComp+"],
      [
        endpoint({ LNKCTL_ASPM: 2, LNKCTL_RCB: 1, LNKCTL_COMMON_CLOCK: 1 }),
        "ASPM L1 Enabled; RCB 128 bytes, Disabled- CommClk+",
      ],
      [
        endpoint({ LNKCTL_LINK_DISABLE: 1, LNKCTL_EXTENDED_SYNCH: 1 }),
        "Disabled+ CommClk- ExtSynch+ ClockPM- AutWidDis- BWInt- AutBWInt-",
      ],
      [
        endpoint({ LNKCTL_CLOCK_PM: 1, LNKCTL_BANDWIDTH_INTERRUPT: 1 }),
        "ExtSynch- ClockPM+ AutWidDis- BWInt+ AutBWInt-",
      ],
      [
        endpoint({ LNKCTL_AUTONOMOUS_WIDTH_DISABLE: 1, LNKCTL_AUTONOMOUS_BANDWIDTH_INTERRUPT: 1 }),
        "AutWidDis+ BWInt- AutBWInt+",
      ],
      [
        endpoint({ LNKSTA_SPEED: 4, LNKSTA_WIDTH: 16, LNKSTA_TRAINING: 1 }),
        "Speed 16GT/s",
        "Width x16",
        "Train+ SlotClk- DLActive- BWMgmt- ABWMgmt-",
      ],
      [
        endpoint({ LNKSTA_SLOT_CLOCK: 1, LNKSTA_BANDWIDTH_MANAGEMENT: 1 }),
        "Train- SlotClk+ DLActive- BWMgmt+ ABWMgmt-",
      ],
      [endpoint({ LNKSTA_DLL_ACTIVE: 1, LNKSTA_AUTONOMOUS_BANDWIDTH: 1 }), "SlotClk- DLActive+ BWMgmt- ABWMgmt+"],
      [
        endpoint({ LNKCAP2_SPEEDS: 0b111, LNKCAP2_CROSSLINK: 1 }),
        "Supported Link Speeds: 2.5-8GT/s, Crosslink+ Retimer- 2Retimers- DRS-",
      ],
      [endpoint({ LNKCAP2_SPEEDS: 1, LNKCAP2_RETIMER: 1, LNKCAP2_DRS: 1 }), "Crosslink- Retimer+ 2Retimers- DRS+"],
      [
        endpoint({ LNKCTL2_TARGET_SPEED: 5, LNKCTL2_ENTER_COMPLIANCE: 1 }),
        "Target Link Speed: 32GT/s, EnterCompliance+ SpeedDis-",
      ],
      [
        endpoint({ LNKCTL2_AUTONOMOUS_SPEED_DISABLE: 1, LNKCTL2_ENTER_MODIFIED_COMPLIANCE: 1 }),
        "SpeedDis+",
        "EnterModifiedCompliance+ ComplianceSOS-",
      ],
      [
        endpoint({ LNKCTL2_COMPLIANCE_SOS: 1, LNKCTL2_COMPLIANCE_PRESET: 1 }),
        "EnterModifiedCompliance- ComplianceSOS+",
        "-3.5dB",
      ],
      [
        endpoint({ LNKSTA2_DEEMPHASIS: 1, LNKSTA2_EQ_PHASE1: 1 }),
        "Level: -3.5dB, EqualizationComplete- EqualizationPhase1+ EqualizationPhase2- EqualizationPhase3- LinkEqualizationRequest-",
      ],
      [
        endpoint({ LNKSTA2_EQ_COMPLETE: 1, LNKSTA2_EQ_PHASE3: 1, LNKSTA2_RETIMER: 1 }),
        "EqualizationComplete+ EqualizationPhase1- EqualizationPhase2- EqualizationPhase3+ LinkEqualizationRequest- Retimer+ 2Retimers-",
      ],
      [
        endpoint({ LNKSTA2_EQ_PHASE2: 1, LNKSTA2_EQ_REQUEST: 1, LNKSTA2_TWO_RETIMERS: 1 }),
        "EqualizationPhase2+ EqualizationPhase3- LinkEqualizationRequest+ Retimer- 2Retimers+",
      ],
    ]);
  });

  it("PCIe 6.0 §7.5.3.15–16 device capabilities and control 2", (context) => {
    check(context, [
      [
        endpoint({ DEVCAP2_COMPLETION_RANGES: 6, DEVCAP2_LTR: 1 }),
        "Completion Timeout: Range BC, TimeoutDis- NROPrPrP- LTR+",
      ],
      [endpoint({ DEVCAP2_COMPLETION_DISABLE: 1, DEVCAP2_NO_RO_PASSING: 1 }), "TimeoutDis+ NROPrPrP+ LTR-"],
      [
        endpoint({ DEVCAP2_TAG10_COMPLETER: 1, DEVCAP2_OBFF: 1, DEVCAP2_EXTENDED_FMT: 1 }),
        "10BitTagComp+ 10BitTagReq- OBFF Via message, ExtFmt+ EETLPPrefix-",
      ],
      [
        endpoint({ DEVCAP2_TAG10_REQUESTER: 1, DEVCAP2_END_END_PREFIX: 1, DEVCAP2_MAX_END_END_PREFIXES: 3 }),
        "10BitTagReq+",
        "EETLPPrefix+, MaxEETLPPrefixes 3",
      ],
      [
        endpoint({ DEVCAP2_EMERGENCY_POWER: 2, DEVCAP2_EMERGENCY_POWER_INIT: 1 }),
        "EmergencyPowerReduction Form Factor Dev Specific, EmergencyPowerReductionInit+",
      ],
      [endpoint({ DEVCAP2_FRS: 1, DEVCAP2_TPH_COMPLETER: 1 }), "FRS+ TPHComp+ ExtTPHComp-"],
      [port({ DEVCAP2_ATOMIC32: 1, DEVCAP2_CAS128: 1 }), "AtomicOpsCap: Routing- 32bit+ 64bit- 128bitCAS+"],
      [port({ DEVCAP2_ATOMIC64: 1 }), "AtomicOpsCap: Routing- 32bit- 64bit+ 128bitCAS-"],
      [port({ DEVCAP2_ARI_FORWARDING: 1, DEVCAP2_ATOMIC_ROUTING: 1 }), "ARIFwd+", "AtomicOpsCap: Routing+ 32bit-"],
      [
        endpoint({ DEVCTL2_COMPLETION_VALUE: 9, DEVCTL2_LTR: 1 }),
        "DevCtl2: Completion Timeout: 260ms to 900ms, TimeoutDis- LTR+",
      ],
      [endpoint({ DEVCTL2_COMPLETION_DISABLE: 1, DEVCTL2_OBFF: 1 }), "TimeoutDis+ LTR-", "OBFF Via message"],
      [endpoint({ DEVCTL2_ATOMIC_REQUESTER: 1 }), "AtomicOpsCtl: ReqEn+"],
      [port({ DEVCTL2_TAG10_REQUESTER: 1, DEVCTL2_ARI_FORWARDING: 1 }), "10BitTagReq+ OBFF Disabled, ARIFwd+"],
      [port({ DEVCTL2_ATOMIC_EGRESS_BLOCK: 1 }), "ReqEn- EgressBlck+"],
    ]);
  });

  it("PCIe 6.0 §7.5.3.9–14 slot and root registers", (context) => {
    check(context, [
      [
        port({ SLTCAP_ATTENTION_BUTTON: 1, SLTCAP_MRL_SENSOR: 1 }),
        "AttnBtn+ PwrCtrl- MRL+ AttnInd- PwrInd- HotPlug- Surprise-",
      ],
      [
        port({ SLTCAP_POWER_CONTROLLER: 1, SLTCAP_ATTENTION_INDICATOR: 1 }),
        "AttnBtn- PwrCtrl+ MRL- AttnInd+ PwrInd- HotPlug- Surprise-",
      ],
      [port({ SLTCAP_POWER_INDICATOR: 1, SLTCAP_HOT_PLUG_SURPRISE: 1 }), "PwrInd+ HotPlug- Surprise+"],
      [port({ SLTCAP_HOT_PLUG: 1, SLTCAP_NUMBER: 4097 }), "HotPlug+ Surprise- Slot #4097"],
      [
        port({ SLTCAP_POWER_VALUE: 25, SLTCAP_POWER_SCALE: 1, SLTCAP_INTERLOCK: 1 }),
        "PowerLimit 2.5W; Interlock+ NoCompl-",
      ],
      [port({ SLTCAP_NO_COMMAND_COMPLETED: 1 }), "Interlock- NoCompl+"],
      [
        port({ SLTCTL_ATTENTION_BUTTON: 1, SLTCTL_MRL_CHANGED: 1, SLTCTL_COMMAND_COMPLETED: 1 }),
        "Enable: AttnBtn+ PwrFlt- MRL+ PresDet- CmdCplt+ HPIrq- LinkChg-",
      ],
      [
        port({ SLTCTL_POWER_FAULT: 1, SLTCTL_PRESENCE_CHANGED: 1, SLTCTL_HOT_PLUG: 1 }),
        "AttnBtn- PwrFlt+ MRL- PresDet+ CmdCplt- HPIrq+ LinkChg-",
      ],
      [
        port({ SLTCTL_DLL_CHANGED: 1, SLTCTL_ATTENTION_INDICATOR: 1, SLTCTL_POWER_INDICATOR: 2 }),
        "LinkChg+",
        "AttnInd On, PwrInd Blink, Power- Interlock-",
      ],
      [port({ SLTCTL_POWER_CONTROLLER: 1, SLTCTL_POWER_INDICATOR: 3 }), "PwrInd Off, Power+ Interlock-"],
      [
        port({ SLTSTA_ATTENTION_BUTTON: 1, SLTSTA_MRL_STATE: 1, SLTSTA_PRESENCE: 1 }),
        "Status: AttnBtn+ PowerFlt- MRL+ CmdCplt- PresDet+ Interlock-",
      ],
      [
        port({ SLTSTA_POWER_FAULT: 1, SLTSTA_COMMAND_COMPLETED: 1, SLTSTA_INTERLOCK: 1 }),
        "AttnBtn- PowerFlt+ MRL- CmdCplt+ PresDet- Interlock+",
      ],
      [port({ SLTSTA_MRL_CHANGED: 1, SLTSTA_DLL_CHANGED: 1 }), "Changed: MRL+ PresDet- LinkState+"],
      [port({ SLTSTA_PRESENCE_CHANGED: 1 }), "Changed: MRL- PresDet+ LinkState-"],
      [
        port({ ROOTCAP_RRS_VISIBILITY: 1, ROOTCTL_CORRECTABLE: 1, ROOTCTL_FATAL: 1 }),
        "CRSVisible+ RootCtl: ErrCorrectable+ ErrNon-Fatal- ErrFatal+ PMEIntEna- CRSVisible-",
      ],
      [
        port({ ROOTCTL_NON_FATAL: 1, ROOTCTL_PME_INTERRUPT: 1, ROOTCTL_RRS_VISIBILITY: 1 }),
        "ErrCorrectable- ErrNon-Fatal+ ErrFatal- PMEIntEna+ CRSVisible+",
      ],
      [port({ ROOTSTA_PME_REQUESTER: 0x1234, ROOTSTA_PME_STATUS: 1 }), "PME ReqID 1234, PMEStatus+ PMEPending-"],
      [
        port({ ROOTSTA_PME_PENDING: 1, EXPRESS_CAP_INTERRUPT_MESSAGE: 21 }),
        "PMEStatus- PMEPending+",
        "Root Port (Slot+), MSI 15",
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
