// Timestamps of capture files: 64 bits in units of 10^-n or 2^-n seconds, exact without BigInt.

/** Seconds since 1970 (or since the machine's start) and nanoseconds (0–999,999,999) of the second. */
export interface CaptureTime {
  seconds: number;
  nanoseconds: number;
}

const LIMB = 0x10000;
const NS = 1_000_000_000;

/** `hi:lo` units of `base`^-`exponent` seconds; base 2 or 10, exponent 0–127. Rounds down to nanoseconds. */
export function captureTime(hi: number, lo: number, base: 2 | 10, exponent: number): CaptureTime {
  // Limbs of 16 bits, highest first: products and remainders with 30-bit factors stay below 2^53.
  const limbs = [0, 0, hi >>> 16, hi & 0xffff, lo >>> 16, lo & 0xffff];
  multiply(limbs, NS);
  const step = base === 10 ? 9 : 30;
  for (let left = exponent; left > 0; left -= step) divide(limbs, base ** Math.min(left, step));
  const nanoseconds = divide(limbs, NS);
  return { seconds: limbs.reduce((value, limb) => value * LIMB + limb, 0), nanoseconds };
}

function multiply(limbs: number[], factor: number): void {
  let carry = 0;
  for (let index = limbs.length - 1; index >= 0; index--) {
    const product = (limbs[index] as number) * factor + carry;
    limbs[index] = product % LIMB;
    carry = Math.floor(product / LIMB);
  }
}

/** Divides in place; the result is the remainder. */
function divide(limbs: number[], divisor: number): number {
  let remainder = 0;
  for (let index = 0; index < limbs.length; index++) {
    const value = remainder * LIMB + (limbs[index] as number);
    limbs[index] = Math.floor(value / divisor);
    remainder = value % divisor;
  }
  return remainder;
}
