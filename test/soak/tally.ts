// What a soak counts.

/** What a soak has done. */
export interface Tally {
  operations: number;
  /** Bytes written to memory by DMA. */
  written: number;
  /** Requests by outcome. */
  allowed: number;
  refused: number;
  interrupts: number;
  /** Translations that device TLBs got, translated requests done, page requests written. */
  translations: number;
  translated: number;
  pages: number;
  /** Status words that the invalidation queue wrote. */
  statuses: number;
  /** Requests whose outcome had too many possibilities, or led into registers. */
  unjudged: number;
  /** The longest single operations, in milliseconds. */
  slowestAccess: number;
  slowestDma: number;
}

export function newTally(): Tally {
  return {
    operations: 0,
    written: 0,
    allowed: 0,
    refused: 0,
    interrupts: 0,
    translations: 0,
    translated: 0,
    pages: 0,
    statuses: 0,
    unjudged: 0,
    slowestAccess: 0,
    slowestDma: 0,
  };
}
