// `npm run bench`: times the product and its partners, side by side.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { allCases } from "./cases/index.ts";
import { Native } from "./native.ts";
import { toJson, toTable } from "./report.ts";
import { measure, type Result } from "./rounds.ts";
import { showSuite } from "./suite.ts";

const HELP = `npm run bench -- [--rounds N] [--case SUBSTRING] [--json FILE] [--no-suites]
  --rounds N         interleaved rounds for the ratios (default 15)
  --case SUBSTRING   only the cases whose name holds it
  --json FILE        writes [{case, unit, wasm, c, js, bigint}]: medians, absent partners null
  --no-suites        leaves out the benchmark.js suites
`;

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      case: { type: "string", default: "" },
      json: { type: "string" },
      "no-suites": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(`bench: --rounds ${JSON.stringify(values.rounds)} is not a number of rounds\n`);
    return 2;
  }
  const native = Native.start();
  if (native === null) process.stdout.write("no C compiler: the C column stays empty\n");
  try {
    const results: Result[] = [];
    for await (const subject of allCases(native, (name) => name.includes(values.case))) {
      const wrong = await subject.check();
      if (wrong.length > 0) {
        process.stderr.write(`${wrong.join("\n")}\n`);
        return 1;
      }
      if (!values["no-suites"]) showSuite(subject);
      results.push(await measure(subject, rounds, 2));
      process.stderr.write(`${toTable(results.slice(-1)).split("\n")[2]}\n`);
    }
    if (results.length === 0) {
      process.stderr.write(`bench: no case holds ${JSON.stringify(values.case)}\n`);
      return 2;
    }
    process.stdout.write(
      `\nMinimum (median) of ${rounds} rounds; ratios of minima / median of the rounds' ratios.\n\n`,
    );
    process.stdout.write(toTable(results));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(toJson(results), null, 2)}\n`);
    return 0;
  } finally {
    native?.stop();
  }
}

process.exitCode = await run();
