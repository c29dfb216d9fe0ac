import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../host/core/arena.ts";
import { Engine } from "../../host/core/engine.ts";

describe("arena", () => {
  it("gives out pieces that never overlap, aligned, and ends where it began once all came back", () => {
    const step = fc.oneof(
      fc.record({ bytes: fc.integer({ min: 1, max: 300 }), shift: fc.nat(7) }),
      fc.record({ release: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const arena = new Arena(176);
        const out: { place: number; bytes: number }[] = [];
        for (const one of steps) {
          if ("release" in one) {
            const [gone] = out.splice(one.release % Math.max(out.length, 1), 1);
            if (gone !== undefined) arena.release(gone.place, gone.bytes);
            continue;
          }
          const place = arena.find(one.bytes, 2 ** one.shift);
          expect(place % 2 ** one.shift).toBe(0);
          expect(place).toBeGreaterThanOrEqual(176);
          for (const other of out) {
            expect(place >= other.place + other.bytes || place + one.bytes <= other.place).toBe(true);
          }
          arena.take(place, one.bytes);
          expect(arena.holds(place, one.bytes)).toBe(true);
          out.push({ place, bytes: one.bytes });
        }
        for (const { place, bytes } of out) arena.release(place, bytes);
        expect(arena.end).toBe(176);
      }),
    );
  });

  it("takes nothing back twice, and nothing in parts", async () => {
    const engine = await Engine.create();
    const pointer = engine.allocate(320);
    expect(() => engine.release(pointer, 64)).toThrow(/pointer .*is no piece of this size/);
    expect(() => engine.release(pointer + 64, 256)).toThrow(/is no piece/);
    engine.release(pointer, 320);
    expect(() => engine.release(pointer, 320)).toThrow(/is no piece/);
    expect(() => engine.allocate(64, 48)).toThrow(/alignment 0x30 .*is not a power of two/);
  });
});
