// npm run differential: random cases on QEMU 11.1 and on the model, or one case from a file.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type CampaignOptions, run } from "./campaign.ts";
import type { Case } from "./case.ts";
import { describe, signature } from "./compare.ts";
import { KINDS } from "./kinds.ts";
import { PLATFORMS } from "./machine.ts";
import { PairOfPartners } from "./pair.ts";
import { printReport } from "./report.ts";

const USAGE = `usage: npm run differential -- [--cases N] [--seed S] [--qemu PATH] [--kind NAME] [--platform NAME]
       npm run differential -- --replay FILE [--qemu PATH]

Performs N random cases (1000) on QEMU 11.1 and on the model and prints what differs; status 1 when something does
that no known deviation of QEMU explains, 2 for a wrong call. Without --seed, the time is the seed. Without --qemu, test/qemu/get-qemu.sh says where QEMU is, and gets it.
Kinds: ${[...new Set(KINDS.map(({ name }) => name))].join(", ")}.
Platforms: ${Object.keys(PLATFORMS).join(", ")}.
`;
const QEMU_SCRIPT = "test/qemu/get-qemu.sh";

/** A wrong call: one line, and status 2. */
class Misuse extends Error {}

function options(): Record<string, string | boolean | undefined> {
  try {
    const text = { type: "string" } as const;
    const known = { cases: text, seed: text, qemu: text, replay: text, kind: text, platform: text };
    return parseArgs({ options: { ...known, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw new Misuse((error as Error).message.split("\n", 1)[0]);
  }
}

function count(name: string, value: string | boolean | undefined, least: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  const good = /^\d+$/.test(String(value)) && Number.isSafeInteger(number) && number >= least;
  if (!good) throw new Misuse(`--${name} ${value} is not a whole number from ${least} on`);
  return number;
}

function qemu(given: string | boolean | undefined): string {
  if (typeof given === "string") {
    if (!existsSync(given)) throw new Misuse(`--qemu ${given}: there is no such file`);
    return given;
  }
  if (!existsSync(QEMU_SCRIPT)) throw new Misuse("QEMU is to be named with --qemu outside the repository");
  try {
    return execFileSync("bash", [QEMU_SCRIPT], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  } catch {
    throw new Misuse("without QEMU there is nothing to compare with");
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
}

function readCase(file: string): Case {
  try {
    const text = readFileSync(file, "utf8");
    const test = jsonOf(text) as Partial<Case> | null;
    if (!Array.isArray(test?.steps) || typeof test.platform !== "string" || PLATFORMS[test.platform] === undefined)
      throw new Error("it holds no case");
    return test as Case;
  } catch (error) {
    throw new Misuse(`--replay ${file}: ${(error as Error).message}`);
  }
}

async function replay(test: Case, program: string): Promise<boolean> {
  const pair = new PairOfPartners(program, test.platform);
  const result = await pair.run(test);
  for (const difference of result.unexplained) console.log(`${signature(difference)}\n  ${describe(difference)}`);
  for (const name of result.explained) console.log(`explained: ${name}`);
  console.log(`${result.unexplained.length} unexplained`);
  await pair.close();
  return result.unexplained.length === 0;
}

async function campaign(chosen: CampaignOptions): Promise<boolean> {
  const terminal = process.stderr.isTTY;
  const progress = terminal ? (text: string): boolean => process.stderr.write(`\r${text}\x1b[K`) : undefined;
  const result = await run({ ...chosen, progress });
  if (terminal) process.stderr.write("\n");
  console.log(printReport(result));
  return result.unexplained.length === 0;
}

async function main(): Promise<number> {
  const given = options();
  if (given.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const named = { kind: given.kind as string | undefined, platform: given.platform as string | undefined };
  const { kind, platform } = named;
  if (!KINDS.some((one) => one.name === (kind ?? one.name) && one.platform === (platform ?? one.platform))) {
    throw new Misuse("there are no such cases: --help names kinds and platforms");
  }
  if (typeof given.replay === "string") {
    const test = readCase(given.replay);
    return Number(!(await replay(test, qemu(given.qemu))));
  }
  const cases = count("cases", given.cases, 1, 1000);
  const seed = count("seed", given.seed, 0, Math.floor(Date.now() / 1000));
  return Number(!(await campaign({ program: qemu(given.qemu), cases, seed, ...named })));
}

// The partners go with this process, however it ends.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Misuse)) throw error;
  console.error(`differential: ${error.message}`);
  process.exitCode = 2;
}
