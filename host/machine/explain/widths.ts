// Address widths as AW encodes them, and pages that are not translated.
import { ACCESS_READ, ACCESS_WRITE } from "../../../assembly/spec/abi/iommu.ts";
import { join32 } from "../../core/address.ts";
import type { Page } from "./second-stage.ts";
import type { Halves } from "./types.ts";

const PAGE_SHIFT = 12;
const HPA_WIDTH = 52;

/** AGAW in bits of an AW encoding: 39 for 1, 9 more for each further one. */
export function widthOf(aw: number): number {
  return 30 + 9 * aw;
}

/** The address as it is: pass-through, or translation is disabled. */
export function passThrough({ lo, hi }: Halves): Page {
  const hpa = join32(lo, hi % 2 ** (HPA_WIDTH - 32));
  return { hpa, shift: PAGE_SHIFT, granted: ACCESS_READ | ACCESS_WRITE };
}
