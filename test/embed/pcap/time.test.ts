import fc from "fast-check";
import { expect, test } from "vitest";
import { captureTime } from "../../../host/embed/pcap/time.ts";

test("pcapng §4.2 if_tsresol: 64-bit units of 10^-n or 2^-n seconds become nanoseconds, rounded down", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom<2 | 10>(2, 10),
      fc.integer({ min: 0, max: 127 }),
      (units, base, exponent) => {
        const total = (units * 1_000_000_000n) / BigInt(base) ** BigInt(exponent);
        const time = captureTime(Number(units >> 32n), Number(units & 0xffff_ffffn), base, exponent);
        expect(time.nanoseconds).toBe(Number(total % 1_000_000_000n));
        expect(time.seconds).toBe(Number(total / 1_000_000_000n));
      },
    ),
    { numRuns: 2000 },
  );
});

test("a date of today in microseconds is exact", () => {
  const units = 1_763_818_972_123_457n;
  expect(captureTime(Number(units >> 32n), Number(units & 0xffff_ffffn), 10, 6)).toEqual({
    seconds: 1_763_818_972,
    nanoseconds: 123_457_000,
  });
});
