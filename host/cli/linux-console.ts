// The guest's serial console on this terminal.
import type { ReadStream, WriteStream } from "node:tty";
import { OutputLost } from "./io.ts";
import type { LinuxGuest } from "./linux-guest.ts";
import { onSignals, signalStatus } from "./signals.ts";

/** Ctrl-]. */
const ESCAPE = 0x1d;
/** Ctrl-D: the end of the input. */
const END_OF_INPUT = Uint8Array.of(4);
/** A shell that still runs a command does not hear it: it is typed until the shell is left. */
const END_INTERVAL_MS = 500;
const ENTER = Uint8Array.of(0x0d);

/**
 * Joins the standard streams and the guest's console until its shell is left, Ctrl-] is typed or a signal ends the
 * program, or nobody reads the output any more; the exit status. A terminal is raw meanwhile, and as before afterwards.
 */
export async function joinConsole(guest: LinuxGuest): Promise<number> {
  const { stdin, stdout } = process;
  const terminal = stdin.isTTY === true ? stdin : undefined;
  let leave: (status: number) => void = () => {};
  const left = new Promise<number>((resolve) => {
    leave = resolve;
  });
  // What is typed while the guest's shell learns of a new size would be lost: it waits.
  let sized: Promise<unknown> = Promise.resolve();
  const type = (bytes: Uint8Array): void => void sized.then(() => guest.type(bytes));
  const typed = (bytes: Buffer): void => {
    const at = terminal === undefined ? -1 : bytes.indexOf(ESCAPE);
    type(at < 0 ? bytes : bytes.subarray(0, at));
    if (at >= 0) leave(0);
  };
  let ending: NodeJS.Timeout | undefined;
  const ended = (): void => {
    type(END_OF_INPUT);
    ending = setInterval(type, END_INTERVAL_MS, END_OF_INPUT);
  };
  const resized = (): void => {
    sized = guest.collect(sizeScript(stdout)).catch(() => {});
  };
  const lost = (error: NodeJS.ErrnoException): void => leave(new OutputLost(error).status);
  const restore = (): void => setRaw(terminal, false);

  process.on("exit", restore);
  const releaseSignals = onSignals((signal) => leave(signalStatus(signal)));
  setRaw(terminal, true);
  stdin.on("data", typed);
  stdin.on("end", ended);
  stdout.on("resize", resized);
  stdout.on("error", lost);
  guest.onConsole = (bytes) => void stdout.write(bytes);
  guest.onLeft = leave;
  guest.onFailure = () => leave(1);
  if (stdout.isTTY === true) resized();
  if (terminal !== undefined) type(ENTER);
  try {
    return await left;
  } finally {
    guest.onConsole = () => {};
    guest.onLeft = () => {};
    stdout.off("error", lost);
    stdout.off("resize", resized);
    stdin.off("end", ended);
    clearInterval(ending);
    stdin.off("data", typed);
    stdin.pause();
    restore();
    releaseSignals();
    process.off("exit", restore);
  }
}

function setRaw(terminal: ReadStream | undefined, raw: boolean): void {
  terminal?.setRawMode(raw);
}

function sizeScript({ rows, columns }: WriteStream): string {
  return `stty -F /dev/ttyS0 rows ${rows} cols ${columns}`;
}
