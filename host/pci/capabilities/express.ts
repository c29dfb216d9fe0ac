// PCIe 6.0 §7.5.3 PCI Express Capability, version 2, as data: every register, for endpoints, VFs and ports.
import * as device from "../../../assembly/spec/pci/express.ts";
import * as link from "../../../assembly/spec/pci/express-link.ts";
import * as slot from "../../../assembly/spec/pci/express-slot.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import { checkOptions } from "../../core/arguments.ts";
import type { Capability } from "../capability.ts";
import type { RegisterRow } from "../config-space.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** The three tables as one. */
export const express: typeof device & typeof link & typeof slot = { ...device, ...link, ...slot };

export interface ExpressOptions {
  /** Values of any register's fields at power-up; EXPRESS_CAP_VERSION is 2 unless it is given. */
  fields: Fields<typeof express>;
  /** A VF: what its PF decides for it is reserved (§9.3.5 and its tables). */
  virtual?: boolean;
}

/**
 * What software can write follows from the capabilities among the fields: a control whose capability is absent is
 * read-only 0. LNKCTL.RETRAIN and SLTCTL.INTERLOCK are read-only 0: their effect is over at once.
 */
export function expressCapability(options: ExpressOptions): Capability {
  checkOptions("options", options, ["fields", "virtual"]);
  checkFields(express, options.fields);
  const fields: Fields<typeof express> = { EXPRESS_CAP_VERSION: 2, ...options.fields };
  const virtual = options.virtual === true;
  return {
    id: ids.CAP_EXPRESS,
    extended: false,
    length: device.EXPRESS_LENGTH,
    rows: [...deviceRows(fields, virtual), ...linkRows(fields, virtual), ...slotRows(fields)],
  };
}

function has(fields: Fields<typeof express>, field: keyof Fields<typeof express>): boolean {
  return Number(fields[field] ?? 0) !== 0;
}

function portType(fields: Fields<typeof express>): number {
  return Number(fields.EXPRESS_CAP_PORT_TYPE ?? 0);
}

function isDownstream(fields: Fields<typeof express>): boolean {
  const type = portType(fields);
  return type === device.PORT_TYPE_ROOT_PORT || type === device.PORT_TYPE_SWITCH_DOWNSTREAM;
}

function deviceRows(fields: Fields<typeof express>, virtual: boolean): RegisterRow[] {
  const own = !virtual;
  const endpoint = portType(fields) === device.PORT_TYPE_ENDPOINT;
  return [
    row(express, "EXPRESS_CAP", fields),
    row(express, "DEVCAP", fields),
    row(express, "DEVCTL", fields, {
      rw: only(
        own && "DEVCTL_CORRECTABLE",
        own && "DEVCTL_NON_FATAL",
        own && "DEVCTL_FATAL",
        own && "DEVCTL_UNSUPPORTED",
        own && "DEVCTL_RELAXED_ORDERING",
        own && "DEVCTL_MAX_PAYLOAD",
        own && has(fields, "DEVCAP_EXTENDED_TAG") && "DEVCTL_EXTENDED_TAG",
        own && has(fields, "DEVCAP_PHANTOM") && "DEVCTL_PHANTOM",
        own && endpoint && "DEVCTL_AUX_POWER",
        own && "DEVCTL_NO_SNOOP",
        own && "DEVCTL_MAX_READ_REQUEST",
        has(fields, "DEVCAP_FLR") && "DEVCTL_INITIATE_FLR",
      ),
      sticky: only(own && endpoint && "DEVCTL_AUX_POWER"),
      linkOwned: ["DEVCTL_MAX_PAYLOAD"],
    }),
    row(express, "DEVSTA", fields, {
      w1c: ["DEVSTA_CORRECTABLE", "DEVSTA_NON_FATAL", "DEVSTA_FATAL", "DEVSTA_UNSUPPORTED"],
    }),
    row(express, "DEVCAP2", fields),
    row(express, "DEVCTL2", fields, {
      rw: only(
        own && has(fields, "DEVCAP2_COMPLETION_RANGES") && "DEVCTL2_COMPLETION_VALUE",
        own && has(fields, "DEVCAP2_COMPLETION_DISABLE") && "DEVCTL2_COMPLETION_DISABLE",
        has(fields, "DEVCAP2_ARI_FORWARDING") && "DEVCTL2_ARI_FORWARDING",
        has(fields, "DEVCAP2_ATOMIC_ROUTING") && "DEVCTL2_ATOMIC_REQUESTER",
        has(fields, "DEVCAP2_ATOMIC_ROUTING") && "DEVCTL2_ATOMIC_EGRESS_BLOCK",
        own && has(fields, "DEVCAP2_LTR") && "DEVCTL2_LTR",
        own && has(fields, "DEVCAP2_TAG10_REQUESTER") && "DEVCTL2_TAG10_REQUESTER",
        own && has(fields, "DEVCAP2_OBFF") && "DEVCTL2_OBFF",
        isDownstream(fields) && has(fields, "DEVCAP2_END_END_PREFIX") && "DEVCTL2_END_END_PREFIX_BLOCK",
      ),
    }),
    row(express, "DEVSTA2", fields),
  ];
}

function linkRows(fields: Fields<typeof express>, virtual: boolean): RegisterRow[] {
  const own = !virtual;
  const downstream = isDownstream(fields);
  const bandwidth = downstream && has(fields, "LNKCAP_BANDWIDTH_NOTIFICATION");
  const settings = only(
    own && has(fields, "LNKCAP_ASPM") && "LNKCTL_ASPM",
    own && portType(fields) === device.PORT_TYPE_ENDPOINT && "LNKCTL_RCB",
    own && "LNKCTL_COMMON_CLOCK",
    own && "LNKCTL_EXTENDED_SYNCH",
    own && has(fields, "LNKCAP_CLOCK_PM") && "LNKCTL_CLOCK_PM",
  );
  const fast = Number(fields.LNKCAP_MAX_SPEED ?? 0) > link.LINK_SPEED_2_5;
  const controls2 = only(
    own && fast && "LNKCTL2_TARGET_SPEED",
    own && fast && "LNKCTL2_ENTER_COMPLIANCE",
    own && fast && "LNKCTL2_AUTONOMOUS_SPEED_DISABLE",
    own && fast && "LNKCTL2_TRANSMIT_MARGIN",
    own && fast && "LNKCTL2_ENTER_MODIFIED_COMPLIANCE",
    own && fast && "LNKCTL2_COMPLIANCE_SOS",
    own && fast && "LNKCTL2_COMPLIANCE_PRESET",
  );
  return [
    row(express, "LNKCAP", fields),
    row(express, "LNKCTL", fields, {
      rw: only(
        ...settings,
        downstream && "LNKCTL_LINK_DISABLE",
        bandwidth && "LNKCTL_BANDWIDTH_INTERRUPT",
        bandwidth && "LNKCTL_AUTONOMOUS_BANDWIDTH_INTERRUPT",
      ),
      linkOwned: settings,
    }),
    row(express, "LNKSTA", fields, {
      w1c: only(bandwidth && "LNKSTA_BANDWIDTH_MANAGEMENT", bandwidth && "LNKSTA_AUTONOMOUS_BANDWIDTH"),
    }),
    row(express, "LNKCAP2", fields),
    row(express, "LNKCTL2", fields, { rw: controls2, sticky: controls2 }),
    row(express, "LNKSTA2", fields, { w1c: only(own && fast && "LNKSTA2_EQ_REQUEST") }),
  ];
}

function slotRows(fields: Fields<typeof express>): RegisterRow[] {
  const present = has(fields, "EXPRESS_CAP_SLOT_IMPLEMENTED");
  const type = portType(fields);
  const root = type === device.PORT_TYPE_ROOT_PORT || type === device.PORT_TYPE_EVENT_COLLECTOR;
  const hotPlug = present && has(fields, "SLTCAP_HOT_PLUG");
  const button = present && has(fields, "SLTCAP_ATTENTION_BUTTON");
  const power = present && has(fields, "SLTCAP_POWER_CONTROLLER");
  const mrl = present && has(fields, "SLTCAP_MRL_SENSOR");
  const commands = hotPlug && !has(fields, "SLTCAP_NO_COMMAND_COMPLETED");
  const dll = hotPlug && has(fields, "LNKCAP_DLL_ACTIVE_REPORTING");
  return [
    row(express, "SLTCAP", fields),
    row(express, "SLTCTL", fields, {
      rw: only(
        button && "SLTCTL_ATTENTION_BUTTON",
        power && "SLTCTL_POWER_FAULT",
        mrl && "SLTCTL_MRL_CHANGED",
        hotPlug && "SLTCTL_PRESENCE_CHANGED",
        commands && "SLTCTL_COMMAND_COMPLETED",
        hotPlug && "SLTCTL_HOT_PLUG",
        present && has(fields, "SLTCAP_ATTENTION_INDICATOR") && "SLTCTL_ATTENTION_INDICATOR",
        present && has(fields, "SLTCAP_POWER_INDICATOR") && "SLTCTL_POWER_INDICATOR",
        power && "SLTCTL_POWER_CONTROLLER",
        dll && "SLTCTL_DLL_CHANGED",
        present && has(fields, "SLTCAP2_IN_BAND_PRESENCE_DISABLE") && "SLTCTL_IN_BAND_PRESENCE_DISABLE",
      ),
    }),
    row(express, "SLTSTA", fields, {
      w1c: only(
        button && "SLTSTA_ATTENTION_BUTTON",
        power && "SLTSTA_POWER_FAULT",
        mrl && "SLTSTA_MRL_CHANGED",
        present && "SLTSTA_PRESENCE_CHANGED",
        commands && "SLTSTA_COMMAND_COMPLETED",
        dll && "SLTSTA_DLL_CHANGED",
      ),
    }),
    row(express, "ROOTCTL", fields, {
      rw: only(
        root && "ROOTCTL_CORRECTABLE",
        root && "ROOTCTL_NON_FATAL",
        root && "ROOTCTL_FATAL",
        root && "ROOTCTL_PME_INTERRUPT",
        root && has(fields, "ROOTCAP_RRS_VISIBILITY") && "ROOTCTL_RRS_VISIBILITY",
      ),
    }),
    row(express, "ROOTCAP", fields),
    row(express, "ROOTSTA", fields, { w1c: only(root && "ROOTSTA_PME_STATUS") }),
    row(express, "SLTCAP2", fields),
    row(express, "SLTCTL2", fields),
    row(express, "SLTSTA2", fields),
  ];
}
