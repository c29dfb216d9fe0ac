// `iovirt web`: the demonstration and Linux in pages, served on this machine until interrupted.
import { LINUX_PAGE, LINUX_PATH } from "../web/linux-files.ts";
import { servePage } from "../web/serve.ts";
import type { Command } from "./command.ts";
import { reasonOf, UsageError } from "./io.ts";
import { describeOptions, parseOptions } from "./options.ts";
import { linuxFiles, missingForLinux } from "./web-linux.ts";

const DEFAULT_PORT = 8080;
const ROWS = [
  {
    name: "port",
    short: "p",
    kind: "number",
    min: 0,
    max: 65535,
    help: `TCP port (${DEFAULT_PORT}); 0 takes a free one`,
  },
  {
    name: "snapshot",
    short: "s",
    kind: "flag",
    help: "start Linux from a snapshot; the first time it is made, with a boot",
  },
] as const;

export const webCommand: Command = {
  summary: "serve the demonstration, and Linux with the card, as pages on 127.0.0.1",
  usage: [
    "usage: iovirt web [OPTION]...",
    "",
    `Serves the demonstration, and at ${LINUX_PATH} the Linux that \`iovirt guests\` has fetched, booted in the page.`,
    "",
    describeOptions(ROWS),
  ].join("\n"),
  async run(args, io) {
    const { port = DEFAULT_PORT, snapshot = false } = parseOptions(ROWS, args);
    const pages = new Map([[LINUX_PATH, LINUX_PAGE]]);
    const server = await servePage({ port, files: linuxFiles(snapshot), pages }).catch((error: unknown) => {
      throw new UsageError(`--port ${port}: ${reasonOf(error)}`);
    });
    if (snapshot) for (const reason of missingForLinux()) io.err(`iovirt: ${LINUX_PATH}: ${reason}\n`);
    const interrupted = new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    io.out(`The demonstration is served until interrupted (Ctrl-C), at ${server.url}\n`);
    await interrupted;
    await server.close();
    // A guest that boots for the snapshot would keep the process.
    process.exit(0);
  },
};
