import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COUNT_RX_LENGTHS,
  COUNT_TX_FRAMES,
  COUNT_TX_LENGTHS,
  POOL_LOOP_TX_FRAMES,
  POOL_SIZE,
  POOL_TX_FRAMES,
  PORT_POOLS,
  PORT_TXSWC,
} from "../../assembly/spec/abi/port.ts";
import { hpa } from "../../host/core/address.ts";
import { AREA, BROADCAST, frameOf, macOf, type Received, TestPort, TX_BUFFERS } from "./ports.ts";

const POOLS = 4;
const STRANGER = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);

interface Send {
  pool: number;
  to: number;
  length: number;
  cut: number;
  forged: boolean;
  report: boolean;
  broken: boolean;
}

const send: fc.Arbitrary<Send> = fc.record({
  pool: fc.nat(POOLS - 1),
  to: fc.nat(POOLS + 1),
  length: fc.oneof(fc.constantFrom(60, 64, 1514), fc.integer({ min: 17, max: 1600 })),
  cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 16 }) }),
  forged: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  report: fc.boolean(),
  broken: fc.oneof({ weight: 60, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

interface Outcome {
  received: Received[][];
  wire: Uint8Array[];
  state: string;
}

/** I350 §8.18.22 to §8.18.27: how many frames, with 4 bytes of CRC, have up to 64, 127, 255, 511, 1023, more bytes. */
function byLength(lengths: number[]): number[] {
  const most = [64, 127, 255, 511, 1023, Number.POSITIVE_INFINITY];
  const counts = most.map(() => 0);
  for (const length of lengths) {
    const place = most.findIndex((limit) => length + 4 <= limit);
    counts[place] = (counts[place] as number) + 1;
  }
  return counts;
}

/** Runs turns of sends on a port and collects what everybody finds. */
async function history(external: boolean, turns: Send[][], budget: number): Promise<Outcome> {
  const port = await TestPort.create({ pools: POOLS, external });
  port.state.set(PORT_TXSWC, 0x8004_000a);
  port.state.update();
  const received: Received[][] = Array.from({ length: POOLS }, () => []);
  const wire: Uint8Array[] = [];
  let seed = 0;
  for (const turn of turns) {
    for (const { pool, to, length, cut, forged, report, broken } of turn) {
      const target = to < POOLS ? macOf(to) : to === POOLS ? BROADCAST : STRANGER;
      const frame = frameOf(target, macOf(forged ? 7 : pool), length, seed++);
      if (broken) port.post(pool, [0x7000_0000, 0, 0x2b30_0000 | 64, 0]);
      else
        port.send(pool, frame, {
          pieces: cut === 0 ? [length] : [cut, length - cut],
          command: report ? 0x2b30_0000 : 0x2330_0000,
        });
    }
    while (port.run(budget) > 0);
    for (let pool = 0; pool < POOLS; pool++) received[pool]?.push(...port.receive(pool));
    for (let frame = port.state.egress.shift(); frame !== undefined; frame = port.state.egress.shift())
      wire.push(frame);
  }
  const counted = (place: number): number[] => Array.from({ length: 6 }, (_, at) => port.state.get(place + 4 * at));
  expect(counted(COUNT_RX_LENGTHS)).toEqual(byLength(received.flat().map(({ data }) => data.length)));
  expect(counted(COUNT_TX_LENGTHS).reduce((sum, count) => sum + count)).toBe(port.state.get(COUNT_TX_FRAMES));
  return { received, wire, state: Buffer.from(port.state.save().state).toString("hex") };
}

describe("the ways of a frame", () => {
  it("RAM inside and RAM outside end in the same bytes, descriptors, counters and causes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(send, { maxLength: 20 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(1, 7, 4096),
        async (turns, budget) => {
          const inside = await history(false, turns, budget);
          const outside = await history(true, turns, budget);
          expect(outside.received).toEqual(inside.received);
          expect(outside.wire).toEqual(inside.wire);
          expect(outside.state).toBe(inside.state);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("also for flows of many frames to one addressee, around the ends of both rings", async () => {
    const flow = fc
      .record({ first: send, rest: fc.array(send, { maxLength: 40 }), strangers: fc.boolean() })
      .map(({ first, rest, strangers }) =>
        rest.map((one, at) => ({
          ...one,
          pool: first.pool,
          to: strangers && at % 9 === 8 ? one.to : first.to,
          cut: 0,
          forged: false,
          broken: at === 30 && one.broken,
        })),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(flow, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(5, 4096),
        async (turns, budget) => {
          const inside = await history(false, turns, budget);
          const outside = await history(true, turns, budget);
          expect(outside.received).toEqual(inside.received);
          expect(outside.wire).toEqual(inside.wire);
          expect(outside.state).toBe(inside.state);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("a sender inside and a receiver outside, and the other way round", async () => {
    const port = await TestPort.create({ pools: 2 });
    const buffer = new ArrayBuffer(AREA);
    const base = 0x4000_0000;
    port.map.addExternalRam({ base: hpa(base), size: AREA, buffer });
    const frames = Array.from({ length: 40 }, (_, n) => frameOf(macOf(1), macOf(0), 60 + 31 * n, n));
    for (let at = 0; at < 64; at++) port.arm(1, at, base + at * 2048);
    for (const frame of frames) port.send(0, frame);
    expect(port.run()).toBe(40);
    const found = frames.map((frame, at) => new Uint8Array(buffer, at * 2048, frame.length));
    expect(found).toEqual(frames);
    // From outside: the buffers that were just filled, addressed to pool 0 now.
    for (const [at, frame] of frames.entries()) {
      new Uint8Array(buffer, at * 2048, 6).set(macOf(0));
      port.post(1, [base + at * 2048, 0, 0x2b30_0000 | frame.length, 0]);
    }
    expect(port.run()).toBe(40);
    const back = port.receive(0).map(({ data }) => data);
    expect(back.map((data) => data.subarray(6))).toEqual(frames.map((frame) => frame.subarray(6)));
    expect(port.map.read(hpa(TX_BUFFERS), 1)).toBe(0x02);
  });

  it("§8.19 sent frames count once, those to other pools as looped too, those to the wire not", async () => {
    const port = await TestPort.create({ pools: 2 });
    port.send(0, frameOf(macOf(1), macOf(0), 64, 1));
    port.send(0, frameOf(STRANGER, macOf(0), 64, 2));
    port.send(0, frameOf(STRANGER, macOf(0), 64, 3));
    port.run();
    expect(port.state.get(COUNT_TX_FRAMES)).toBe(3);
    expect([POOL_TX_FRAMES, POOL_LOOP_TX_FRAMES].map((at) => port.state.get(PORT_POOLS + 0 * POOL_SIZE + at))).toEqual([
      3, 1,
    ]);
  });
});
