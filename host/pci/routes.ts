// From addresses to handlers: ranges cut to windows, laid out side by side, searched by halves.
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import type { DecodedRange } from "./upstream.ts";

/** An address window of a bridge: `end` is the first address after it. */
export interface Window {
  readonly base: number;
  readonly end: number;
}

/** The parts of `range` that lie in `windows`. */
export function clip(range: DecodedRange, windows: readonly Window[]): DecodedRange[] {
  const parts: DecodedRange[] = [];
  for (const window of windows) {
    const base = Math.max(range.base, window.base);
    const end = Math.min(range.base + range.size, window.end);
    if (base < end) parts.push({ ...range, base, size: end - base });
  }
  return parts;
}

/** Disjoint ranges of one space. Where two overlap, the one that came first answers. */
export class RouteTable {
  readonly #ranges: DecodedRange[] = [];
  #last: DecodedRange | undefined;

  constructor(ranges: readonly DecodedRange[]) {
    for (const range of ranges) this.#insert(range);
  }

  get ranges(): readonly DecodedRange[] {
    return this.#ranges;
  }

  /** The range that answers at `address`. */
  find(address: number): DecodedRange | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.base && address < last.base + last.size) return last;
    const at = this.#ranges[this.#after(address) - 1];
    if (at === undefined || address >= at.base + at.size) return undefined;
    this.#last = at;
    return at;
  }

  /** Index of the first range that begins behind `address`. */
  #after(address: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as DecodedRange).base <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(range: DecodedRange): void {
    const end = range.base + range.size;
    let base = range.base;
    let index = this.#after(base);
    const before = this.#ranges[index - 1];
    if (before !== undefined) base = Math.max(base, before.base + before.size);
    while (base < end) {
      const next = this.#ranges[index];
      const free = next === undefined ? end : Math.min(end, next.base);
      if (free > base) {
        this.#ranges.splice(index, 0, { ...range, base, size: free - base });
        index++;
      }
      if (next === undefined) return;
      base = Math.max(base, next.base + next.size);
      index++;
    }
  }
}

/** Performs an access in naturally aligned pieces, as a link carries an unaligned one by byte enables. */
export function readAligned(handler: MmioHandler, offset: number, width: AccessWidth): number {
  if (offset % width === 0) return handler.read(offset, width) >>> 0;
  const half = (width / 2) as AccessWidth;
  const low = readAligned(handler, offset, half);
  return (low | (readAligned(handler, offset + half, half) << (8 * half))) >>> 0;
}

/** As `readAligned`, for a write. */
export function writeAligned(handler: MmioHandler, offset: number, width: AccessWidth, value: number): void {
  if (offset % width === 0) {
    handler.write(offset, width, width === 4 ? value >>> 0 : value & (2 ** (8 * width) - 1));
    return;
  }
  const half = (width / 2) as AccessWidth;
  writeAligned(handler, offset, half, value);
  writeAligned(handler, offset + half, half, value >>> (8 * half));
}
