// One line of a terminal that says what is being waited for.
import type { Io } from "./io.ts";

const CLEAR_LINE = "\r\x1b[K";

/** Writes to the standard error output when that is a terminal; otherwise does nothing. */
export class StatusLine {
  readonly #io: Io;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Replaces the line by `text`. */
  show(text: string): void {
    if (!this.#io.interactive) return;
    this.#io.err(`${CLEAR_LINE}${text}`);
    this.#shown = true;
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#io.err(CLEAR_LINE);
    this.#shown = false;
  }
}
