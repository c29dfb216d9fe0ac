// The small readers under the protocol, against what the language has itself.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../../host/embed/qtest/base64.ts";
import { NetStream } from "../../../host/embed/qtest/net-stream.ts";
import { exact, formatU64, parseNumber, parseU64, type U64 } from "../../../host/embed/qtest/numbers.ts";
import { parseKeyValues, parseSize } from "../../../host/embed/qtest/options.ts";

const TWO_64 = 1n << 64n;
const whole = (value: U64 | undefined): bigint | undefined =>
  value === undefined ? undefined : (BigInt(value.hi) << 32n) | BigInt(value.lo);

describe("numbers", () => {
  const u64 = fc.bigInt({ min: 0n, max: TWO_64 - 1n });

  test("every notation of every 64-bit number is read, and written with sixteen digits", () => {
    fc.assert(
      fc.property(u64, (value) => {
        for (const text of [`${value}`, `0x${value.toString(16)}`, `0X${value.toString(16).toUpperCase()}`]) {
          expect(whole(parseU64(text))).toBe(value);
        }
        expect(whole(parseU64(`0${value.toString(8)}`))).toBe(value);
        expect(whole(parseU64(`-${value}`))).toBe((TWO_64 - value) % TWO_64);
        const halves = { lo: Number(value & 0xffff_ffffn), hi: Number(value >> 32n) };
        expect(formatU64(halves)).toBe(`0x${value.toString(16).padStart(16, "0")}`);
        expect(exact(halves)).toBe(value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined);
      }),
    );
  });

  test.each(["", "x", "0x", "1 ", "09", "1e3", "--1", "18446744073709551616", "0x10000000000000000"])(
    "%j is none",
    (text) => expect(parseU64(text)).toBeUndefined(),
  );

  test("one below zero or above 2^53 - 1 is no plain number", () => {
    expect(["-1", "9007199254740992", "9007199254740991", "017"].map(parseNumber)).toEqual([
      undefined,
      undefined,
      Number.MAX_SAFE_INTEGER,
      15,
    ]);
  });
});

describe("RFC 4648 Base64", () => {
  test("is what Node's is, both ways, with and without padding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(encodeBase64(bytes)).toBe(text);
        expect(decodeBase64(text)).toEqual(bytes);
        expect(decodeBase64(text.replaceAll("=", ""))).toEqual(bytes);
      }),
    );
  });

  test.each(["A", "A===", "AA=A", "A-==", "AAAAA"])("%j is none", (text) => expect(decodeBase64(text)).toBeUndefined());
});

describe("options", () => {
  test("keys and values, an implied first key, flags, a doubled comma, JSON", () => {
    expect([...parseKeyValues("igb,netdev=n,a=x,,y,on", "driver")]).toEqual([
      ["driver", "igb"],
      ["netdev", "n"],
      ["a", "x,y"],
      ["on", "on"],
    ]);
    expect([...parseKeyValues('{"driver":"edu","addr":5,"b":true,"addr2":{"type":"unix"}}', "driver")]).toEqual([
      ["driver", "edu"],
      ["addr", "5"],
      ["b", "on"],
      ["addr2.type", "unix"],
    ]);
  });

  test("sizes with and without units", () => {
    expect(["128", "1k", "1.5G", "0x10", "2T", "x", "1X", "-1"].map((text) => parseSize(text, "M"))).toEqual([
      2 ** 27,
      1024,
      1.5 * 2 ** 30,
      2 ** 24,
      2 ** 41,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("frames on a stream", () => {
  /** A stream that gives `bytes` in pieces, and keeps what is written. */
  function stream(bytes: Uint8Array, cuts: readonly number[]) {
    const written: number[] = [];
    const pieces = [...cuts, bytes.length].sort((one, two) => one - two);
    let done = 0;
    const net = new NetStream({
      read: () => {
        const end = Math.min(pieces.shift() ?? bytes.length, bytes.length);
        const piece = bytes.slice(done, Math.max(done, end));
        done = Math.max(done, end);
        return piece;
      },
      write: (sent) => written.push(...sent),
    });
    return { net, written };
  }

  test("come whole and in order however the bytes are cut, short ones padded to 60 bytes", () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(1200), { maxLength: 12 }), (sent, cuts) => {
        const bytes = sent.flatMap((frame) => [0, 0, 0, frame.length, ...frame]);
        const { net } = stream(Uint8Array.from(bytes), cuts);
        const received: Uint8Array[] = [];
        for (let turn = 0; turn < sent.length + cuts.length + 2; turn++) {
          const frame = net.receive();
          if (frame !== undefined) received.push(frame);
        }
        const padded = sent.map((frame) => [...frame, ...new Uint8Array(Math.max(60 - frame.length, 0))]);
        expect(received.map((frame) => [...frame])).toEqual(padded);
      }),
    );
  });

  test.each([0, 0x1_1001, 0xffff_ffff])("a length of %d ends the stream", (length) => {
    const bytes = new Uint8Array(200);
    new DataView(bytes.buffer).setUint32(0, length);
    const { net } = stream(bytes, []);
    expect([net.receive(), net.receive()]).toEqual([undefined, undefined]);
  });

  test("leave with their length before them, the highest byte first", () => {
    const { net, written } = stream(new Uint8Array(), []);
    net.send(new Uint8Array(0x203).fill(7));
    expect(written.slice(0, 5)).toEqual([0, 0, 2, 3, 7]);
    expect(written).toHaveLength(0x207);
  });
});
