// `iovirt demo`: runs the demonstration and prints what it claims and what was observed.
import { styleText } from "node:util";
import { formatBdf } from "../core/address.ts";
import { allHold, faultLines, figuresOf, jsonOf, measured } from "../demo/report.ts";
import type { DemoObserver, DemoOptions, DemoResult, RunDemo } from "../demo/types.ts";
import { FRAME_MAX, FRAME_MIN } from "../device/igb/frame-ring.ts";
import { readCapture } from "../embed/pcap/read.ts";
import type { StaleUse } from "../machine/strict/types.ts";
import { CaptureFile } from "./capture-file.ts";
import type { Command } from "./command.ts";
import { EXIT_FAILED, type Io, inputName, UsageError } from "./io.ts";
import { describeOptions, parseOptions } from "./options.ts";
import { ProgressBar } from "./progress.ts";

const ROWS = [
  {
    name: "vms",
    kind: "number",
    min: 1,
    max: 128,
    help: "virtual machines, one virtual function each: 8 to a port, 4 ports to a card (8)",
  },
  { name: "frames", kind: "number", min: 1, max: 10_000_000, help: "frames that they and the uplink send (200000)" },
  { name: "seed", kind: "number", min: 0, max: 2 ** 32 - 1, help: "seed of every random choice (1)" },
  { name: "strict", kind: "flag", help: "check each use of a cached entry; print the invalidations that are missing" },
  { name: "json", kind: "flag", help: "print one JSON object instead of text, without the topology" },
  { name: "pcap", kind: "file", help: "replay a capture (pcap, pcapng) into the uplink; - is the standard input" },
  { name: "capture", kind: "file", help: "write what leaves by the uplink, for tcpdump and Wireshark" },
] as const;

/** Kinds of faults printed before the rest is only counted. */
const FAULTS_SHOWN = 8;

/** The command, around the demonstration that it runs. */
export function demoCommand(runDemo: RunDemo): Command {
  return {
    summary: "run VMs on virtual functions of network cards and check what keeps them apart",
    usage: `usage: iovirt demo [OPTION]...\n\n${describeOptions(ROWS)}\nThe exit status is 0 when every claim held, 1 when one did not or an invalidation is missing, 2 for a wrong call.\n`,
    async run(args, io) {
      const { json, strict, pcap, capture, ...numbers } = parseOptions(ROWS, args);
      if (capture === "-") throw new UsageError("--capture -: the result goes to the standard output; name a file");
      const options: DemoOptions = { ...numbers };
      if (pcap !== undefined) options.replay = await readReplay(pcap, io);
      const file = capture === undefined ? undefined : new CaptureFile(capture, pcap);
      if (file !== undefined) options.capture = (frame, timeNs) => file.add(frame, timeNs);
      const bar = new ProgressBar(io);
      const stale: StaleUse[] = [];
      let result: DemoResult;
      try {
        const observer: DemoObserver = { progress: (...step) => bar.progress(...step) };
        if (strict) observer.stale = (use) => stale.push(use);
        result = await runDemo(options, observer);
        file?.close();
      } catch (error) {
        file?.discard();
        throw error;
      } finally {
        bar.clear();
      }
      const found = strict ? stale : undefined;
      if (json) io.out(`${JSON.stringify({ ...jsonOf(result), ...(found && { stale: found }) }, null, 2)}\n`);
      else io.out(render(result, found, io));
      return allHold(result) && stale.length === 0 ? 0 : EXIT_FAILED;
    },
  };
}

/** The frames of a capture that a wire could bring: whole, and of a length that the card's uplink takes. */
async function readReplay(path: string, io: Io): Promise<Uint8Array[]> {
  const frames = readCapture(await io.readFile(path), inputName(path));
  const whole = frames.filter(({ cut, bytes }) => !cut && bytes.length >= FRAME_MIN && bytes.length <= FRAME_MAX);
  if (whole.length < frames.length) {
    io.err(
      `iovirt: ${inputName(path)}: left out ${frames.length - whole.length} of ${frames.length} frames: ` +
        `cut by the capture, or not ${FRAME_MIN} to ${FRAME_MAX} bytes long\n`,
    );
  }
  return whole.map(({ bytes }) => bytes);
}

function render(result: DemoResult, stale: readonly StaleUse[] | undefined, io: Io): string {
  const style = (format: "green" | "red" | "bold" | "dim", text: string): string =>
    io.colour ? styleText(format, text, { validateStream: false }) : text;
  const lines = [result.topology.trimEnd(), ""];
  for (const check of result.checks) {
    const mark = check.ok ? style("green", "✓") : style("red", "✗");
    lines.push(`${mark} ${style("bold", check.name)}: ${check.claim}: ${style("dim", figuresOf(check))}`);
  }
  lines.push("");
  for (const [heading, text] of measured(result)) lines.push(`${heading.padEnd(10)}  ${text}`);
  const faults = faultLines(result);
  for (const fault of faults.slice(0, FAULTS_SHOWN)) lines.push(`${" ".repeat(12)}refused: ${fault}`);
  if (faults.length > FAULTS_SHOWN) lines.push(`${" ".repeat(12)}and ${faults.length - FAULTS_SHOWN} other kinds`);
  if (stale !== undefined) lines.push(`strict      missing invalidations: ${stale.length}`);
  for (const { requesterId, iova, missing } of stale ?? []) {
    lines.push(`${" ".repeat(12)}${formatBdf(requesterId)}${iova === undefined ? "" : ` at ${iova}`}: ${missing.text}`);
  }
  const held = result.checks.filter(({ ok }) => ok).length;
  lines.push("", `${held} of ${result.checks.length} claims hold`, "");
  return lines.join("\n");
}
