// PCIe 6.0 §10.5.2 Page Request Interface as data.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as pri from "../../../assembly/spec/pci/pri.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/**
 * `live`: somebody heeds a write of RESET and clears it (PageRequests of the folder above); otherwise it is read-only 0.
 * `fields`: PRI_CAPACITY_VALUE, PRI_STA_PASID_REQUIRED, PRI_STA_STOPPED.
 */
export function priCapability(fields: Fields<typeof pri>, live = false): Capability {
  checkFields(pri, fields);
  return {
    id: ids.EXT_CAP_PRI,
    version: 1,
    extended: true,
    length: pri.PRI_LENGTH,
    rows: [
      row(pri, "PRI_CTL", fields, { rw: only("PRI_CTL_ENABLE", live && "PRI_CTL_RESET") }),
      row(pri, "PRI_STA", fields, { w1c: ["PRI_STA_RESPONSE_FAILURE", "PRI_STA_UNEXPECTED_GROUP"] }),
      row(pri, "PRI_CAPACITY", fields),
      row(pri, "PRI_ALLOCATION", fields, { rw: ["PRI_ALLOCATION_VALUE"] }),
    ],
  };
}
