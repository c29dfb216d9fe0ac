// Frames of every kind through memory outside, which the card reads and writes many at a time, against the same through
// memory that it reaches itself.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNIT_TRANSLATIONS } from "../../assembly/spec/abi/iommu.ts";
import {
  PORT_CURSORS,
  PORT_STATE,
  PROFILE_82576,
  PROFILE_I350,
  QUEUE_FLAG_STOPPED,
  QUEUE_FLAGS,
  QUEUE_SRRCTL,
  QUEUE_TAIL,
} from "../../assembly/spec/abi/port.ts";
import { hpa } from "../../host/core/address.ts";
import * as packets from "./packets.ts";
import {
  AREA,
  BROADCAST,
  BUFFER,
  frameOf,
  macOf,
  type Received,
  RING_ENTRIES,
  RX_BUFFERS,
  RX_RING,
  TestPort,
  TX_BUFFERS,
} from "./ports.ts";

const { frameWith, ipv4, ipv6, payloadOf, sctp, tcp, udp } = packets;
const POOLS = 4;
const STRANGER = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const EXPERIMENTAL = 0x88b5;
/** I350 §8.10.2 SRRCTL: drop; one buffer of 2 KiB or 1 KiB, legacy, header split always with 128 bytes. */
const SPLIT = 0x8a00_0202;
const LEGACY = 0x8000_0002;
const RECEIVERS = [0x8200_0002, 0x8200_0001, LEGACY, SPLIT];
/** Where header buffers lie in a function's memory. */
const HEADERS = 0x6_0000;
/** I350 §7.2.2: context and data descriptors; both checksums. */
const CONTEXT = 0x2020_0000;
const DATA = 0x2330_0000;
const REPORT = 0x0800_0000;
const TAGGED = 0x4000_0000;
const SEGMENT = 0x8000_0000;
const CHECKSUMS = 0x300;

interface Send {
  pool: number;
  to: number;
  kind: "udp" | "tcp" | "sctp" | "udp6" | "tcp6" | "other";
  size: number;
  cut: number;
  report: boolean;
  tag: "none" | "own" | "inserted";
  offload: "none" | "checksums" | "segments";
  forged: boolean;
}

const send: fc.Arbitrary<Send> = fc.record({
  pool: fc.nat(POOLS - 1),
  to: fc.nat(POOLS + 1),
  kind: fc.constantFrom("udp", "tcp", "sctp", "udp6", "tcp6", "other"),
  size: fc.oneof(fc.constantFrom(1, 18, 1400), fc.nat(1440)),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }) }),
  report: fc.boolean(),
  tag: fc.constantFrom("none", "none", "own", "inserted"),
  offload: fc.constantFrom("none", "none", "checksums", "segments"),
  forged: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const targetOf = (to: number): Uint8Array => (to < POOLS ? macOf(to) : to === POOLS ? BROADCAST : STRANGER);

function frameFor({ pool, to, kind, size, tag, forged }: Send, seed: number): Uint8Array {
  const payload = payloadOf(size, seed);
  const ends = { to: targetOf(to), from: macOf(forged ? 7 : pool), ...(tag === "own" ? { tag: 0x2005 } : {}) };
  const transport = kind.startsWith("tcp")
    ? tcp(1, 2, payload)
    : kind === "sctp"
      ? sctp(3, 4, payload)
      : udp(5, 6, payload);
  if (kind === "other") return frameWith(EXPERIMENTAL, payload, ends);
  return kind.endsWith("6") ? frameWith(IPV6, ipv6(transport), ends) : frameWith(IPV4, ipv4(transport), ends);
}

/** Posts what a driver does for a frame. */
function post(port: TestPort, one: Send, seed: number): void {
  const frame = frameFor(one, seed);
  const cut = Math.min(one.cut, frame.length - 1);
  const asked = one.kind === "other" ? "none" : one.offload;
  const isTcp = one.kind.startsWith("tcp");
  const segments = asked === "segments" && (isTcp || one.kind.startsWith("udp"));
  let command = DATA | (one.report ? REPORT : 0);
  if (asked !== "none" || one.tag === "inserted") {
    const ip = one.kind.endsWith("6") ? 40 : 20;
    const type = (ip === 20 ? 0x400 : 0) | (isTcp ? 0x800 : one.kind === "sctp" ? 0x1000 : 0);
    const mac = one.tag === "own" ? 18 : 14;
    const mss = segments ? 300 : 0;
    const l4 = isTcp ? 20 : 8;
    port.post(one.pool, [(0x3007 << 16) | (mac << 9) | ip, 0, CONTEXT | type, (mss << 16) | (l4 << 8)]);
    if (one.tag === "inserted") command |= TAGGED;
    if (segments) command |= SEGMENT;
  }
  port.send(one.pool, frame, {
    pieces: cut === 0 ? [frame.length] : [cut, frame.length - cut],
    command,
    options: asked === "none" ? 0 : CHECKSUMS & (one.kind.endsWith("6") ? 0x200 : 0x300),
  });
}

/** Gives descriptors that have none a header buffer. */
function armHeaders(port: TestPort, pool: number): void {
  for (let at = 0; at < RING_ENTRIES; at++) {
    const place = hpa(pool * AREA + RX_RING + at * 16 + 8);
    if (port.map.read(place, 4) === 0) port.map.write(place, 4, pool * AREA + HEADERS + at * 128);
  }
}

interface Receiver {
  srrctl: number;
  /** Descriptors that the card has. */
  room: number;
}

interface Turn {
  sends: Send[];
  /** Pools that frames from the wire are for. */
  arriving: { to: number; kind: Send["kind"]; size: number }[];
}

/** Runs turns on a port and collects what everybody finds. */
async function history(
  external: boolean,
  profile: number,
  receivers: readonly Receiver[],
  turns: readonly Turn[],
  budget: number,
) {
  const port = await TestPort.create({ pools: POOLS, external, profile });
  for (const [pool, { srrctl, room }] of receivers.entries()) {
    port.setQueueWord("rx", pool, QUEUE_SRRCTL, srrctl);
    port.setQueueWord("rx", pool, QUEUE_TAIL, room);
  }
  port.state.update();
  const received: Received[][] = Array.from({ length: POOLS }, () => []);
  const wire: Uint8Array[] = [];
  let seed = 0;
  for (const { sends, arriving } of turns) {
    for (const one of sends) post(port, one, seed++);
    for (const { to, kind, size } of arriving) {
      const base = { pool: 0, cut: 0, report: false, tag: "none", offload: "none", forged: true } as const;
      port.state.ingress.push(frameFor({ ...base, to, kind, size }, seed++));
    }
    for (const [pool, { srrctl }] of receivers.entries()) if (srrctl === SPLIT) armHeaders(port, pool);
    while (port.run(budget) > 0);
    for (let pool = 0; pool < POOLS; pool++) received[pool]?.push(...port.receive(pool));
    for (let out = port.state.egress.shift(); out !== undefined; out = port.state.egress.shift()) wire.push(out);
  }
  const memory = new Uint8Array(POOLS * AREA);
  port.map.readBytes(hpa(0), memory);
  return { received, wire, state: port.state.save().state, memory };
}

/** Where two arrays differ, and how. */
function differences(one: Uint8Array, other: Uint8Array): string[] {
  const found: string[] = [];
  for (const [at, byte] of one.entries()) {
    if (byte !== other[at]) found.push(`${at.toString(16)}: ${byte} ${other[at]}`);
  }
  return found;
}

const receiver: fc.Arbitrary<Receiver> = fc.record({
  srrctl: fc.constantFrom(...RECEIVERS),
  room: fc.constantFrom(2, 9, RING_ENTRIES - 1),
});

const turn: fc.Arbitrary<Turn> = fc.record({
  sends: fc.array(send, { maxLength: 14 }),
  arriving: fc.array(
    fc.record({ to: fc.nat(POOLS), kind: fc.constantFrom("udp", "tcp6", "other"), size: fc.nat(1400) }),
    { maxLength: 6 },
  ),
});

describe("frames of every kind", () => {
  it("RAM inside and RAM outside end in the same bytes, descriptors, counters and causes", async () => {
    let moved = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(PROFILE_I350, PROFILE_82576),
        fc.array(receiver, { minLength: POOLS, maxLength: POOLS }),
        fc.array(turn, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 7, 4096),
        async (profile, receivers, turns, budget) => {
          const inside = await history(false, profile, receivers, turns, budget);
          const outside = await history(true, profile, receivers, turns, budget);
          expect(outside.received).toEqual(inside.received);
          expect(outside.wire).toEqual(inside.wire);
          expect(differences(inside.state, outside.state)).toEqual([]);
          expect(differences(inside.memory, outside.memory)).toEqual([]);
          moved += inside.received.flat().length;
        },
      ),
      { numRuns: 40 },
    );
    expect(moved).toBeGreaterThan(100);
  });

  it("a burst longer than what is fetched ahead, around the ends of both rings, arrives whole and in order", async () => {
    const port = await TestPort.create({ external: true });
    for (let round = 0; round < 5; round++) {
      const frames = Array.from({ length: 60 }, (_, at) =>
        frameWith(IPV4, ipv4(udp(7, 8, payloadOf(1400, 60 * round + at))), { to: macOf(1), from: macOf(0) }),
      );
      for (const frame of frames) port.send(0, frame);
      expect(port.run()).toBe(60);
      expect(port.receive(1).map(({ data }) => data)).toEqual(frames);
    }
  });

  it("a buffer that nothing answers at stops its queue; what came before it arrives, and the neighbour goes on", async () => {
    const port = await TestPort.create({ pools: 3, external: true });
    const frame = (to: number, from: number, seed: number): Uint8Array =>
      frameWith(IPV4, ipv4(udp(7, 8, payloadOf(100, seed))), { to: macOf(to), from: macOf(from) });
    for (let at = 0; at < 5; at++) port.send(0, frame(1, 0, at));
    port.post(0, [0x7000_0000, 0, DATA | 0x0900_0000 | 64, 64 << 14]);
    for (let at = 0; at < 5; at++) port.send(0, frame(1, 0, 10 + at));
    for (let at = 0; at < 7; at++) port.send(2, frame(1, 2, 20 + at));
    port.arm(1, 9, 0x7000_0000);
    port.run();
    const sources = port.receive(1).map(({ data }) => data[11]);
    // Five of the first, then of the other one until the receiver's own buffer is nowhere.
    expect(sources).toEqual([...new Array(5).fill(0x50), ...new Array(4).fill(0x52)]);
    expect(port.head("tx", 0)).toBe(5);
    expect(port.head("tx", 2)).toBe(7);
    expect(port.head("rx", 1)).toBe(9);
  });

  it("a queue that a refused buffer stops takes nothing more in that burst, around the ring's end either", async () => {
    for (const external of [false, true]) {
      const port = await TestPort.create({ external });
      const frame = (length: number, seed: number): Uint8Array =>
        frameWith(IPV4, ipv4(udp(7, 8, payloadOf(length, seed))), { to: macOf(1), from: macOf(0) });
      for (let seed = 0; seed < 60; seed++) port.send(0, frame(100, seed));
      port.run();
      expect(port.receive(1)).toHaveLength(60);
      // The last 256 bytes of memory: room for small frames, and for no large one.
      port.arm(1, 62, 16 * AREA - 256);
      const first = new Uint8Array(16);
      port.map.readBytes(hpa(AREA + RX_RING), first);
      for (const [seed, length] of [60, 60, 500, 60, 60, 60].entries()) port.send(0, frame(length, seed));
      port.run();
      expect(port.head("rx", 1)).toBe(62);
      expect(port.queueWord("rx", 1, QUEUE_FLAGS) & QUEUE_FLAG_STOPPED).not.toBe(0);
      const after = new Uint8Array(16);
      port.map.readBytes(hpa(AREA + RX_RING), after);
      expect(after).toEqual(first);
    }
  });

  it("descriptors inside of buffers outside say nothing of frames whose bytes were refused", async () => {
    let full = false;
    const written = (offset: number): void => {
      if (full && offset >= AREA && offset < 2 * AREA) throw new Error("full");
    };
    for (const srrctl of RECEIVERS) {
      const port = await TestPort.create({ external: true, written });
      const base = 0x100_0000;
      port.map.addRam({ base: hpa(base), size: 0x1000 });
      port.ring("rx", 1, { base, entries: RING_ENTRIES });
      port.setQueueWord("rx", 1, QUEUE_TAIL, RING_ENTRIES - 1);
      port.setQueueWord("rx", 1, QUEUE_SRRCTL, srrctl);
      for (let at = 0; at < RING_ENTRIES; at++) {
        port.map.write(hpa(base + at * 16), 4, AREA + RX_BUFFERS + at * BUFFER);
        port.map.write(hpa(base + at * 16 + 8), 4, srrctl === SPLIT ? AREA + HEADERS + at * 128 : 0);
      }
      const send = (): void => {
        for (let seed = 0; seed < 5; seed++) {
          port.send(0, frameWith(IPV4, ipv4(udp(7, 8, payloadOf(100, seed))), { to: macOf(1), from: macOf(0) }));
        }
        port.run();
      };
      // A legacy descriptor has its status a dword on.
      const status = srrctl === LEGACY ? 12 : 8;
      const done = (): number[] =>
        Array.from({ length: 10 }, (_, at) => port.map.read(hpa(base + at * 16 + status), 4) & 1);
      send();
      expect(done()).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
      full = true;
      send();
      full = false;
      expect(done()).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
      expect(port.head("rx", 1)).toBe(5);
    }
  });

  it.each([IPV4, EXPERIMENTAL])(
    "a port counts the same without what no snapshot holds, frames of type %i after packets",
    async (type) => {
      const counts: number[][] = [];
      for (const restored of [false, true]) {
        const port = await TestPort.create({ external: true });
        const packet = (seed: number): Uint8Array =>
          frameWith(IPV4, ipv4(udp(7, 8, payloadOf(100, seed))), { to: macOf(1), from: macOf(0) });
        for (let seed = 0; seed < 10; seed++) port.send(0, packet(seed));
        port.run();
        expect(port.receive(1)).toHaveLength(10);
        const { pointer } = port.state;
        if (restored) port.engine.u8.fill(0, pointer + PORT_CURSORS, pointer + PORT_STATE);
        for (let seed = 0; seed < 20; seed++) {
          port.send(0, type === IPV4 ? packet(seed) : frameOf(macOf(1), macOf(0), 200, seed, type));
        }
        port.run();
        expect(port.receive(1)).toHaveLength(20);
        const counted = (port.unit + UNIT_TRANSLATIONS) >>> 2;
        counts.push([...port.engine.u32.subarray(counted, counted + 2)]);
      }
      expect(counts[1]).toEqual(counts[0]);
    },
  );

  it("what a receiver gets in one burst over the frames that are fetched ahead changes none of them", async () => {
    const port = await TestPort.create({ external: true });
    const frames = Array.from({ length: 30 }, (_, at) =>
      frameWith(IPV6, ipv6(udp(7, 8, payloadOf(300, at))), { to: macOf(1), from: macOf(0) }),
    );
    // Each lands where the one after the next is sent from, and what it is sent as stays as it was.
    for (const [at, frame] of frames.entries()) {
      port.arm(1, at, TX_BUFFERS + (at + 2) * BUFFER);
      port.send(0, frame);
    }
    expect(port.run()).toBe(30);
    const landed = frames.map((frame, at) => {
      const bytes = new Uint8Array(frame.length);
      port.map.readBytes(hpa(TX_BUFFERS + (at + 2) * BUFFER), bytes);
      return bytes;
    });
    expect(landed).toEqual(frames);
    expect(port.map.read(hpa(AREA + RX_BUFFERS), 4)).toBe(0);
  });

  describe("whoever wants to know what is written", () => {
    const datagram = (to: number, from: number, seed: number): Uint8Array =>
      frameWith(IPV4, ipv4(udp(7, 8, payloadOf(37 + 300 * (seed % 4), seed))), { to: macOf(to), from: macOf(from) });

    it("is told of every byte that changes, and of nothing where nothing is written", async () => {
      const told: [number, number][] = [];
      const written = (offset: number, length: number): number => told.push([offset, length]);
      const port = await TestPort.create({ pools: 3, external: true, written });
      const memory = (): Uint8Array => {
        const bytes = new Uint8Array(3 * AREA);
        port.map.readBytes(hpa(0), bytes);
        return bytes;
      };
      for (let at = 0; at < 20; at++) port.send(at % 2, datagram(2, at % 2, at));
      const before = memory();
      told.length = 0;
      expect(port.run()).toBe(20);
      const after = memory();
      const covered = new Uint8Array(before.length);
      for (const [offset, length] of told) covered.fill(1, offset, offset + length);
      for (const [at, byte] of after.entries()) if (byte !== before[at]) expect(covered[at], `byte ${at}`).toBe(1);
      // Frames, receive descriptors, and the last dword of each transmit descriptor.
      const frames = port.receive(2).reduce((sum, { data }) => sum + data.length, 0);
      expect(covered.reduce((sum, one) => sum + one, 0)).toBe(frames + 20 * 16 + 20 * 4);
    });

    it.each([0, 3, 10, 19])("and throws after %i times: queues stop, and the others' frames arrive", async (calls) => {
      let left = Number.POSITIVE_INFINITY;
      const written = (offset: number): void => {
        if (offset >= 2 * AREA && offset < 3 * AREA && left-- <= 0) throw new Error("no more");
      };
      const port = await TestPort.create({ pools: 4, external: true, written });
      for (let at = 0; at < 20; at++) port.send(0, datagram(at % 2 === 0 ? 2 : 3, 0, at));
      left = calls;
      port.run();
      left = Number.POSITIVE_INFINITY;
      expect(port.receive(3)).toHaveLength(10);
      expect(port.head("tx", 0)).toBe(20);
      // The owner's queue is out of service, and what was not written whole has no descriptor that says so.
      expect(port.map.takeFailure()?.cause).toEqual(new Error("no more"));
      expect(port.queueWord("rx", 2, QUEUE_FLAGS) & QUEUE_FLAG_STOPPED).not.toBe(0);
      for (const { data } of port.receive(2)) expect(data[11]).toBe(0x50);
    });
  });
});
