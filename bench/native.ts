// The C partner: compiled by `cc -O2` into a folder of its own, driven over its stdin and stdout.
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The sources lie in the repository, whether this file runs from there or from dist/. */
function sources(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!exists(join(folder, "bench", "native", "main.c"))) {
    if (dirname(folder) === folder) throw new Error("bench/native is not above this file");
    folder = dirname(folder);
  }
  return join(folder, "bench", "native");
}

export class Native {
  readonly #folder: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  #files = 0;

  private constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#process = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Whether there is a C compiler. */
  static available(): boolean {
    return spawnSync("cc", ["--version"], { stdio: "ignore" }).status === 0;
  }

  /** Compiles and starts the partner; null where there is no compiler. Throws when the compiler refuses. */
  static start(): Native | null {
    if (!Native.available()) return null;
    const folder = mkdtempSync(join(tmpdir(), "iovirt-bench-"));
    const program = join(folder, "partner");
    execFileSync("cc", ["-O2", "-std=gnu11", "-o", program, join(sources(), "main.c")], { stdio: "inherit" });
    return new Native(folder, program);
  }

  /** Sends one command, the numbers in hexadecimal. Returns the line that answers it. */
  async ask(command: string, ...values: (number | string)[]): Promise<string> {
    const words = values.map((value) => (typeof value === "number" ? value.toString(16) : value));
    this.#process.stdin.write(`${[command, ...words].join(" ")}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true || value === "unknown") throw new Error(`the C partner does not answer ${command}`);
    return value;
  }

  /** Sends a timed command. Returns nanoseconds per operation. */
  async time(command: string, ...values: number[]): Promise<number> {
    return Number(await this.ask(command, ...values));
  }

  /** Writes bytes where the partner can read them. Returns the file's name. */
  file(bytes: Uint8Array): string {
    const name = join(this.#folder, `data-${this.#files++ % 2}`);
    writeFileSync(name, bytes);
    return name;
  }

  stop(): void {
    this.#process.stdin.end();
    this.#process.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
