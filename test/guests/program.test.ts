// `iovirt linux` from outside: what it writes where, its exit status, and guests that outlive a process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithFiles, PRELUDE, START_TIMEOUT } from "./harness.ts";

const MAIN = fileURLToPath(new URL("../../dist/host/cli/main.js", import.meta.url));

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `iovirt linux`; `typed` comes through its standard input. */
function linux(args: readonly string[], typed = ""): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, "linux", ...args]);
    const ended: Ended = { status: null, stdout: "", stderr: "" };
    child.stdout.on("data", (data) => {
      ended.stdout += data;
    });
    child.stderr.on("data", (data) => {
      ended.stderr += data;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...ended, status }));
    child.stdin.end(typed);
  });
}

describeWithFiles("iovirt linux", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "iovirt-linux-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("--exec: the commands' output on its own streams, byte for byte, and their status", {
    timeout: START_TIMEOUT,
  }, async () => {
    const script =
      "printf 'a\\r\\tb\\n\\n'; echo complaint >&2; ls /sys/bus/pci/drivers/igb | grep -c ^0000; seq 20000; exit 42";
    const { status, stdout, stderr } = await linux(["--snapshot", "--ports", "4", "--exec", script]);
    const numbers = Array.from({ length: 20000 }, (_, index) => `${index + 1}\n`).join("");
    expect(stdout).toBe(`a\r\tb\n\n4\n${numbers}`);
    expect({ status, stderr }).toEqual({ status: 42, stderr: "complaint\n" });
  });

  test("--exec: a line leaves when it is written, not when more comes", { timeout: START_TIMEOUT }, async () => {
    const child = spawn(process.execPath, [MAIN, "linux", "--snapshot", "--exec", "echo go; sleep 10000"]);
    try {
      const [first] = (await once(child.stdout, "data")) as [Buffer];
      expect(first.toString()).toBe("go\n");
    } finally {
      child.kill();
    }
  });

  test("without --exec: what comes in is typed on the console; its end ends the shell, whose status remains", {
    timeout: START_TIMEOUT,
  }, async () => {
    const { status, stdout, stderr } = await linux(["--snapshot"], "echo $((6 * 7)) from the $(hostname)\n(exit 5)\n");
    expect(stdout).toMatch(/42 from the guest\r\n/);
    expect({ status, stderr }).toEqual({ status: 5, stderr: "" });
  });

  test.each([
    [["--exec", "yes"], ""],
    [["--vms", "2", "--exec", "yes"], ""],
    [[], "yes\n"],
  ])(
    "%j: a reader of the output that goes away ends it, as SIGPIPE ends a program",
    {
      timeout: START_TIMEOUT,
    },
    async (args, typed) => {
      const child = spawn(process.execPath, [MAIN, "linux", "--snapshot", ...args], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      child.stdin.write(typed);
      child.stdout.once("data", () => child.stdout.destroy());
      expect(await new Promise((resolve) => child.on("close", resolve))).toBe(141);
    },
  );

  test("--suspend under traffic, --resume in another process: the transfer ends whole, no ping is lost", {
    timeout: 2 * START_TIMEOUT,
  }, async () => {
    const file = join(folder, "guest.state");
    const before = await linux([
      "--snapshot",
      "--suspend",
      file,
      "--exec",
      `${PRELUDE}
       joined left eth0 10.0.0.1/24 && joined right eth1 10.0.0.2/24
       until_true has_link left eth0 && until_true has_link right eth1
       dd if=/dev/urandom of=/tmp/data bs=1M count=8 2>/dev/null; md5sum </tmp/data
       ip netns exec left ping -i 0.1 10.0.0.2 >/tmp/pings 2>&1 & echo $! >/tmp/ping
       (tail -f /dev/null | inside right nc -l -p 5000 >/tmp/got) &
       begun() { [ -s /tmp/got ]; }
       # In 64 pieces, so that it lasts.
       pieces() { for n in $(seq 0 63); do dd if=/tmp/data bs=128k skip=$n count=1 2>/dev/null; sleep 0.15; done; }
       sleep 0.5; (pieces | inside left nc 10.0.0.2 5000; echo >/tmp/sent) &
       until_true begun && wc -c </tmp/got`,
    ]);
    expect({ status: before.status, stderr: before.stderr }).toEqual({ status: 0, stderr: "" });
    const [sum, got] = before.stdout.trim().split("\n");
    // In the middle of it.
    expect(Number(got)).toBeGreaterThan(0);
    expect(Number(got)).toBeLessThan(2 ** 23);
    expect(statSync(file).size).toBeGreaterThan(2 ** 24);
    const after = await linux([
      "--resume",
      file,
      "--exec",
      `wc -c </tmp/got; ls /tmp/sent 2>/dev/null
       for i in $(seq 1000); do [ -e /tmp/sent ] && break; sleep 0.1; done; sleep 1
       md5sum </tmp/got; kill -INT $(cat /tmp/ping); sleep 1
       # What was on its way when ping was ended does not count.
       sed -n 's/.*seq=\\([0-9]*\\) .*/\\1/p' /tmp/pings | awk '$1 != NR - 1 { gap = 1 } END { print gap ? "gaps" : "none lost", NR }'`,
    ]);
    expect({ status: after.status, stderr: after.stderr }).toEqual({ status: 0, stderr: "" });
    const [gotThen, sumThen, pings] = after.stdout.trim().split("\n");
    expect(Number(gotThen)).toBeLessThan(2 ** 23);
    expect(sumThen).toBe(sum);
    expect(pings).toMatch(/^none lost \d{2,}$/);
  });

  test("a wrong call is one line and status 2, and boots nothing", async () => {
    const junk = join(folder, "junk");
    writeFileSync(junk, "no guest");
    const absent = join(folder, "absent", "file");
    for (const [args, said] of [
      [["--memory", "100"], "--memory 100 is not a power of two"],
      [["--profile", "e1000"], '--profile "e1000" is neither i350 nor 82576'],
      [["--ports", "5"], "--ports 5 is not in 1–4"],
      [["--ports", "4", "--profile", "82576"], "--ports 4 is not in 1–2, which a card of --profile 82576 has"],
      [["--resume", junk, "--ports", "1"], "--resume does not go with --ports"],
      [["--resume", absent], `${absent}: no such file or directory`],
      [["--resume", junk], `${junk}: snapshot: is none: it starts with "no guest"`],
      [["--verbose"], 'unknown option "--verbose"'],
    ] as const) {
      expect(await linux(args)).toEqual({ status: 2, stdout: "", stderr: `iovirt: ${said}\n` });
    }
  });
});
