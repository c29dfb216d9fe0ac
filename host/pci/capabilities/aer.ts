// PCIe 6.0 §7.8.4 Advanced Error Reporting as data. Who logs an error into it is decided elsewhere.
import * as aer from "../../../assembly/spec/pci/aer.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import { checkOptions } from "../../core/arguments.ts";
import type { Capability } from "../capability.ts";
import type { RegisterRow } from "../config-space.ts";
import { checkFields, type FieldOf, type Fields, only, row } from "./fields.ts";

type AerField = FieldOf<typeof aer>;

/** Errors that every function with AER detects (§6.2.7). */
export const COMMON_UNCORRECTABLE: readonly AerField[] = [
  "UE_DATA_LINK_PROTOCOL",
  "UE_POISONED_TLP",
  "UE_FLOW_CONTROL",
  "UE_COMPLETION_TIMEOUT",
  "UE_COMPLETER_ABORT",
  "UE_UNEXPECTED_COMPLETION",
  "UE_RECEIVER_OVERFLOW",
  "UE_MALFORMED_TLP",
  "UE_UNSUPPORTED_REQUEST",
];

/** §9.4.2: the errors that are a VF's own; its PF reports the others. */
export const VIRTUAL_UNCORRECTABLE: readonly AerField[] = [
  "UE_POISONED_TLP",
  "UE_COMPLETION_TIMEOUT",
  "UE_COMPLETER_ABORT",
  "UE_UNEXPECTED_COMPLETION",
  "UE_UNSUPPORTED_REQUEST",
];

/** The correctable one among them (§6.2.3.2.4). */
export const VIRTUAL_CORRECTABLE: readonly AerField[] = ["CE_ADVISORY_NON_FATAL"];

export const COMMON_CORRECTABLE: readonly AerField[] = [
  "CE_RECEIVER",
  "CE_BAD_TLP",
  "CE_BAD_DLLP",
  "CE_REPLAY_ROLLOVER",
  "CE_REPLAY_TIMEOUT",
  "CE_ADVISORY_NON_FATAL",
];

const AER_OPTIONS: readonly (keyof AerOptions)[] = [
  ...(["version", "uncorrectable", "correctable", "severity", "mask", "correctableMask", "fields"] as const),
  ...(["root", "prefixLog", "virtual"] as const),
];

export interface AerOptions {
  /** Capability version, 1 or 2. */
  version: number;
  /** Uncorrectable errors that the function implements (UE_*). */
  uncorrectable: readonly AerField[];
  /** Correctable ones (CE_*). */
  correctable: readonly AerField[];
  /** Values at power-up: UE_* fields of the severity register, … */
  severity?: Fields<typeof aer>;
  /** … of the mask register, … */
  mask?: Fields<typeof aer>;
  /** … CE_* fields of the correctable mask register, … */
  correctableMask?: Fields<typeof aer>;
  /** … and AERCTL_* and ROOT_ERROR_STATUS_* fields. */
  fields?: Fields<typeof aer>;
  /** With the root registers. */
  root?: boolean;
  /** With the TLP prefix log. */
  prefixLog?: boolean;
  /** A VF: masks, severities and controls are its PF's (§9.4.2). */
  virtual?: boolean;
}

export function aerCapability(options: AerOptions): Capability {
  checkOptions("options", options, AER_OPTIONS);
  for (const fields of [options.severity, options.mask, options.correctableMask, options.fields]) {
    if (fields !== undefined) checkFields(aer, fields);
  }
  const { uncorrectable, correctable, fields = {} } = options;
  const own = options.virtual !== true;
  const writable = own ? uncorrectable : [];
  const severity = options.severity ?? {};
  const generation = own && Number(fields.AERCTL_ECRC_GENERATION_CAPABLE ?? 0) !== 0;
  const check = own && Number(fields.AERCTL_ECRC_CHECK_CAPABLE ?? 0) !== 0;
  const multiple = own && Number(fields.AERCTL_MULTIPLE_HEADER_CAPABLE ?? 0) !== 0;
  const controls = only(
    generation && "AERCTL_ECRC_GENERATION_ENABLE",
    check && "AERCTL_ECRC_CHECK_ENABLE",
    multiple && "AERCTL_MULTIPLE_HEADER_ENABLE",
  );
  const settings = { rw: writable, sticky: writable };
  const correctableSettings = own ? { rw: correctable, sticky: correctable } : {};
  const rows: RegisterRow[] = [
    row(aer, "UE", {}, { w1c: uncorrectable, sticky: uncorrectable }, aer.UE_STATUS),
    row(aer, "UE", options.mask ?? {}, settings, aer.UE_MASK),
    row(aer, "UE", severity, settings, aer.UE_SEVERITY),
    row(aer, "CE", {}, { w1c: correctable, sticky: correctable }, aer.CE_STATUS),
    row(aer, "CE", options.correctableMask ?? {}, correctableSettings, aer.CE_MASK),
    row(aer, "AERCTL", fields, { rw: controls, sticky: [...controls, "AERCTL_FIRST_ERROR"] }),
    ...log(aer.HEADER_LOG, aer.HEADER_LOG_LENGTH),
  ];
  if (options.root === true) {
    const status: AerField[] = [
      "ROOT_ERROR_STATUS_CORRECTABLE",
      "ROOT_ERROR_STATUS_MULTIPLE_CORRECTABLE",
      "ROOT_ERROR_STATUS_UNCORRECTABLE",
      "ROOT_ERROR_STATUS_MULTIPLE_UNCORRECTABLE",
      "ROOT_ERROR_STATUS_FIRST_FATAL",
      "ROOT_ERROR_STATUS_NON_FATAL",
      "ROOT_ERROR_STATUS_FATAL",
    ];
    rows.push(
      row(aer, "ROOT_ERROR_COMMAND", fields, {
        rw: ["ROOT_ERROR_COMMAND_CORRECTABLE", "ROOT_ERROR_COMMAND_NON_FATAL", "ROOT_ERROR_COMMAND_FATAL"],
      }),
      row(aer, "ROOT_ERROR_STATUS", fields, { w1c: status, sticky: status }),
      row(aer, "ERROR_SOURCE", fields, { sticky: ["ERROR_SOURCE_CORRECTABLE", "ERROR_SOURCE_UNCORRECTABLE"] }),
    );
  }
  if (options.prefixLog === true) rows.push(...log(aer.PREFIX_LOG, aer.PREFIX_LOG_LENGTH));
  const length = options.root === true ? aer.AER_ROOT_LENGTH : aer.AER_LENGTH;
  return {
    id: ids.EXT_CAP_AER,
    version: options.version,
    extended: true,
    length: options.prefixLog === true ? aer.AER_PREFIX_LENGTH : length,
    rows,
  };
}

/** Dwords that only the hardware writes and that survive resets (ROS). */
function log(offset: number, length: number): RegisterRow[] {
  const rows: RegisterRow[] = [];
  for (let at = 0; at < length; at += 4) rows.push({ offset: offset + at, width: 4, sticky: 0xffff_ffff });
  return rows;
}
