// One line of a terminal that says what is being waited for.
import type { Io } from "./io.ts";

const CLEAR_LINE = "\r\x1b[K";

/** Writes to the standard error output when that is a terminal whose lines can be replaced; otherwise does nothing. */
export class StatusLine {
  readonly #io: Pick<Io, "columns" | "err">;
  #shown = false;

  constructor(io: Pick<Io, "columns" | "err">) {
    this.#io = io;
  }

  /** Replaces the line by `text`, or as much of it as one line holds: what wraps could not be removed. */
  show(text: string): void {
    const { columns } = this.#io;
    if (columns === 0) return;
    const room = columns - 1;
    this.#io.err(`${CLEAR_LINE}${[...text].slice(0, room).join("")}`);
    this.#shown = true;
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#io.err(CLEAR_LINE);
    this.#shown = false;
  }
}
