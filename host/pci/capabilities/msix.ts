// PCIe 6.0 §7.7.2 MSI-X as data: where the table and the pending bits lie. What they do is msix.ts of the folder above.
import { TYPE0_BARS } from "../../../assembly/spec/pci/header.ts";
import * as ids from "../../../assembly/spec/pci/ids.ts";
import * as msix from "../../../assembly/spec/pci/msix.ts";
import { checkOptions } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Capability } from "../capability.ts";
import { row } from "./fields.ts";

export interface MsixOptions {
  /** Table entries, 1–2048. */
  vectors: number;
  /** BAR that holds the table, 0–5, and the table's offset in it, a multiple of 8. */
  tableBar: number;
  tableOffset: number;
  /** The same of the pending bits. */
  pbaBar: number;
  pbaOffset: number;
}

/** Throws ArgumentError for a number of vectors or a place that the registers cannot express, and where the two overlap. */
export function msixCapability(options: MsixOptions): Capability {
  checkOptions("options", options, ["vectors", "tableBar", "tableOffset", "pbaBar", "pbaOffset"]);
  const { vectors, tableBar, tableOffset, pbaBar, pbaOffset } = options;
  if (!Number.isInteger(vectors) || vectors < 1 || vectors > msix.MSIX_MAX_VECTORS) {
    throw new ArgumentError("vectors", vectors, "is not in 1–2048");
  }
  const unit = (parameter: string, offset: number): number => {
    if (offset % 2 ** msix.MSIX_TABLE_OFFSET_LO !== 0)
      throw new ArgumentError(parameter, offset, "is not aligned to 8");
    return offset / 2 ** msix.MSIX_TABLE_OFFSET_LO;
  };
  for (const [name, bar] of Object.entries({ tableBar, pbaBar })) {
    if (!Number.isInteger(bar) || bar < 0 || bar >= TYPE0_BARS) throw new ArgumentError(name, bar, "is not in 0–5");
  }
  const tableEnd = tableOffset + vectors * msix.MSIX_ENTRY_SIZE;
  const pbaEnd = pbaOffset + Math.ceil(vectors / 64) * 8;
  if (tableBar === pbaBar && tableOffset < pbaEnd && pbaOffset < tableEnd) {
    throw new ArgumentError("pbaOffset", pbaOffset, "overlaps the table");
  }
  return {
    id: ids.CAP_MSIX,
    extended: false,
    length: msix.MSIX_LENGTH,
    rows: [
      row(
        msix,
        "MSIX_CONTROL",
        { MSIX_CONTROL_TABLE_SIZE: vectors - 1 },
        { rw: ["MSIX_CONTROL_FUNCTION_MASK", "MSIX_CONTROL_ENABLE"] },
      ),
      row(msix, "MSIX_TABLE", { MSIX_TABLE_BIR: tableBar, MSIX_TABLE_OFFSET: unit("tableOffset", tableOffset) }),
      row(msix, "MSIX_PBA", { MSIX_PBA_BIR: pbaBar, MSIX_PBA_OFFSET: unit("pbaOffset", pbaOffset) }),
    ],
  };
}
