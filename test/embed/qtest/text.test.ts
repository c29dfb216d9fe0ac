// The small readers under the protocol, against what the language has itself.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../../host/embed/qtest/base64.ts";
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
