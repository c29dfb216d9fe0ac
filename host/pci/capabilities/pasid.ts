// PCIe 6.0 §7.8.9 Process Address Space ID as data.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as pasid from "../../../assembly/spec/pci/pasid.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** `fields`: PASID_CAP_*. Throws ArgumentError for PASIDs wider than 20 bits. */
export function pasidCapability(fields: Fields<typeof pasid>): Capability {
  checkFields(pasid, fields);
  const width = Number(fields.PASID_CAP_MAX_WIDTH ?? 0);
  if (width > pasid.PASID_MAX_WIDTH) throw new ArgumentError("PASID_CAP_MAX_WIDTH", width, "is not in 0–20");
  return {
    id: ids.EXT_CAP_PASID,
    version: 1,
    extended: true,
    length: pasid.PASID_LENGTH,
    rows: [
      row(pasid, "PASID_CAP", fields),
      row(pasid, "PASID_CTL", fields, {
        rw: only(
          "PASID_CTL_ENABLE",
          Number(fields.PASID_CAP_EXECUTE ?? 0) !== 0 && "PASID_CTL_EXECUTE",
          Number(fields.PASID_CAP_PRIVILEGED ?? 0) !== 0 && "PASID_CTL_PRIVILEGED",
        ),
      }),
    ],
  };
}
