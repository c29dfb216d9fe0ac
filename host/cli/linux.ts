// `iovirt linux`: an unmodified Linux in v86, with our card in it.
import type { Command } from "./command.ts";
import { GuestError } from "./guests/failure.ts";
import { openGuests } from "./guests/store.ts";
import { EXIT_FAILED, type Io, UsageError } from "./io.ts";
import { bootLinux } from "./linux-boot.ts";
import { joinConsole } from "./linux-console.ts";
import type { LinuxGuest } from "./linux-guest.ts";
import { describeOptions, type Options, parseOptions } from "./options.ts";
import { StatusLine } from "./status-line.ts";

const DEFAULT_MEMORY = 128;
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
    const { memory = DEFAULT_MEMORY } = options;
    if ((memory & (memory - 1)) !== 0) throw new UsageError(`--memory ${memory} is not a power of two`);
    try {
      const guest = await boot(memory, io);
      try {
        return await use(guest, options, io);
      } finally {
        await guest.stop();
      }
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      io.err(`iovirt: ${error.message}\n`);
      return EXIT_FAILED;
    }
  },
};

async function boot(memory: number, io: Io): Promise<LinuxGuest> {
  const files = openGuests();
  const line = new StatusLine(io);
  const start = performance.now();
  const show = (): void =>
    line.show(`booting Linux ${files.kernelRelease}: ${Math.round((performance.now() - start) / 1000)} s`);
  show();
  const timer = setInterval(show, 1000);
  try {
    return await bootLinux(files, { memory });
  } finally {
    clearInterval(timer);
    line.clear();
  }
}

async function use(guest: LinuxGuest, { exec }: Options<typeof ROWS>, io: Io): Promise<number> {
  if (exec === undefined) {
    if (io.interactive) io.err("The guest's console; Ctrl-] leaves.\n");
    return await joinConsole(guest);
  }
  return await guest.run(exec, { stdout: (bytes) => io.out(bytes), stderr: (bytes) => io.err(bytes) });
}
