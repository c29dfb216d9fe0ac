// Addresses of 64 bits in halves.
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../../assembly/spec/vtd/interrupt-range.ts";
import { hex, hi32, lo32 } from "../../core/address.ts";
import { checkOptions, checkUnsigned } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { accessText } from "./access.ts";
import type { Halves } from "./types.ts";

const SIZES: Readonly<Record<number, string>> = { 12: "4 KiB", 21: "2 MiB", 30: "1 GiB" };

/** The halves of an address. Throws ArgumentError for what is none. */
export function halvesOf(address: number | Halves): Halves {
  if (typeof address === "number" && Number.isSafeInteger(address) && address >= 0) {
    return { lo: lo32(address), hi: hi32(address) };
  }
  if (typeof address !== "object" || address === null) {
    throw new ArgumentError(
      "iova",
      address,
      "is not a whole number below 2^53; 64 bits go as { lo, hi } of 32 bits each",
    );
  }
  checkOptions("iova", address, ["lo", "hi"]);
  checkUnsigned("iova.lo", address.lo, 32);
  checkUnsigned("iova.hi", address.hi, 32);
  return { lo: address.lo, hi: address.hi };
}

/** Whether an address has a bit set at or above `width`, 32 to 64. */
export function beyond({ hi }: Halves, width: number): boolean {
  return width < 64 && hi >>> (width - 32) !== 0;
}

/** Whether bits 63:`width` of an address all equal bit `width` - 1. */
export function canonical({ hi }: Halves, width: number): boolean {
  const above = (hi | 0) >> (width - 1 - 32);
  return above === 0 || above === -1;
}

export function inInterruptRange({ lo, hi }: Halves): boolean {
  return hi === 0 && lo >= INTERRUPT_RANGE_BASE && lo <= INTERRUPT_RANGE_LIMIT;
}

/** `maps the 2 MiB page at 0x…, read and write`. */
export function pageText(base: number, shift: number, granted: number): string {
  return `maps the ${SIZES[shift]} page at ${hex(base)}, ${accessText(granted)}`;
}
