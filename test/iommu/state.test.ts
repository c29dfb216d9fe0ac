// States of a unit: it goes on as the one that was saved; what is none of its own, forged or changed at random, is refused
// with a typed error or harmless to all memory but the RAM.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/spec/abi/iommu.ts";
import {
  UNIT_CONTEXT_GENERATION,
  UNIT_MAP_GENERATION,
  UNIT_REGISTERS,
  UNIT_SCALARS_END,
  UNIT_STATE,
  UNIT_USED,
} from "../../assembly/spec/abi/iommu.ts";
import { IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { RequesterId } from "../../host/core/address.ts";
import { FormatError } from "../../host/core/errors.ts";
import { Forge, Guard } from "./forge.ts";
import { Harness, RAM_BASE, READ, WRITE } from "./harness.ts";
import { FIRST, NESTED, PASS, Scalable, SECOND } from "./scalable.ts";

describe("save and restore", () => {
  const start = async (): Promise<{ h: Harness; table: number }> => {
    const harness = await Harness.create();
    const [root, table] = [harness.page(), harness.page()];
    harness.context(root, 0x0215, { table, domainId: 7 });
    for (let page = 0; page < 8; page++) harness.mapPage(table, 4, page * 4096, RAM_BASE + page * 4096);
    harness.enable(root);
    return { h: harness, table };
  };

  test("a restored unit continues identically, stale entries, faults and counters included", async () => {
    const one = await start();
    const two = await start();
    for (const page of [0, 1, 2]) one.h.translate(0x0215, page * 4096);
    one.h.translate(0x0333, 0x5000);
    one.h.set32(0x3c, 0x31);
    for (const side of [one, two]) side.h.mapPage(side.table, 4, 0x1000, RAM_BASE + 0x7000);
    const state = one.h.unit.save();
    two.h.unit.restore(structuredClone(state));
    expect(two.h.unit.save()).toEqual(state);
    const go = (harness: Harness): unknown => [
      [0, 1, 2, 3, 9].map((page) => harness.translate(0x0215, page * 4096, READ)),
      harness.unit.faults(),
      harness.unit.statistics(),
      [0x1c, 0x34, 0x38, 0x3c, 0x400, 0x408, 0x40c].map((offset) => harness.get32(offset)),
    ];
    const continued = go(two.h);
    expect(continued).toEqual(go(one.h));
    expect((continued as number[][])[0]?.[1]).toBe(RAM_BASE + 0x1000);
    expect(two.h.unit.save()).toEqual(one.h.unit.save());
  });

  test("a state of another kind of unit, or none at all, is refused and changes nothing", async () => {
    const { h: harness } = await start();
    const before = harness.unit.save();
    const other = await Harness.create({ faultRecords: 3 });
    expect(() => harness.unit.restore(other.unit.save())).toThrow(FormatError);
    expect(() => harness.unit.restore({ pieces: [{ offset: 0, bytes: new Uint8Array(8) }] })).toThrow(FormatError);
    expect(() => harness.unit.restore({ pieces: [] })).toThrow(FormatError);
    harness.translate(0x0215, 0x1000);
    const less = await Harness.create({}, 0x1000);
    expect(() => less.unit.restore(harness.unit.save())).toThrow(/leads to 0x101000/);
    harness.unit.restore(before);
    expect(harness.unit.save()).toEqual(before);
  });

  test.each([
    ["translating", abi.UNIT_TRANSLATING, 0],
    ["remapping", abi.UNIT_REMAPPING, 1],
    ["contextGeneration", abi.UNIT_CONTEXT_GENERATION, 4096],
    ["faultIndex", abi.UNIT_FAULT_INDEX, 8],
    ["faultIndex", abi.UNIT_FAULT_INDEX, 0xffff_ffff],
    ["tableError", abi.UNIT_TABLE_ERROR, 2],
    ["events", abi.UNIT_EVENTS, 8],
    ["messageCount", abi.UNIT_ATS + 4, 65],
    ["queueWaits", abi.UNIT_ATS + 16, 2],
    ["other capabilities", abi.UNIT_REGISTERS + 12, 0xffff_ffff],
    ["other capabilities", abi.UNIT_DERIVED + 16, 64],
    ["IQH_REG", abi.UNIT_REGISTERS + 0x80, 8],
  ])("a state whose %s (offset %i) is %i is refused and changes nothing", async (what, offset, value) => {
    const { h: harness } = await start();
    const before = harness.unit.save();
    const state = structuredClone(before);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    state.pieces.push({ offset, bytes });
    expect(() => harness.unit.restore(state)).toThrow(FormatError);
    expect(() => harness.unit.restore(state)).toThrow(what);
    expect(harness.unit.save()).toEqual(before);
  });

  test.each([null, undefined, {}, { pieces: 3 }, { pieces: [null] }, { pieces: [{ offset: 48, bytes: "abc" }] }])(
    "the state %j is refused",
    async (state) => {
      const { h: harness } = await start();
      expect(() => harness.unit.restore(state as never)).toThrow(FormatError);
    },
  );

  test("reset gives the state after power-on", async () => {
    const { h: harness } = await start();
    const fresh = await Harness.create();
    harness.translate(0x0215, 0);
    harness.unit.reset();
    expect(harness.unit.save()).toEqual(fresh.unit.save());
  });
});

test("bytes of a state changed at random make nothing trap, and no DMA leaves the RAM", async () => {
  const h = await Harness.create();
  const guardBytes = 2 ** 20;
  const guard = h.engine.allocate(guardBytes, 4096);
  const [root, table] = [h.page(), h.page()];
  h.context(root, 0x0215, { table, domainId: 7 });
  for (let page = 0; page < 64; page++) h.mapPage(table, 4, page * 4096, RAM_BASE + 0x1_0000 + page * 4096);
  h.enable(root);
  for (let page = 0; page < 8; page++) h.translate(0x0215, page * 4096);
  const good = h.unit.save();
  const seen = { accepted: 0, refused: 0 };
  const flip = fc.record({
    where: fc.constantFrom("scalars", "registers", "anywhere"),
    piece: fc.nat(good.pieces.length - 1),
    at: fc.nat(),
    value: fc.nat(255),
  });
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 6 }), (flips) => {
      const state = structuredClone(good);
      for (const { where, piece, at, value } of flips) {
        const { bytes } = state.pieces[where === "anywhere" ? piece : 0] as { bytes: Uint8Array };
        if (where === "scalars") bytes[at % (UNIT_SCALARS_END - UNIT_STATE)] = value;
        else if (where === "registers") bytes[UNIT_REGISTERS - UNIT_STATE + (at % 0x500)] = value;
        else bytes[at % bytes.length] = value;
      }
      try {
        h.unit.restore(state);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        seen.refused++;
        return;
      }
      seen.accepted++;
      for (const requesterId of [0x0215, 0x0100] as RequesterId[]) {
        for (const iova of [0, 0x3000, 0x4_0000, 0x7000_0000]) {
          h.unit.dma.write(requesterId, iova, 0, new Uint8Array(5000).fill(0xee));
          h.unit.dma.read(requesterId, iova, 0, new Uint8Array(5000));
          h.unit.remap(requesterId, 0xfee0_0010, 0, iova);
        }
      }
      h.unit.mmio.write(IQT_REG, 4, 0x40);
      for (let offset = 0; offset < 0x1000; offset += 4) h.unit.mmio.write(offset, 4, 0xffff_ffff);
      h.unit.faults();
    }),
    { numRuns: 600 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(60);
  expect(h.engine.u8.subarray(guard, guard + guardBytes).every((byte) => byte === 0)).toBe(true);
});

test("bytes of a scalable-mode state changed at random make nothing trap or hang, and no DMA leaves the RAM", async () => {
  const s = await Scalable.create();
  const { h } = s;
  const guardBytes = 2 ** 20;
  const guard = h.engine.allocate(guardBytes, 4096);
  const [directory, second, first, inner] = [h.page(), h.page(), h.page(), h.page()];
  s.context(0x0215, { directory });
  s.pasid(directory, 0, { type: NESTED, second, first: inner, domainId: 7 });
  s.pasid(directory, 1, { type: FIRST, first, domainId: 8 });
  s.pasid(directory, 2, { type: SECOND, second, ssade: true, domainId: 7 });
  s.pasid(directory, 3, { type: PASS, domainId: 9 });
  h.mapPage(second, 4, 0, 0, READ | WRITE, 2);
  for (let page = 0; page < 16; page++) {
    s.mapFirst(first, 4, page * 4096, RAM_BASE + 0x1_0000 + page * 4096);
    s.mapFirst(inner, 4, page * 4096, RAM_BASE + 0x2_0000 + page * 4096);
  }
  s.enable();
  const spaces = [undefined, 1, 2, 3];
  for (const pasid of spaces)
    for (const page of [0, 0x3000]) s.translate(0x0215, page + 0x10_0000 * Number(pasid === 2), WRITE, pasid);
  const good = h.unit.save();
  const used = good.pieces.filter(({ offset, bytes }) => offset > UNIT_REGISTERS + bytes.length);
  const seen = { accepted: 0, refused: 0 };
  const flip = fc.record({ piece: fc.nat(used.length - 1), near: fc.nat(), by: fc.nat(15), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 6 }), (flips) => {
      const state = structuredClone(good);
      for (const { piece, near, by, value } of flips) {
        const { offset } = used[piece] as { offset: number };
        const { bytes } = state.pieces.find((one) => one.offset === offset) as { bytes: Uint8Array };
        // Most of a cache is empty: change what is not, or close to it.
        const filled = [...bytes.keys()].filter((at) => bytes[at] !== 0);
        bytes[((filled[near % filled.length] as number) + by) % bytes.length] = value;
      }
      try {
        h.unit.restore(state);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        seen.refused++;
        return;
      }
      seen.accepted++;
      for (const pasid of spaces) {
        for (const iova of [0, 0x3000, 0x4_0000, RAM_BASE]) {
          h.unit.dma.write(0x0215 as RequesterId, iova, 0, new Uint8Array(5000).fill(0xee), pasid);
          h.unit.dma.read(0x0215 as RequesterId, iova, 0, new Uint8Array(5000), pasid);
        }
      }
      h.unit.reset();
    }),
    { numRuns: 300 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(0);
  expect(seen.accepted).toBeGreaterThan(60);
  expect(h.engine.u8.subarray(guard, guard + guardBytes).every((byte) => byte === 0)).toBe(true);
});

test("states forged where they lead elsewhere, then used: with other maps, strict mode, messages", async () => {
  const h = await Harness.create();
  const guard = new Guard(h);
  const [root, table] = [h.page(), h.page()];
  h.context(root, 0x0215, { table, domainId: 7 });
  for (const page of [0, 0x3000]) h.mapPage(table, 4, page, RAM_BASE + 0x1_0000 + page);
  h.enable(root);
  for (const page of [0, 0x3000]) h.translate(0x0215, page);
  const good = h.unit.save();
  const seen = { accepted: 0, refused: 0 };
  const number = fc.constantFrom("guard", "ITag", "none", "one", "ones", "next", "as it was");
  const line = fc.record({ kind: fc.constant("line"), which: fc.nat(1), upper: number, value: number });
  const scalar = fc.record({
    kind: fc.constant("scalar"),
    offset: fc.constantFrom(UNIT_MAP_GENERATION, UNIT_USED, UNIT_USED + 4, UNIT_CONTEXT_GENERATION),
    value: number,
  });
  const message = fc.record({ kind: fc.constant("message"), type: fc.nat(3), requesterId: number, code: number });
  const then = fc.array(fc.constantFrom("map", "strict", "send", "write"), { minLength: 1, maxLength: 4 });
  const changes = fc.array(fc.oneof(line, scalar, message), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(changes, then, (changed, steps) => {
      const forge = new Forge(good);
      const value = (name: string, old: number): number => {
        if (name === "guard") return guard.value;
        if (name === "ITag") return guard.tag;
        if (name === "next") return old + 1;
        if (name === "as it was") return old;
        return name === "none" ? 0 : name === "one" ? 1 : 0xffff_ffff;
      };
      for (const change of changed) {
        if ("which" in change) {
          const at = forge.translations[change.which] ?? forge.translations[0];
          if (at === undefined) continue;
          forge.set(at + 8, value(change.value, forge.get(at + 8)));
          forge.set(at + 4, value(change.upper, forge.get(at + 4)));
        } else if ("offset" in change) forge.set(change.offset, value(change.value, forge.get(change.offset)));
        else forge.message(change.type, value(change.requesterId, 0x0215), value(change.code, 3), 0x155);
      }
      try {
        h.unit.restore(forge.state);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        seen.refused++;
        return;
      }
      seen.accepted++;
      for (const step of steps) {
        if (step === "map") guard.changeMap();
        else if (step === "strict") h.unit.strict = !h.unit.strict;
        else if (step === "send") h.unit.ats.sendMessages();
        for (const iova of [0, 0x3000]) h.dmaWrite(0x0215, iova, new Uint8Array(64).fill(0xee));
      }
      h.unit.strict = false;
      expect(guard.untouched).toBe(true);
    }),
    { numRuns: 250 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(30);
});
