// Where a script's output ends, and what else the guest says, in the bytes that come from the guest's agent.
import { SEPARATOR, SHELL_LEFT } from "./guests/init.ts";

const NEWLINE = "\n";

export interface Piece {
  /** More of the script's output. */
  output: Uint8Array;
  /** The status with which the console's shell was left meanwhile. */
  left?: number;
  /** The script's exit status, once it has ended. */
  status?: number;
  /** What came after the end. */
  after?: Uint8Array;
}

/**
 * Splits what comes: the output, in it lines that tell of the console's shell, then `tag`, a space, the status and a line
 * break.
 */
export class ScriptEnd {
  /** What the agent is to call the script. */
  readonly tag: string;
  readonly #end: string;
  #rest: Buffer = Buffer.alloc(0);

  /** @param name distinguishes this script from others, and from whatever scripts write. */
  constructor(name: string) {
    this.tag = `${SEPARATOR}${name}`;
    this.#end = `${this.tag} `;
  }

  /** The next bytes of the agent. Only what could be the beginning of one of the lines is kept for the next call. */
  add(bytes: Uint8Array): Piece {
    let all: Buffer = Buffer.concat([this.#rest, bytes]);
    this.#rest = Buffer.alloc(0);
    let left: number | undefined;
    for (let at = all.indexOf(SEPARATOR); at >= 0; at = all.indexOf(SEPARATOR, at)) {
      const lineEnd = all.indexOf(NEWLINE, at);
      const line = all.toString("latin1", at, lineEnd < 0 ? all.length : lineEnd);
      if (lineEnd < 0 && [this.#end, LEFT].some((start) => canBecome(line, start))) {
        this.#rest = all.subarray(at);
        all = all.subarray(0, at);
        break;
      }
      const after = all.subarray(lineEnd + 1);
      const status = statusIn(line, this.#end);
      if (status !== undefined)
        return { output: all.subarray(0, at), status, after, ...(left === undefined ? {} : { left }) };
      const shell = shellLeft(line);
      if (shell === undefined) at++;
      else {
        left = shell;
        all = Buffer.concat([all.subarray(0, at), after]);
      }
    }
    return { output: all, ...(left === undefined ? {} : { left }) };
  }
}

const LEFT = `${SEPARATOR}${SHELL_LEFT} `;

/** The status with which the console's shell was left, in a line that says so. */
export function shellLeft(line: string): number | undefined {
  return statusIn(line, LEFT);
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
