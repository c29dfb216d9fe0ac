// `iovirt guests`: fetches what `iovirt linux` boots.
import type { Command } from "./command.ts";
import { GuestError } from "./guests/failure.ts";
import { SUITE } from "./guests/recipe.ts";
import { fetchGuests, guestsFolder } from "./guests/store.ts";
import { EXIT_FAILED } from "./io.ts";
import { parseOptions } from "./options.ts";
import { endedBySignals, withCleanup } from "./signals.ts";
import { StatusLine } from "./status-line.ts";

export const guestsCommand: Command = {
  summary: "fetch the Linux that `iovirt linux` boots, from Debian's packages",
  usage: [
    "usage: iovirt guests",
    "",
    `Gets a kernel, busybox, a BIOS and network tools (Debian ${SUITE}, i386) with apt-get and dpkg-deb, without root and`,
    "without touching the system, and prints the folder that holds them: $IOVIRT_GUESTS, otherwise iovirt/guests in",
    "$XDG_CACHE_HOME or ~/.cache. Does nothing when they are there and whole.",
    "",
  ].join("\n"),
  async run(args, io) {
    parseOptions([], args);
    const line = new StatusLine(io);
    try {
      const step = (what: string): void => line.show(`fetching the guest: ${what}`);
      const files = await endedBySignals(() =>
        withCleanup(
          () => line.clear(),
          () => fetchGuests(step, guestsFolder()),
        ),
      );
      io.out(`${files.folder}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      io.err(`iovirt: ${error.message}\n`);
      return EXIT_FAILED;
    }
  },
};
