// What strict mode reports.

/** The invalidation that software left out (VT-d 5.10 §6.5). */
export interface MissingInvalidation {
  /** The descriptor's name in §6.5.2. */
  descriptor: "context-cache" | "pasid-cache" | "iotlb" | "pasid-iotlb" | "interrupt-entry-cache";
  granularity:
    | "global"
    | "domain-selective"
    | "device-selective"
    | "page-selective"
    | "pasid-selective"
    | "index-selective";
  domainId?: number;
  /** Of a device. */
  sourceId?: number;
  pasid?: number;
  /** Of pages: the first of 2^addressMask, `0x…`; */
  address?: string;
  addressMask?: number;
  /** IH may be set: only leaves changed. */
  invalidationHint?: boolean;
  /** Of an interrupt entry. */
  index?: number;
  /** All of it in one line. */
  text: string;
}

/** A use of something that a cache holds and memory does not say any more. */
export interface StaleUse {
  requesterId: number;
  /** Of a request with PASID. */
  pasid?: number;
  /** The request's address, `0x…`; of an interrupt, undefined. */
  iova?: string;
  /** What the unit did, from its caches, */
  cached: string;
  /** and what the tables in memory say. */
  actual: string;
  missing: MissingInvalidation;
}

export type StaleListener = (use: StaleUse) => void;
