// Pages of host RAM for the hypervisor's own tables and for the VMs' RAM.
import { type Hpa, hex, PAGE_SIZE } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";

/** State of an allocator: the free runs as [page, count] pairs, ascending and never touching. */
export interface PageAllocatorState {
  readonly free: readonly (readonly [number, number])[];
}

/** First-fit over runs of free pages; frees merge with their neighbours. */
export class PageAllocator implements Snapshotable<PageAllocatorState> {
  #free: [page: number, count: number][];

  /** Pages of `size` bytes from `base`, both multiples of 4 KiB. */
  constructor(base: Hpa, size: number) {
    this.#free = [[base / PAGE_SIZE, size / PAGE_SIZE]];
  }

  /** Pages not in use. */
  get freePages(): number {
    return this.#free.reduce((sum, [, count]) => sum + count, 0);
  }

  /**
   * The base of `bytes` (rounded up to pages), aligned to `alignment` bytes (a power of two, 4 KiB or more).
   * Throws ArgumentError when no run of free pages is long enough.
   */
  allocate(bytes: number, alignment: number = PAGE_SIZE): Hpa {
    const count = Math.ceil(bytes / PAGE_SIZE);
    const unit = alignment / PAGE_SIZE;
    for (const [place, [first, free]] of this.#free.entries()) {
      const start = Math.ceil(first / unit) * unit;
      const before = start - first;
      if (free - before < count) continue;
      const after = free - before - count;
      const rest: [number, number][] = [];
      if (before > 0) rest.push([first, before]);
      if (after > 0) rest.push([start + count, after]);
      this.#free.splice(place, 1, ...rest);
      return (start * PAGE_SIZE) as Hpa;
    }
    throw new ArgumentError("bytes", bytes, `does not fit: ${this.freePages} pages of 4 KiB are free`);
  }

  /** Gives `bytes` at `base` back. Throws ArgumentError when any page of it is free already. */
  release(base: Hpa, bytes: number): void {
    const first = base / PAGE_SIZE;
    const count = Math.ceil(bytes / PAGE_SIZE);
    const place = this.#free.findIndex(([page]) => page > first);
    const at = place < 0 ? this.#free.length : place;
    const left = this.#free[at - 1];
    const right = this.#free[at];
    if ((left !== undefined && left[0] + left[1] > first) || (right !== undefined && first + count > right[0])) {
      throw new ArgumentError("base", hex(base), "is free already");
    }
    const joinsLeft = left !== undefined && left[0] + left[1] === first;
    const joinsRight = right !== undefined && first + count === right[0];
    const run: [number, number] = [
      joinsLeft ? left[0] : first,
      count + (joinsLeft ? left[1] : 0) + (joinsRight ? right[1] : 0),
    ];
    this.#free.splice(at - (joinsLeft ? 1 : 0), (joinsLeft ? 1 : 0) + (joinsRight ? 1 : 0), run);
  }

  save(): PageAllocatorState {
    return { free: this.#free.map(([page, count]) => [page, count] as const) };
  }

  restore(state: PageAllocatorState): void {
    this.#free = state.free.map(([page, count]) => [page, count]);
  }
}
