// Ratios: the partners of a case take turns within each round, so that whatever disturbs the machine meets all.

/** One partner of one case. */
export interface Contender {
  /** What a round needs and does not measure; `seed` is the same for every partner of the round. */
  prepare?(seed: number): void | Promise<void>;
  /** Does the round's work. Returns nanoseconds per operation. */
  time(): number | Promise<number>;
  /** The round's work by itself, for benchmark.js, and its number of operations. */
  readonly work?: () => void;
  readonly operations?: number;
}

export const PARTNERS = ["wasm", "c", "js", "bigint"] as const;
export type Partner = (typeof PARTNERS)[number];

/** A case: what is measured, and by whom. Absent partners are null. */
export interface Case extends Record<Partner, Contender | null> {
  readonly name: string;
  readonly wasm: Contender;
  /** Compares every partner's results with the wasm's. Returns what differs, one line each. */
  check(): Promise<string[]>;
}

export interface Figures {
  /** Nanoseconds per operation, one for each round. */
  readonly rounds: readonly number[];
  readonly minimum: number;
  readonly median: number;
}

export interface Result {
  readonly name: string;
  readonly figures: Record<Partner, Figures | null>;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, two) => one - two);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** How much slower `one` is than `two`: by their minima, and the median of the rounds' own ratios. */
export function ratio(one: Figures, two: Figures): { minimum: number; median: number } {
  return {
    minimum: one.minimum / two.minimum,
    median: median(one.rounds.map((value, round) => value / (two.rounds[round] as number))),
  };
}

/** Measures a case over `rounds` rounds after `warm` that do not count. */
export async function measure(subject: Case, rounds: number, warm: number): Promise<Result> {
  const times: Record<Partner, number[]> = { wasm: [], c: [], js: [], bigint: [] };
  for (let round = -warm; round < rounds; round++) {
    for (let turn = 0; turn < PARTNERS.length; turn++) {
      // Who goes first changes, so that nobody always finds the caches as the same other left them.
      const partner = PARTNERS[(turn + round + warm) % PARTNERS.length] as Partner;
      const contender = subject[partner];
      if (contender === null) continue;
      await contender.prepare?.(round + warm + 1);
      const time = await contender.time();
      if (round >= 0) times[partner].push(time);
    }
  }
  const figures = (partner: Partner): Figures | null => {
    const all = times[partner];
    return all.length === 0 ? null : { rounds: all, minimum: Math.min(...all), median: median(all) };
  };
  return {
    name: subject.name,
    figures: { wasm: figures("wasm"), c: figures("c"), js: figures("js"), bigint: figures("bigint") },
  };
}

/** A contender whose work is one synchronous function of `operations` operations. */
export function timed(operations: number, work: () => void, prepare?: (seed: number) => void): Contender {
  const time = (): number => {
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start) / operations;
  };
  return prepare === undefined ? { time, work, operations } : { time, work, operations, prepare };
}
