// A progress bar on one line of a terminal.
import type { DemoObserver } from "../demo/types.ts";
import type { Io } from "./io.ts";

const CELLS = 24;
/** Milliseconds between two drawings. */
const INTERVAL = 50;
const CLEAR_LINE = "\r\x1b[K";

/** Draws to the standard error output when that is a terminal; otherwise does nothing. */
export class ProgressBar implements DemoObserver {
  readonly #io: Io;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(io: Io) {
    this.#io = io;
  }

  progress(done: number, total: number, what: string): void {
    if (!this.#io.interactive) return;
    const now = performance.now();
    if (now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const full = Math.round(share * CELLS);
    const bar = "█".repeat(full) + "░".repeat(CELLS - full);
    this.#io.err(`${CLEAR_LINE}${bar} ${String(Math.floor(share * 100)).padStart(3)} % ${what}`);
  }

  /** Removes the bar. */
  clear(): void {
    if (this.#drawn > Number.NEGATIVE_INFINITY) this.#io.err(CLEAR_LINE);
    this.#drawn = Number.NEGATIVE_INFINITY;
  }
}
