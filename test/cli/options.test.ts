import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../host/cli/io.ts";
import { describeOptions, parseOptions } from "../../host/cli/options.ts";

const rows = [
  { name: "count", short: "c", kind: "number", min: 3, max: 17, help: "how many" },
  { name: "file", kind: "file", help: "a name" },
  { name: "more", short: "m", kind: "count", help: "say more and more" },
  { name: "loud", short: "l", kind: "flag", help: "say more" },
  { name: "part", short: "p", kind: "texts", form: "TEXT", help: "one of several" },
] as const;

describe("options", () => {
  test.each<[string[], object]>([
    [[], {}],
    [["--count", "3", "--loud"], { count: 3, loud: true }],
    [["--count=17", "--file=-x"], { count: 17, file: "-x" }],
    [["-lc", "4"], { count: 4, loud: true }],
    [["--file", "-"], { file: "-" }],
    [["-mm", "-l", "--more"], { more: 3, loud: true }],
    [["--count", "4", "--count", "5"], { count: 5 }],
    [["-p", "b", "-l", "--part=a", "-p", "b"], { part: ["b", "a", "b"], loud: true }],
  ])("%j gives %j", (args, expected) => {
    expect(parseOptions(rows, args)).toEqual(expected);
  });

  test.each<[string[], string]>([
    [["--cuont", "3"], 'unknown option "--cuont"'],
    [["-x"], 'unknown option "-x"'],
    [["--toString"], 'unknown option "--toString"'],
    [["--__proto__=1"], 'unknown option "--__proto__"'],
    [["3"], 'unexpected argument "3"'],
    [["--", "--loud"], 'unexpected argument "--loud"'],
    [["--count"], "--count needs a value"],
    [["--count="], "--count needs a value"],
    [["--file", "--loud"], "--file needs a value"],
    [["-c", "-l"], "-c needs a value"],
    [["--count", "many"], '--count "many" is not a whole number'],
    [["--count", "4.5"], '--count "4.5" is not a whole number'],
    [["--count", "0x4"], '--count "0x4" is not a whole number'],
    [["--count", "2"], "--count 2 is not in 3–17"],
    [["--count", "18"], "--count 18 is not in 3–17"],
    [["--count", "-4"], "--count -4 is not in 3–17"],
    [["--more=2"], '--more takes no value, but got "2"'],
    [["--loud=yes"], '--loud takes no value, but got "yes"'],
    [["--\nx"], 'unknown option "--\\nx"'],
  ])("%j is refused: %s", (args, message) => {
    expect(() => parseOptions(rows, args)).toThrow(new UsageError(message));
  });

  test("any arguments give options or a UsageError of one line", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("--count", "--file", "-l", "-c", "--loud", "5", "--", "-"));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (args) => {
        try {
          parseOptions(rows, args);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as Error).message).not.toMatch(/\n/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("the help lines up", () => {
    const lines = [
      "  -c, --count N    how many",
      "      --file FILE  a name",
      "  -m, --more       say more and more",
      "  -l, --loud       say more",
      "  -p, --part TEXT  one of several",
    ];
    expect(describeOptions(rows)).toBe(lines.map((line) => `${line}\n`).join(""));
  });

  test("the help of an option that takes more than a line goes on below itself", () => {
    const help = `${"long ".repeat(40)}end`;
    const lines = describeOptions([...rows, { name: "word", kind: "flag", help }])
      .split("\n")
      .slice(rows.length, -1);
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(lines.map((line) => line.slice(0, 19))).toEqual(
      lines.map((_, n) => (n === 0 ? "      --word       " : " ".repeat(19))),
    );
    expect(lines.map((line) => line.slice(19)).join(" ")).toBe(help);
  });
});
