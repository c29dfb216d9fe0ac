// PCIe 6.0 §7.8.8 Alternative Routing-ID Interpretation as data.
import * as ari from "../../../assembly/spec/pci/ari.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, only, row } from "./fields.ts";

/** `fields`: ARI_CAP_*; ARI_CAP_NEXT_FUNCTION is 0 in the device's last function and in every VF. */
export function ariCapability(fields: Fields<typeof ari>): Capability {
  checkFields(ari, fields);
  const mfvc = Number(fields.ARI_CAP_MFVC_GROUPS ?? 0) !== 0;
  const acs = Number(fields.ARI_CAP_ACS_GROUPS ?? 0) !== 0;
  return {
    id: ids.EXT_CAP_ARI,
    version: 1,
    extended: true,
    length: ari.ARI_LENGTH,
    rows: [
      row(ari, "ARI_CAP", fields),
      row(ari, "ARI_CTL", fields, {
        rw: only(mfvc && "ARI_CTL_MFVC_GROUPS", acs && "ARI_CTL_ACS_GROUPS", (mfvc || acs) && "ARI_CTL_FUNCTION_GROUP"),
      }),
    ],
  };
}
