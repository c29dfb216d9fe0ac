import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { readCapture } from "../../../host/embed/pcap/read.ts";
import { pcapngHeader, pcapngPacket } from "../../../host/embed/pcap/write-pcapng.ts";
import { CaptureEnd } from "../../../host/embed/wire/capture-end.ts";
import { FunctionEnd } from "../../../host/machine/cable/function-end.ts";
import { Machine } from "../../../host/machine/machine.ts";
import { requireJudge, run } from "../../support/judge.ts";

/** A UDP datagram from 10.0.0.1 to 10.0.0.2 with `length` bytes of data. */
function datagram(length: number, mark: number): Uint8Array {
  const frame = Buffer.alloc(42 + length, mark);
  frame.write("0200000000bb0200000000aa0800", "hex");
  frame.write("450000000001000040110000" + "0a0000010a00000213881389" + "00000000", 14, "hex");
  frame.writeUInt16BE(28 + length, 16);
  frame.writeUInt16BE(8 + length, 38);
  return Uint8Array.from(frame);
}

let folder: string;
let machine: Machine;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-wire-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  machine = await Machine.create({ ram: 2 ** 20 });
});

/** A station and a capture at the two ends of a cable; the file that the capture writes. */
function written(options: { latencyNs?: number } = {}) {
  const parts: Uint8Array[] = [];
  const end = new CaptureEnd(machine.clock, { name: "port 7", write: (bytes) => parts.push(bytes) });
  const station = new FunctionEnd(() => undefined);
  const cable = machine.cables.plug(station, end, options);
  return { station, cable, file: () => new Uint8Array(Buffer.concat(parts)) };
}

describe("pcapng (draft-ietf-opsawg-pcapng)", () => {
  test("tshark reads what a capture at a cable's end wrote: interface, direction, times to the nanosecond", (context) => {
    requireJudge(context, "tshark");
    const { station, file } = written({ latencyNs: 123 });
    machine.run(1_000_000_000);
    station.send(datagram(100, 5));
    machine.run(77_000);
    station.send(datagram(1471, 6));
    machine.run(1000);
    const path = join(folder, "written.pcapng");
    writeFileSync(path, file());
    const names = [
      "frame.interface_name",
      "frame.packet_flags_direction",
      "frame.time_epoch",
      "frame.len",
      "udp.length",
    ];
    const text = run("tshark", ["-r", path, "-T", "fields", ...names.flatMap((name) => ["-e", name])]);
    const rows = text
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(rows.map(([name, direction, , ...lengths]) => [name, Number(direction), ...lengths])).toEqual([
      ["port 7", 1, "142", "108"],
      ["port 7", 1, "1513", "1479"],
    ]);
    expect(rows.map((row) => row[2]?.split(".")[1])).toEqual(["000000123", "000077123"]);
  });

  test("capinfos and tcpdump accept a file with several interfaces, and frames of every alignment", (context) => {
    requireJudge(context, "capinfos");
    requireJudge(context, "tcpdump");
    const path = join(folder, "several.pcapng");
    const packets = [0, 1, 2, 3].map((more) =>
      pcapngPacket(more % 2, datagram(40 + more, more), 2 ** 51 + more * 1024, "out"),
    );
    writeFileSync(path, Buffer.concat([pcapngHeader(["a", "port eins"]), ...packets]));
    expect(run("capinfos", ["-M", "-c", "-I", path])).toMatch(
      /Number of packets:\s+4[\s\S]*Number of interfaces in file:\s+2/,
    );
    expect(run("tcpdump", ["-r", path, "-n"]).trim().split("\n")).toHaveLength(4);
  });

  test("we read what we wrote", () => {
    const times = [0, 5, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER];
    const file = Buffer.concat([pcapngHeader(["x"]), ...times.map((time) => pcapngPacket(0, datagram(33, 1), time))]);
    const frames = readCapture(file, "file");
    expect(frames.map(({ time }) => (time === undefined ? 0 : time.seconds * 1e9 + time.nanoseconds))).toEqual(times);
    expect(frames.every(({ bytes, cut }) => !cut && Buffer.from(bytes).equals(datagram(33, 1)))).toBe(true);
  });

  test("no name, no frame and no time are refused", () => {
    expect(() => pcapngHeader("eth0" as never)).toThrow(ArgumentError);
    expect(() => pcapngPacket(0, new Uint8Array(262_145), 0)).toThrow(ArgumentError);
    expect(() => pcapngPacket(0, new Uint8Array(60), 0.5)).toThrow(/^timeNs /);
  });
});

describe("a capture at the end of a cable", () => {
  const capture = (lengths: readonly number[], stepNs: number): Uint8Array =>
    Buffer.concat([
      pcapngHeader(["x"]),
      ...lengths.map((length, place) => pcapngPacket(0, datagram(length, place), 5_000_000_000 + place * stepNs)),
    ]);

  test("replays at once, or with the times between the frames that they were captured with", () => {
    const frames = readCapture(capture([60, 70, 80], 7000), "file");
    for (const [pace, expected] of [
      ["at-once", [500, 500, 500]],
      ["captured", [500, 7500, 14_500]],
    ] as const) {
      const arrivals: number[] = [];
      const lengths: number[] = [];
      const end = new CaptureEnd(machine.clock, { replay: frames, pace });
      const start = machine.clock.nowNs;
      const station = new FunctionEnd((frame) => {
        lengths.push(frame.length);
        arrivals.push(machine.clock.nowNs - start);
      });
      const cable = machine.cables.plug(end, station, { latencyNs: 500 });
      machine.run(20_000);
      cable.pull();
      expect(arrivals).toEqual(expected);
      expect(lengths).toEqual([102, 112, 122]);
      expect(end.left).toBe(0);
    }
  });

  test("waits for the link, and leaves out what no wire carries", () => {
    const frames = [
      ...readCapture(capture([60, 70], 0), "file"),
      { bytes: new Uint8Array(13), cut: false, time: undefined },
      { bytes: new Uint8Array(100), cut: true, time: undefined },
      { bytes: new Uint8Array(9733), cut: false, time: undefined },
    ];
    const end = new CaptureEnd(machine.clock, { replay: frames });
    expect(end.leftOut).toBe(3);
    let got = 0;
    const station = new FunctionEnd(() => void got++);
    machine.cables.plug(station, end);
    station.power(false);
    machine.run(100);
    expect([got, end.left]).toEqual([0, 2]);
    station.power(true);
    machine.run(0);
    expect([got, end.left]).toEqual([2, 0]);
  });

  test.each([
    ["write", { write: "file" }],
    ["replay", { replay: [{}] }],
    ["replay", { replay: 5 }],
    ["replay", { replay: [{ bytes: new Uint8Array(60), cut: false, time: 5 }] }],
    ["name", { name: 7 }],
    ["pace", { pace: "fast" }],
    ["options", { speed: 1 }],
  ])("a wrong %s is refused by name", (name, options) => {
    expect(() => new CaptureEnd(machine.clock, options as never)).toThrow(ArgumentError);
    expect(() => new CaptureEnd(machine.clock, options as never)).toThrow(new RegExp(`^${name} `));
  });

  test.each([[undefined], [machine]])("what is no clock is refused: %s", (clock) => {
    expect(() => new CaptureEnd(clock as never)).toThrow(ArgumentError);
    expect(() => new CaptureEnd(clock as never)).toThrow(/^clock /);
  });
});
