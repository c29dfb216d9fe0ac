// PCIe 6.0 §7.7.1 MSI as data.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as msi from "../../../assembly/spec/pci/msi.ts";
import { mask } from "../../core/bits.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** `fields`: read-only values of MSI_CONTROL_*; they decide the capability's layout. */
export function msiCapability(fields: Fields<typeof msi>): Capability {
  checkFields(msi, fields);
  const wide = Number(fields.MSI_CONTROL_ADDRESS64 ?? 0) !== 0;
  const masking = Number(fields.MSI_CONTROL_PER_VECTOR_MASKING ?? 0) !== 0;
  const several = Number(fields.MSI_CONTROL_MULTIPLE_CAPABLE ?? 0);
  const extendedData = Number(fields.MSI_CONTROL_EXTENDED_DATA_CAPABLE ?? 0) !== 0;
  const rows = [
    row(msi, "MSI_CONTROL", fields, {
      rw: only(
        "MSI_CONTROL_ENABLE",
        several > 0 && "MSI_CONTROL_MULTIPLE_ENABLE",
        extendedData && "MSI_CONTROL_EXTENDED_DATA_ENABLE",
      ),
    }),
    row(msi, "MSI_ADDRESS_LOWER", fields, { rw: ["MSI_ADDRESS_LOWER_VALUE"] }),
  ];
  if (wide) rows.push(row(msi, "MSI_ADDRESS_UPPER", fields, { rw: ["MSI_ADDRESS_UPPER_VALUE"] }));
  const data = row(
    msi,
    "MSI_DATA",
    fields,
    { rw: only("MSI_DATA_VALUE", extendedData && "MSI_DATA_EXTENDED") },
    wide ? msi.MSI_DATA_64 : msi.MSI_DATA_32,
  );
  // Without masking or extended data the capability ends after the 16-bit data register.
  rows.push(masking || extendedData ? data : { ...data, width: 2 });
  if (masking) {
    const vectors = mask(2 ** several - 1, 0);
    const maskRow = row(msi, "MSI_MASK", fields, {}, wide ? msi.MSI_MASK_64 : msi.MSI_MASK_32);
    rows.push({ ...maskRow, rw: vectors });
    rows.push(row(msi, "MSI_PENDING", fields, {}, wide ? msi.MSI_PENDING_64 : msi.MSI_PENDING_32));
  }
  const unmaskedLength = wide ? msi.MSI_LENGTH_64 : msi.MSI_LENGTH_32;
  const maskedLength = wide ? msi.MSI_LENGTH_64_MASKED : msi.MSI_LENGTH_32_MASKED;
  const length = masking ? maskedLength : unmaskedLength + (extendedData ? 2 : 0);
  return { id: ids.CAP_MSI, extended: false, length, rows };
}
