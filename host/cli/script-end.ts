// Where a script's output ends, in the bytes that come from the guest's agent.

/** Begins the end of an output (ASCII: record separator): what comes before it is never held back. */
const SEPARATOR = 0x1e;

export interface Piece {
  /** More of the script's output. */
  output: Uint8Array;
  /** The script's exit status, once it has ended. */
  status?: number;
}

/** Splits what the agent sends: the output, then `tag`, a space, the status and a line break. */
export class ScriptEnd {
  /** What the agent is to call the script. */
  readonly tag: string;
  readonly #end: Buffer;
  #rest: Buffer = Buffer.alloc(0);

  /** @param name distinguishes this script from others, and from whatever scripts write. */
  constructor(name: string) {
    this.tag = `${String.fromCharCode(SEPARATOR)}${name}`;
    this.#end = Buffer.from(`${this.tag} `);
  }

  /** The next bytes of the agent. Only what could be the beginning of the end is kept for the next call. */
  add(bytes: Uint8Array): Piece {
    const all = Buffer.concat([this.#rest, bytes]);
    const at = all.indexOf(this.#end);
    if (at < 0) {
      const last = all.lastIndexOf(SEPARATOR);
      const begins = last >= 0 && this.#end.subarray(0, all.length - last).equals(all.subarray(last));
      return this.#split(all, begins ? last : all.length);
    }
    const start = at + this.#end.length;
    const lineEnd = all.indexOf("\n", start);
    if (lineEnd < 0) return this.#split(all, at);
    return { output: all.subarray(0, at), status: Number(all.subarray(start, lineEnd).toString()) };
  }

  #split(all: Buffer, at: number): Piece {
    this.#rest = all.subarray(at);
    return { output: all.subarray(0, at) };
  }
}
