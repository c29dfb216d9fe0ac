// The bench's command line.
import { parseArgs } from "node:util";

export const HELP = `npm run bench -- [--rounds N] [--case SUBSTRING] [--json FILE] [--no-suites]
  --rounds N         interleaved rounds for the ratios, 1 to 1000 (default 15)
  --case SUBSTRING   only the cases whose name holds it
  --json FILE        writes [{case, unit, wasm, c, js, bigint}]: medians, absent partners null
  --no-suites        leaves out the benchmark.js suites
`;

export interface Options {
  help: boolean;
  rounds: number;
  /** Cases whose names hold it are measured. */
  filter: string;
  json: string | undefined;
  suites: boolean;
}

const MAX_ROUNDS = 1000;

/** Reads the arguments. What is wrong with them comes back as one line. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "15" },
        case: { type: "string", default: "" },
        json: { type: "string" },
        "no-suites": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const rounds = Number(values.rounds);
    if (!/^\d+$/.test(values.rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
      return `--rounds ${JSON.stringify(values.rounds)} is not in 1–${MAX_ROUNDS}`;
    }
    return { help: values.help, rounds, filter: values.case, json: values.json, suites: !values["no-suites"] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return (error.message.split(/\.\s|\n/)[0] as string).trim();
  }
}
