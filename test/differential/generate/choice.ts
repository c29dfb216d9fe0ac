// Random choices with weights, and entries made of named fields.
import { Random } from "../../../host/demo/random.ts";

export class Choice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return this.#random.below(limit);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `percent` of 100 cases. */
  often(percent: number): boolean {
    return this.below(100) < percent;
  }

  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** A value by weight. */
  weighted<T>(...values: readonly (readonly [number, T])[]): T {
    let left = this.below(values.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of values) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new Error("no value");
  }

  /** `width` random bits. */
  bits(width: number): bigint {
    let value = 0n;
    for (let at = 0; at < width; at += 16) value |= BigInt(this.below(0x1_0000)) << BigInt(at);
    return value & ((1n << BigInt(width)) - 1n);
  }
}

/** `value` in the field `hi:lo`. */
export function field(hi: number, lo: number, value: bigint | number): bigint {
  return (BigInt(value) & ((1n << BigInt(hi - lo + 1)) - 1n)) << BigInt(lo);
}

/** All bits of the field `hi:lo`. */
export function whole(hi: number, lo: number): bigint {
  return field(hi, lo, -1n);
}
