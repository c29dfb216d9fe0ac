// Folders in which guest files and snapshots are kept.
import { mkdirSync, statSync } from "node:fs";
import { reasonOf } from "../io.ts";
import { GuestError } from "./failure.ts";

/** Throws GuestError when there is something else at `path`, or it cannot be looked at; nothing is fine. */
export function checkFolder(path: string): void {
  const found = orGuestError(path, () => statSync(path, { throwIfNoEntry: false }));
  if (found?.isDirectory() === false) throw new GuestError(`${path}: is not a directory`);
}

/** Makes the folder and those above it, as far as they are not there. Throws GuestError when that cannot be. */
export function makeFolder(path: string): void {
  checkFolder(path);
  orGuestError(path, () => mkdirSync(path, { recursive: true }));
}

/** What `action` gives; what the system refuses becomes a GuestError about `path`. */
export function orGuestError<Value>(path: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw refusal(path, error);
  }
}

/** The GuestError for what the system refused; other errors stay themselves. */
export function refusal(path: string, error: unknown): unknown {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === undefined ? error : new GuestError(`${path}: ${reasonOf(error)}`);
}
