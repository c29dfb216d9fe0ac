import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as abi from "../../assembly/spec/abi/delivery.ts";
import { TRANSFER_POINTER } from "../../assembly/spec/abi/memory-map.ts";
import { hpa } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { AddressMap } from "../../host/machine/address-map.ts";

const SIZE = 0x1_0000;
/** Where sources, targets and rings are in every memory. */
const TARGETS = 0x4000;
const RINGS = 0xc000;
const REPORTS = 0xe000;
const FRAMES = 8;

interface Frame {
  from: number;
  to: number;
  ring: number;
  length: number;
  /** Added to source and target. */
  shift: number;
  status: number;
}

const frame: fc.Arbitrary<Frame> = fc.record({
  from: fc.nat(4),
  to: fc.nat(4),
  ring: fc.nat(4),
  length: fc.oneof(fc.integer({ min: 60, max: 80 }), fc.constantFrom(64, 272, 276, 1500, 1514)),
  shift: fc.constantFrom(0, 0, 0, 1, 4),
  status: fc.constantFrom(0, 1, 0xf000_0001),
});

/**
 * Two buffers of an embedder, RAM in the wasm memory by pointer, functions, functions that throw.
 * @param told is told of writes to the second buffer.
 */
async function machine(told: boolean) {
  const engine = await Engine.create();
  const map = new AddressMap(engine, () => {});
  const pointer = engine.allocate(SIZE, 4096);
  const memories = [0, 1, 2, 3, 4].map(() => new Uint8Array(SIZE));
  for (const [number, bytes] of memories.entries()) {
    for (let at = 0; at < TARGETS; at++) bytes[at] = at * 7 + (at >>> 8) + number * 41;
  }
  const [first, second, inside, served] = memories as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const functions = {
    read: (offset: number, target: Uint8Array) => {
      engine.allocate(0x1_0000);
      target.set(served.subarray(offset, offset + target.length));
    },
    write: (offset: number, source: Uint8Array) => served.set(source, offset),
  };
  const broken = {
    read: () => {
      throw new Error("no");
    },
    write: () => {
      throw new Error("no");
    },
  };
  const shadow = second.slice();
  const written = (offset: number, length: number): void =>
    shadow.set(second.subarray(offset, offset + length), offset);
  const regions = [
    map.addExternalRam({ base: hpa(0x100_0000), size: SIZE, buffer: first.buffer }).index,
    map.addExternalRam({ base: hpa(0x200_0000), size: SIZE, buffer: second.buffer, ...(told ? { written } : {}) })
      .index,
    TRANSFER_POINTER,
    map.addExternalRam({ base: hpa(0x300_0000), size: SIZE, ...functions }).index,
    map.addExternalRam({ base: hpa(0x400_0000), size: SIZE, ...broken }).index,
  ];
  engine.u8.set(inside, pointer);
  const bytesOf = (number: number): Uint8Array =>
    number === 2 ? engine.u8.slice(pointer, pointer + SIZE) : (memories[number] as Uint8Array);
  const place = (number: number, offset: number): number => (number === 2 ? pointer + offset : offset);
  return { engine, map, regions, bytesOf, place, shadow };
}

describe("deliveries", () => {
  it("bring each frame, its header as it was fetched, and its descriptors to any kind of memory", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: FRAMES }), fc.boolean(), async (frames, told) => {
        const { engine, map, regions, bytesOf, place, shadow } = await machine(told);
        const list = engine.allocate(FRAMES * abi.DELIVERY_SIZE);
        const set = (entry: number, offset: number, value: number): void => {
          engine.u32[(list + entry * abi.DELIVERY_SIZE + offset) >>> 2] = value;
        };
        const expected = [0, 1, 2, 3, 4].map((number) => bytesOf(number).slice());
        const simple = (at: number): boolean => frames[at]?.shift !== 1;
        let before: Frame | undefined;
        for (const [at, { from, to, ring, length, shift, status }] of frames.entries()) {
          set(at, abi.DELIVERY_SOURCE, place(from, at * 0x600 + shift));
          set(at, abi.DELIVERY_TARGET, place(to, TARGETS + at * 0x800 + shift));
          set(at, abi.DELIVERY_REGIONS, ((regions[to] as number) << 16) | (regions[from] as number));
          set(at, abi.DELIVERY_STATUS, status);
          const alike = before?.from === from && before.to === to && before.ring === ring && simple(at - 1);
          const known = simple(at) ? (alike ? abi.DELIVERY_SIMPLE_ALIKE : abi.DELIVERY_SIMPLE_SINGLE) : 0;
          set(at, abi.DELIVERY_LENGTH, (known << 16) | length);
          // An entry that is like the one before it says nothing of its descriptors.
          const told = known !== abi.DELIVERY_SIMPLE_ALIKE;
          set(at, abi.DELIVERY_RING, told ? place(ring, RINGS + at * 16) : 0xdead_0000);
          set(at, abi.DELIVERY_REPORT, told ? place(from, REPORTS + at * 16) : 0xdead_0000);
          set(at, abi.DELIVERY_RING_REGIONS, told ? ((regions[from] as number) << 16) | (regions[ring] as number) : 0);
          before = frames[at];
        }
        const fetched = frames.findIndex(({ from }) => from === 4);
        const count = fetched < 0 ? frames.length : fetched;
        expect(map.module.hostHeaders(list, frames.length)).toBe(count);
        let done = 0;
        for (const [at, { from, to, ring, length, shift, status }] of frames.slice(0, count).entries()) {
          const source = at * 0x600 + shift;
          const header = list + at * abi.DELIVERY_SIZE + abi.DELIVERY_HEADER;
          const original = (expected[from] as Uint8Array).slice(source, source + length);
          expect(engine.u8.slice(header, header + 16)).toEqual(original.subarray(0, 16));
          // What was looked at goes out, even when it is no longer what lies at the source.
          engine.u8[header + 3] = 0xa5;
          original[3] = 0xa5;
          if (to !== 4) (expected[to] as Uint8Array).set(original, TARGETS + at * 0x800 + shift);
          const descriptor = new Uint8Array(Uint32Array.of(0, 0, 0x4_0003, length).buffer);
          if (to !== 4 && ring !== 4) (expected[ring] as Uint8Array).set(descriptor, RINGS + at * 16);
          const report = new Uint8Array(Uint32Array.of(status).buffer);
          if (status !== 0) (expected[from] as Uint8Array).set(report, REPORTS + at * 16);
          if (to !== 4 && ring !== 4) done++;
        }
        expect(map.module.hostDeliver(list, count, 0x4_0003)).toBe(done);
        for (const [at, { to, ring }] of frames.slice(0, count).entries()) {
          const refused = engine.u8[list + at * abi.DELIVERY_SIZE + abi.DELIVERY_LENGTH + 3];
          expect(refused).toBe(to === 4 || ring === 4 ? abi.DELIVERY_REFUSED_FRAME : 0);
        }
        for (const number of [0, 1, 2, 3]) {
          expect(Buffer.compare(bytesOf(number), expected[number] as Uint8Array), `memory ${number}`).toBe(0);
        }
        if (told) expect(Buffer.compare(shadow, bytesOf(1)), "what was told of").toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
