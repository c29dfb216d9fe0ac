import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requesterId } from "../../host/core/address.ts";
import { FormatError } from "../../host/core/errors.ts";
import { formatDump, parseDump } from "../../host/pci/dump.ts";

const row = (offset: string, first = "86"): string => `${offset}: ${first} 80${" 00".repeat(14)}`;
const standard = ["00", "10", "20", "30"].map((offset) => row(offset)).join("\n");

describe("lspci -F's format", () => {
  it("reads what it writes: slots, segments, order, bytes of every length", () => {
    const slots = fc.uniqueArray(fc.record({ segment: fc.nat(0xffff_ffff), id: fc.nat(0xffff) }), {
      selector: ({ segment, id }) => `${segment}/${id}`,
      minLength: 1,
      maxLength: 4,
    });
    const lengths = fc.constantFrom(64, 128, 256, 4096);
    fc.assert(
      fc.property(slots, lengths, fc.nat(), (places, length, seed) => {
        const functions = places.map(({ segment, id }, index) => ({
          segment,
          requesterId: requesterId(id >>> 8, (id >>> 3) & 31, id & 7),
          description: `Thing ${index}: [size=4K]`,
          bytes: Uint8Array.from({ length }, (_, at) => (at * 31 + seed + index) & 0xff),
        }));
        const read = parseDump(formatDump(functions), "dump");
        expect(read.map(({ barSizes, line, ...rest }) => rest)).toEqual(functions);
      }),
      { numRuns: 60 },
    );
  });

  it("prints the segment where it is not 0, and offsets of two digits at least", () => {
    const functions = [
      { segment: 0, requesterId: requesterId(4, 31, 5), description: "A", bytes: new Uint8Array(64) },
      { segment: 0x1002, requesterId: requesterId(255, 0, 0), description: "B", bytes: new Uint8Array(4096) },
    ];
    const lines = formatDump(functions).split("\n");
    expect(lines[0]).toBe("04:1f.5 A");
    expect(lines[1]).toBe(`00:${" 00".repeat(16)}`);
    expect(lines[6]).toBe("1002:ff:00.0 B");
    expect(lines[6 + 0x11]).toBe(`100:${" 00".repeat(16)}`);
  });

  it("skips decoded lines but takes the sizes of regions from them", () => {
    const text = [
      "0003:01:02.3 Ethernet controller: Some card",
      "\tRegion 0: Memory at e0800000 (32-bit, non-prefetchable) [size=128K]",
      "\tRegion 2: I/O ports at 1020 [size=32]",
      "\tExpansion ROM at c7800000 [disabled] [size=4M]",
      standard,
      "",
    ].join("\r\n");
    const [found] = parseDump(text, "dump");
    expect(found).toMatchObject({ segment: 3, requesterId: 0x0113, description: "Ethernet controller: Some card" });
    expect([...found!.barSizes]).toEqual([
      [0, 0x2_0000],
      [2, 32],
    ]);
    expect(found!.romSize).toBe(0x40_0000);
  });
});

describe("a dump that is none is refused with its line and value", () => {
  it.each([
    ["short row", `00:01.0 X\n${standard.replace(/ 00$/, "")}`, /line 5: 15 bytes instead of 16/],
    ["long row", `00:01.0 X\n${row("00")} 00`, /line 2: 17 bytes instead of 16/],
    ["bad hex", `00:01.0 X\n${row("00", "8g")}`, /line 2: "8g" is not a byte/],
    ["one digit", `00:01.0 X\n${row("00", "8")}`, /line 2: "8" is not a byte/],
    ["offset out of order", `00:01.0 X\n${row("00")}\n${row("20")}`, /line 3: offset 0x20 where 0x10 is due/],
    ["offset twice", `00:01.0 X\n${row("00")}\n${row("00")}`, /line 3: offset 0x0 where 0x10 is due/],
    ["offset beyond the space", `00:01.0 X\n${row("1000")}`, /line 2: offset 0x1000 is beyond/],
    [
      "truncated function",
      `00:01.0 X\n${row("00")}\n\n00:02.0 Y\n${standard}`,
      /line 1: function 00:01.0 has 0x10 bytes/,
    ],
    ["function without bytes", `00:01.0 X\n\n00:02.0 Y\n${standard}`, /line 1: function 00:01.0 has 0x0 bytes/],
    [
      "slot twice",
      `00:01.0 X\n${standard}\n\n0000:00:01.0 Y\n${standard}`,
      /line 7: slot 0000:00:01.0 was given on line 1/,
    ],
    ["no such device", `00:20.0 X\n${standard}`, /line 1: slot 00:20.0 has no device/],
    ["no such function", `00:01.8 X\n${standard}`, /line 1: slot 00:01.8 has no function/],
    ["bytes of nobody", standard, /line 1: bytes at 0x00 before any function/],
    ["something else", "hello\n", /no function found/],
    ["nothing", "", /no function found/],
  ])("%s", (_name, text, message) => {
    const parse = () => parseDump(text, "server.txt");
    expect(parse).toThrow(FormatError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^server\.txt: /);
  });

  it("any damage to one character is refused or read; nothing else is thrown", () => {
    const text = `00:01.0 X\n${standard}\n\n01:00.0 Y\n${standard}\n`;
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, insert) => {
        try {
          parseDump(text.slice(0, at) + insert + text.slice(at + 1), "dump");
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
