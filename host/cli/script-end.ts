// Where a script's output ends, and what else the guest says, in the bytes that come from the guest's agent.
import { INPUT_WANTED, NO_INPUT, SEPARATOR, SHELL_LEFT } from "./guests/init.ts";

const NEWLINE = "\n";

export interface Piece {
  /** More of the script's output. */
  output: Uint8Array;
  /** The status with which the console's shell was left meanwhile. */
  left?: number;
  /** How often the next piece of the input was wanted. */
  wanted?: number;
  /** The script's exit status, once it has ended. */
  status?: number;
  /** What came after the end. */
  after?: Uint8Array;
}

/**
 * Splits what comes: the output, in it lines that tell of the console's shell or want more input, then `tag`, a space, the
 * status and a line break.
 */
export class ScriptEnd {
  /** What the agent is to call the script. */
  readonly tag: string;
  readonly #end: string;
  readonly #wanted: string;
  #rest: Buffer = Buffer.alloc(0);

  /** @param name distinguishes this script from others, as `input` its input, and from whatever scripts write. */
  constructor(name: string, input: string = NO_INPUT) {
    this.tag = `${SEPARATOR}${name}`;
    this.#end = `${this.tag} `;
    this.#wanted = inputWanted(input);
  }

  /** The next bytes of the agent. Only what could be the beginning of one of the lines is kept for the next call. */
  add(bytes: Uint8Array): Piece {
    let all: Buffer = Buffer.concat([this.#rest, bytes]);
    this.#rest = Buffer.alloc(0);
    const told: Pick<Piece, "left" | "wanted"> = {};
    for (let at = all.indexOf(SEPARATOR); at >= 0; at = all.indexOf(SEPARATOR, at)) {
      const lineEnd = all.indexOf(NEWLINE, at);
      const line = all.toString("latin1", at, lineEnd < 0 ? all.length : lineEnd);
      if (lineEnd < 0 && this.#canBecomeOwn(line)) {
        this.#rest = all.subarray(at);
        all = all.subarray(0, at);
        break;
      }
      const after = all.subarray(lineEnd + 1);
      const status = lineEnd < 0 ? undefined : statusIn(line, this.#end);
      if (status !== undefined) return { output: all.subarray(0, at), status, after, ...told };
      const left = lineEnd < 0 ? undefined : shellLeft(line);
      if (left !== undefined) told.left = left;
      else if (lineEnd >= 0 && line === this.#wanted) told.wanted = (told.wanted ?? 0) + 1;
      else {
        at++;
        continue;
      }
      all = Buffer.concat([all.subarray(0, at), after]);
    }
    return { output: all, ...told };
  }

  /** Whether a line that is not whole can become one that is not the script's. */
  #canBecomeOwn(line: string): boolean {
    return this.#wanted.startsWith(line) || canBecome(line, this.#end) || canBecome(line, LEFT);
  }
}

const LEFT = `${SEPARATOR}${SHELL_LEFT} `;

/** The status with which the console's shell was left, in a line that says so. */
export function shellLeft(line: string): number | undefined {
  return statusIn(line, LEFT);
}

/** The line in which the next piece of the input `name` is wanted. */
export function inputWanted(name: string): string {
  return `${SEPARATOR}${INPUT_WANTED} ${name}`;
}

/** The status after `start` in a line of nothing else. */
function statusIn(line: string, start: string): number | undefined {
  const digits = line.startsWith(start) ? line.slice(start.length) : "";
  return /^\d{1,3}$/.test(digits) ? Number(digits) : undefined;
}

/** Whether a line that is not whole can become `start` and a status. */
function canBecome(line: string, start: string): boolean {
  return start.startsWith(line) || (line.startsWith(start) && /^\d{1,3}$/.test(line.slice(start.length)));
}
