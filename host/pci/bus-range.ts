// Which bridge leads to a bus, told from the bus numbers in its registers.

/** The bus numbers of one bridge. */
export interface BusRange {
  /** The bus that the bridge is on. */
  bus: number;
  secondary: number;
  subordinate: number;
}

/**
 * The bridge to bus `number`: of those in whose range it is, the one with the narrowest. A bridge must be on a lower bus
 * than it leads to: registers that say otherwise lead nowhere, and so make no loops.
 */
export function bridgeTo<Range extends BusRange>(number: number, bridges: Iterable<Range>): Range | undefined {
  let best: Range | undefined;
  for (const bridge of bridges) {
    const { bus, secondary, subordinate } = bridge;
    if (bus >= secondary || number < secondary || number > subordinate) continue;
    if (best === undefined || subordinate - secondary < best.subordinate - best.secondary) best = bridge;
  }
  return best;
}
