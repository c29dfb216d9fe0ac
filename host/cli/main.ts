#!/usr/bin/env node
// The program `iovirt`: what an older Node.js has not is loaded only when this one has it.
import { lacking } from "./node-version.ts";

const lack = lacking(process.versions.node);
if (lack === undefined) await import("./program.ts");
else {
  process.stderr.write(`iovirt: ${lack}\n`);
  process.exitCode = 1;
}
