// npm run soak: random operations on IOMMU units, judged by what the tables allow.
import { parseArgs } from "node:util";
import { reportOf, SoakError, soak } from "./soak.ts";

const USAGE = `usage: npm run soak -- [--operations N] [--seed S]

Performs N random operations (10,000,000) of guests and devices on IOMMU units: registers, tables, invalidation queues,
DMA, interrupts, ATS and page requests. Status 1, with a line that replays it, when one traps or does what the tables do
not allow; 2 for a wrong call. Without --seed, the time is the seed.
`;

/** A wrong call: one line, and status 2. */
class Misuse extends Error {}

function options(): { operations?: string; seed?: string; help?: boolean } {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ options: { operations: text, seed: text, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw new Misuse((error as Error).message.split("\n", 1)[0]);
  }
}

function whole(name: string, text: string | undefined, least: number, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  const good = /^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least;
  if (!good) throw new Misuse(`--${name} ${text} is not a whole number from ${least} on`);
  return value;
}

async function main(): Promise<number> {
  const given = options();
  if (given.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const operations = whole("operations", given.operations, 1, 10_000_000);
  const seed = whole("seed", given.seed, 0, Math.floor(Date.now() / 1000));
  const { stderr } = process;
  console.log(`seed ${seed}`);
  try {
    const tally = await soak(operations, seed, (done) => {
      if (stderr.isTTY) stderr.write(`\r${done.toLocaleString("en")} of ${operations.toLocaleString("en")}\x1b[K`);
    });
    process.stdout.write(reportOf(tally));
    return 0;
  } catch (error) {
    if (!(error instanceof SoakError)) throw error;
    console.error(error.stack);
    return 1;
  } finally {
    if (stderr.isTTY) stderr.write("\r\x1b[K");
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Misuse)) throw error;
  console.error(`soak: ${error.message}`);
  process.exitCode = 2;
}
