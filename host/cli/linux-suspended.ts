// Suspended guests in a file, a sealed snapshot: one PC, or the VMs of one machine.
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { FormatError } from "../core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../core/snapshot.ts";
import { GuestError } from "./guests/failure.ts";
import { type Io, inputName, reasonOf, UsageError } from "./io.ts";
import type { PcOptions, PcState } from "./linux-pc.ts";
import { wholeCode } from "./linux-snapshots.ts";
import type { VmsOptions, VmsState } from "./linux-vms.ts";
import { seal, unseal } from "./sealed.ts";
import { writeWhole } from "./whole-file.ts";

/** A PC, what it is made of, and where it is. */
export interface SuspendedPc extends Pick<PcOptions, "memory" | "cards"> {
  kind: "linux";
  state: PcState;
}

/** The same of VMs on one machine. */
export interface SuspendedVms extends Pick<VmsOptions, "memory" | "card" | "vms"> {
  kind: "linux-vms";
  state: VmsState;
}

export type Suspended = SuspendedPc | SuspendedVms;

const KINDS: readonly unknown[] = ["linux", "linux-vms"] satisfies Suspended["kind"][];

/** A file that guests will be written to. */
export class SuspendFile {
  readonly #path: string;

  /** Throws UsageError when the system would not let the file be written. */
  constructor(path: string) {
    this.#path = path;
    if (path === "-") throw new UsageError("--suspend -: the console goes to the standard output; name a file");
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory() === true) throw new UsageError(`--suspend ${path}: is a directory`);
      if (found?.isFile() === false) throw new UsageError(`--suspend ${path}: is no regular file`);
      // It is replaced, not written to.
      accessSync(dirname(path), constants.W_OK);
    } catch (error) {
      throw error instanceof UsageError ? error : new UsageError(`--suspend ${path}: ${reasonOf(error)}`);
    }
  }

  /** Writes the file whole or not at all. Throws GuestError when that is not possible. */
  async write(suspended: Suspended): Promise<void> {
    const bytes = seal(encodeSnapshot({ ...suspended, code: wholeCode() }));
    const path = this.#path;
    await writeWhole(path, `${path}.${process.pid}.part`, bytes).catch((error: unknown) => {
      throw new GuestError(`--suspend ${path}: ${reasonOf(error)}`);
    });
  }
}

/**
 * The guests in the file. Throws UsageError when it cannot be read, FormatError when it holds no suspended guests or is
 * not as it was written, GuestError when another build wrote it.
 */
export async function readSuspended(path: string, io: Io): Promise<Suspended> {
  const bytes = await io.readFile(path);
  const found = named(path, () => decodeSnapshot<Suspended & { code?: unknown }>(bytes));
  if (!KINDS.includes(found.kind)) throw new FormatError(inputName(path), "holds no suspended guest");
  if (unseal(bytes) === undefined) {
    throw new FormatError(inputName(path), "is damaged: it does not end with its SHA-256");
  }
  if (found.code !== wholeCode()) {
    throw new GuestError(`${inputName(path)}: another build of iovirt has suspended this guest`);
  }
  return found;
}

/** Lets a FormatError say which file it is about. */
function named<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(inputName(path), error.message);
    throw error;
  }
}
