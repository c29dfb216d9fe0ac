// One case as a benchmark.js suite. benchmark.js misreads what takes nanoseconds, so one call does the work of a whole
// round, thousands of operations, and its time is divided.
import Benchmark from "benchmark";
import type { Case, Partner } from "./rounds.ts";

const MAX_SECONDS = 0.25;

/** Runs the suite and prints a line for each JavaScript-side partner. */
export function showSuite(subject: Case): void {
  process.stdout.write(`${subject.name}\n`);
  const suite = new Benchmark.Suite(subject.name);
  for (const partner of ["wasm", "js", "bigint"] as const satisfies readonly Partner[]) {
    const contender = subject[partner];
    if (contender === null || contender.work === undefined) continue;
    contender.prepare?.(1);
    suite.add(partner, contender.work, { maxTime: MAX_SECONDS, minSamples: 5 });
  }
  suite.on("cycle", (event: Benchmark.Event) => {
    const target = event.target as unknown as Benchmark & { name: Partner };
    const operations = subject[target.name]?.operations ?? 1;
    const nanoseconds = ((target.stats?.mean ?? Number.NaN) * 1e9) / operations;
    const error = target.stats?.rme ?? Number.NaN;
    process.stdout.write(
      `  ${target.name.padEnd(8)}${nanoseconds.toFixed(2).padStart(10)} ns ±${error.toFixed(1)} %\n`,
    );
  });
  suite.run({ async: false });
}
