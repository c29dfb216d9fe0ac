// `iovirt linux`: an unmodified Linux in v86, with our card in it.
import { join } from "node:path";
import type { Command } from "./command.ts";
import { GuestError } from "./guests/failure.ts";
import { guestsFolder, openGuests } from "./guests/store.ts";
import { EXIT_FAILED, type Io, UsageError } from "./io.ts";
import { joinConsole } from "./linux-console.ts";
import type { LinuxGuest } from "./linux-guest.ts";
import { joinNeighbours, LinuxPc, type PcOptions } from "./linux-pc.ts";
import { Snapshots } from "./linux-snapshots.ts";
import { describeOptions, type Options, parseOptions, quote } from "./options.ts";
import { StatusLine } from "./status-line.ts";

const DEFAULT_MEMORY = 128;
const DEFAULT_PORTS = 2;
const PROFILES = ["i350", "82576"] as const;
const ROWS = [
  {
    name: "exec",
    short: "e",
    kind: "text",
    form: "COMMANDS",
    help: "run these in the guest's shell and leave with their status",
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
    max: 4,
    help: `the card's ports, 1, 2 or 4, of the 82576 2 at most (${DEFAULT_PORTS}); cables join 0 and 1, 2 and 3`,
  },
  {
    name: "snapshot",
    short: "s",
    kind: "flag",
    help: "start from a snapshot; the first time it is made, with a boot",
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
    const pcOptions = checkPc(options);
    try {
      const pc = await start(pcOptions, options.snapshot === true, io);
      try {
        return await use(pc.guest, options, io);
      } finally {
        await pc.stop();
      }
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      io.err(`iovirt: ${error.message}\n`);
      return EXIT_FAILED;
    }
  },
};

type LinuxOptions = Options<typeof ROWS>;

function checkPc({ memory = DEFAULT_MEMORY, profile = "i350", ports = DEFAULT_PORTS }: LinuxOptions): PcOptions {
  if ((memory & (memory - 1)) !== 0) throw new UsageError(`--memory ${memory} is not a power of two`);
  const known = PROFILES.find((name) => name === profile);
  if (known === undefined) throw new UsageError(`--profile ${quote(profile)} is neither i350 nor 82576`);
  return { memory, cards: [{ profile: known, ports }], wire: joinNeighbours };
}

async function start(options: PcOptions, snapshot: boolean, io: Io): Promise<LinuxPc> {
  const files = openGuests();
  const line = new StatusLine(io);
  const begin = performance.now();
  const show = (): void =>
    line.show(`starting Linux ${files.kernelRelease}: ${Math.round((performance.now() - begin) / 1000)} s`);
  show();
  const timer = setInterval(show, 1000);
  try {
    if (!snapshot) return await LinuxPc.boot(files, options);
    return await LinuxPc.resume(files, options, new Snapshots(join(guestsFolder(), "snapshots")));
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
  return await guest.run(exec, { stdout: (bytes) => io.out(bytes), stderr: (bytes) => io.err(bytes) });
}
