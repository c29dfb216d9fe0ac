// The register tables and capability builders against lspci: a field that is set must be the field that lspci prints.
import { describe, it } from "vitest";
import { express, expressCapability } from "../../host/pci/capabilities/express.ts";
import type { Fields } from "../../host/pci/capabilities/fields.ts";
import type { Capability } from "../../host/pci/capability.ts";
import { check } from "./capability-judge.ts";

const endpoint = (fields: Fields<typeof express>): Capability => expressCapability({ fields });
const port = (fields: Fields<typeof express>): Capability =>
  expressCapability({
    fields: { EXPRESS_CAP_PORT_TYPE: express.PORT_TYPE_ROOT_PORT, EXPRESS_CAP_SLOT_IMPLEMENTED: 1, ...fields },
  });

describe("lspci reads what the PCI Express builder wrote", () => {
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
});
