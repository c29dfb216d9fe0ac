// A suspended guest in a file.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { FormatError } from "../core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../core/snapshot.ts";
import type { CardOptions } from "../machine/machine.ts";
import { type Io, inputName, reasonOf, UsageError } from "./io.ts";
import type { PcState } from "./linux-pc.ts";

export interface SuspendedGuest {
  /** MiB of RAM. */
  memory: number;
  cards: readonly CardOptions[];
  state: PcState;
}

const KIND = "linux";

/** Writes the file whole or not at all. Throws UsageError when that is not possible. */
export function writeSuspended(path: string, guest: SuspendedGuest): void {
  const part = `${path}.part`;
  try {
    writeFileSync(part, encodeSnapshot({ kind: KIND, ...guest }));
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw new UsageError(`--suspend ${path}: ${reasonOf(error)}`);
  }
}

/** Throws UsageError when the file cannot be read, FormatError when it holds no suspended guest. */
export async function readSuspended(path: string, io: Io): Promise<SuspendedGuest> {
  const bytes = await io.readFile(path);
  const found = named(path, () => decodeSnapshot<SuspendedGuest & { kind?: unknown }>(bytes));
  const whole =
    found.kind === KIND &&
    Number.isInteger(found.memory) &&
    Array.isArray(found.cards) &&
    found.state?.emulator instanceof Uint8Array;
  if (!whole) throw new FormatError(inputName(path), "holds no suspended guest");
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
