// The program `iovirt`, on a Node.js that has what it needs.
import { createRequire } from "node:module";
import { runDemo } from "../demo/index.ts";
import { demoMachine, demoTopology } from "../demo/machine.ts";
import { type Commands, runCli } from "./command.ts";
import { demoCommand } from "./demo.ts";
import { explainCommand } from "./explain.ts";
import { guestsCommand } from "./guests.ts";
import { processIo } from "./io.ts";
import { linuxCommand } from "./linux.ts";
import { listFunctions, lspciCommand } from "./lspci.ts";
import { qtestCommand } from "./qtest.ts";
import { webCommand } from "./web.ts";

const commands: Commands = {
  demo: demoCommand(runDemo),
  explain: explainCommand(demoMachine),
  guests: guestsCommand,
  linux: linuxCommand,
  lspci: lspciCommand(async () => listFunctions([await demoTopology()])),
  qtest: qtestCommand,
  web: webCommand,
};
const { version } = createRequire(import.meta.url)("iovirt/package.json") as { version: string };

// Not process.exit: what was written to a pipe still has to leave.
process.exitCode = await runCli(commands, version, process.argv.slice(2), processIo());
