// This program's standard input, for the commands that it runs in a guest.
import { type Io, reasonOf } from "./io.ts";
import type { ScriptInput } from "./linux-guest.ts";

const NOTHING = new Uint8Array();

/** A readable stream, as far as it is read here. */
export interface InputStream extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  destroy(): unknown;
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
  #closed = false;

  constructor(stream: InputStream, io: Pick<Io, "err">) {
    this.#stream = stream;
    this.#io = io;
  }

  async next(limit: number): Promise<Uint8Array> {
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

  /** Nobody wants more: what would have come does not keep the program. */
  close(): void {
    this.#closed = true;
    if (this.#pieces !== undefined) this.#stream.destroy();
  }

  async #more(): Promise<Uint8Array | undefined> {
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
