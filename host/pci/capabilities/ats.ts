// PCIe 6.0 §10.5.1 Address Translation Services as data.
import * as ats from "../../../assembly/spec/pci/ats.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** `fields`: ATS_CAP_*. A VF uses its PF's smallest translation unit: its own is read-only (`virtual`). */
export function atsCapability(fields: Fields<typeof ats>, virtual = false): Capability {
  checkFields(ats, fields);
  return {
    id: ids.EXT_CAP_ATS,
    version: 1,
    extended: true,
    length: ats.ATS_LENGTH,
    rows: [
      row(ats, "ATS_CAP", fields),
      row(ats, "ATS_CTL", fields, { rw: only("ATS_CTL_ENABLE", !virtual && "ATS_CTL_STU") }),
    ],
  };
}
