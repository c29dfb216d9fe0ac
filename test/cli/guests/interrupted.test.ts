// `iovirt guests` that is interrupted: its clients end with it, and nothing of what it had fetched stays.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireJudge } from "../../support/judge.ts";

const MAIN = fileURLToPath(new URL("../../../dist/host/cli/main.js", import.meta.url));
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-interrupted-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("SIGINT while a client fetches", async (context) => {
  requireJudge(context, KEYS);
  const [clients, guests, started] = [join(folder, "bin"), join(folder, "guests"), join(folder, "started")];
  mkdirSync(clients);
  // Debian's client, as far as it comes here: its fetching has no end.
  const client = `#!/bin/sh
    case "$1" in
      indextargets) echo http://mirror.invalid/debian ;;
      update) echo $$ >${started}.new; mv ${started}.new ${started}; exec sleep 10000 ;;
    esac`;
  for (const name of ["apt-get", "apt-cache", "dpkg-deb"]) {
    writeFileSync(join(clients, name), client);
    chmodSync(join(clients, name), 0o755);
  }
  const program = spawn(process.execPath, [MAIN, "guests"], {
    env: { ...process.env, PATH: `${clients}:${process.env.PATH}`, IOVIRT_GUESTS: guests },
  });
  const ended = once(program, "exit");
  while (!existsSync(started)) {
    expect(program.exitCode).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(readdirSync(guests)).toHaveLength(1);
  program.kill("SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
  expect(readdirSync(guests)).toEqual([]);
  const isThere = (): boolean => {
    try {
      // A process that has ended and is nobody's has no command line.
      return readFileSync(`/proc/${readFileSync(started, "utf8").trim()}/cmdline`).length > 0;
    } catch {
      return false;
    }
  };
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
});
