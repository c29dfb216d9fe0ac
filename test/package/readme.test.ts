// The README's words are held to: what it shows as a program's answer is that answer.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");

/** The bodies of the fenced blocks of one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body]) =>
    name === language ? [body as string] : [],
  );
}

describe("README", () => {
  // A command, the lines that it is given between <<END and END, the answer.
  const sessions = blocks("console").flatMap((block) =>
    [...block.matchAll(/^\$ iovirt (.*?)(?: <<END\n([\s\S]*?)END)?\n((?:(?!\$ ).*\n)*)/gm)]
      .map((match): [string, string, string] => [match[1] as string, match[2] ?? "", match[3] as string])
      .filter(([, , answer]) => answer !== ""),
  );

  test("shows answers", () => expect(sessions.length).toBeGreaterThanOrEqual(2));

  test.each(sessions)("`iovirt %s` answers as it says", (command, input, answer) => {
    const { stdout, stderr } = spawnSync(process.execPath, [`${root}dist/host/cli/main.js`, ...command.split(" ")], {
      encoding: "utf8",
      input,
    });
    expect(stdout + stderr).toBe(answer);
  });

  // A program in JavaScript and, in the next fenced block, what it prints.
  const fences = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, body]) => ({ language, body }));
  const programs = fences.flatMap(({ language, body }, place): [string, string][] => {
    const next = fences[place + 1];
    return language === "js" && next?.language === "text" ? [[body as string, next.body as string]] : [];
  });

  test("the embedding example has at most 25 lines; a device's comes after it", () => {
    expect(programs.map(([code]) => code.includes("class ") && code.includes("service()"))).toEqual([false, true]);
    expect(programs[0]?.[0].trimEnd().split("\n").length).toBeLessThanOrEqual(25);
  });

  test.each(programs)("program %# prints what stands below it", (code, answer) => {
    // The package is asked by its name: from its own folder that is itself, as built.
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module"], {
      cwd: root,
      input: code,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toBe(answer);
  });

  test("names no file that is not there", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] as string);
    for (const link of links) expect(() => readFileSync(root + link)).not.toThrow();
  });
});
