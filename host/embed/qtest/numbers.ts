// Numbers as C's strtoull reads them with base 0: hexadecimal, octal, decimal, a sign; 64 bits in two halves.
import { TWO_32 } from "../../core/address.ts";

/** An unsigned number of 64 bits. */
export interface U64 {
  lo: number;
  hi: number;
}

const SYNTAX = /^([+-]?)(?:0[xX]([\da-fA-F]+)|0([0-7]*)|([1-9]\d*))$/;

/** The number that `text` is; undefined when it is none or has more than 64 bits. A minus sign negates modulo 2^64. */
export function parseU64(text: string): U64 | undefined {
  const match = SYNTAX.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, octal, decimal] = match;
  const [digits, base] = hex !== undefined ? [hex, 16] : octal !== undefined ? [octal, 8] : [decimal as string, 10];
  let lo = 0;
  let hi = 0;
  for (const digit of digits) {
    const low = lo * base + Number.parseInt(digit, base);
    hi = hi * base + Math.floor(low / TWO_32);
    lo = low % TWO_32;
    if (hi >= TWO_32) return undefined;
  }
  if (sign !== "-") return { lo, hi };
  const negative = lo === 0 ? 0 : TWO_32 - lo;
  return { lo: negative, hi: (~hi + (lo === 0 ? 1 : 0)) >>> 0 };
}

/** The number that `text` is, undefined also when it is negative or above 2^53 - 1. */
export function parseNumber(text: string): number | undefined {
  const value = text.startsWith("-") ? undefined : parseU64(text);
  return value === undefined ? undefined : exact(value);
}

/** A number of at most 53 bits; undefined when it has more. */
export function exact({ lo, hi }: U64): number | undefined {
  const value = hi * TWO_32 + lo;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `0x` and sixteen digits. */
export function formatU64({ lo, hi }: U64): string {
  const digits = (half: number): string => half.toString(16).padStart(8, "0");
  return `0x${digits(hi)}${digits(lo)}`;
}
