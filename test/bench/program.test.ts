// The built bench from outside.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/bench/main.js", import.meta.url));
const NOTHING = ["--case", "no case has such a name", "--json"];

test("--json names a file that cannot be written: told before anything is measured; one that can stays as it is", () => {
  const folder = mkdtempSync(join(tmpdir(), "iovirt-bench-"));
  try {
    const bench = (file: string) => spawnSync(process.execPath, [MAIN, ...NOTHING, file], { encoding: "utf8" });
    const { status, stdout, stderr } = bench(join(folder, "nowhere", "x"));
    expect(stderr).toMatch(/^bench: --json "[^\n]*nowhere\/x": ENOENT[^\n]*\n$/);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    const old = join(folder, "old.json");
    writeFileSync(old, "old");
    expect(bench(old).stderr).toMatch(/^bench: no case's name holds/);
    expect(readFileSync(old, "utf8")).toBe("old");
    const young = join(folder, "young.json");
    expect(bench(young).stderr).toMatch(/^bench: no case's name holds/);
    expect(existsSync(young)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
