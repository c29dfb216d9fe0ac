// This program's standard input, for the commands that it runs in a guest.
import { createReadStream, fstatSync } from "node:fs";
import { type Io, reasonOf } from "./io.ts";
import type { ScriptInput } from "./linux-guest.ts";

const NOTHING = new Uint8Array();
const STANDARD_INPUT = 0;

/** A readable stream, as far as it is read here. */
export interface InputStream extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  destroy(): unknown;
}

/** The process's own. Of a folder, which Node shows as an empty stream, one whose reads fail as the system's do. */
export function processInput(): InputStream {
  return fstatSync(STANDARD_INPUT).isDirectory() ? createReadStream("", { fd: STANDARD_INPUT }) : process.stdin;
}

/**
 * Reads `stream` when somebody wants more. A terminal is not read: a program in the background would be stopped, and one
 * that is not asked for anything would wait for its user. What cannot be read is told once, and ends the input.
 */
export class StandardInput implements ScriptInput {
  readonly #stream: InputStream;
  readonly #io: Pick<Io, "err">;
  #pieces: AsyncIterator<Uint8Array> | undefined;
  #rest: Uint8Array = NOTHING;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(stream: InputStream, io: Pick<Io, "err">) {
    this.#stream = stream;
    this.#io = io;
  }

  /** The next piece, nothing at the end. Calls that overlap get theirs one after the other. */
  next(limit: number): Promise<Uint8Array> {
    const piece = this.#last.then(() => this.#next(limit));
    this.#last = piece.catch(() => {});
    return piece;
  }

  /** Nobody wants more: what would have come does not keep the program. */
  close(): void {
    this.#closed = true;
    if (this.#pieces !== undefined) this.#stream.destroy();
  }

  async #next(limit: number): Promise<Uint8Array> {
    if (this.#stream.isTTY === true) return NOTHING;
    while (this.#rest.length === 0) {
      const more = await this.#more();
      if (more === undefined) return NOTHING;
      this.#rest = more;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(limit);
    return piece;
  }

  async #more(): Promise<Uint8Array | undefined> {
    if (this.#closed) return undefined;
    this.#pieces ??= this.#stream[Symbol.asyncIterator]();
    try {
      const { value, done } = await this.#pieces.next();
      return done === true ? undefined : value;
    } catch (error) {
      if (!this.#closed) this.#io.err(`iovirt: standard input: ${reasonOf(error)}\n`);
      return undefined;
    }
  }
}
