// Where the guest files are kept, and that they still are what was fetched.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { withCleanup } from "../signals.ts";
import { Apt } from "./apt.ts";
import { collect } from "./collect.ts";
import { GuestError } from "./failure.ts";
import { checkFolder, makeFolder, orGuestError, refusal } from "./folders.ts";
import { recipeId } from "./recipe.ts";

const MANIFEST = "manifest.json";

interface Manifest {
  kernelRelease: string;
  /** The packages' archives. */
  packages: string[];
  /** SHA-256 of every file, in hexadecimal. */
  files: Record<string, string>;
}

/** The files that a guest is booted from; each is checked when it is read. */
export interface GuestFiles {
  /** The folder that holds them. */
  readonly folder: string;
  /** As the kernel names itself: `6.1.0-50-686`. */
  readonly kernelRelease: string;
  readonly packages: readonly string[];
  readonly names: readonly string[];
  /** Names these files and what is in them. */
  readonly digest: string;
  /** Throws GuestError when the file is gone or changed. */
  read(name: string): Uint8Array;
}

/**
 * $IOVIRT_GUESTS, otherwise iovirt/guests in $XDG_CACHE_HOME or ~/.cache. XDG Base Directory Specification 0.8: a relative
 * path in a variable is invalid and ignored.
 */
export function guestsFolder(environment: Record<string, string | undefined> = process.env): string {
  const { IOVIRT_GUESTS: own, XDG_CACHE_HOME: cache = "", HOME: home = "" } = environment;
  if (own) return resolve(own);
  return join(
    isAbsolute(cache) ? cache : join(isAbsolute(home) ? home : userInfo().homedir, ".cache"),
    "iovirt/guests",
  );
}

/** The files in `folder`. Throws GuestError when they are not there. */
export function openGuests(folder: string = guestsFolder()): GuestFiles {
  checkFolder(folder);
  const place = join(folder, recipeId());
  const text = readOr(join(place, MANIFEST), () => {
    throw new GuestError(`no guest files in ${place}: \`iovirt guests\` fetches them`);
  });
  const manifest = parseManifest(text.toString(), place);
  return {
    folder: place,
    kernelRelease: manifest.kernelRelease,
    packages: manifest.packages,
    names: Object.keys(manifest.files),
    digest: sha256(text),
    read: (name) => readChecked(place, name, manifest.files[name]),
  };
}

/**
 * Fetches the files into `folder`, unless they are there and whole. `step` hears what is being done. Throws GuestError
 * when they cannot be had; then nothing has changed.
 */
export async function fetchGuests(step: (what: string) => void, folder: string = guestsFolder()): Promise<GuestFiles> {
  const present = wholeGuests(folder);
  if (present !== undefined) return present;
  const place = join(folder, recipeId());
  makeFolder(folder);
  const work = orGuestError(folder, () => mkdtempSync(join(folder, "fetching-")));
  await withCleanup(
    () => removeWork(work),
    () =>
      fetchInto(place, work, step).catch((error: unknown) => {
        throw refusal(folder, error);
      }),
  );
  return openGuests(folder);
}

async function fetchInto(place: string, work: string, step: (what: string) => void): Promise<void> {
  const apt = join(work, "apt");
  mkdirSync(apt);
  const unpacked = await (await Apt.create(apt)).fetch(step);
  step("choosing files");
  writeGuests(join(work, "files"), unpacked.kernelRelease, unpacked.packages, collect(unpacked));
  rmSync(place, { recursive: true, force: true });
  renameSync(join(work, "files"), place);
}

/** A client that was told to end may still be writing. */
function removeWork(work: string): void {
  rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** Lays the files and their manifest into the folder `place`. */
function writeGuests(place: string, kernelRelease: string, packages: string[], files: Map<string, Uint8Array>): void {
  const sums: Record<string, string> = {};
  for (const [name, bytes] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), bytes);
    sums[name] = sha256(bytes);
  }
  const manifest: Manifest = { kernelRelease, packages, files: sums };
  writeFileSync(join(place, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

function wholeGuests(folder: string): GuestFiles | undefined {
  try {
    const files = openGuests(folder);
    for (const name of files.names) files.read(name);
    return files;
  } catch (error) {
    if (error instanceof GuestError) return undefined;
    throw error;
  }
}

function parseManifest(text: string, place: string): Manifest {
  try {
    const manifest = JSON.parse(text) as Manifest;
    if (typeof manifest.kernelRelease === "string" && Array.isArray(manifest.packages) && manifest.files)
      return manifest;
  } catch {
    // Told below.
  }
  throw new GuestError(`${join(place, MANIFEST)} is no manifest: \`iovirt guests\` fetches the files again`);
}

function readChecked(place: string, name: string, sum: string | undefined): Uint8Array {
  const path = join(place, name);
  const changed = (): never => {
    throw new GuestError(`${path} is not what was fetched: \`iovirt guests\` fetches the files again`);
  };
  if (sum === undefined) return changed();
  const bytes = readOr(path, changed);
  return sha256(bytes) === sum ? bytes : changed();
}

function readOr(path: string, absent: () => never): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return absent();
    throw refusal(path, error);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
