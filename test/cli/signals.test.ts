// A signal ends the program as signals do, and what the program has changed outside itself is put back before.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const SIGNALS = new URL("../../dist/host/cli/signals.js", import.meta.url).href;
const WHOLE_FILE = new URL("../../dist/host/cli/whole-file.js", import.meta.url).href;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-signals-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a module; when it says that it is there, it gets `signal`. What it wrote after that, and how it ended. */
async function signalled(code: string, signal: NodeJS.Signals): Promise<[string, number | null, string | null]> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: folder,
  });
  let text = "";
  child.stdout.on("data", (data) => {
    text += data;
    if (text === "there\n") child.kill(signal);
  });
  const [status, by] = (await once(child, "close")) as [number | null, string | null];
  return [text.replace("there\n", ""), status, by];
}

const forEver = `
  import { writeSync } from "node:fs";
  import { endedBySignals, withCleanup } from "${SIGNALS}";
  const work = () => new Promise(() => setInterval(() => {}, 1000));
`;

test.each(["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const)("%s: ended by it, cleaned up once", async (signal) => {
  const code = `${forEver}
    const both = endedBySignals(() => withCleanup(() => writeSync(1, "cleaned\\n"), work));
    writeSync(1, "there\\n");
    await both;`;
  expect(await signalled(code, signal)).toEqual(["cleaned\n", null, signal]);
});

test("a signal that comes while nobody can hear it, at the very end of the work, is heard", async () => {
  const code = `${forEver}
    await endedBySignals(async () => process.kill(process.pid, "SIGTERM"));
    writeSync(1, "went on");`;
  expect(await signalled(code, "SIGTERM")).toEqual(["", null, "SIGTERM"]);
});

test("when the work is done signals are as before", async () => {
  const code = `${forEver}
    await endedBySignals(async () => {});
    process.once("SIGTERM", () => process.exit(7));
    setInterval(() => {}, 1000);
    writeSync(1, "there\\n");`;
  expect(await signalled(code, "SIGTERM")).toEqual(["", 7, null]);
});

test("a file that is being written does not stay in part", async () => {
  const path = join(folder, "whole");
  const code = `${forEver}
    import { existsSync } from "node:fs";
    import { writeWhole } from "${WHOLE_FILE}";
    const part = ${JSON.stringify(`${path}.part`)};
    endedBySignals(() => writeWhole(${JSON.stringify(path)}, part, new Uint8Array(2 ** 26)));
    while (!existsSync(part)) await new Promise(setImmediate);
    writeSync(1, "there\\n");
    setInterval(() => {}, 1000);`;
  const [, , by] = await signalled(code, "SIGINT");
  expect(by).toBe("SIGINT");
  expect(existsSync(`${path}.part`)).toBe(false);
});
