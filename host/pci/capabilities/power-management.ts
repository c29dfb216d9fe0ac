// PCIe 6.0 §7.5.2 PCI Power Management as data. Which states PMCSR may enter is decided by the function, not here.
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as pm from "../../../assembly/spec/pci/power-management.ts";
import type { Capability } from "../capability.ts";
import { checkFields, type Fields, fieldOf, only, pack, row } from "./fields.ts";

/** `fields`: read-only values of PMC_*, PMCSR_NO_SOFT_RESET, PMCSR_DATA_SCALE and PM_DATA_VALUE. */
export function powerManagementCapability(fields: Fields<typeof pm>): Capability {
  checkFields(pm, fields);
  const support = fieldOf(pm, "PMC_PME_SUPPORT", pack(pm, { PMC_PME_SUPPORT: fields.PMC_PME_SUPPORT }));
  const pme = support !== 0;
  const cold = (support & pm.PMC_PME_FROM_D3COLD) !== 0;
  const data = Number(fields.PMCSR_DATA_SCALE ?? 0) !== 0 || Number(fields.PM_DATA_VALUE ?? 0) !== 0;
  return {
    id: ids.CAP_POWER_MANAGEMENT,
    extended: false,
    length: pm.PM_LENGTH,
    rows: [
      row(pm, "PMC", fields),
      row(pm, "PMCSR", fields, {
        rw: only("PMCSR_POWER_STATE", pme && "PMCSR_PME_ENABLE", data && "PMCSR_DATA_SELECT"),
        w1c: only(pme && "PMCSR_PME_STATUS"),
        sticky: only(cold && "PMCSR_PME_ENABLE", cold && "PMCSR_PME_STATUS"),
      }),
      row(pm, "PM_BRIDGE", fields),
      row(pm, "PM_DATA", fields),
    ],
  };
}
