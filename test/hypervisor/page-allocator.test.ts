import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hpa, hpa, PAGE_SIZE } from "../../host/core/address.ts";
import { PageAllocator } from "../../host/hypervisor/page-allocator.ts";

const PAGES = 64;
const BASE = hpa(0x7_0000_3000);

describe("pages of host RAM", () => {
  it("are given to one owner at a time, aligned, and all come back", () => {
    const step = fc.record({
      pages: fc.integer({ min: 1, max: 9 }),
      order: fc.integer({ min: 0, max: 3 }),
      free: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const allocator = new PageAllocator(BASE, PAGES * PAGE_SIZE);
        const owned: { base: Hpa; pages: number }[] = [];
        for (const { pages, order, free } of steps) {
          if (free % 3 === 0 && owned.length > 0) {
            const [back] = owned.splice(free % owned.length, 1);
            if (back !== undefined) allocator.release(back.base, back.pages * PAGE_SIZE);
            continue;
          }
          let base: Hpa;
          try {
            base = allocator.allocate(pages * PAGE_SIZE - 5, PAGE_SIZE << order);
          } catch {
            continue;
          }
          expect(base % (PAGE_SIZE << order)).toBe(0);
          expect(base).toBeGreaterThanOrEqual(BASE);
          expect(base + pages * PAGE_SIZE).toBeLessThanOrEqual(BASE + PAGES * PAGE_SIZE);
          for (const other of owned) {
            expect(base >= other.base + other.pages * PAGE_SIZE || base + pages * PAGE_SIZE <= other.base).toBe(true);
          }
          owned.push({ base, pages });
          const copy = new PageAllocator(BASE, PAGE_SIZE);
          copy.restore(allocator.save());
          expect(copy.freePages).toBe(allocator.freePages);
        }
        for (const { base, pages } of owned) allocator.release(base, pages * PAGE_SIZE);
        expect(allocator.save().free).toEqual([[BASE / PAGE_SIZE, PAGES]]);
      }),
    );
  });

  it("are refused when no run is long enough or a page is free already", () => {
    const allocator = new PageAllocator(BASE, 4 * PAGE_SIZE);
    const first = allocator.allocate(3 * PAGE_SIZE);
    expect(() => allocator.allocate(2 * PAGE_SIZE)).toThrow(/bytes 0x2000 .*1 pages of 4 KiB are free/);
    allocator.release(first, PAGE_SIZE);
    expect(() => allocator.release(first, PAGE_SIZE)).toThrow(/0x700003000.*is free already/);
  });
});
