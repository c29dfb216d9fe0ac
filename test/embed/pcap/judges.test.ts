import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { readCapture } from "../../../host/embed/pcap/read.ts";
import { captureHeader, captureRecord } from "../../../host/embed/pcap/write.ts";
import { requireJudge, run } from "../../support/judge.ts";

/** ARP "who has 10.0.0.2? tell 10.0.0.1", padded to 60 bytes, and a UDP datagram of 1472 bytes. */
const arp = Uint8Array.from(
  Buffer.concat([
    Buffer.from("ffffffffffff0200000000aa0806000108000604000102000000" + "00aa0a0000010000000000000a000002", "hex"),
    Buffer.alloc(18),
  ]),
);
const udp = Uint8Array.from(
  Buffer.concat([
    Buffer.from("0200000000bb0200000000aa0800", "hex"),
    Buffer.from("450005dc00010000401161130a0000010a000002", "hex"),
    Buffer.from("13881389" + "05c80000", "hex"),
    Buffer.alloc(1472, 0x5a),
  ]),
);
const times = [1_763_818_972_000_000_000 + 1_024, 1_763_818_973_987_654_400];

let folder: string;
let written: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-pcap-"));
  written = join(folder, "written.pcap");
  writeFileSync(
    written,
    Buffer.concat([captureHeader(), captureRecord(arp, times[0] as number), captureRecord(udp, times[1] as number)]),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("tcpdump reads what we write, to the nanosecond", (context) => {
  requireJudge(context, "tcpdump");
  const lines = run("tcpdump", ["-r", written, "-n", "-tt", "--nano"]).trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^1763818972\.00000102\d ARP, Request who-has 10\.0\.0\.2 tell 10\.0\.0\.1, length 46$/);
  expect(lines[1]).toMatch(/^1763818973\.9876544\d\d IP 10\.0\.0\.1\.5000 > 10\.0\.0\.2\.5001: UDP, length 1472$/);
});

test("tshark reads what we write: lengths, protocols, no malformed frame", (context) => {
  requireJudge(context, "tshark");
  const fields = ["frame.len", "frame.cap_len", "eth.src", "frame.protocols"].flatMap((name) => ["-e", name]);
  const text = run("tshark", ["-r", written, "-T", "fields", ...fields]);
  expect(text).toBe(
    "60\t60\t02:00:00:00:00:aa\teth:ethertype:arp\n1514\t1514\t02:00:00:00:00:aa\teth:ethertype:ip:udp:data\n",
  );
});

for (const format of ["pcap", "nsecpcap", "pcapng"]) {
  test(`we read what editcap writes as ${format}: frames, times, and what it cut`, (context) => {
    requireJudge(context, "editcap");
    const whole = join(folder, `whole.${format}`);
    const cut = join(folder, `cut.${format}`);
    run("editcap", ["-F", format, written, whole]);
    run("editcap", ["-F", format, "-s", "100", written, cut]);
    const frames = readCapture(readFileSync(whole), whole);
    expect(frames.map(({ bytes }) => Buffer.from(bytes))).toEqual([Buffer.from(arp), Buffer.from(udp)]);
    const unit = format === "pcap" ? 1000 : 1;
    expect(frames.map(({ time }) => time)).toEqual(
      times.map((ns) => ({ seconds: Math.floor(ns / 1e9), nanoseconds: Math.floor((ns % 1e9) / unit) * unit })),
    );
    expect(readCapture(readFileSync(cut), cut).map((frame) => [frame.bytes.length, frame.cut])).toEqual([
      [60, false],
      [100, true],
    ]);
  });
}

test("we read what tcpdump copies out", (context) => {
  requireJudge(context, "tcpdump");
  const copy = join(folder, "copy.pcap");
  run("tcpdump", ["-r", written, "-w", copy, "udp"]);
  const frames = readCapture(readFileSync(copy), copy);
  expect(frames.map(({ bytes }) => Buffer.from(bytes))).toEqual([Buffer.from(udp)]);
});

test("a frame longer than any reader accepts is refused", () => {
  expect(() => captureRecord(new Uint8Array(262_145), 0)).toThrow(ArgumentError);
  expect(() => captureRecord(new Uint8Array(60), -1)).toThrow(ArgumentError);
  expect(() => captureRecord(new Uint8Array(60), Number.NaN)).toThrow(ArgumentError);
});
