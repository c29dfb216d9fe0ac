// A progress bar on one line of a terminal.
import type { DemoObserver } from "../demo/types.ts";
import type { Io } from "./io.ts";
import { StatusLine } from "./status-line.ts";

const CELLS = 24;
/** Milliseconds between two drawings. */
const INTERVAL = 50;

export class ProgressBar implements DemoObserver {
  readonly #line: StatusLine;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(io: Io) {
    this.#line = new StatusLine(io);
  }

  progress(done: number, total: number, what: string): void {
    const now = performance.now();
    if (now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const full = Math.round(share * CELLS);
    const bar = "█".repeat(full) + "░".repeat(CELLS - full);
    this.#line.show(`${bar} ${String(Math.floor(share * 100)).padStart(3)} % ${what}`);
  }

  /** Removes the bar. */
  clear(): void {
    this.#line.clear();
    this.#drawn = Number.NEGATIVE_INFINITY;
  }
}
