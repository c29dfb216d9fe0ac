import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../host/cli/command.ts";
import { demoCommand } from "../../host/cli/demo.ts";
import { ArgumentError } from "../../host/core/errors.ts";
import type { DemoOptions, DemoResult, RunDemo } from "../../host/demo/types.ts";
import { readCapture } from "../../host/embed/pcap/read.ts";
import { captureHeader, captureRecord } from "../../host/embed/pcap/write.ts";
import type { StaleUse } from "../../host/machine/strict/types.ts";
import { testIo } from "./io.ts";

const observed: DemoResult = {
  vms: 3,
  checks: [
    { name: "probe", claim: "each guest finds its own devices", ok: true, figures: { functions: 4, vms: 3 } },
    { name: "isolation", claim: "no DMA leaves its VM", ok: true, figures: { fault: "not writable" } },
  ],
  frames: { sent: 12345, delivered: 12344, bytes: 1_000_001, perSecond: 234_567.8, nsPerFrame: 4263.2 },
  dma: {
    translations: 54321,
    iotlbHitRate: 0.98765,
    faults: [
      { reason: "write not allowed", requesterId: "01:10.4", iova: "0xdead000" },
      { reason: "entry not present", requesterId: "01:11.0", iova: "0x5000" },
      { reason: "write not allowed", requesterId: "01:10.4", iova: "0xdead004" },
    ],
  },
  interrupts: { raised: 77, delivered: 70, blocked: 7, misrouted: 0, posted: 66, coalesced: 5, wakeUps: 4 },
  topology: "00:00.0 root\n└─ 01:00.0 card\n",
};

/** The command around a demonstration that records its options and answers with `result`. */
function harness(
  result: DemoResult | Error,
  body: (options: DemoOptions) => void = () => {},
  stale: readonly StaleUse[] = [],
) {
  const calls: DemoOptions[] = [];
  const runDemo: RunDemo = async (options = {}, observer) => {
    calls.push(options);
    for (const use of stale) observer?.stale?.(use);
    observer?.progress?.(1, 4, "traffic");
    body(options);
    if (result instanceof Error) throw result;
    return result;
  };
  const commands = { demo: demoCommand(runDemo) };
  return {
    calls,
    run: (args: string[], io = testIo()) => runCli(commands, "1.2.3", args, io).then((status) => ({ status, io })),
  };
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("iovirt demo", () => {
  test("--strict: missing invalidations are printed, and the status is 1 when there is one", async () => {
    const text = "iotlb invalidation, domain-selective, domain 5";
    const missing = { descriptor: "iotlb", granularity: "domain-selective", domainId: 5, text } as const;
    const use = { requesterId: 0x0284, iova: "0x5000", cached: "", actual: "", missing };
    const { status, io } = await harness(observed, undefined, [use]).run(["demo", "--strict"]);
    expect(io.stdout).toContain(`\nstrict      missing invalidations: 1\n            02:10.4 at 0x5000: ${text}\n`);
    expect(status).toBe(1);
    const json = await harness(observed, undefined, [use]).run(["demo", "--strict", "--json"]);
    expect(JSON.parse(json.io.stdout).stale).toEqual([use]);
    const none = await harness(observed).run(["demo", "--strict"]);
    expect(none.io.stdout).toContain("\nstrict      missing invalidations: 0\n\n");
    expect(none.status).toBe(0);
    const off = await harness(observed, undefined, [use]).run(["demo"]);
    expect(off.io.stdout).not.toContain("strict");
    expect(off.status).toBe(0);
  });

  test("few frames are not timed, and one of a kind is no plural", async () => {
    const few = { ...observed.frames, sent: 2, delivered: 1 };
    const result = { ...observed, frames: few, interrupts: { ...observed.interrupts, wakeUps: 1 } };
    const { io } = await harness(result).run(["demo"]);
    expect(io.stdout).toContain("2 sent, 1 delivered, 1,000,001 bytes; too few to time\n");
    expect(io.stdout).toContain(", 1 wake-up\n");
  });

  test("prints the topology, one line a claim, and the figures; status 0 when all hold", async () => {
    const { status, io } = await harness(observed).run(["demo"]);
    expect(io.stdout).toBe(
      [
        "00:00.0 root",
        "└─ 01:00.0 card",
        "",
        "✓ probe: each guest finds its own devices: functions 4, vms 3",
        "✓ isolation: no DMA leaves its VM: fault: not writable",
        "",
        "frames      12,345 sent, 12,344 delivered, 1,000,001 bytes; 234,568 frames/s delivered by the wall clock, 4,263 ns per frame, the guests' software included",
        "dma         54,321 translations, IOTLB hit rate 98.77 %, faults recorded: 3",
        "interrupts  77 raised, 70 delivered, 7 blocked (foreign, forged and late ones), 0 misrouted; 66 posted, 5 of them without a notification of their own, 4 wake-ups",
        "            refused: 01:10.4: write not allowed, 2 times, first at 0xdead000",
        "            refused: 01:11.0: entry not present, at 0x5000",
        "",
        "2 of 2 claims hold",
        "",
      ].join("\n"),
    );
    expect(io.stderr).toBe("");
    expect(status).toBe(0);
  });

  test("a claim that does not hold is marked, and the status is 1; so is a run without claims", async () => {
    const checks = observed.checks.map((check) => ({ ...check, ok: check.name !== "isolation" }));
    const { status, io } = await harness({ ...observed, checks }).run(["demo"]);
    expect(io.stdout).toContain("\n✗ isolation: ");
    expect(io.stdout).toContain("\n1 of 2 claims hold\n");
    expect(status).toBe(1);
    expect((await harness({ ...observed, checks: [] }).run(["demo"])).status).toBe(1);
  });

  test("--json prints one object: the result without the picture", async () => {
    const { io } = await harness(observed).run(["demo", "--json"]);
    const { topology: _, ...expected } = observed;
    expect(JSON.parse(io.stdout)).toEqual(expected);
  });

  test("a terminal sees a bar, which is gone at the end", async () => {
    const { io } = await harness(observed).run(["demo", "--json"], testIo(true));
    expect(io.stderr).toBe("\r\x1b[K██████░░░░░░░░░░░░░░░░░░  25 % traffic\r\x1b[K");
  });

  test("numbers arrive as given", async () => {
    const { calls, run } = harness(observed);
    await run(["demo", "--vms", "128", "--frames=77", "--seed", "4294967295"]);
    expect(calls).toEqual([{ vms: 128, frames: 77, seed: 4294967295 }]);
  });

  test("--pcap hands over whole frames and counts those that a wire could not bring", async () => {
    const file = join(folder, "in.pcap");
    const frame = new Uint8Array(61).fill(7);
    const cut = captureRecord(new Uint8Array(60), 0);
    new DataView(cut.buffer).setUint32(12, 1514, true);
    writeFileSync(
      file,
      Buffer.concat([
        captureHeader(),
        captureRecord(frame, 0),
        cut,
        captureRecord(new Uint8Array(13), 0),
        captureRecord(new Uint8Array(9733), 0),
      ]),
    );
    const { calls, run } = harness(observed);
    const { io } = await run(["demo", "--pcap", file]);
    expect(calls[0]?.replay?.map((bytes) => Buffer.from(bytes))).toEqual([Buffer.from(frame)]);
    expect(io.stderr).toBe(
      `iovirt: ${file}: left out 3 of 4 frames: cut by the capture, or not 14 to 9732 bytes long\n`,
    );
  });

  test("--capture writes every frame that left, also beyond its buffer", async () => {
    const file = join(folder, "out.pcap");
    const frames = Array.from({ length: 400 }, (_, index) => new Uint8Array(1500).fill(index));
    const { run } = harness(observed, ({ capture }) => {
      for (const [index, frame] of frames.entries()) capture?.(frame, 1e9 + index);
    });
    expect((await run(["demo", "--capture", file])).status).toBe(0);
    const read = readCapture(readFileSync(file), file);
    expect(read.map(({ bytes }) => bytes[0])).toEqual(frames.map((frame) => frame[0]));
    expect(read.at(-1)?.time).toEqual({ seconds: 1, nanoseconds: 399 });
  });

  test("--capture on the file of --pcap, by whatever name, is refused and leaves it whole", async () => {
    const file = join(folder, "both.pcap");
    const other = join(folder, "link.pcap");
    const bytes = Buffer.concat([captureHeader(), captureRecord(new Uint8Array(60), 0)]);
    writeFileSync(file, bytes);
    symlinkSync(file, other);
    const { calls, run } = harness(observed);
    for (const name of [file, other, join(folder, ".", "both.pcap")]) {
      const { status, io } = await run(["demo", "--pcap", file, "--capture", name]);
      expect(io.stderr).toMatch(/^iovirt: --capture [^\n]* would overwrite the file of --pcap\n$/);
      expect([status, calls.length]).toEqual([2, 0]);
      expect(readFileSync(file).equals(bytes)).toBe(true);
    }
    expect((await run(["demo", "--pcap", file, "--capture", join(folder, "new.pcap")])).status).toBe(0);
  });

  test("a run that fails leaves no capture behind", async () => {
    const file = join(folder, "gone.pcap");
    const { run } = harness(new ArgumentError("vms", 200, "is more than the card has"), ({ capture }) => {
      capture?.(new Uint8Array(60), 0);
    });
    const { status, io } = await run(["demo", "--capture", file]);
    expect(io.stderr).toBe("iovirt: vms 0xc8 (200) is more than the card has\n");
    expect(status).toBe(2);
    expect(existsSync(file)).toBe(false);
  });
});

describe("wrong calls: one line that names the value, status 2, and nothing runs", () => {
  test.each<[string[], RegExp]>([
    [[], /^iovirt: no command given/],
    [["dmeo"], /^iovirt: unknown command "dmeo"/],
    [["toString"], /^iovirt: unknown command "toString"/],
    [["help", "dmeo"], /^iovirt: unknown command "dmeo"/],
    [["demo", "--vms"], /^iovirt: --vms needs a value/],
    [["demo", "--vms", "129"], /^iovirt: --vms 129 is not in 1–128/],
    [["demo", "--vms", "0"], /^iovirt: --vms 0 is not in 1–128/],
    [["demo", "--seed", "4294967296"], /^iovirt: --seed 4294967296 is not in/],
    [["demo", "--frames", "1e3"], /^iovirt: --frames "1e3" is not a whole number/],
    [["help", "demo", "extra"], /^iovirt: unexpected argument "extra"/],
    [["-V", "extra"], /^iovirt: unexpected argument "extra"/],
    [["version", "--fast"], /^iovirt: unexpected argument "--fast"/],
    [["demo", "--capture", "-"], /^iovirt: --capture -: the result goes to the standard output; name a file/],
    [["demo", "--capture=-"], /^iovirt: --capture -: /],
    [["demo", "--fast"], /^iovirt: unknown option "--fast"/],
    [["demo", "8"], /^iovirt: unexpected argument "8"/],
    [["demo", "--pcap", "/nowhere/in.pcap"], /^iovirt: \/nowhere\/in\.pcap: no such file or directory/],
    [["demo", "--pcap", "/"], /^iovirt: \/: is a directory/],
    [["demo", "--pcap", "package.json"], /^iovirt: package\.json: offset 0: 0x7b0a2020 begins neither/],
    [["demo", "--capture", "/nowhere/out.pcap"], /^iovirt: \/nowhere\/out\.pcap: no such file or directory/],
  ])("%j", async (args, message) => {
    const { calls, run } = harness(observed);
    const { status, io } = await run(args);
    expect(io.stderr).toMatch(message);
    expect(io.stderr).toMatch(/^[^\n]*\n$/);
    expect(io.stdout).toBe("");
    expect(status).toBe(2);
    expect(calls).toEqual([]);
  });

  test("a bug is no usage error", async () => {
    await expect(harness(new TypeError("bug")).run(["demo"])).rejects.toThrow("bug");
  });
});

describe("help and version", () => {
  test("are printed on the standard output, status 0", async () => {
    const { run } = harness(observed);
    for (const args of [["help"], ["--help"], ["-h"]]) {
      const { status, io } = await run(args);
      expect(io.stdout).toMatch(/^usage: iovirt COMMAND/);
      expect(io.stdout).toContain("\n  demo     run VMs");
      expect(status).toBe(0);
    }
    for (const args of [
      ["help", "demo"],
      ["demo", "--help"],
      ["demo", "--vms", "5", "-h"],
    ]) {
      const { status, io } = await run(args);
      expect(io.stdout).toMatch(/^usage: iovirt demo/);
      expect(io.stdout).toContain("--capture FILE");
      expect(status).toBe(0);
    }
    for (const args of [["-V"], ["version"]]) expect((await run(args)).io.stdout).toBe("iovirt 1.2.3\n");
    for (const args of [
      ["help", "help"],
      ["help", "--help"],
      ["help", "-h"],
    ]) {
      expect((await run(args)).io.stdout).toMatch(/^usage: iovirt help \[COMMAND\]\n/);
    }
    for (const args of [
      ["help", "version"],
      ["help", "-V"],
      ["version", "-h"],
    ]) {
      expect((await run(args)).io.stdout).toMatch(/^usage: iovirt version\n/);
    }
    expect((await run(["--version"])).io.stdout).toBe("iovirt 1.2.3\n");
  });
});
