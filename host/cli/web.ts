// `iovirt web`: the demonstration in a page, served on this machine until interrupted.
import { servePage } from "../web/serve.ts";
import type { Command } from "./command.ts";
import { reasonOf, UsageError } from "./io.ts";
import { describeOptions, parseOptions } from "./options.ts";

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
] as const;

export const webCommand: Command = {
  summary: "serve the demonstration as a page on 127.0.0.1",
  usage: `usage: iovirt web [OPTION]...\n\n${describeOptions(ROWS)}`,
  async run(args, io) {
    const { port = DEFAULT_PORT } = parseOptions(ROWS, args);
    const server = await servePage(port).catch((error: unknown) => {
      throw new UsageError(`--port ${port}: ${reasonOf(error)}`);
    });
    const interrupted = new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    io.out(`The demonstration is served until interrupted (Ctrl-C), at ${server.url}\n`);
    await interrupted;
    await server.close();
    return 0;
  },
};
