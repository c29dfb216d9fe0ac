// Snapshots of booted guests, kept beside the guest files: each under a name made of all that it depends on.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GuestError } from "./guests/failure.ts";
import { makeFolder, orGuestError, refusal } from "./guests/folders.ts";
import { seal, unseal } from "./sealed.ts";
import { withCleanup } from "./signals.ts";
import { writeWhole } from "./whole-file.ts";

/** The newest so many are kept. */
const KEPT = 6;
const SUFFIX = ".state";
/** What is being written: the snapshot's name, the process's number, this. */
const UNFINISHED = ".new";
/** Whoever holds a lock longer than this has come to grief, or its number is another process's by now. */
const STALE_MS = 3_600_000;
const POLL_MS = 200;

/** The snapshots in one folder. */
export class Snapshots {
  readonly #folder: string;
  readonly #lost: (reason: string) => void;

  /** @param lost is told, by one line, why a snapshot that was made could not be kept. */
  constructor(folder: string, lost: (reason: string) => void = () => {}) {
    this.#folder = folder;
    this.#lost = lost;
  }

  /**
   * The snapshot that depends on `parts`. When there is none, or it is damaged, `make` makes it, in one process at a time where
   * it can be kept. Throws GuestError when one that is there cannot be read, and whatever `make` throws.
   */
  async get(parts: readonly (string | Uint8Array)[], make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const path = join(this.#folder, `${nameOf(parts)}${SUFFIX}`);
    const present = this.#read(path);
    if (present !== undefined) return present;
    const lock = `${path}.lock`;
    const refused = await this.#lock(lock);
    if (refused !== undefined) {
      this.#lost(refused.message);
      return await make();
    }
    return await withCleanup(
      () => {
        if (holderOf(lock) === process.pid) rmSync(lock, { force: true });
      },
      async () => {
        const meanwhile = this.#read(path);
        if (meanwhile !== undefined) return meanwhile;
        const made = await make();
        try {
          await writeWhole(path, `${path}.${process.pid}${UNFINISHED}`, seal(made));
          this.#prune();
        } catch (error) {
          this.#lost(this.#refusal(error).message);
        }
        return made;
      },
    );
  }

  /** Undefined when there is none or it is damaged; another process may remove it at any moment. */
  #read(path: string): Uint8Array | undefined {
    return orGuestError(this.#folder, () => {
      try {
        const bytes = readFileSync(path);
        touch(path);
        return unseal(bytes);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw error;
      }
    });
  }

  /** One process at a time; one that has died without giving the lock back counts no more. What the system refuses. */
  async #lock(path: string): Promise<GuestError | undefined> {
    for (;;) {
      try {
        makeFolder(this.#folder);
        writeFileSync(path, `${process.pid}`, { flag: "wx" });
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") return this.#refusal(error);
      }
      if (isStale(path)) rmSync(path, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** What the system refused; any other error is thrown. */
  #refusal(error: unknown): GuestError {
    const refused = refusal(this.#folder, error);
    if (refused instanceof GuestError) return refused;
    throw refused;
  }

  #prune(): void {
    const names = readdirSync(this.#folder);
    const path = (name: string): string => join(this.#folder, name);
    const age = (name: string): number => statSync(path(name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const byAge = names.filter((name) => name.endsWith(SUFFIX)).sort((one, other) => age(other) - age(one));
    const abandoned = names.filter((name) => {
      const writer = name.endsWith(UNFINISHED) ? /(\d+)\.[^.]*$/.exec(name)?.[1] : undefined;
      return writer !== undefined && !isAlive(Number(writer));
    });
    for (const name of [...byAge.slice(KEPT), ...abandoned]) rmSync(path(name), { force: true });
  }
}

/** Marks a file as used, where that is allowed. */
function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // A snapshot that may only be read is not removed from here either.
  }
}

/** The number of the process that made the lock: 0 while it is not written, undefined when it was given back. */
function holderOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Whether the process that made the lock is gone, or has held it too long. */
function isStale(path: string): boolean {
  const holder = holderOf(path);
  const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (holder === undefined || since === undefined) return false;
  return (holder > 0 && !isAlive(holder)) || Date.now() - since > STALE_MS;
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The code on which a guest with our cards depends: all of this package's. */
export function wholeCode(): string {
  return codeDigest(["../", "../../build/"].map((folder) => new URL(folder, import.meta.url)));
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
