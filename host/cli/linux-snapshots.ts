// Snapshots of booted guests, kept beside the guest files: each under a name made of all that it depends on.
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { GuestError } from "./guests/failure.ts";
import { reasonOf } from "./io.ts";

/** The newest so many are kept. */
const KEPT = 6;
const SUFFIX = ".state";
/** Whoever holds a lock longer than this has come to grief. */
const STALE_MS = 600_000;
const POLL_MS = 200;

/** The snapshots in one folder. */
export class Snapshots {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The snapshot that depends on `parts`. When there is none, `make` makes it, in one process at a time. Throws
   * GuestError when it cannot be kept, and whatever `make` throws.
   */
  async get(parts: readonly (string | Uint8Array)[], make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const path = join(this.#folder, `${nameOf(parts)}${SUFFIX}`);
    const present = this.#read(path);
    if (present !== undefined) return present;
    const unlock = await this.#lock(`${path}.lock`);
    try {
      const meanwhile = this.#read(path);
      if (meanwhile !== undefined) return meanwhile;
      const made = await make();
      this.#try(() => {
        writeFileSync(`${path}.new`, made);
        renameSync(`${path}.new`, path);
      });
      this.#prune();
      return made;
    } finally {
      unlock();
    }
  }

  #read(path: string): Uint8Array | undefined {
    return this.#try(() => {
      if (!existsSync(path)) return undefined;
      const now = new Date();
      utimesSync(path, now, now);
      return readFileSync(path);
    });
  }

  async #lock(path: string): Promise<() => void> {
    this.#try(() => mkdirSync(this.#folder, { recursive: true }));
    for (;;) {
      try {
        closeSync(openSync(path, "wx"));
        return () => rmSync(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw new GuestError(`${path}: ${reasonOf(error)}`);
      }
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > STALE_MS) rmSync(path, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #prune(): void {
    const byAge = readdirSync(this.#folder)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => join(this.#folder, name))
      .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
    for (const path of byAge.slice(KEPT)) rmSync(path, { force: true });
  }

  #try<Value>(action: () => Value): Value {
    try {
      return action();
    } catch (error) {
      throw new GuestError(`${this.#folder}: ${reasonOf(error)}`);
    }
  }
}

/** The contents of the files below the folders `folders`, as one part of a snapshot's name. */
export function codeDigest(folders: readonly URL[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
    for (const name of names.filter((file) => /(?<!\.d)\.(ts|js|wasm)$/.test(file))) {
      hash.update(name).update(readFileSync(new URL(name, folder)));
    }
  }
  return hash.digest("hex");
}

function nameOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 24);
}
