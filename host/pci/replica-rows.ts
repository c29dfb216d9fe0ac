// Which bits of a real function's capability software can write, told from the capability's own contents.
import * as acs from "../../assembly/spec/pci/acs.ts";
import * as aer from "../../assembly/spec/pci/aer.ts";
import * as ari from "../../assembly/spec/pci/ari.ts";
import * as ats from "../../assembly/spec/pci/ats.ts";
import * as device from "../../assembly/spec/pci/express.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as msi from "../../assembly/spec/pci/msi.ts";
import { MSIX_ENTRY_SIZE } from "../../assembly/spec/pci/msix.ts";
import * as pasid from "../../assembly/spec/pci/pasid.ts";
import * as pm from "../../assembly/spec/pci/power-management.ts";
import * as pri from "../../assembly/spec/pci/pri.ts";
import * as sriov from "../../assembly/spec/pci/sriov.ts";
import * as tph from "../../assembly/spec/pci/tph.ts";
import { acsCapability } from "./capabilities/acs.ts";
import {
  aerCapability,
  COMMON_CORRECTABLE,
  COMMON_UNCORRECTABLE,
  VIRTUAL_CORRECTABLE,
  VIRTUAL_UNCORRECTABLE,
} from "./capabilities/aer.ts";
import { ariCapability } from "./capabilities/ari.ts";
import { atsCapability } from "./capabilities/ats.ts";
import { express, expressCapability } from "./capabilities/express.ts";
import { type FieldOf, type Fields, only, unpack } from "./capabilities/fields.ts";
import { ltrCapability } from "./capabilities/ltr.ts";
import { msiCapability } from "./capabilities/msi.ts";
import { msixCapability } from "./capabilities/msix.ts";
import { pasidCapability } from "./capabilities/pasid.ts";
import { powerManagementCapability } from "./capabilities/power-management.ts";
import { priCapability } from "./capabilities/pri.ts";
import { sriovCapability, type VfBar } from "./capabilities/sriov.ts";
import { tphCapability } from "./capabilities/tph.ts";
import type { FoundCapability } from "./capability.ts";
import type { RegisterRow } from "./config-space.ts";

/** Reads `width` bytes at an offset from the capability's start; 0 beyond the configuration space. */
export type ReadCapability = (offset: number, width: number) => number;

export interface ReplicaContext {
  /** The function is a VF. */
  virtual: boolean;
  /** Of the function's PCI Express capability, if it has one. */
  portType: number | undefined;
  /** It has an ACS capability with any control. */
  acs: boolean;
  /** The BARs of its VFs. */
  vfBars: readonly VfBar[];
}

/** The registers of a found capability; none of one whose registers are not known, which is then read-only. */
export function replicaRows(
  found: FoundCapability,
  read: ReadCapability,
  context: ReplicaContext,
): readonly RegisterRow[] {
  return found.extended ? extendedRows(found, read, context) : compatibleRows(found, read, context);
}

/** The fields of several registers of one table. */
function fields<Table extends object>(table: Table, read: ReadCapability, ...registers: string[]): Fields<Table> {
  const numbers = table as Record<string, number>;
  return Object.assign(
    {},
    ...registers.map((register) =>
      unpack(table, register, read(numbers[register] as number, (numbers[`${register}_WIDTH`] as number) / 8)),
    ),
  ) as Fields<Table>;
}

function compatibleRows(found: FoundCapability, read: ReadCapability, context: ReplicaContext): readonly RegisterRow[] {
  switch (found.id) {
    case ids.CAP_POWER_MANAGEMENT:
      return powerManagementCapability(fields(pm, read, "PMC", "PMCSR", "PM_DATA")).rows;
    case ids.CAP_MSI:
      return msiCapability(capped(fields(msi, read, "MSI_CONTROL"))).rows;
    case ids.CAP_MSIX:
      return msixCapability({ vectors: 1, tableBar: 0, tableOffset: 0, pbaBar: 0, pbaOffset: MSIX_ENTRY_SIZE }).rows;
    case ids.CAP_EXPRESS:
      return expressRows(read, context);
    default:
      return [];
  }
}

/** §7.7.1.2: encodings above 32 vectors are reserved. */
function capped(control: Fields<typeof msi>): Fields<typeof msi> {
  return { ...control, MSI_CONTROL_MULTIPLE_CAPABLE: Math.min(Number(control.MSI_CONTROL_MULTIPLE_CAPABLE ?? 0), 5) };
}

function expressRows(read: ReadCapability, context: ReplicaContext): readonly RegisterRow[] {
  const registers = Object.keys(express)
    .filter((name) => name.endsWith("_WIDTH"))
    .map((name) => name.slice(0, -"_WIDTH".length));
  const all = fields(express, read, ...registers);
  const { rows } = expressCapability({ fields: all, virtual: context.virtual });
  if (Number(all.EXPRESS_CAP_VERSION) >= 2) return rows;
  // Version 1 ends where the port type has no more registers.
  const type = Number(all.EXPRESS_CAP_PORT_TYPE);
  const root = type === device.PORT_TYPE_ROOT_PORT || type === device.PORT_TYPE_EVENT_COLLECTOR;
  const slot = Number(all.EXPRESS_CAP_SLOT_IMPLEMENTED) !== 0;
  const end = root ? device.DEVCAP2 : slot ? express.ROOTCTL : express.SLTCAP;
  return rows.filter((row) => row.offset < end);
}

function extendedRows(found: FoundCapability, read: ReadCapability, context: ReplicaContext): readonly RegisterRow[] {
  switch (found.id) {
    case ids.EXT_CAP_AER:
      return aerRows(found, read, context);
    case ids.EXT_CAP_ARI:
      return ariCapability(fields(ari, read, "ARI_CAP")).rows;
    case ids.EXT_CAP_SRIOV: {
      const all = fields(sriov, read, "SRIOV_CAP", "SRIOV_SUPPORTED_PAGES");
      return sriovCapability({ fields: all, bars: context.vfBars, ariControl: true }).rows;
    }
    case ids.EXT_CAP_ACS:
      return acsCapability(fields(acs, read, "ACS_CAP")).rows;
    case ids.EXT_CAP_ATS:
      return atsCapability(fields(ats, read, "ATS_CAP"), context.virtual).rows;
    case ids.EXT_CAP_PASID: {
      const all = fields(pasid, read, "PASID_CAP");
      return pasidCapability({ ...all, PASID_CAP_MAX_WIDTH: 0 }).rows;
    }
    case ids.EXT_CAP_PRI:
      return priCapability(fields(pri, read, "PRI_STA")).rows;
    case ids.EXT_CAP_LTR:
      return ltrCapability().rows;
    case ids.EXT_CAP_TPH:
      return tphCapability(fields(tph, read, "TPH_CAP")).rows;
    default:
      return [];
  }
}

type AerField = FieldOf<typeof aer>;

/**
 * A function implements the errors that every function has, those that follow from its other capabilities, and those
 * whose bit is set in any of the registers.
 */
function aerRows(found: FoundCapability, read: ReadCapability, context: ReplicaContext): readonly RegisterRow[] {
  const { virtual, portType } = context;
  const root = portType === device.PORT_TYPE_ROOT_PORT || portType === device.PORT_TYPE_EVENT_COLLECTOR;
  const controls = fields(aer, read, "AERCTL");
  const downstream = portType === device.PORT_TYPE_ROOT_PORT || portType === device.PORT_TYPE_SWITCH_DOWNSTREAM;
  const uncorrectable = only(
    ...COMMON_UNCORRECTABLE,
    ...setFields(read, "UE", [aer.UE_STATUS, aer.UE_MASK, aer.UE_SEVERITY]).filter((name) => !FOLLOWS.includes(name)),
    downstream && "UE_SURPRISE_DOWN",
    Number(controls.AERCTL_ECRC_CHECK_CAPABLE) !== 0 && "UE_ECRC",
    context.acs && "UE_ACS_VIOLATION",
  );
  const correctable = [...COMMON_CORRECTABLE, ...setFields(read, "CE", [aer.CE_STATUS, aer.CE_MASK])];
  return aerCapability({
    version: found.version,
    uncorrectable: virtual ? VIRTUAL_UNCORRECTABLE : uncorrectable,
    correctable: virtual ? VIRTUAL_CORRECTABLE : correctable,
    fields: controls,
    root,
    virtual,
  }).rows;
}

/** Errors whose severity bit is no evidence: a reset sets it in functions that never see them. */
const FOLLOWS: readonly AerField[] = ["UE_UNDEFINED0", "UE_SURPRISE_DOWN", "UE_ECRC", "UE_ACS_VIOLATION"];

/** The fields of a layout that are not 0 in any of the registers. */
function setFields(read: ReadCapability, layout: "UE" | "CE", registers: readonly number[]): AerField[] {
  const names = new Set<string>();
  for (const register of registers) {
    for (const [name, value] of Object.entries(unpack(aer, layout, read(register, 4))))
      if (value !== 0) names.add(name);
  }
  return [...names] as AerField[];
}
