// What a command can reach of the process that runs it.
import { readFile } from "node:fs/promises";

/** Standard streams and files. Tests give their own. */
export interface Io {
  /** Writes to the standard output. */
  out(text: string | Uint8Array): void;
  /** Writes to the standard error output. */
  err(text: string | Uint8Array): void;
  /** True when the standard error output is a terminal: somebody may be told what to type. */
  readonly interactive: boolean;
  /** Columns of that terminal, when a line that it shows can be replaced; otherwise 0, and nothing shows progress. */
  readonly columns: number;
  /** True when the standard output shows colours. */
  readonly colour: boolean;
  /** The bytes of the file at `path`; `-` is the standard input. Throws UsageError when it cannot be read. */
  readFile(path: string): Promise<Uint8Array>;
}

/** A mistake in how the program was called: one line on the standard error output, exit status 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** How a message names the input at `path`. */
export function inputName(path: string): string {
  return path === "-" ? "standard input" : path;
}

const DEFAULT_COLUMNS = 80;
/** What a shell reports for a program that SIGPIPE ended. */
const EXIT_PIPE = 141;

/** A standard stream takes no more: what writes to it without end is to end with `status`. */
export class OutputLost extends Error {
  readonly status: number;

  constructor(cause: Error & { code?: string | undefined }) {
    super("a standard stream takes no more");
    this.name = "OutputLost";
    this.status = cause.code === "EPIPE" ? EXIT_PIPE : EXIT_FAILED;
  }
}

/** What `work` gives; throws OutputLost when the standard output or the standard error output fails before. */
export async function unlessOutputLost<Value>(work: Promise<Value>): Promise<Value> {
  const streams = [process.stdout, process.stderr];
  let onError: (error: NodeJS.ErrnoException) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    onError = (error) => reject(new OutputLost(error));
  });
  for (const stream of streams) stream.on("error", onError);
  try {
    return await Promise.race([work, lost]);
  } finally {
    for (const stream of streams) stream.off("error", onError);
  }
}

/** Exit status of a command whose claims did not all hold. */
export const EXIT_FAILED = 1;
/** Exit status of a command that was called wrongly or given unreadable input. */
export const EXIT_USAGE = 2;

/** What the system said, without Node's prefix: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith("EISDIR:")) return "is a directory";
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message.split("\n", 1)[0] ?? message;
}

/**
 * The process's own streams. A reader that goes away early (`| head`) ends nothing: its text is dropped. What else keeps
 * text from the standard output (a full disk) is told in one line, and the exit status is EXIT_FAILED.
 */
export function processIo(): Io {
  process.stderr.on("error", () => {});
  let failed = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || failed) return;
    failed = true;
    process.stderr.write(`iovirt: standard output: ${reasonOf(error)}\n`);
    // Whatever the command makes of its own result afterwards.
    process.once("exit", () => {
      process.exitCode = EXIT_FAILED;
    });
  });
  const dumb = process.env.TERM === "dumb";
  const interactive = process.stderr.isTTY === true;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive,
    get columns() {
      // A terminal that does not know its size says 0.
      return interactive && !dumb ? process.stderr.columns || DEFAULT_COLUMNS : 0;
    },
    colour: process.stdout.isTTY === true && !dumb && !process.env.NO_COLOR,
    readFile: readInput,
  };
}

/** The bytes of the file at `path`; `-` is the standard input. Throws UsageError when it cannot be read. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    // Not /dev/stdin: where the standard input is a socket, that cannot be opened.
    return path === "-" ? Buffer.concat(await process.stdin.toArray()) : await readFile(path);
  } catch (error) {
    throw new UsageError(`${inputName(path)}: ${reasonOf(error)}`);
  }
}
