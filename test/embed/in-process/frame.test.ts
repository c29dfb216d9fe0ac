import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../host/core/errors.ts";
import { FrameReader, TaggedFrame } from "../../../host/embed/in-process/frame.ts";
import { formatMac, macAt } from "../../../host/embed/in-process/mac.ts";

const destination = Uint8Array.of(0x02, 0x1b, 0x21, 0x00, 0x00, 0x05);
const source = Uint8Array.of(0x02, 0x1b, 0x21, 0x00, 0x00, 0x03);

describe("tagged frames", () => {
  test("a reader gets back what the sender stamped, at any length, with and without a VLAN tag", () => {
    const u16 = fc.integer({ min: 0, max: 0xffff });
    const vlan = fc.option(u16, { nil: -1 });
    fc.assert(
      fc.property(
        u16,
        u16,
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: 60, max: 1514 }),
        vlan,
        (from, to, sequence, length, tag) => {
          const options = { destination, source, from, to, length };
          const frame = new TaggedFrame(tag < 0 ? options : { ...options, vlan: tag });
          const reader = new FrameReader();
          expect(reader.read(frame.stamp(sequence))).toBe(true);
          expect([reader.from, reader.to, reader.sequence, reader.vlan]).toEqual([from, to, sequence, tag]);
        },
      ),
    );
  });

  test("any changed byte behind the addresses is noticed", () => {
    const frame = new TaggedFrame({ destination, source, from: 3, to: 5, length: 83 });
    const good = frame.stamp(0x0102_0304).slice();
    const reader = new FrameReader();
    for (let index = 12; index < good.length; index++) {
      const bad = good.slice();
      bad[index] = (bad[index] as number) ^ 0x40;
      expect(reader.read(bad), `byte ${index}`).toBe(false);
    }
    expect(reader.read(good.subarray(0, 82))).toBe(false);
  });

  test("a frame inside a larger buffer, and one with padding behind it, are read the same", () => {
    const frame = new TaggedFrame({ destination, source, from: 3, to: 5, length: 61 }).stamp(9);
    const buffer = new Uint8Array(4096);
    buffer.set(frame, 1027);
    const reader = new FrameReader();
    expect(reader.read(buffer.subarray(1027, 1027 + 61))).toBe(true);
    expect(reader.read(buffer.subarray(1027, 1027 + 70))).toBe(true);
    expect(reader.read(new Uint8Array(12))).toBe(false);
  });

  test("addresses stand where Ethernet has them", () => {
    const { bytes } = new TaggedFrame({ destination, source, from: 3, to: 5 });
    expect(bytes.length).toBe(60);
    expect(formatMac(bytes)).toBe("02:1b:21:00:00:05");
    expect(macAt(bytes, 6, source)).toBe(true);
    expect(macAt(bytes, 6, destination)).toBe(false);
  });

  test.each([59, 1515, 100.5])("length %s is refused by name", (length) => {
    expect(() => new TaggedFrame({ destination, source, from: 0, to: 1, length })).toThrow(ArgumentError);
  });
});
