// The exports of interrupt/.
import { Unit } from "../iommu/unit";
import { Remap } from "./remap";

/**
 * Decides an interrupt request, a 4-byte write of `data` to `address` in the interrupt range.
 * Returns REMAP_BLOCKED, REMAP_DELIVER (with the interrupt at `out`), REMAP_POSTED (with what was posted, and the
 * notification) or REMAP_UNCHANGED (spec/abi/iommu.ts).
 */
export function iommuRemap(unit: usize, requesterId: u32, address: u32, data: u32, out: usize): u32 {
  return Remap.request(changetype<Unit>(unit), requesterId, address, data, out);
}
