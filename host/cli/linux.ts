// `iovirt linux`: an unmodified Linux in v86, with our card in it.
import { join } from "node:path";
import { MAX_PORTS as I82576_PORTS } from "../device/igb/config-82576.ts";
import { MAX_PORTS as I350_PORTS } from "../device/igb/config-i350.ts";
import type { Command } from "./command.ts";
import { GuestError } from "./guests/failure.ts";
import { type GuestFiles, guestsFolder, openGuests } from "./guests/store.ts";
import { EXIT_FAILED, type Io, OutputLost, UsageError, unlessOutputLost } from "./io.ts";
import { joinConsole } from "./linux-console.ts";
import { forWhom, runEverywhere } from "./linux-exec.ts";
import type { LinuxGuest } from "./linux-guest.ts";
import { joinNeighbours, LinuxPc, type PcOptions } from "./linux-pc.ts";
import { Snapshots } from "./linux-snapshots.ts";
import { readSuspended, writeSuspended } from "./linux-suspended.ts";
import { LinuxVms, VFS_PER_PORT } from "./linux-vms.ts";
import { describeOptions, type Options, parseOptions, quote } from "./options.ts";
import { StatusLine } from "./status-line.ts";

const DEFAULT_MEMORY = 128;
const DEFAULT_PORTS = 2;
const MAX_VMS = 16;
/** The cards and how many ports they have at most. */
const PROFILES = { i350: I350_PORTS, "82576": I82576_PORTS } as const;
const ROWS = [
  {
    name: "exec",
    short: "e",
    kind: "text",
    form: "COMMANDS",
    help: "run these in the guest's shell and leave with their status",
  },
  {
    name: "vms",
    kind: "number",
    min: 1,
    max: MAX_VMS,
    help:
      "guests on one machine, each with a VF that a hypervisor gives it; the host drives the PFs. --exec runs in all " +
      "of them ($VM is the guest's number) or, as N:COMMANDS, in one; without it the console is the first one's",
  },
  {
    name: "memory",
    short: "m",
    kind: "number",
    min: 64,
    max: 1024,
    help: `MiB of RAM, a power of two (${DEFAULT_MEMORY})`,
  },
  { name: "profile", kind: "text", form: "i350|82576", help: "the card (i350)" },
  {
    name: "ports",
    short: "p",
    kind: "number",
    min: 1,
    max: PROFILES.i350,
    help: `the card's ports, 1 to 4, of an 82576 1 or 2 (${DEFAULT_PORTS}); cables join 0 and 1, 2 and 3`,
  },
  {
    name: "snapshot",
    short: "s",
    kind: "flag",
    help: "start from a snapshot; the first time it is made, with a boot",
  },
  {
    name: "suspend",
    kind: "file",
    help: "in the end, write the guest, whatever it is in the middle of, to this file",
  },
  {
    name: "resume",
    kind: "file",
    help: "go on with a guest that --suspend wrote; it has its card and memory",
  },
] as const;

export const linuxCommand: Command = {
  summary: "boot Linux in v86 with the card attached: a serial console, or --exec",
  usage: [
    "usage: iovirt linux [OPTION]...",
    "",
    "Boots the Linux that `iovirt guests` has fetched, in the emulator v86, and joins the terminal and its console.",
    "Ctrl-] leaves, and so does the end of the guest's shell.",
    "",
    describeOptions(ROWS),
  ].join("\n"),
  async run(args, io) {
    const options = parseOptions(ROWS, args);
    checkTogether(options);
    const pcOptions = checkPc(options);
    try {
      return options.vms === undefined ? await runPc(pcOptions, options, io) : await runVms(pcOptions, options, io);
    } catch (error) {
      if (error instanceof OutputLost) return error.status;
      if (!(error instanceof GuestError)) throw error;
      io.err(`iovirt: ${error.message}\n`);
      return EXIT_FAILED;
    }
  },
};

type LinuxOptions = Options<typeof ROWS>;

function checkPc({ memory = DEFAULT_MEMORY, profile = "i350", ports = DEFAULT_PORTS }: LinuxOptions): PcOptions {
  if ((memory & (memory - 1)) !== 0) throw new UsageError(`--memory ${memory} is not a power of two`);
  if (!isProfile(profile)) throw new UsageError(`--profile ${quote(profile)} is neither i350 nor 82576`);
  const most = PROFILES[profile];
  if (ports > most)
    throw new UsageError(`--ports ${ports} is not in 1–${most}, which a card of --profile ${profile} has`);
  return { memory, cards: [{ profile, ports }], wire: joinNeighbours };
}

function isProfile(name: string): name is keyof typeof PROFILES {
  return Object.hasOwn(PROFILES, name);
}

/** Throws UsageError for options that exclude each other. */
function checkTogether(options: LinuxOptions): void {
  const excluded = {
    resume: ["memory", "profile", "ports", "snapshot", "vms"],
    suspend: ["vms"],
  } as const;
  for (const [name, others] of Object.entries(excluded) as [keyof typeof excluded, readonly (keyof LinuxOptions)[]][]) {
    const other =
      options[name] === undefined ? undefined : others.find((candidate) => options[candidate] !== undefined);
    if (other !== undefined) throw new UsageError(`--${name} does not go with --${other}`);
  }
}

async function runPc(asked: PcOptions, options: LinuxOptions, io: Io): Promise<number> {
  const { snapshot, suspend, resume } = options;
  const suspended = resume === undefined ? undefined : await readSuspended(resume, io);
  const pcOptions = suspended === undefined ? asked : { ...suspended, wire: joinNeighbours };
  const pc = await start(io, async (files) => {
    if (suspended !== undefined) return await LinuxPc.goOn(files, pcOptions, suspended.state);
    if (snapshot === true) return await LinuxPc.resumePlugged(files, pcOptions, snapshots());
    return await LinuxPc.boot(files, pcOptions);
  });
  try {
    const status = await use(pc.guest, options, io);
    const { memory, cards } = pcOptions;
    if (suspend !== undefined) writeSuspended(suspend, { memory, cards, state: await pc.suspend() });
    return status;
  } finally {
    await pc.stop();
  }
}

async function runVms(pcOptions: PcOptions, options: LinuxOptions, io: Io): Promise<number> {
  const { vms = 1, exec, ports = 1, snapshot } = options;
  if (exec !== undefined) forWhom(exec, vms);
  const { memory, wire } = pcOptions;
  const card = { ...pcOptions.cards[0], ports };
  if (vms > VFS_PER_PORT * ports) throw new UsageError(`--vms ${vms} are more than --ports ${ports} have VFs`);
  const made = await start(io, (files) =>
    LinuxVms.start(files, { memory, card, vms, ...(wire && { wire }) }, snapshot === true ? snapshots() : undefined),
  );
  try {
    const guests = made.guests.map(({ vm, guest }) => ({ name: vm.name, guest }));
    if (exec !== undefined) return await unlessOutputLost(runEverywhere(guests, exec, io));
    return await use((guests[0] as (typeof guests)[0]).guest, options, io);
  } finally {
    await made.stop();
  }
}

function snapshots(): Snapshots {
  return new Snapshots(join(guestsFolder(), "snapshots"));
}

async function start<Made>(io: Io, make: (files: GuestFiles) => Promise<Made>): Promise<Made> {
  const files = openGuests();
  const line = new StatusLine(io);
  const begin = performance.now();
  const show = (): void =>
    line.show(`starting Linux ${files.kernelRelease}: ${Math.round((performance.now() - begin) / 1000)} s`);
  show();
  const timer = setInterval(show, 1000);
  try {
    return await make(files);
  } finally {
    clearInterval(timer);
    line.clear();
  }
}

async function use(guest: LinuxGuest, { exec }: LinuxOptions, io: Io): Promise<number> {
  if (exec === undefined) {
    if (io.interactive) io.err("The guest's console; Ctrl-] leaves.\n");
    return await joinConsole(guest);
  }
  const output = { stdout: (bytes: Uint8Array) => io.out(bytes), stderr: (bytes: Uint8Array) => io.err(bytes) };
  return await unlessOutputLost(guest.run(exec, output));
}
