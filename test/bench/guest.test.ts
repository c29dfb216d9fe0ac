import { describe, expect, it } from "vitest";
import { readOptions } from "../../bench/guest/options.ts";
import { type Row, slower, toJson, toTable } from "../../bench/guest/report.ts";
import type { Figure } from "../../bench/guest/traffic.ts";
import type { AttachmentCounters } from "../../host/embed/v86/index.ts";

describe("the guest bench's options", () => {
  it("have defaults", () => {
    expect(readOptions([])).toEqual({ help: false, rounds: 3, seconds: 1, least: 0, json: undefined });
    expect(readOptions(["--rounds", "7", "--seconds", "0.5", "--least", "1.5", "--json", "a.json"])).toEqual({
      help: false,
      rounds: 7,
      seconds: 0.5,
      least: 1.5,
      json: "a.json",
    });
  });

  it.each([
    [["--rounds", "0"], '--rounds "0" is not in 1–100'],
    [["--rounds", "101"], '--rounds "101" is not in 1–100'],
    [["--seconds", "0.1"], '--seconds "0.1" is not in 0.2–60'],
    [["--seconds", "1e1"], '--seconds "1e1" is not in 0.2–60'],
    [["--least", "101"], '--least "101" is not in 0–100'],
    [["--least", "-1"], "Option '--least' argument is ambiguous"],
    [["--frames"], "Unknown option '--frames'"],
  ])("%j is refused in one line", (args, message) => {
    expect(readOptions(args)).toBe(message);
  });
});

const figure = (framesPerSecond: number, counters?: Partial<AttachmentCounters>): Figure => ({
  framesPerSecond,
  frames: framesPerSecond,
  seconds: 1,
  elapsed: 2,
  processor: 1.5,
  ...(counters === undefined ? {} : { counters: counters as AttachmentCounters }),
});

const ROW: Row = {
  direction: "receive",
  size: 1500,
  figures: {
    igb: [
      figure(3000, { frames: 4000, milliseconds: 100, reads: 40, writes: 400, interrupts: 4 }),
      figure(9000, { frames: 16_000, milliseconds: 300, reads: 160, writes: 1600, interrupts: 16 }),
      figure(6000, { frames: 20_000, milliseconds: 200, reads: 200, writes: 6000, interrupts: 60 }),
    ],
    virtio: [figure(1000), figure(6000), { ...figure(3000), processor: 2.5 }],
    ne2k: [figure(50), figure(70), figure(60)],
  },
};

describe("the guest bench's report", () => {
  it("has medians, the median of the rounds' ratios, and what a frame took of us", () => {
    expect(toJson([ROW])).toEqual([
      {
        direction: "receive",
        size: 1500,
        unit: "frames/s",
        igb: 6000,
        virtio: 3000,
        ne2k: 60,
        // 3, 1.5 and 2.
        ratio: 2,
        processorRatio: 3,
        ours: { share: 0.1, nanoseconds: 15_000, reads: 0.01, writes: 0.2, interrupts: 0.002 },
      },
    ]);
  });

  it("names the rows in which igb is not fast enough, by processor time", () => {
    expect(slower([ROW], 3)).toEqual([]);
    expect(slower([ROW], 3.01)).toEqual(["receive, 1500 bytes: 3 is less than 3.01"]);
  });

  it("is a table of one line for each direction and size", () => {
    const [head, rule, line, end] = toTable([ROW]).split("\n");
    expect(head).toMatch(/^\| frames\/s +\| +igb \| +virtio-net \|/);
    expect(rule).toMatch(/^\|-+\|-+:/);
    expect(line?.split("|").map((cell) => cell.trim())).toEqual([
      "",
      "receive, 1500 bytes",
      "6000",
      "3000",
      "60",
      "2.00",
      "3.00",
      "10.0 %",
      "15000",
      "0.010",
      "0.200",
      "0.002",
      "",
    ]);
    expect(end).toBe("");
  });
});
