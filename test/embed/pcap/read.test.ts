import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../../host/core/errors.ts";
import { readCapture } from "../../../host/embed/pcap/read.ts";
import { captureHeader, captureRecord } from "../../../host/embed/pcap/write.ts";
import { block, description, enhanced, type Order, obsolete, option, pcap, section, simple, u32 } from "./build.ts";

const orders: Order[] = ["little", "big"];
const ethernet = (length: number, seed: number): number[] => Array.from({ length }, (_, at) => (at * 7 + seed) & 0xff);

describe.each(orders)("pcap, %s-endian", (order) => {
  test("microseconds and nanoseconds by the magic", () => {
    const frames = [ethernet(60, 1), ethernet(61, 2)];
    const [first, second] = readCapture(pcap(order, 0xa1b2c3d4, frames), "a.pcap");
    expect(first).toEqual({ bytes: Uint8Array.from(frames[0]!), cut: false, time: { seconds: 5, nanoseconds: 7000 } });
    expect(second?.time).toEqual({ seconds: 6, nanoseconds: 7000 });
    expect(readCapture(pcap(order, 0xa1b23c4d, frames), "a.pcap")[1]?.time).toEqual({ seconds: 6, nanoseconds: 7 });
  });

  test("a check sequence announced in the link type word is dropped", () => {
    const file = pcap(order, 0xa1b2c3d4, [ethernet(64, 3)], 0x2400_0001);
    expect(readCapture(file, "a.pcap")[0]).toMatchObject({ bytes: Uint8Array.from(ethernet(60, 3)), cut: false });
  });

  test("another link type is refused by number and offset", () => {
    expect(() => readCapture(pcap(order, 0xa1b2c3d4, [], 113), "cooked.pcap")).toThrow(
      "cooked.pcap: offset 20: link type 113 is not Ethernet (1)",
    );
  });
});

describe.each(orders)("pcapng, %s-endian", (order) => {
  test("several interfaces, each with its resolution and offset; unknown blocks are skipped", () => {
    const negative =
      order === "little" ? [0xfe, ...new Array<number>(7).fill(0xff)] : [...new Array<number>(7).fill(0xff), 0xfe];
    const file = Uint8Array.from([
      ...section(order),
      ...description(order, 1, 0),
      ...block(order, 0x0bad, [1, 2, 3, 4]),
      ...description(order, 1, 0, [
        ...option(order, 2, [0x65, 0x74, 0x68]),
        ...option(order, 9, [9]),
        ...option(order, 14, negative),
      ]),
      ...description(order, 1, 0, [...option(order, 9, [0x80 | 10]), ...option(order, 0, [])]),
      ...enhanced(order, { interface: 0, hi: 1, lo: 5, data: ethernet(61, 1) }),
      ...enhanced(order, { interface: 1, hi: 1, lo: 5, data: ethernet(62, 2) }),
      ...obsolete(order, { interface: 2, hi: 0, lo: 3 * 1024 + 512, data: ethernet(63, 3) }),
    ]);
    const frames = readCapture(file, "a.pcapng");
    expect(frames.map(({ bytes }) => [...bytes])).toEqual([ethernet(61, 1), ethernet(62, 2), ethernet(63, 3)]);
    expect(frames.map(({ time }) => time)).toEqual([
      { seconds: 4294, nanoseconds: 967_301_000 },
      { seconds: 4 - 2, nanoseconds: 294_967_301 },
      { seconds: 3, nanoseconds: 500_000_000 },
    ]);
  });

  test("a simple packet is cut by interface 0's snap length and has no time", () => {
    const file = Uint8Array.from([
      ...section(order),
      ...description(order, 1, 50),
      ...simple(order, 49, ethernet(49, 1)),
      ...simple(order, 51, ethernet(50, 2)),
    ]);
    expect(readCapture(file, "a.pcapng")).toEqual([
      { bytes: Uint8Array.from(ethernet(49, 1)), cut: false, time: undefined },
      { bytes: Uint8Array.from(ethernet(50, 2)), cut: true, time: undefined },
    ]);
  });

  test("a new section in the other byte order starts its interfaces anew", () => {
    const other: Order = order === "little" ? "big" : "little";
    const file = [
      ...section(order),
      ...description(order, 1, 0),
      ...enhanced(order, { interface: 0, hi: 0, lo: 1, data: ethernet(60, 1) }),
      ...section(other),
    ];
    const packet = enhanced(other, { interface: 0, hi: 0, lo: 1, data: ethernet(64, 2) });
    const described = Uint8Array.from([...file, ...description(other, 1, 0), ...packet]);
    expect(readCapture(described, "a.pcapng").map(({ bytes }) => bytes.length)).toEqual([60, 64]);
    expect(() => readCapture(Uint8Array.from([...file, ...packet]), "a.pcapng")).toThrow(
      /interface 0 was not described/,
    );
  });

  test("an interface of another link type is refused when a packet comes from it", () => {
    const head = [...section(order), ...description(order, 127, 0), ...description(order, 1, 0)];
    const good = [...head, ...enhanced(order, { interface: 1, hi: 0, lo: 1, data: ethernet(60, 1) })];
    expect(readCapture(Uint8Array.from(good), "a.pcapng")).toHaveLength(1);
    const bad = [...good, ...enhanced(order, { interface: 0, hi: 0, lo: 1, data: ethernet(60, 1) })];
    expect(() => readCapture(Uint8Array.from(bad), "a.pcapng")).toThrow(
      `a.pcapng: offset ${good.length + 8}: link type 127 is not Ethernet (1)`,
    );
  });
});

describe("what cannot be read is refused with file, offset and value", () => {
  test("a file without a name is a capture; a name that is none is refused", () => {
    expect(() => readCapture(new Uint8Array(3))).toThrow(/^capture: 3 bytes are not a capture/);
    expect(() => readCapture(new Uint8Array(3), 5 as never)).toThrow(/^source 5 is no text/);
  });

  const good = Uint8Array.from([...captureHeader(), ...captureRecord(Uint8Array.from(ethernet(60, 9)), 1)]);
  const patched = (offset: number, bytes: readonly number[]): Uint8Array => {
    const file = good.slice();
    file.set(bytes, offset);
    return file;
  };
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "x: 0 bytes are not a capture"],
    ["text", new TextEncoder().encode("hello"), "x: offset 0: 0x68656c6c begins neither a pcap nor a pcapng file"],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), "x: offset 0: compressed by gzip is not supported"],
    [
      "modified pcap",
      pcap("little", 0xa1b2cd34, []),
      "x: offset 0: the modified pcap format of patched libpcap (records of 24 bytes) is not supported",
    ],
    ["pcap 2.3", patched(6, [3]), "x: offset 4: pcap version 2.3 is not supported, only 2.4"],
    ["a cut file header", good.subarray(0, 22), "x: offset 20: truncated: 4 bytes needed, 2 left"],
    ["a cut record header", good.subarray(0, 30), "x: offset 28: truncated: 4 bytes needed, 2 left"],
    ["a cut record", good.subarray(0, 99), "x: offset 40: truncated: 60 bytes needed, 59 left"],
    [
      "a giant record",
      patched(32, u32("little", 262_145)),
      "x: offset 32: a packet of 262145 bytes is longer than 262144",
    ],
    [
      "a section in no byte order",
      Uint8Array.from([...u32("big", 0x0a0d0d0a), ...u32("big", 28), ...u32("big", 5)]),
      "x: offset 8: 0x5 is no byte-order magic",
    ],
    [
      "a block of 13 bytes",
      Uint8Array.from([...section("big"), 0, 0, 0, 5, 0, 0, 0, 13, 0]),
      "x: offset 32: a block of 13 bytes",
    ],
    [
      "a block beyond the end",
      Uint8Array.from(section("little")).subarray(0, 24),
      "x: offset 4: truncated: a block of 28 bytes, 24 left",
    ],
    [
      "two block lengths",
      Uint8Array.from([...section("big").slice(0, 27), 32]),
      "x: offset 24: block length 32 at its end, 28 before",
    ],
    [
      "pcapng 2",
      Uint8Array.from(section("big").map((byte, at) => (at === 13 ? 2 : byte))),
      "x: offset 12: pcapng version 2 is not supported, only 1",
    ],
    [
      "an option beyond its block",
      Uint8Array.from([...section("big"), ...description("big", 1, 0, [0, 9, 0, 5])]),
      "x: offset 44: option 9 of 5 bytes runs out of its block",
    ],
    [
      "a packet beyond its block",
      Uint8Array.from([...section("big"), ...description("big", 1, 0), ...simple("big", 8, [1, 2, 3, 4])]),
      "x: offset 56: a block body of 8 bytes, 12 needed",
    ],
  ])("%s", (_what, file, message) => {
    let thrown: unknown;
    try {
      readCapture(file, "x");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(FormatError);
    expect((thrown as FormatError).message).toBe(message);
    expect((thrown as FormatError).source).toBe("x");
  });
});

describe("any bytes give frames or a FormatError, in bounded work", () => {
  const frames = (file: Uint8Array): number => {
    try {
      let total = 0;
      for (const { bytes } of readCapture(file, "fuzz")) total += bytes.length;
      return total;
    } catch (error) {
      if (error instanceof FormatError) return 0;
      throw error;
    }
  };
  const seeds = [
    ...orders.map((order) => pcap(order, 0xa1b2c3d4, [ethernet(60, 1), ethernet(70, 2)])),
    ...orders.map((order) =>
      Uint8Array.from([
        ...section(order),
        ...description(order, 1, 64, [...option(order, 9, [6]), ...option(order, 13, [4])]),
        ...enhanced(order, { interface: 0, hi: 3, lo: 4, data: ethernet(60, 1) }),
        ...obsolete(order, { interface: 0, hi: 3, lo: 4, data: ethernet(33, 1) }),
        ...simple(order, 20, ethernet(20, 1)),
      ]),
    ),
  ];

  test("random bytes behind every magic", () => {
    const magics = [...seeds.map((seed) => [...seed.subarray(0, 4)]), []];
    fc.assert(
      fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }), (magic, rest) => {
        expect(frames(Uint8Array.from([...magic, ...rest]))).toBeLessThanOrEqual(rest.length);
      }),
      { numRuns: 3000 },
    );
  });

  test("whole files with changed bytes and cut ends", () => {
    const change = fc.record({ at: fc.nat(400), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { maxLength: 6 }),
        fc.nat(400),
        (seed, changes, length) => {
          const file = seed.slice(0, Math.max(4, length));
          for (const { at, value } of changes) if (at < file.length) file[at] = value;
          expect(frames(file)).toBeLessThanOrEqual(file.length);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("what was written is read back: bytes and times", () => {
    const timed = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 1600 }), fc.integer({ min: 0, max: 4e18 / 1e3 }));
    fc.assert(
      fc.property(fc.array(timed, { maxLength: 20 }), (list) => {
        const parts = [captureHeader(), ...list.map(([bytes, timeNs]) => captureRecord(bytes, timeNs))];
        const read = readCapture(Uint8Array.from(parts.flatMap((part) => [...part])), "w");
        expect(read).toEqual(
          list.map(([bytes, timeNs]) => ({
            bytes,
            cut: false,
            time: { seconds: Math.floor(timeNs / 1e9), nanoseconds: timeNs % 1e9 },
          })),
        );
      }),
      { numRuns: 50 },
    );
  });
});
