// The built program from outside: its output, its files, its exit status.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCapture } from "../../host/embed/pcap/read.ts";
import { captureHeader, captureRecord } from "../../host/embed/pcap/write.ts";
import { requireJudge, run } from "../support/judge.ts";

const MAIN = fileURLToPath(new URL("../../dist/host/cli/main.js", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-program-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the program to its end. `closed`: its reader has gone before it starts. */
function iovirt(args: readonly string[], { input, closed = false }: { input?: Uint8Array; closed?: boolean } = {}) {
  return new Promise<Ended>((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    const ended: Ended = { status: null, stdout: "", stderr: "" };
    if (closed) child.stdout.destroy();
    child.stdout.on("data", (data) => {
      ended.stdout += data;
    });
    child.stderr.on("data", (data) => {
      ended.stderr += data;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ ...ended, status }));
    child.stdin.end(input ?? "");
  });
}

const small = ["demo", "--vms", "3", "--frames", "400"];

describe("iovirt demo", () => {
  test("every claim holds: a line each, status 0, and no progress bar into a pipe", async () => {
    const { status, stdout, stderr } = await iovirt(small);
    const names = [
      "probe",
      "delivery",
      "interrupt-posting",
      "isolation",
      "interrupt-remapping",
      "revocation",
      "snapshot",
    ];
    for (const name of names) {
      expect(stdout).toMatch(new RegExp(`^✓ ${name}: [^\\n]+: [^\\n]+$`, "m"));
    }
    expect(stdout).not.toContain("✗");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/^(\d) of \1 claims hold$/m);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("--json is one object of the documented shape, and its figures agree with each other", async () => {
    const { status, stdout, stderr } = await iovirt([...small, "--json"]);
    const result = JSON.parse(stdout);
    expect(Object.keys(result)).toEqual(["vms", "checks", "frames", "dma", "interrupts"]);
    expect(Object.keys(result.frames)).toEqual(["sent", "delivered", "bytes", "perSecond", "nsPerFrame"]);
    expect(Object.keys(result.dma)).toEqual(["translations", "iotlbHitRate", "faults"]);
    const counts = ["raised", "delivered", "blocked", "misrouted", "posted", "coalesced", "wakeUps"];
    expect(Object.keys(result.interrupts)).toEqual(counts);
    for (const check of result.checks) expect(Object.keys(check)).toEqual(["name", "claim", "ok", "figures"]);
    for (const fault of result.dma.faults) {
      expect(Object.keys(fault).sort()).toEqual(["iova", "reason", "requesterId"]);
      expect(fault.requesterId).toMatch(/^[\da-f]{2}:[01][\da-f]\.[0-7]$/);
    }
    expect(result.vms).toBe(3);
    expect(result.frames.sent).toBe(400);
    expect(result.frames.delivered).toBeGreaterThanOrEqual(400);
    expect(result.frames.bytes).toBeGreaterThanOrEqual(60 * result.frames.delivered);
    expect(result.frames.perSecond * result.frames.nsPerFrame).toBeCloseTo(1e9, -3);
    expect(result.dma.iotlbHitRate).toBeGreaterThan(0);
    expect(result.dma.iotlbHitRate).toBeLessThanOrEqual(1);
    expect(result.interrupts.raised).toBe(result.interrupts.delivered + result.interrupts.blocked);
    expect(result.interrupts.misrouted).toBe(0);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("the same seed sends the same frames at the same times, another seed others", async () => {
    const captures = await Promise.all(
      ["5", "5", "6"].map(async (seed, index) => {
        const file = join(folder, `seed-${index}.pcap`);
        expect((await iovirt([...small, "--seed", seed, "--capture", file])).status).toBe(0);
        return readFileSync(file);
      }),
    );
    expect(readCapture(captures[0]!, "seed").length).toBeGreaterThan(10);
    expect(captures[1]).toEqual(captures[0]);
    expect(captures[2]).not.toEqual(captures[0]);
  });

  test("a replayed capture does not upset the claims; what leaves is read by tcpdump and tshark", async (context) => {
    requireJudge(context, "tcpdump");
    requireJudge(context, "tshark");
    const input = join(folder, "in.pcap");
    const output = join(folder, "out.pcap");
    // Frames of many sizes that a wire may bring, to everybody, to nobody here and to a group.
    const frames = Array.from({ length: 300 }, (_, index) => {
      const frame = new Uint8Array(index < 4 ? index + 14 : 60 + ((index * 37) % 1455)).fill(index);
      frame.set(
        [
          [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
          [2, 9, 9, 9, 9, 9],
          [1, 0, 0x5e, 0, 0, 1],
        ][index % 3]!.slice(0, frame.length),
      );
      return frame;
    });
    writeFileSync(
      input,
      Buffer.concat([captureHeader(), ...frames.map((frame, index) => captureRecord(frame, index))]),
    );
    const { status, stderr } = await iovirt([...small, "--pcap", input, "--capture", output]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const left = readCapture(readFileSync(output), output);
    expect(
      run("tcpdump", ["-r", output, "-n", "-e"])
        .trim()
        .split("\n")
        .filter((line) => /^\d\d:/.test(line)),
    ).toHaveLength(left.length);
    const lengths = run("tshark", ["-r", output, "-T", "fields", "-e", "frame.len"]).trim().split("\n").map(Number);
    expect(lengths).toEqual(left.map(({ bytes }) => bytes.length));
  });

  test("a capture comes through the standard input", async () => {
    const capture = Buffer.concat([captureHeader(), captureRecord(new Uint8Array(60).fill(0xff), 0)]);
    expect((await iovirt([...small, "--pcap", "-"], { input: capture })).status).toBe(0);
    const { status, stderr } = await iovirt([...small, "--pcap", "-"], { input: capture.subarray(0, 99) });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "iovirt: standard input: offset 40: truncated: 60 bytes needed, 59 left\n",
    });
  });

  test("an unreadable capture is one line and status 2, and no file is begun", async () => {
    const output = join(folder, "never.pcap");
    const { status, stdout, stderr } = await iovirt([...small, "--pcap", MAIN, "--capture", output]);
    expect(stderr).toMatch(/^iovirt: [^\n]*main\.js: offset 0: 0x23212f75 begins neither a pcap nor a pcapng file\n$/);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(existsSync(output)).toBe(false);
  });

  test("a reader that goes away early changes nothing: the status still tells whether the claims held", async () => {
    expect(await iovirt(small, { closed: true })).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});

describe("a standard output that takes nothing", () => {
  const toFull = (args: readonly string[]): Promise<{ status: number | null; stderr: string }> =>
    new Promise((resolve, reject) => {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", full, "pipe"] });
      let stderr = "";
      child.stderr?.on("data", (data) => {
        stderr += data;
      });
      child.on("error", reject);
      child.on("close", (status) => {
        closeSync(full);
        resolve({ status, stderr });
      });
    });

  test.skipIf(!existsSync("/dev/full"))("is told in one line, status 1", async () => {
    const told = { status: 1, stderr: "iovirt: standard output: no space left on device\n" };
    expect(await toFull(["lspci"])).toEqual(told);
    expect(await toFull(["help"])).toEqual(told);
  });
});

describe("iovirt lspci", () => {
  test("--dump of the demonstration's machine: pciutils finds its 11 functions, and --from gives the bytes back", async (context) => {
    requireJudge(context, "lspci");
    const { status, stdout: dump, stderr } = await iovirt(["lspci", "--dump"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const file = join(folder, "machine.dump");
    writeFileSync(file, dump);
    const listed = run("lspci", ["-F", file, "-n"]).trim().split("\n");
    expect(listed).toHaveLength(11);
    expect(listed.filter((line) => / 0200: 8086:1521/.test(line))).toHaveLength(1);
    expect(await iovirt(["lspci", "--from", "-", "--dump"], { input: Buffer.from(dump) })).toEqual({
      status: 0,
      stdout: dump,
      stderr: "",
    });
  });

  test("a reader that goes away early is no error", async () => {
    expect(await iovirt(["lspci", "--dump"], { closed: true })).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});
