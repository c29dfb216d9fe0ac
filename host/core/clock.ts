// A machine's only source of time: it moves when its owner moves it, so that a history can be replayed.
import { ArgumentError, FormatError } from "./errors.ts";

/** Throws ArgumentError unless `ns` is a whole number, 0 or more. */
export function checkSpan(ns: number): void {
  if (!Number.isSafeInteger(ns) || ns < 0) throw new ArgumentError("ns", ns, "is not a time span in nanoseconds");
}

/** A deadline of `owner`'s. Throws ArgumentError unless it is a whole number of nanoseconds, 0 or more, or infinity. */
export function checkMoment(parameter: string, ns: number, owner: string | undefined): number {
  if (!((Number.isInteger(ns) || ns === Number.POSITIVE_INFINITY) && ns >= 0)) {
    throw new ArgumentError(parameter, ns, `of ${owner} is no moment in nanoseconds`);
  }
  return ns;
}

export class Clock {
  #nowNs = 0;

  /** Nanoseconds since the machine was made. */
  get nowNs(): number {
    return this.#nowNs;
  }

  /** Moves time on. Throws ArgumentError unless `ns` is a whole number, 0 or more. */
  advance(ns: number): void {
    checkSpan(ns);
    this.#nowNs += ns;
  }

  save(): number {
    return this.#nowNs;
  }

  /** Throws FormatError for what is no time. */
  restore(nowNs: number): void {
    if (!Number.isSafeInteger(nowNs) || nowNs < 0) throw new FormatError("clock", `${nowNs} is no time in nanoseconds`);
    this.#nowNs = nowNs;
  }
}
