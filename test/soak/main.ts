// npm run soak -- --operations N --seed S
import { parseArgs } from "node:util";
import { reportOf, soak } from "./soak.ts";

const { values } = parseArgs({ options: { operations: { type: "string" }, seed: { type: "string" } } });

function whole(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} ${text} is not a whole number`);
  return value;
}

const operations = whole("operations", values.operations, 10_000_000);
const seed = whole("seed", values.seed, Math.floor(Date.now() / 1000));
const terminal = process.stderr.isTTY;
console.log(`seed ${seed}`);
try {
  const tally = await soak(operations, seed, (done) => {
    if (terminal) process.stderr.write(`\r${done.toLocaleString("en")} of ${operations.toLocaleString("en")}\x1b[K`);
  });
  if (terminal) process.stderr.write("\r\x1b[K");
  process.stdout.write(reportOf(tally));
} catch (error) {
  if (terminal) process.stderr.write("\r\x1b[K");
  console.error((error as Error).stack);
  process.exitCode = 1;
}
