// npm run differential -- --cases N --seed S [--qemu PATH] [--replay FILE]
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { run } from "./campaign.ts";
import type { Case } from "./case.ts";
import { describe, signature } from "./compare.ts";
import { PairOfPartners } from "./pair.ts";
import { printReport } from "./report.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "1000" },
    seed: { type: "string" },
    qemu: { type: "string" },
    replay: { type: "string" },
    kind: { type: "string" },
    platform: { type: "string" },
  },
});

// The partners go with this process, however it ends.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

function qemu(): string {
  if (values.qemu !== undefined) return values.qemu;
  const script = ["test/qemu/get-qemu.sh"].find(existsSync);
  if (script === undefined) throw new Error("run this in the repository, or name QEMU with --qemu");
  return execFileSync("bash", [script], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

if (values.replay !== undefined) {
  const test = JSON.parse(readFileSync(values.replay, "utf8")) as Case;
  const pair = new PairOfPartners(qemu(), test.platform);
  const result = await pair.run(test);
  for (const difference of result.unexplained) console.log(`${signature(difference)}\n  ${describe(difference)}`);
  for (const name of result.explained) console.log(`explained: ${name}`);
  console.log(`${result.unexplained.length} unexplained`);
  await pair.close();
  process.exitCode = result.unexplained.length > 0 ? 1 : 0;
} else {
  const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) : Number(values.seed);
  const result = await run({
    program: qemu(),
    cases: Number(values.cases),
    seed,
    kind: values.kind,
    platform: values.platform,
    progress: process.stderr.isTTY ? (text) => process.stderr.write(`\r${text}\x1b[K`) : undefined,
  });
  if (process.stderr.isTTY) process.stderr.write("\n");
  console.log(printReport(result));
  process.exitCode = result.unexplained.length > 0 ? 1 : 0;
}
