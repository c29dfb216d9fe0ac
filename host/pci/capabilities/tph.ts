// PCIe 6.0 §7.9.13 TPH Requester as data.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as tph from "../../../assembly/spec/pci/tph.ts";
import type { Capability } from "../capability.ts";
import type { RegisterRow } from "../config-space.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** `fields`: TPH_CAP_*; with TPH_ST_IN_CAPABILITY the steering tags follow, TPH_CAP_ST_TABLE_SIZE + 1 of them. */
export function tphCapability(fields: Fields<typeof tph>): Capability {
  checkFields(tph, fields);
  const extended = Number(fields.TPH_CAP_EXTENDED ?? 0) !== 0;
  const inCapability = Number(fields.TPH_CAP_ST_LOCATION ?? 0) === tph.TPH_ST_IN_CAPABILITY;
  const entries = inCapability ? Number(fields.TPH_CAP_ST_TABLE_SIZE ?? 0) + 1 : 0;
  const rows: RegisterRow[] = [
    row(tph, "TPH_CAP", fields),
    row(tph, "TPH_CTL", fields, { rw: ["TPH_CTL_ST_MODE", "TPH_CTL_REQUESTER_ENABLE"] }),
  ];
  for (let entry = 0; entry < entries; entry++) {
    const offset = tph.TPH_ST_TABLE + tph.TPH_ST_ENTRY_SIZE * entry;
    rows.push(
      row(tph, "TPH_ST_ENTRY", {}, { rw: only("TPH_ST_ENTRY_LOWER", extended && "TPH_ST_ENTRY_UPPER") }, offset),
    );
  }
  return {
    id: ids.EXT_CAP_TPH,
    version: 1,
    extended: true,
    length: 4 * Math.ceil((tph.TPH_LENGTH + tph.TPH_ST_ENTRY_SIZE * entries) / 4),
    rows,
  };
}
