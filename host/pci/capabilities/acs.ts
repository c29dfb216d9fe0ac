// PCIe 6.0 §7.7.11 Access Control Services as data.
import * as acs from "../../../assembly/spec/pci/acs.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import { mask } from "../../core/bits.ts";
import type { Capability } from "../capability.ts";
import type { RegisterRow } from "../config-space.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** `fields`: ACS_CAP_*; a control exists when its capability does. */
export function acsCapability(fields: Fields<typeof acs>): Capability {
  checkFields(acs, fields);
  const has = (field: keyof typeof fields): boolean => Number(fields[field] ?? 0) !== 0;
  const enhanced = has("ACS_CAP_ENHANCED");
  const rows: RegisterRow[] = [
    row(acs, "ACS_CAP", fields),
    row(acs, "ACS_CTL", fields, {
      rw: only(
        has("ACS_CAP_SOURCE_VALIDATION") && "ACS_CTL_SOURCE_VALIDATION",
        has("ACS_CAP_TRANSLATION_BLOCKING") && "ACS_CTL_TRANSLATION_BLOCKING",
        has("ACS_CAP_REQUEST_REDIRECT") && "ACS_CTL_REQUEST_REDIRECT",
        has("ACS_CAP_COMPLETION_REDIRECT") && "ACS_CTL_COMPLETION_REDIRECT",
        has("ACS_CAP_UPSTREAM_FORWARDING") && "ACS_CTL_UPSTREAM_FORWARDING",
        has("ACS_CAP_EGRESS_CONTROL") && "ACS_CTL_EGRESS_CONTROL",
        has("ACS_CAP_DIRECT_TRANSLATED") && "ACS_CTL_DIRECT_TRANSLATED",
        enhanced && "ACS_CTL_IO_BLOCKING",
        enhanced && "ACS_CTL_DSP_MEMORY_TARGET",
        enhanced && "ACS_CTL_USP_MEMORY_TARGET",
        enhanced && "ACS_CTL_UNCLAIMED_REDIRECT",
      ),
    }),
  ];
  // §7.7.11.2: 0 stands for 256 bits.
  const vector = has("ACS_CAP_EGRESS_CONTROL") ? Number(fields.ACS_CAP_EGRESS_VECTOR_SIZE ?? 0) || 256 : 0;
  for (let bit = 0; bit < vector; bit += 32) {
    const used = Math.min(vector - bit, 32);
    rows.push({ offset: acs.ACS_EGRESS_VECTOR + bit / 8, width: 4, rw: mask(used - 1, 0) });
  }
  return {
    id: ids.EXT_CAP_ACS,
    version: 1,
    extended: true,
    length: acs.ACS_LENGTH + 4 * Math.ceil(vector / 32),
    rows,
  };
}
