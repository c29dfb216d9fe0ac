// Outside judges: programs that are not part of the package. A test that needs one skips where it is not
// installed, and says so; in CI it fails.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { TestContext } from "vitest";

/** Skips the running test when `command` cannot be run here. Throws in CI instead. */
export function requireJudge(context: TestContext, command: string): void {
  const found = command.includes("/")
    ? existsSync(command)
    : (process.env.PATH ?? "").split(":").some((folder) => existsSync(`${folder}/${command}`)) ||
      existsSync(`/usr/sbin/${command}`);
  if (found) return;
  if (process.env.CI) throw new Error(`${command} is not installed, and CI must have it`);
  context.skip(`${command} is not installed`);
}

/** Runs a judge and returns what it wrote to its standard output. Throws when it fails. */
export function run(command: string, args: readonly string[], input?: Uint8Array | string): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC", PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}
