// `iovirt linux`: an unmodified Linux in v86, with our card in it.
import { join } from "node:path";
import type { Command } from "./command.ts";
import { GuestError } from "./guests/failure.ts";
import { type GuestFiles, guestsFolder, openGuests } from "./guests/store.ts";
import { EXIT_FAILED, type Io, OutputLost, unlessOutputLost } from "./io.ts";
import { joinConsole } from "./linux-console.ts";
import { runEverywhere, runInOrder } from "./linux-exec.ts";
import type { LinuxGuest } from "./linux-guest.ts";
import {
  checkExec,
  checkWanted,
  LINUX_OPTIONS,
  type LinuxOptions,
  parseLinuxOptions,
  type Wanted,
} from "./linux-options.ts";
import { joinNeighbours, LinuxPc, type PcOptions } from "./linux-pc.ts";
import { Snapshots } from "./linux-snapshots.ts";
import { readSuspended, type Suspended, SuspendFile } from "./linux-suspended.ts";
import { LinuxVms, type VmsOptions } from "./linux-vms.ts";
import { endedBySignals, withCleanup } from "./signals.ts";
import { processInput, StandardInput } from "./standard-input.ts";
import { StatusLine } from "./status-line.ts";

export const linuxCommand: Command = {
  summary: "boot Linux in v86 with the card attached: a serial console, or --exec",
  usage: [
    "usage: iovirt linux [OPTION]...",
    "",
    "Boots the Linux that `iovirt guests` has fetched, in the emulator v86, and joins the terminal and its console.",
    "Ctrl-] leaves, and so does the end of the guest's shell.",
    "",
    LINUX_OPTIONS,
  ].join("\n"),
  async run(args, io) {
    const options = parseLinuxOptions(args);
    const wanted = checkWanted(options);
    try {
      return await runLinux(wanted, options, io);
    } catch (error) {
      if (error instanceof OutputLost) return error.status;
      if (!(error instanceof GuestError)) throw error;
      io.err(`iovirt: ${error.message}\n`);
      return EXIT_FAILED;
    }
  },
};

/** Guests that run, however they came to be. */
interface Running {
  /** The console is the first one's. */
  guests: readonly LinuxGuest[];
  suspend(): Promise<Suspended>;
  stop(): Promise<void>;
}

async function runLinux(wanted: Wanted, options: LinuxOptions, io: Io): Promise<number> {
  const { suspend, resume, snapshot } = options;
  const file = suspend === undefined ? undefined : new SuspendFile(suspend);
  const suspended = resume === undefined ? undefined : await readSuspended(resume, io);
  const vms = vmsOf(suspended ?? wanted);
  checkExec(options, vms);
  const begin = (files: GuestFiles): Promise<Running> =>
    suspended === undefined
      ? make(files, wanted, snapshot === true ? snapshots(io) : undefined)
      : goOn(files, suspended);
  const running = await endedBySignals(() => start(io, begin));
  try {
    const status = await use(running.guests, vms, options, io);
    if (file !== undefined) await endedBySignals(async () => file.write(await running.suspend()));
    return status;
  } finally {
    await running.stop();
  }
}

/** How many VMs there are on the machine; undefined for a guest that has it to itself. */
function vmsOf(guests: Wanted | Suspended): number | undefined {
  return guests.kind === "linux" ? undefined : guests.vms;
}

async function make(files: GuestFiles, wanted: Wanted, kept: Snapshots | undefined): Promise<Running> {
  if (wanted.kind === "linux-vms") return ofVms(await LinuxVms.start(files, wanted, kept), wanted);
  const pc = await (kept === undefined ? LinuxPc.boot(files, wanted) : LinuxPc.resumePlugged(files, wanted, kept));
  return ofPc(pc, wanted);
}

async function goOn(files: GuestFiles, suspended: Suspended): Promise<Running> {
  const wire = joinNeighbours;
  return suspended.kind === "linux"
    ? ofPc(await LinuxPc.goOn(files, { ...suspended, wire }, suspended.state), suspended)
    : ofVms(await LinuxVms.restore(files, { ...suspended, wire }, suspended.state), suspended);
}

function ofPc(pc: LinuxPc, { memory, cards }: PcOptions): Running {
  return {
    guests: [pc.guest],
    suspend: async () => ({ kind: "linux", memory, cards, state: await pc.suspend() }),
    stop: () => pc.stop(),
  };
}

function ofVms(made: LinuxVms, { memory, card, vms }: VmsOptions): Running {
  return {
    guests: made.guests.map(({ guest }) => guest),
    suspend: async () => ({ kind: "linux-vms", memory, card, vms, state: await made.save() }),
    stop: () => made.stop(),
  };
}

function snapshots(io: Io): Snapshots {
  return new Snapshots(join(guestsFolder(), "snapshots"), (reason) =>
    io.err(`iovirt: the snapshot could not be kept: ${reason}\n`),
  );
}

async function start(io: Io, begin: (files: GuestFiles) => Promise<Running>): Promise<Running> {
  const files = openGuests();
  const line = new StatusLine(io);
  const since = performance.now();
  const show = (): void =>
    line.show(`starting Linux ${files.kernelRelease}: ${Math.round((performance.now() - since) / 1000)} s`);
  show();
  const timer = setInterval(show, 1000);
  const end = (): void => {
    clearInterval(timer);
    line.clear();
  };
  return await withCleanup(end, () => begin(files));
}

async function use(
  guests: readonly LinuxGuest[],
  vms: number | undefined,
  { exec }: LinuxOptions,
  io: Io,
): Promise<number> {
  const first = guests[0] as LinuxGuest;
  if (exec === undefined) {
    if (io.interactive) io.err("The guest's console; Ctrl-] leaves.\n");
    return await joinConsole(first);
  }
  const stdin = new StandardInput(processInput(), io);
  const output = { stdout: (bytes: Uint8Array) => io.out(bytes), stderr: (bytes: Uint8Array) => io.err(bytes), stdin };
  const named = guests.map((guest, place) => ({ name: `vm${place + 1}`, guest }));
  const run = vms === undefined ? () => runInOrder(first, exec, output) : () => runEverywhere(named, exec, io, stdin);
  try {
    return await unlessOutputLost(endedBySignals(run));
  } finally {
    stdin.close();
  }
}
