import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Gpa, hpa, PAGE_SIZE } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { PageAllocator } from "../../host/hypervisor/page-allocator.ts";
import { SecondStage } from "../../host/hypervisor/second-stage.ts";
import { AddressMap } from "../../host/machine/address-map.ts";

const MIB = 2 ** 20;
const TABLES = 16 * MIB;

async function build(levels: 3 | 4 | 5) {
  const engine = await Engine.create();
  const map = new AddressMap(engine, () => {});
  map.addRam({ base: hpa(0), size: TABLES });
  const pages = new PageAllocator(hpa(PAGE_SIZE), TABLES - PAGE_SIZE);
  const stage = new SecondStage(map, pages, levels);
  // A reader's walk, straight from VT-d 5.10 §3.7: 9 bits a level, bit 7 ends it early, bits 1:0 are W and R.
  const walk = (address: number): { to: number; access: number; leaf: number } | undefined => {
    let table: number = stage.root;
    let access = 3;
    for (let level = levels - 1; ; level--) {
      const span = 4096 * 512 ** level;
      const place = table + (Math.floor(address / span) % 512) * 8;
      const low = map.read(hpa(place), 4);
      access &= low & 3;
      if ((low & 3) === 0) return undefined;
      const target = map.read(hpa(place + 4), 4) * 2 ** 32 + (low - (low % 4096));
      if (level === 0 || (low & 0x80) !== 0) return { to: target + (address % span), access, leaf: level };
      table = target;
    }
  };
  return { stage, pages, walk };
}

describe("second-stage tables as the hypervisor builds them", () => {
  it("VT-d §3.7: map a range with the largest pages that fit both addresses", async () => {
    const { stage, walk } = await build(4);
    stage.map(0x4020_1000 as Gpa, hpa(0x8_4020_1000), 0x4000_0000, { read: true, write: false });
    expect(walk(0x4020_1000)).toEqual({ to: 0x8_4020_1000, access: 1, leaf: 0 });
    expect(walk(0x4040_0123)).toEqual({ to: 0x8_4040_0123, access: 1, leaf: 1 });
    expect(walk(0x8020_0fff)).toEqual({ to: 0x8_8020_0fff, access: 1, leaf: 0 });
    expect(walk(0x8020_1000)).toBeUndefined();
    expect(walk(0x4020_0fff)).toBeUndefined();
    stage.map(0xc000_0000 as Gpa, hpa(0x10_0000_0000), 0x4000_0000, { read: true, write: true });
    expect(walk(0xffff_ffff)).toEqual({ to: 0x10_3fff_ffff, access: 3, leaf: 2 });
  });

  it.each([3, 4, 5] as const)(
    "with %i levels agree with what was mapped and unmapped, page by page",
    async (levels) => {
      const { stage, pages, walk } = await build(levels);
      const before = pages.freePages;
      const step = fc.record({
        at: fc.nat(63),
        count: fc.integer({ min: 1, max: 12 }),
        to: fc.nat(1000),
        map: fc.boolean(),
      });
      const base = 0x1f_f000 * 512;
      const mapped = new Map<number, number>();
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
          for (const { at, count, to, map } of steps) {
            const from = (base + at * PAGE_SIZE) as Gpa;
            if (map)
              stage.map(from, hpa(0x9_0000_1000 + to * PAGE_SIZE), count * PAGE_SIZE, { read: true, write: true });
            else stage.unmap(from, count * PAGE_SIZE);
            for (let page = at; page < at + count; page++) {
              if (map) mapped.set(page, 0x9_0000_1000 + (to + page - at) * PAGE_SIZE);
              else mapped.delete(page);
            }
          }
          for (let page = 0; page < 80; page++) expect(walk(base + page * PAGE_SIZE)?.to).toBe(mapped.get(page));
        }),
      );
      stage.release();
      expect(pages.freePages).toBe(before + 1);
    },
  );

  it("refuse what is not a page or beyond the input width", async () => {
    const { stage, walk } = await build(3);
    const both = { read: true, write: true };
    expect(() => stage.map(0x1008 as Gpa, hpa(0), PAGE_SIZE, both)).toThrow(/from 0x1008/);
    expect(() => stage.map(0x1000 as Gpa, hpa(0x800), PAGE_SIZE, both)).toThrow(/to 0x800/);
    stage.map(0x20_0000 as Gpa, hpa(0x40_0000), 0x20_0000, both);
    expect(() => stage.map(0x1f_f000 as Gpa, hpa(0x9000), 2 * PAGE_SIZE, both)).toThrow(/from 0x1ff000 .*larger page/);
    expect(walk(0x1f_f000)).toBeUndefined();
    expect(() => stage.map((2 ** 39 - PAGE_SIZE) as Gpa, hpa(0), 2 * PAGE_SIZE, both)).toThrow(/within 39 bits/);
  });
});
