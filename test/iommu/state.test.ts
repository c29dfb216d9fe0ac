// States of a unit with bytes changed at random: refused with a typed error, or harmless to all memory but the RAM.
import fc from "fast-check";
import { expect, test } from "vitest";
import { UNIT_REGISTERS, UNIT_SCALARS_END, UNIT_STATE } from "../../assembly/spec/abi/iommu.ts";
import { IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { RequesterId } from "../../host/core/address.ts";
import { FormatError } from "../../host/core/errors.ts";
import { Harness, RAM_BASE, READ, WRITE } from "./harness.ts";
import { FIRST, NESTED, PASS, Scalable, SECOND } from "./scalable.ts";

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
