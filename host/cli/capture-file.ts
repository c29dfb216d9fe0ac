// The file of --capture: written as frames leave, removed when the run did not come to its end.
import { closeSync, fstatSync, openSync, rmSync, type Stats, statSync, writeSync } from "node:fs";
import { captureHeader, captureRecord } from "../embed/pcap/write.ts";
import { reasonOf, UsageError } from "./io.ts";

const BUFFER_SIZE = 1 << 18;

export class CaptureFile {
  readonly #path: string;
  readonly #descriptor: number;
  #parts: Uint8Array[] = [captureHeader()];
  #buffered = 0;

  /** Creates or truncates the file. Throws UsageError when that is not possible, or when it is the file `input`. */
  constructor(path: string, input?: string) {
    this.#path = path;
    if (input !== undefined && isSame(path, input)) {
      throw new UsageError(`--capture ${path} would overwrite the file of --pcap`);
    }
    this.#descriptor = this.#try(() => openSync(path, "w"));
  }

  /** Adds a frame. Throws UsageError when the file cannot be written. */
  add(frame: Uint8Array, timeNs: number): void {
    const record = captureRecord(frame, timeNs);
    this.#parts.push(record);
    this.#buffered += record.length;
    if (this.#buffered >= BUFFER_SIZE) this.#flush();
  }

  /** Writes what is left and closes the file. */
  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  /** Closes the file and removes it, unless it is a device or a pipe. */
  discard(): void {
    const regular = fstatSync(this.#descriptor).isFile();
    closeSync(this.#descriptor);
    if (regular) rmSync(this.#path, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#buffered = 0;
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
  }

  #try<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw new UsageError(`${this.#path}: ${reasonOf(error)}`);
    }
  }
}

/** Whether two names, `-` being the standard input, lead to one regular file. */
function isSame(path: string, input: string): boolean {
  const one = statSync(path, { throwIfNoEntry: false });
  const other = input === "-" ? standardInput() : statSync(input, { throwIfNoEntry: false });
  return one?.isFile() === true && one.dev === other?.dev && one.ino === other.ino;
}

/** Undefined when it is closed. */
function standardInput(): Stats | undefined {
  try {
    return fstatSync(0);
  } catch {
    return undefined;
  }
}
