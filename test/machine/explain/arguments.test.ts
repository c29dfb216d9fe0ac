import { describe, expect, test } from "vitest";
import type { ExplainInterruptRequest, ExplainRequest } from "../../../host/machine/explain/types.ts";
import { Harness } from "../../iommu/harness.ts";

const NO_NUMBERS: readonly unknown[] = [
  "x",
  "5",
  Number.NaN,
  -1,
  1.5,
  null,
  {},
  [],
  true,
  2 ** 60,
  Infinity,
  5n,
  2n ** 63n,
];

describe("what an embedder may ask to be explained", () => {
  const thrown = async (act: (h: Harness) => unknown): Promise<unknown> => {
    const h = await Harness.create();
    try {
      return act(h);
    } catch (error) {
      return (error as Error).name;
    }
  };

  test.each(["requesterId", "iova", "access", "pasid"])("%s has to be a number", async (name) => {
    for (const value of NO_NUMBERS) {
      const request = { requesterId: 0x281, iova: 0x1000, access: 1, [name]: value };
      expect(await thrown(({ unit }) => unit.explain(request as ExplainRequest)), String(value)).toBe("ArgumentError");
    }
  });

  test.each(["requesterId", "addressLo", "addressHi", "data"])(
    "of an interrupt: %s has to be a number",
    async (name) => {
      for (const value of [...NO_NUMBERS, 2 ** 32]) {
        const request = { requesterId: 0x281, addressLo: 0xfee0_0010, data: 0, [name]: value };
        const result = await thrown(({ unit }) => unit.explainInterrupt(request as ExplainInterruptRequest));
        expect(result, String(value)).toBe("ArgumentError");
      }
    },
  );

  test("halves of an address are 32 bits each, and both are there", async () => {
    const { unit } = await Harness.create();
    const halves = [
      {},
      { lo: 1 },
      { lo: "x", hi: Number.NaN },
      { lo: 0, hi: 5n },
      { lo: -1, hi: 0 },
      { lo: 2 ** 32, hi: 0 },
    ];
    for (const iova of halves) {
      expect(() => unit.explain({ requesterId: 0x281, iova: iova as never, access: 1 })).toThrow(/^iova/);
    }
    const { verdict } = unit.explain({ requesterId: 0x281, iova: { lo: 0x89ab_cdef, hi: 0x4567 }, access: 1 });
    expect(verdict).toMatchObject({ kind: "allowed", hpa: 0x4567_89ab_cdef });
  });

  test("a BigInt is refused in words that say how 64 bits go", async () => {
    const { unit } = await Harness.create();
    const iova = (2n ** 63n) as unknown as number;
    expect(() => unit.explain({ requesterId: 0x281, iova, access: 1 })).toThrow(
      "iova 9223372036854775808n is not a whole number below 2^53; 64 bits go as { lo, hi } of 32 bits each",
    );
  });

  test("what is no request at all is refused", async () => {
    for (const value of [undefined, null, "x", 5, [], { requesterId: 1, iova: 1, acces: 1 }]) {
      expect(await thrown(({ unit }) => unit.explain(value as never))).toBe("ArgumentError");
      expect(await thrown(({ unit }) => unit.explainInterrupt(value as never))).toBe("ArgumentError");
    }
  });
});
