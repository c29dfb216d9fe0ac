// `npm run bench:guest` from outside: a short round in a real guest has every figure that a long one has.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonRow } from "../../bench/guest/report.ts";
import { describeWithFiles, START_TIMEOUT } from "./harness.ts";

const MAIN = fileURLToPath(new URL("../../dist/bench/guest/main.js", import.meta.url));

describeWithFiles("bench:guest", () => {
  let folder: string;
  let child: ChildProcess | undefined;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "iovirt-bench-guest-"));
  });
  afterAll(() => {
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  test("one round: a row for each direction and size, frames by every adapter, and what ours took of us", {
    timeout: 2 * START_TIMEOUT,
  }, async () => {
    const file = join(folder, "figures.json");
    const ended = spawn(process.execPath, [MAIN, "--rounds", "1", "--seconds", "0.2", "--json", file]);
    child = ended;
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      ended[name].on("data", (data) => {
        said[name] += data;
      });
    }
    const [status] = await once(ended, "close");
    const asked = ["transmit, 60", "transmit, 1500", "receive, 60", "receive, 1500"];
    expect({ status, stderr: said.stderr }).toEqual({
      status: 0,
      stderr: asked.map((row) => `${row} bytes: done\n`).join(""),
    });
    const rows = JSON.parse(readFileSync(file, "utf8")) as JsonRow[];
    expect(rows.map(({ direction, size }) => `${direction}, ${size}`)).toEqual(asked);
    for (const { direction, unit, ours, igb, virtio, ne2k, ratio, processorRatio } of rows) {
      expect(unit).toBe("frames/s");
      const { reads, share, ...rest } = ours;
      expect(Object.keys(rest).sort()).toEqual(["interrupts", "nanoseconds", "writes"]);
      for (const figure of [igb, virtio, ne2k, ratio, processorRatio, share, ...Object.values(rest)]) {
        expect(figure).toBeGreaterThan(0);
      }
      expect(ratio / (igb / virtio)).toBeCloseTo(1, 3);
      expect(share).toBeLessThan(1);
      // To send, the driver reads no register; what a guest has received is looked up in the card's counters.
      expect(reads).toBeGreaterThanOrEqual(direction === "receive" ? Number.MIN_VALUE : 0);
    }
    const table = said.stdout.trim().split("\n").slice(-rows.length);
    expect(table.map((line) => line.slice(2).split(" bytes ")[0])).toEqual(asked);
  });
});
