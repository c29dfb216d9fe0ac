import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../host/core/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../host/core/snapshot.ts";

type Value = null | boolean | number | string | Uint8Array | Value[] | { [key: string]: Value };

const { value } = fc.letrec<{ value: Value; leaf: Value }>((tie) => ({
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeNat(),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }) as fc.Arbitrary<Uint8Array>,
  ) as fc.Arbitrary<Value>,
  value: fc.oneof(
    { maxDepth: 3 },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__" && !key.startsWith("$")),
      tie("value"),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ) as fc.Arbitrary<Value>,
}));

describe("snapshots as bytes", () => {
  it("give plain byte arrays that are nobody's view, also from a Buffer", () => {
    const bytes = Buffer.from(encodeSnapshot({ a: Uint8Array.of(7, 8, 9), b: Uint8Array.of(5) }));
    const state = decodeSnapshot<{ a: Uint8Array; b: Uint8Array }>(bytes);
    bytes.fill(0);
    expect(state).toStrictEqual({ a: Uint8Array.of(7, 8, 9), b: Uint8Array.of(5) });
    expect(state.a.buffer.byteLength).toBe(3);
  });

  it("give back every value, byte arrays included, and equal bytes for equal values", () => {
    fc.assert(
      fc.property(fc.array(value), (state) => {
        const bytes = encodeSnapshot(state);
        const decoded = decodeSnapshot(bytes);
        expect(decoded).toEqual(state);
        expect(encodeSnapshot(decoded)).toEqual(bytes);
      }),
    );
  });

  it("refuse what is no state, and one that contains itself, with an ArgumentError", () => {
    const cycle: { name: string; self?: unknown } = { name: "x" };
    cycle.self = { deep: [cycle] };
    for (const [state, message] of [
      [cycle, /^state Object cannot be written \(.*circular/],
      [{ big: 1n }, /^state Object cannot be written \(.*BigInt/],
      [undefined, /^state undefined is no object/],
      ["text", /^state "text" is no object/],
    ] as const) {
      expect(() => encodeSnapshot(state as object)).toThrow(ArgumentError);
      expect(() => encodeSnapshot(state as object)).toThrow(message);
    }
  });

  it("refuse bytes that are cut short or are something else, with a FormatError", () => {
    const whole = encodeSnapshot({ name: "x", bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7) });
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSnapshot(whole.subarray(0, length)), `${length} bytes`).toThrow(FormatError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeSnapshot(bytes)).toThrow(FormatError);
      }),
    );
    const altered = whole.slice();
    altered[20] = (altered[20] as number) ^ 0xff;
    expect(() => decodeSnapshot(altered)).toThrow(FormatError);
  });
});
