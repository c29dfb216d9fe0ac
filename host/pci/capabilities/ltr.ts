// PCIe 6.0 §7.8.2 Latency Tolerance Reporting as data.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as ltr from "../../../assembly/spec/pci/ltr.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, row } from "./fields.ts";

/** `fields`: values at power-up, normally none. */
export function ltrCapability(fields: Fields<typeof ltr> = {}): Capability {
  checkFields(ltr, fields);
  return {
    id: ids.EXT_CAP_LTR,
    version: 1,
    extended: true,
    length: ltr.LTR_LENGTH,
    rows: [
      row(ltr, "LTR_SNOOP", fields, { rw: ["LTR_SNOOP_VALUE", "LTR_SNOOP_SCALE"] }),
      row(ltr, "LTR_NO_SNOOP", fields, { rw: ["LTR_NO_SNOOP_VALUE", "LTR_NO_SNOOP_SCALE"] }),
    ],
  };
}
