// The command line of the guest's bench.
import { parseArgs } from "node:util";

export const HELP = `npm run bench:guest -- [--rounds N] [--seconds N] [--least N] [--json FILE]
  --rounds N         interleaved rounds, 1 to 100 (default 3)
  --seconds N        roughly how long each measurement takes, 0.2 to 60 (default 1)
  --least N          ends with status 1 when igb is less than N times as fast as virtio-net, by processor time, 0 to 100
  --json FILE        writes [{direction, size, unit, igb, virtio, ne2k, ratio, processorRatio, ours}]: medians
`;

export interface Options {
  help: boolean;
  rounds: number;
  seconds: number;
  least: number;
  json: string | undefined;
}

const MAX_ROUNDS = 100;
const MIN_SECONDS = 0.2;
const MAX_SECONDS = 60;
const MAX_LEAST = 100;

/** Reads the arguments. What is wrong with them comes back as one line. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "3" },
        seconds: { type: "string", default: "1" },
        least: { type: "string", default: "0" },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const rounds = Number(values.rounds);
    if (!/^\d+$/.test(values.rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
      return `--rounds ${JSON.stringify(values.rounds)} is not in 1–${MAX_ROUNDS}`;
    }
    const seconds = Number(values.seconds);
    if (!/^\d+(\.\d+)?$/.test(values.seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
      return `--seconds ${JSON.stringify(values.seconds)} is not in ${MIN_SECONDS}–${MAX_SECONDS}`;
    }
    const least = Number(values.least);
    if (!/^\d+(\.\d+)?$/.test(values.least) || least > MAX_LEAST) {
      return `--least ${JSON.stringify(values.least)} is not in 0–${MAX_LEAST}`;
    }
    return { help: values.help, rounds, seconds, least, json: values.json };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return (error.message.split(/\.\s|\n/)[0] as string).trim();
  }
}
