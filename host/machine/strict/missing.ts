// Which invalidation covers a structure that changed (VT-d 5.10 §6.5.2): the narrowest one.
import { hex, hex64 } from "../../core/address.ts";
import type { ExplainedStep, Halves } from "../explain/types.ts";
import type { MissingInvalidation } from "./types.ts";

const PAGE_SHIFT = 12;
const INDEX_WIDTH = 9;
const LEVELS = ["PTE", "PDE", "PDPE", "PML4E", "PML5E"];
const HALF = 32;

/** What a request goes through, as far as invalidations name it. */
export interface Space {
  requesterId: number;
  domainId: number;
  /** The PASID that the request is processed with; undefined in legacy mode. */
  pasid: number | undefined;
  iova: Halves;
  /** MAMV. */
  maximumAddressMask: number;
}

type Named = Omit<MissingInvalidation, "text">;

function described(missing: Named): MissingInvalidation {
  const parts = [`${missing.descriptor} invalidation`, missing.granularity];
  if (missing.domainId !== undefined) parts.push(`domain ${missing.domainId}`);
  if (missing.sourceId !== undefined) parts.push(`source-id ${hex(missing.sourceId)}`, "FM=0");
  if (missing.pasid !== undefined) parts.push(`PASID ${missing.pasid}`);
  if (missing.address !== undefined) parts.push(`address ${missing.address}`, `AM=${missing.addressMask}`);
  if (missing.invalidationHint !== undefined) parts.push(`IH=${missing.invalidationHint ? 1 : 0}`);
  if (missing.index !== undefined) parts.push(`index ${missing.index}`, "IM=0");
  return { ...missing, text: parts.join(", ") };
}

/** A context-entry changed: that of one device. */
export function contextInvalidation(requesterId: number, domainId: number | undefined): MissingInvalidation {
  const scope = { descriptor: "context-cache", granularity: "device-selective", sourceId: requesterId } as const;
  return described(domainId === undefined ? scope : { ...scope, domainId });
}

/** A PASID-directory or PASID-table entry changed. */
export function pasidInvalidation(domainId: number, pasid: number): MissingInvalidation {
  return described({ descriptor: "pasid-cache", granularity: "pasid-selective", domainId, pasid });
}

/** A context-entry or PASID-table entry changed and was invalidated, what it translated was not. */
export function spaceInvalidation(space: Space, hasFirstStage: boolean): MissingInvalidation {
  const { domainId, pasid } = space;
  if (hasFirstStage && pasid !== undefined) {
    return described({ descriptor: "pasid-iotlb", granularity: "pasid-selective", domainId, pasid });
  }
  return described({ descriptor: "iotlb", granularity: "domain-selective", domainId });
}

/** Of all. */
export function globalInvalidation(): MissingInvalidation {
  return described({ descriptor: "iotlb", granularity: "global" });
}

export function interruptInvalidation(index: number): MissingInvalidation {
  return described({ descriptor: "interrupt-entry-cache", granularity: "index-selective", index });
}

/** A paging entry changed. `leaf` says whether it mapped a page. Inside a first stage, `within` a second-stage walk. */
export function pageInvalidation(
  space: Space,
  step: ExplainedStep,
  leaf: boolean,
  nested: boolean,
): MissingInvalidation {
  const { domainId, pasid, iova } = space;
  const first = step.structure.startsWith("FS-");
  // A second stage below a first one translates other addresses than the request's.
  if (!first && nested) return described({ descriptor: "iotlb", granularity: "domain-selective", domainId });
  const addressMask = LEVELS.indexOf(step.structure.slice(3)) * INDEX_WIDTH;
  if (!first && addressMask > space.maximumAddressMask) {
    return described({ descriptor: "iotlb", granularity: "domain-selective", domainId });
  }
  const address = pageOf(iova, PAGE_SHIFT + addressMask);
  const pages = { granularity: "page-selective", domainId, address, addressMask, invalidationHint: leaf } as const;
  if (first && pasid !== undefined) return described({ descriptor: "pasid-iotlb", ...pages, pasid });
  return described({ descriptor: "iotlb", ...pages });
}

/** The address with its bits below `shift` cleared. */
function pageOf({ lo, hi }: Halves, shift: number): string {
  if (shift >= HALF) return hex64(0, Math.floor(hi / 2 ** (shift - HALF)) * 2 ** (shift - HALF));
  return hex64(Math.floor(lo / 2 ** shift) * 2 ** shift, hi);
}
