import { expect, test } from "vitest";
import { readOptions } from "../../bench/options.ts";
import { scaling, toJson, toTable } from "../../bench/report.ts";
import { type Case, measure, median, ratio, timed } from "../../bench/rounds.ts";

function subject(times: { wasm: number[]; c: number[] }): { subject: Case; order: string[] } {
  const order: string[] = [];
  const contender = (name: "wasm" | "c") => ({
    prepare: (seed: number) => {
      order.push(`${name} prepares ${seed}`);
    },
    time: () => times[name].shift() as number,
  });
  return {
    order,
    subject: {
      name: "a case",
      wasm: contender("wasm"),
      c: contender("c"),
      js: null,
      bigint: null,
      check: async () => [],
    },
  };
}

test("measure interleaves: every partner once a round with the same seed, warm rounds do not count", async () => {
  const { subject: one, order } = subject({ wasm: [900, 6, 8, 30], c: [700, 3, 2, 10] });
  const { figures } = await measure(one, 3, 1);
  expect(figures.wasm).toEqual({ rounds: [6, 8, 30], minimum: 6, median: 8 });
  expect(figures.c).toEqual({ rounds: [3, 2, 10], minimum: 2, median: 3 });
  expect(order.map((line) => line.split(" ").at(-1))).toEqual(["1", "1", "2", "2", "3", "3", "4", "4"]);
  if (figures.wasm === null || figures.c === null) throw new Error("no figures");
  expect(ratio(figures.wasm, figures.c)).toEqual({ minimum: 3, median: 3 });
});

test("--json: one row a case, medians in ns, absent partners null", async () => {
  const { subject: one } = subject({ wasm: [5.123456, 7.5], c: [1, 2] });
  const results = [await measure(one, 2, 0)];
  expect(toJson(results)).toEqual([{ case: "a case", unit: "ns", wasm: 6.3117, c: 1.5, js: null, bigint: null }]);
  expect(toTable(results)).toContain("5.12 (6.31)");
});

test("the median is the middle, or the mean of the two in the middle", () => {
  expect(median([9, 1, 4])).toBe(4);
  expect(median([9, 1, 4, 6])).toBe(5);
});

test("a timed contender divides by its operations", () => {
  let calls = 0;
  const contender = timed(1e15, () => {
    calls++;
  });
  expect(contender.time()).toBeLessThan(1);
  expect(calls).toBe(1);
});

test("32 VFs are compared with 8 when both were measured", () => {
  const result = (name: string, value: number) => ({
    name,
    figures: { wasm: { rounds: [value], minimum: value, median: value + 2 }, c: null, js: null, bigint: null },
  });
  const eight = result("frames: 8 VFs, 64 bytes, RAM inside the wasm", 30);
  const many = result("frames: 32 VFs, 64 bytes, RAM inside the wasm", 36);
  expect(scaling([eight, many])).toContain("costs 1.20 (median 1.19) times");
  expect(scaling([eight, result("frames: 32 VFs, 1500 bytes, RAM inside the wasm", 36)])).toBe("");
});

test("options: defaults, values, and one line that names what is wrong", () => {
  expect(readOptions([])).toEqual({ help: false, rounds: 15, filter: "", json: undefined, suites: true });
  expect(readOptions(["--rounds", "3", "--case", "walk", "--json", "x.json", "--no-suites"])).toEqual({
    help: false,
    rounds: 3,
    filter: "walk",
    json: "x.json",
    suites: false,
  });
  for (const args of [
    ["--rounds", "0"],
    ["--rounds", "1001"],
    ["--rounds", "many"],
    ["--loud"],
    ["walk"],
    ["--json"],
  ]) {
    const message = readOptions(args);
    expect(message, args.join(" ")).toEqual(expect.stringContaining(args[1] ?? (args[0] as string)));
    expect(message).not.toContain("\n");
  }
});
