// `npm run bench`: times the product and its partners, side by side.
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import { allCases } from "./cases/index.ts";
import { Native } from "./native.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { scaling, toJson, toTable } from "./report.ts";
import { measure, type Result } from "./rounds.ts";
import { showSuite } from "./suite.ts";

const WARM_ROUNDS = 2;

/** Measures the wanted cases; a case whose partners disagree with the product ends the run with null. */
async function results(native: Native | null, { filter, rounds, suites }: Options): Promise<Result[] | null> {
  const all: Result[] = [];
  for await (const subject of allCases(native, (name) => name.includes(filter))) {
    const wrong = await subject.check();
    if (wrong.length > 0) {
      process.stderr.write(`${wrong.join("\n")}\n`);
      return null;
    }
    if (suites) showSuite(subject);
    all.push(await measure(subject, rounds, WARM_ROUNDS));
  }
  return all;
}

/** Why nothing can be written to `path`, asked before a long run; a file that is there keeps its bytes. */
function unwritable(path: string): string | undefined {
  try {
    const there = existsSync(path);
    closeSync(openSync(path, "a"));
    if (!there) rmSync(path);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Returns the exit status: 1 when a partner disagrees, 2 for arguments that make no sense. */
async function run(args: readonly string[]): Promise<number> {
  const refuse = (message: string): number => {
    process.stderr.write(`bench: ${message}\n`);
    return 2;
  };
  const options = readOptions(args);
  if (typeof options === "string") return refuse(options);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { json } = options;
  if (json !== undefined) {
    const problem = unwritable(json);
    if (problem !== undefined) return refuse(`--json ${JSON.stringify(json)}: ${problem}`);
  }
  const native = Native.start();
  if (native === null) process.stdout.write("no C compiler: the C column stays empty\n");
  try {
    const all = await results(native, options);
    if (all === null) return 1;
    if (all.length === 0) return refuse(`no case's name holds ${JSON.stringify(options.filter)}`);
    process.stdout.write(
      `\nMinimum (median) of ${options.rounds} round${options.rounds === 1 ? "" : "s"}; ratios of minima / median of the rounds' ratios.\n\n`,
    );
    process.stdout.write(`${toTable(all)}${scaling(all)}`);
    if (json !== undefined) {
      try {
        writeFileSync(json, `${JSON.stringify(toJson(all), null, 2)}\n`);
      } catch (error) {
        return refuse(`--json ${JSON.stringify(json)}: ${(error as Error).message}`);
      }
    }
    return 0;
  } finally {
    native?.stop();
  }
}

process.exitCode = await run(process.argv.slice(2));
