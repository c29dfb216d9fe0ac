// The outside judges: the program lspci, and the dumps of real servers in pciutils' source (GPL, so not kept here).
// Where a judge is missing, tests that need it are skipped with the reason; where CI is set, they fail.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";

const folder = process.env.IOVIRT_PCIUTILS_TESTS;

function lspciFound(): boolean {
  return spawnSync("lspci", ["--version"]).status === 0;
}

function missing(context: TestContext, reason: string): never {
  if (process.env.CI) throw new Error(reason);
  context.skip(reason);
  throw new Error(reason);
}

/** Skips (in CI: fails) unless lspci is installed. */
export function needLspci(context: TestContext): void {
  if (!lspciFound()) missing(context, "lspci (pciutils) is not installed");
}

/** The dumps of pciutils' source by name; skips (in CI: fails) unless IOVIRT_PCIUTILS_TESTS names their folder. */
export function needDumps(context: TestContext): Map<string, string> {
  if (!folder) missing(context, "IOVIRT_PCIUTILS_TESTS does not name the folder tests/ of pciutils' source");
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "latin1")]));
}

/** What lspci says of a dump, and what it complains of. */
export function lspci(dump: string, ...options: string[]): { out: string; complaints: string[] } {
  const directory = mkdtempSync(join(tmpdir(), "iovirt-lspci-"));
  try {
    const file = join(directory, "dump");
    writeFileSync(file, dump, "latin1");
    const { stdout, stderr, status } = spawnSync("lspci", ["-F", file, ...options], { encoding: "latin1" });
    if (status !== 0) throw new Error(`lspci ${options.join(" ")} ended with ${status}: ${stderr}`);
    // What it cannot find on its own machine is none of the dump's faults.
    const complaints = stderr.split("\n").filter((line) => line !== "" && !/libkmod|pci\.ids/.test(line));
    return { out: stdout, complaints };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
