import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import * as abi from "../../assembly/spec/abi/flow.ts";
import { TRANSFER_POINTER } from "../../assembly/spec/abi/memory-map.ts";
import { hpa } from "../../host/core/address.ts";
import { Engine } from "../../host/core/engine.ts";
import { AddressMap } from "../../host/machine/address-map.ts";

const SIZE = 0x2_0000;
const TARGETS = 0x9000;
const RINGS = 0x1_5000;
const REPORTS = 0x1_7000;
const SLOTS = 8;
const FRAMES = 8;
const HEADER = Uint8Array.of(2, 0x1a, 0x2b, 0x3c, 0x4d, 0x50, 2, 0x1a, 0x2b, 0x3c, 0x4d, 0x51, 0x08, 0x06);

/** Two buffers of an embedder and RAM in the wasm memory by pointer. */
async function machine(shared = false) {
  const engine = await Engine.create();
  const map = new AddressMap(engine, () => {});
  const pointer = engine.allocate(SIZE, 4096);
  const memories = [0, 1, 2].map(() => new Uint8Array(shared ? new SharedArrayBuffer(SIZE) : new ArrayBuffer(SIZE)));
  const [first, second, inside] = memories as [Uint8Array, Uint8Array, Uint8Array];
  for (const [number, bytes] of memories.entries()) {
    for (let at = 0; at < SIZE; at++) bytes[at] = at * 11 + (at >>> 8) + number * 57;
  }
  const regions = [
    map.addExternalRam({ base: hpa(0x100_0000), size: SIZE, buffer: first.buffer }).index,
    map.addExternalRam({ base: hpa(0x200_0000), size: SIZE, buffer: second.buffer }).index,
    TRANSFER_POINTER,
  ];
  const bytesOf = (number: number): Uint8Array =>
    number === 2 ? engine.u8.slice(pointer, pointer + SIZE) : (memories[number] as Uint8Array);
  const place = (number: number, offset: number): number => (number === 2 ? pointer + offset : offset);
  return { engine, map, regions, bytesOf, place, pointer, inside };
}

type Machine = Awaited<ReturnType<typeof machine>>;

interface Frame {
  length: number;
  status: number;
  /** Which byte of the header is another; 14 and up for none. */
  other: number;
}

interface Flow {
  from: number;
  to: number;
  ring: number;
  report: number;
  /** Where in their rings the first descriptors are. */
  head: number;
  tail: number;
  frames: Frame[];
}

/** Lays the flow out at `list`. */
function layOut({ engine, regions, place }: Machine, list: number, flow: Flow): void {
  const set = (at: number, value: number): void => {
    engine.u32[(list + at) >>> 2] = value;
  };
  engine.u8.set(HEADER, list + abi.FLOW_HEADER);
  // What is behind the header counts for nothing.
  engine.u8.set([0xee, 0xff], list + abi.FLOW_HEADER + HEADER.length);
  set(abi.FLOW_SOURCE_REGION, regions[flow.from] as number);
  set(abi.FLOW_TARGET_REGION, regions[flow.to] as number);
  set(abi.FLOW_RING_REGION, regions[flow.ring] as number);
  set(abi.FLOW_REPORT_REGION, regions[flow.report] as number);
  set(abi.FLOW_RING, place(flow.ring, RINGS + flow.head * 16));
  set(abi.FLOW_RING_START, place(flow.ring, RINGS));
  set(abi.FLOW_RING_END, place(flow.ring, RINGS + SLOTS * 16));
  set(abi.FLOW_REPORT, place(flow.report, REPORTS + flow.tail * 16 + 12));
  set(abi.FLOW_REPORT_START, place(flow.report, REPORTS + 12));
  set(abi.FLOW_REPORT_END, place(flow.report, REPORTS + SLOTS * 16 + 12));
  set(abi.FLOW_WRITTEN, 0x4_0003);
  for (const [at, { length, status }] of flow.frames.entries()) {
    const entry = abi.FLOW_FRAMES + at * abi.FLOW_FRAME_SIZE;
    set(entry + abi.FLOW_FRAME_SOURCE, place(flow.from, at * 0x600));
    set(entry + abi.FLOW_FRAME_TARGET, place(flow.to, TARGETS + at * 0x800));
    set(entry + abi.FLOW_FRAME_LENGTH, length);
    set(entry + abi.FLOW_FRAME_STATUS, status);
  }
}

const frame: fc.Arbitrary<Frame> = fc.record({
  length: fc.oneof(fc.integer({ min: 60, max: 80 }), fc.constantFrom(64, 128, 132, 1500, 1514)),
  status: fc.constantFrom(0, 1, 0xf000_0001),
  other: fc.oneof({ weight: 1, arbitrary: fc.nat(13) }, { weight: 9, arbitrary: fc.constant(14) }),
});

const flow: fc.Arbitrary<Flow> = fc.record({
  from: fc.nat(2),
  to: fc.nat(2),
  ring: fc.nat(2),
  report: fc.nat(2),
  head: fc.nat(SLOTS - 1),
  tail: fc.nat(SLOTS - 1),
  frames: fc.array(frame, { minLength: 1, maxLength: FRAMES }),
});

describe("flows", () => {
  it("bring the frames up to the first with another header, and their descriptors around the ends of rings", async () => {
    await fc.assert(
      fc.asyncProperty(flow, async (subject) => {
        const made = await machine();
        const { engine, map, bytesOf, pointer, inside } = made;
        const memory = (number: number): Uint8Array => (number === 2 ? inside : bytesOf(number));
        for (const [at, { other }] of subject.frames.entries()) {
          memory(subject.from).set(HEADER, at * 0x600);
          const changed = at * 0x600 + other;
          if (other < HEADER.length) memory(subject.from)[changed] = ((HEADER[other] as number) ^ 0x10) & 0xff;
        }
        engine.u8.set(inside, pointer);
        const expected = [0, 1, 2].map((number) => bytesOf(number).slice());
        const differs = subject.frames.findIndex(({ other }) => other < HEADER.length);
        const count = differs < 0 ? subject.frames.length : differs;
        for (const [at, { length, status }] of subject.frames.slice(0, count).entries()) {
          const bytes = memory(subject.from).slice(at * 0x600, at * 0x600 + length);
          expected[subject.to]?.set(bytes, TARGETS + at * 0x800);
          const descriptor = new Uint8Array(Uint32Array.of(0, 0, 0x4_0003, length).buffer);
          expected[subject.ring]?.set(descriptor, RINGS + ((subject.head + at) % SLOTS) * 16);
          const report = new Uint8Array(Uint32Array.of(status).buffer);
          if (status !== 0) expected[subject.report]?.set(report, REPORTS + ((subject.tail + at) % SLOTS) * 16 + 12);
        }
        const list = engine.allocate(abi.FLOW_FRAMES + FRAMES * abi.FLOW_FRAME_SIZE);
        layOut(made, list, subject);
        expect(map.module.hostFlow(list, subject.frames.length)).toBe(count);
        for (const number of [0, 1, 2]) {
          expect(Buffer.compare(bytesOf(number), expected[number] as Uint8Array), `memory ${number}`).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  // The first frame goes where the second one lies, a little off.
  const overlap = async (made: Machine, from: number, to: number): Promise<void> => {
    const { engine, map, bytesOf } = made;
    const bytes = bytesOf(0);
    bytes.set(HEADER, 0);
    bytes.set(HEADER, 0x600);
    const list = engine.allocate(abi.FLOW_FRAMES + FRAMES * abi.FLOW_FRAME_SIZE);
    const frames = [0, 1].map(() => ({ length: 1500, status: 0, other: 14 }));
    layOut(made, list, { from, to, ring: 1, report: 1, head: 3, tail: 5, frames });
    engine.u32[(list + abi.FLOW_FRAMES + abi.FLOW_FRAME_TARGET) >>> 2] = 0x600 - 20;
    const before = bytes.slice(TARGETS + 0x800, TARGETS + 0x800 + 1500);
    expect(map.module.hostFlow(list, 2)).toBe(1);
    expect(bytes.slice(0x600 - 20, 0x600 - 6)).toEqual(HEADER);
    expect(bytes.slice(TARGETS + 0x800, TARGETS + 0x800 + 1500)).toEqual(before);
  };

  it("a frame whose source an earlier one overwrites is of another flow", async () => {
    await overlap(await machine(), 0, 0);
  });

  it("so it is where two regions are the same memory", async () => {
    const made = await machine();
    const { map, bytesOf, regions } = made;
    const buffer = bytesOf(0).buffer as ArrayBuffer;
    regions[1] = map.addExternalRam({ base: hpa(0x400_0000), size: SIZE, buffer }).index;
    await overlap(made, 0, 1);
  });

  it("in memory that others write to at the same time the header goes out that was compared", async () => {
    const made = await machine(true);
    const { engine, map, bytesOf } = made;
    const bytes = bytesOf(0);
    bytes.set(HEADER, 0);
    const list = engine.allocate(abi.FLOW_FRAMES + FRAMES * abi.FLOW_FRAME_SIZE);
    const frames = [{ length: 1500, status: 0, other: 14 }];
    layOut(made, list, { from: 0, to: 0, ring: 1, report: 1, head: 3, tail: 5, frames });
    const { copyWithin } = Uint8Array.prototype;
    // Another thread, between the look at the frame and its copy.
    const writer = vi.spyOn(Uint8Array.prototype, "copyWithin").mockImplementation(function (this: Uint8Array, ...to) {
      bytes.set([0xd3, 0xd4, 0xd5], 5);
      return copyWithin.apply(this, to);
    });
    try {
      expect(map.module.hostFlow(list, 1)).toBe(1);
      expect(writer).toHaveBeenCalledOnce();
    } finally {
      writer.mockRestore();
    }
    expect(bytes.slice(5, 8)).toEqual(Uint8Array.of(0xd3, 0xd4, 0xd5));
    expect(bytes.slice(TARGETS, TARGETS + HEADER.length)).toEqual(HEADER);
  });

  it("none moves while a memory is not there", async () => {
    const made = await machine();
    const { engine, map, bytesOf } = made;
    const list = engine.allocate(abi.FLOW_FRAMES + FRAMES * abi.FLOW_FRAME_SIZE);
    const frames = [{ length: 64, status: 1, other: 14 }];
    bytesOf(0).set(HEADER, 0);
    const before = bytesOf(0).slice();
    layOut(made, list, { from: 0, to: 1, ring: 0, report: 0, head: 0, tail: 0, frames });
    structuredClone(bytesOf(1).buffer, { transfer: [bytesOf(1).buffer as ArrayBuffer] });
    expect(map.module.hostFlow(list, 1)).toBe(0);
    expect(bytesOf(0)).toEqual(before);
  });
});
