// The main fields of a capability in words.
import * as acs from "../../../assembly/spec/pci/acs.ts";
import * as aer from "../../../assembly/spec/pci/aer.ts";
import * as ari from "../../../assembly/spec/pci/ari.ts";
import * as ats from "../../../assembly/spec/pci/ats.ts";
import * as dsn from "../../../assembly/spec/pci/device-serial-number.ts";
import * as device from "../../../assembly/spec/pci/express.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as ltr from "../../../assembly/spec/pci/ltr.ts";
import * as msi from "../../../assembly/spec/pci/msi.ts";
import * as msix from "../../../assembly/spec/pci/msix.ts";
import * as pasid from "../../../assembly/spec/pci/pasid.ts";
import * as pm from "../../../assembly/spec/pci/power-management.ts";
import * as pri from "../../../assembly/spec/pci/pri.ts";
import * as sriov from "../../../assembly/spec/pci/sriov.ts";
import * as subsystem from "../../../assembly/spec/pci/subsystem.ts";
import * as tph from "../../../assembly/spec/pci/tph.ts";
import { express } from "../../pci/capabilities/express.ts";
import { type FieldOf, fieldOf, unpack } from "../../pci/capabilities/fields.ts";
import type { FoundCapability } from "../../pci/capability.ts";
import type { ConfigSpace } from "../../pci/config-space.ts";

const PORT_TYPES: ReadonlyMap<number, string> = new Map([
  [device.PORT_TYPE_ENDPOINT, "Endpoint"],
  [device.PORT_TYPE_LEGACY_ENDPOINT, "Legacy Endpoint"],
  [device.PORT_TYPE_ROOT_PORT, "Root Port"],
  [device.PORT_TYPE_SWITCH_UPSTREAM, "Switch Upstream Port"],
  [device.PORT_TYPE_SWITCH_DOWNSTREAM, "Switch Downstream Port"],
  [device.PORT_TYPE_PCIE_TO_PCI, "PCIe to PCI Bridge"],
  [device.PORT_TYPE_PCI_TO_PCIE, "PCI to PCIe Bridge"],
  [device.PORT_TYPE_INTEGRATED_ENDPOINT, "Root Complex Integrated Endpoint"],
  [device.PORT_TYPE_EVENT_COLLECTOR, "Root Complex Event Collector"],
]);
const SPEEDS = ["?", "2.5", "5", "8", "16", "32", "64"];
const MIN_PAYLOAD = 128;

const sign = (value: number): string => (value === 0 ? "-" : "+");
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** Reads a field of a register of the capability being described. */
type Field = <Table extends object>(table: Table, register: string, name: FieldOf<Table>) => number;

/** What `found` says, on one line; empty for a capability without known registers, or one cut off by the space's end. */
export function describeCapability(config: ConfigSpace, found: FoundCapability): string {
  const describe = (found.extended ? EXTENDED : COMPATIBLE).get(found.id);
  if (describe === undefined) return "";
  let complete = true;
  const read = (offset: number, width: number): number => {
    if (found.offset + offset + width <= config.size) return config.get(found.offset + offset, width);
    complete = false;
    return 0;
  };
  const field: Field = (table, register, name) => {
    const numbers = table as Record<string, number>;
    return fieldOf(table, name, read(numbers[register] as number, (numbers[`${register}_WIDTH`] as number) / 8));
  };
  const text = describe(field, read);
  return complete ? text : "";
}

type Describe = (field: Field, read: (offset: number, width: number) => number) => string;

const COMPATIBLE: ReadonlyMap<number, Describe> = new Map<number, Describe>([
  [
    ids.CAP_POWER_MANAGEMENT,
    (field) => {
      const states = ["D0", "D1", "D2", "D3hot"];
      const support = field(pm, "PMC", "PMC_PME_SUPPORT");
      const pme = [...states, "D3cold"].filter((_, state) => (support & (2 ** state)) !== 0);
      return [
        `version ${field(pm, "PMC", "PMC_VERSION")}`,
        states[field(pm, "PMCSR", "PMCSR_POWER_STATE")],
        `PME from ${pme.join(" ") || "none"}`,
        `NoSoftReset${sign(field(pm, "PMCSR", "PMCSR_NO_SOFT_RESET"))}`,
      ].join(", ");
    },
  ],
  [
    ids.CAP_MSI,
    (field) => {
      const vectors = 2 ** field(msi, "MSI_CONTROL", "MSI_CONTROL_MULTIPLE_CAPABLE");
      const wide = field(msi, "MSI_CONTROL", "MSI_CONTROL_ADDRESS64") !== 0;
      const maskable = field(msi, "MSI_CONTROL", "MSI_CONTROL_PER_VECTOR_MASKING");
      const enabled = field(msi, "MSI_CONTROL", "MSI_CONTROL_ENABLE");
      return `Enable${sign(enabled)} Count=${vectors} Maskable${sign(maskable)} ${wide ? 64 : 32}-bit`;
    },
  ],
  [
    ids.CAP_MSIX,
    (field) => {
      const place = (bir: number, offset: number): string =>
        `BAR ${bir}+${hex(offset * 2 ** msix.MSIX_TABLE_OFFSET_LO, 4)}`;
      const table = place(field(msix, "MSIX_TABLE", "MSIX_TABLE_BIR"), field(msix, "MSIX_TABLE", "MSIX_TABLE_OFFSET"));
      const pba = place(field(msix, "MSIX_PBA", "MSIX_PBA_BIR"), field(msix, "MSIX_PBA", "MSIX_PBA_OFFSET"));
      const enabled = field(msix, "MSIX_CONTROL", "MSIX_CONTROL_ENABLE");
      const masked = field(msix, "MSIX_CONTROL", "MSIX_CONTROL_FUNCTION_MASK");
      const count = field(msix, "MSIX_CONTROL", "MSIX_CONTROL_TABLE_SIZE") + 1;
      return `Enable${sign(enabled)} Count=${count} Masked${sign(masked)}, table ${table}, PBA ${pba}`;
    },
  ],
  [
    ids.CAP_SUBSYSTEM,
    (field) => `${hex(field(subsystem, "SSVID", "SSVID_VALUE"), 4)}:${hex(field(subsystem, "SSID", "SSID_VALUE"), 4)}`,
  ],
  [
    ids.CAP_EXPRESS,
    (field) => {
      const speed = (register: string, name: FieldOf<typeof express>): string =>
        `${SPEEDS[field(express, register, name)] ?? "?"} GT/s`;
      const type = field(express, "EXPRESS_CAP", "EXPRESS_CAP_PORT_TYPE");
      const payload = (register: string, name: FieldOf<typeof express>): number =>
        MIN_PAYLOAD << field(express, register, name);
      return [
        `version ${field(express, "EXPRESS_CAP", "EXPRESS_CAP_VERSION")} ${PORT_TYPES.get(type) ?? `port type ${type}`}`,
        `payload ${payload("DEVCTL", "DEVCTL_MAX_PAYLOAD")} of ${payload("DEVCAP", "DEVCAP_MAX_PAYLOAD")} bytes`,
        `link ${speed("LNKSTA", "LNKSTA_SPEED")} x${field(express, "LNKSTA", "LNKSTA_WIDTH")} of ${speed("LNKCAP", "LNKCAP_MAX_SPEED")} x${field(express, "LNKCAP", "LNKCAP_MAX_WIDTH")}`,
        `FLR${sign(field(express, "DEVCAP", "DEVCAP_FLR"))}`,
      ].join(", ");
    },
  ],
]);

const EXTENDED: ReadonlyMap<number, Describe> = new Map<number, Describe>([
  [
    ids.EXT_CAP_AER,
    (_field, read) => {
      const set = (prefix: "UE" | "CE", offset: number): string => {
        const fields = Object.entries(unpack(aer, prefix, read(offset, 4)));
        const names = fields.filter(([, value]) => value !== 0).map(([name]) => name.slice(prefix.length + 1));
        return names.join(" ").toLowerCase().replaceAll("_", "-") || "none";
      };
      return `uncorrectable ${set("UE", aer.UE_STATUS)}, correctable ${set("CE", aer.CE_STATUS)}`;
    },
  ],
  [
    ids.EXT_CAP_DEVICE_SERIAL_NUMBER,
    (field) => {
      const digits =
        hex(field(dsn, "DSN_UPPER", "DSN_UPPER_VALUE"), 8) + hex(field(dsn, "DSN_LOWER", "DSN_LOWER_VALUE"), 8);
      return (digits.match(/../g) as string[]).join("-");
    },
  ],
  [ids.EXT_CAP_ARI, (field) => `next function ${field(ari, "ARI_CAP", "ARI_CAP_NEXT_FUNCTION")}`],
  [
    ids.EXT_CAP_SRIOV,
    (field) => {
      const value = (register: string, name: FieldOf<typeof sriov>): number => field(sriov, register, name);
      return [
        `Enable${sign(value("SRIOV_CTL", "SRIOV_CTL_VF_ENABLE"))} MSE${sign(value("SRIOV_CTL", "SRIOV_CTL_VF_MSE"))}`,
        `VFs ${value("SRIOV_NUM_VFS", "SRIOV_NUM_VFS_VALUE")} of ${value("SRIOV_TOTAL_VFS", "SRIOV_TOTAL_VFS_VALUE")}`,
        `offset ${value("SRIOV_VF_OFFSET", "SRIOV_VF_OFFSET_VALUE")}, stride ${value("SRIOV_VF_STRIDE", "SRIOV_VF_STRIDE_VALUE")}`,
        `VF device ${hex(value("SRIOV_VF_DEVICE_ID", "SRIOV_VF_DEVICE_ID_VALUE"), 4)}`,
        `pages ${hex(value("SRIOV_SYSTEM_PAGE", "SRIOV_SYSTEM_PAGE_SIZE"), 3)} of ${hex(value("SRIOV_SUPPORTED_PAGES", "SRIOV_SUPPORTED_PAGES_SIZES"), 3)}`,
      ].join(", ");
    },
  ],
  [
    ids.EXT_CAP_ACS,
    (field) => {
      const flag = (name: string, capability: FieldOf<typeof acs>, control: FieldOf<typeof acs>): string[] =>
        field(acs, "ACS_CAP", capability) === 0 ? [] : [`${name}${sign(field(acs, "ACS_CTL", control))}`];
      const flags = [
        ...flag("SourceValidation", "ACS_CAP_SOURCE_VALIDATION", "ACS_CTL_SOURCE_VALIDATION"),
        ...flag("TranslationBlocking", "ACS_CAP_TRANSLATION_BLOCKING", "ACS_CTL_TRANSLATION_BLOCKING"),
        ...flag("RequestRedirect", "ACS_CAP_REQUEST_REDIRECT", "ACS_CTL_REQUEST_REDIRECT"),
        ...flag("CompletionRedirect", "ACS_CAP_COMPLETION_REDIRECT", "ACS_CTL_COMPLETION_REDIRECT"),
        ...flag("UpstreamForwarding", "ACS_CAP_UPSTREAM_FORWARDING", "ACS_CTL_UPSTREAM_FORWARDING"),
        ...flag("EgressControl", "ACS_CAP_EGRESS_CONTROL", "ACS_CTL_EGRESS_CONTROL"),
        ...flag("DirectTranslated", "ACS_CAP_DIRECT_TRANSLATED", "ACS_CTL_DIRECT_TRANSLATED"),
      ];
      return flags.join(" ") || "none";
    },
  ],
  [
    ids.EXT_CAP_ATS,
    (field) =>
      `Enable${sign(field(ats, "ATS_CTL", "ATS_CTL_ENABLE"))} STU=${field(ats, "ATS_CTL", "ATS_CTL_STU")} queue ${field(ats, "ATS_CAP", "ATS_CAP_QUEUE_DEPTH")}`,
  ],
  [
    ids.EXT_CAP_PASID,
    (field) =>
      `Enable${sign(field(pasid, "PASID_CTL", "PASID_CTL_ENABLE"))} ${field(pasid, "PASID_CAP", "PASID_CAP_MAX_WIDTH")} bits`,
  ],
  [
    ids.EXT_CAP_PRI,
    (field) =>
      `Enable${sign(field(pri, "PRI_CTL", "PRI_CTL_ENABLE"))} Stopped${sign(field(pri, "PRI_STA", "PRI_STA_STOPPED"))} requests ${field(pri, "PRI_ALLOCATION", "PRI_ALLOCATION_VALUE")} of ${field(pri, "PRI_CAPACITY", "PRI_CAPACITY_VALUE")}`,
  ],
  [
    ids.EXT_CAP_LTR,
    (field) => {
      const snoop = field(ltr, "LTR_SNOOP", "LTR_SNOOP_VALUE") * 32 ** field(ltr, "LTR_SNOOP", "LTR_SNOOP_SCALE");
      const noSnoop =
        field(ltr, "LTR_NO_SNOOP", "LTR_NO_SNOOP_VALUE") * 32 ** field(ltr, "LTR_NO_SNOOP", "LTR_NO_SNOOP_SCALE");
      return `snoop ${snoop} ns, no-snoop ${noSnoop} ns`;
    },
  ],
  [
    ids.EXT_CAP_TPH,
    (field) => {
      const location = field(tph, "TPH_CAP", "TPH_CAP_ST_LOCATION");
      const entries = field(tph, "TPH_CAP", "TPH_CAP_ST_TABLE_SIZE") + 1;
      if (location === tph.TPH_ST_IN_CAPABILITY) return `${entries} steering tags here`;
      return location === tph.TPH_ST_IN_MSIX ? "steering tags in the MSI-X table" : "no steering tags";
    },
  ],
]);
