// Frames that are almost packets, and settings at random: what arrives is the frame, whatever is said of it.
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  COUNT_STOPS,
  PORT_CTRL,
  PORT_MRQC,
  PORT_RCTL,
  PROFILE_82576,
  PROFILE_I350,
} from "../../assembly/spec/abi/port.ts";
import {
  PORT_CTRL_EXT,
  PORT_ETQF,
  PORT_PSRTYPE,
  PORT_RETA,
  PORT_RFCTL,
  PORT_RXCSUM,
  PORT_SYNQF,
  PORT_TTQF,
  PORT_VLAPQF,
} from "../../assembly/spec/abi/port-offload.ts";
import { hpa } from "../../host/core/address.ts";
import * as packets from "./packets.ts";
import { AREA, BUFFER, RX_BUFFERS, RX_RING, TestPort } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, sctp, frameWith, payloadOf } = packets;
const HEADERS = 0x7_0000;
const QUEUES = 8;

const inner = fc
  .tuple(fc.nat(2), fc.nat(1500), fc.nat(10))
  .map(
    ([kind, size, options]) =>
      [tcp(1, 2, payloadOf(size), 2, options), udp(3, 4, payloadOf(size)), sctp(5, 6, payloadOf(size))][
        kind
      ] as packets.Transport,
  );
const extension = fc.constantFrom(
  packets.HOP,
  packets.HOME,
  packets.FRAGMENT,
  packets.AUTHENTICATION,
  packets.DESTINATION,
  packets.routing(0),
  packets.routing(1, 2),
);
const packet = fc.oneof(
  fc
    .tuple(inner, fc.nat(10), fc.constantFrom(0, 0x2000, 0x0123))
    .map(([t, options, fragment]) => ({ type: 0x0800, bytes: ipv4(t, { options, fragment }) })),
  fc.tuple(inner, fc.array(extension, { maxLength: 10 })).map(([t, list]) => ({ type: 0x86dd, bytes: ipv6(t, list) })),
  fc
    .tuple(inner, fc.array(extension, { maxLength: 3 }))
    .map(([t, list]) => ({ type: 0x0800, bytes: ipv4({ protocol: 41, bytes: ipv6(t, list) }) })),
);
const frame = fc
  .record({
    packet,
    tag: fc.option(fc.nat(0xffff), { nil: undefined }),
    snap: fc.boolean(),
    changes: fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 3 }),
    end: fc.integer({ min: 60, max: 2000 }),
  })
  .map(({ packet: { type, bytes }, tag, snap, changes, end }) => {
    const whole = frameWith(type, bytes, { snap, ...(tag === undefined ? {} : { tag }) });
    for (const [at, value] of changes) if (at + 12 < whole.length) whole[at + 12] = value;
    return whole.subarray(0, end);
  });
const settings = fc.record({
  profile: fc.constantFrom(PROFILE_I350, PROFILE_82576),
  external: fc.boolean(),
  type: fc.nat(5),
  header: fc.integer({ min: 1, max: 4 }),
  words: fc.array(fc.nat(0xffff_ffff), { minLength: 12, maxLength: 12 }),
});

it("I350 §7.1 mutated packets under random settings arrive whole, in one queue, and nothing stops", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 6 }), settings, async (frames, set) => {
      const port = await TestPort.create({ pools: QUEUES, profile: set.profile, external: set.external });
      const [rxcsum, rfctl, psrtype, mrqc, etqf, ttqf, synqf, vlapqf, reta, ctrlExt] = set.words as number[];
      port.state.set(PORT_MRQC, (((mrqc as number) & 0x01ff_0000) | 2) >>> 0);
      port.state.set(PORT_RCTL, 0x0400_803a);
      port.state.set(PORT_CTRL, 0);
      port.state.set(PORT_RXCSUM, (rxcsum as number) & 0x3bff);
      port.state.set(PORT_RFCTL, rfctl as number);
      port.state.set(PORT_CTRL_EXT, (ctrlExt as number) & 0x0400_0000);
      port.state.set(PORT_PSRTYPE, psrtype as number);
      port.state.set(PORT_ETQF, (((etqf as number) & 0xe007_0000) | 0x0400_0800) >>> 0);
      port.state.set(PORT_TTQF, ttqf as number);
      port.state.set(PORT_SYNQF, (synqf as number) & 0xf);
      port.state.set(PORT_VLAPQF, vlapqf as number);
      for (let at = 0; at < 32; at++) port.state.set(PORT_RETA + 4 * at, ((reta as number) & 0x0707_0707) >>> 0);
      port.state.update();
      for (let queue = 0; queue < QUEUES; queue++) {
        port.setQueueWord("rx", queue, 32, (0x8000_0000 | (set.type << 25) | (set.header << 8) | 2) >>> 0);
        for (let at = 0; at < 12; at++)
          port.map.write(hpa(queue * AREA + RX_RING + at * 16 + 8), 4, queue * AREA + HEADERS + at * 256);
      }
      const got: string[] = [];
      for (const bytes of frames) {
        const before = Array.from({ length: QUEUES }, (_, queue) => port.head("rx", queue));
        expect(port.state.ingress.push(bytes)).toBe(true);
        port.run();
        const used = before.flatMap((from, queue) => (port.head("rx", queue) === from ? [] : [{ queue, from }]));
        expect(used).toHaveLength(1);
        const { queue, from } = used[0] as { queue: number; from: number };
        expect(port.head("rx", queue)).toBe(from + 1);
        got.push(Buffer.from(whole(port, queue, from, set.type, set.header * 64)).toString("hex"));
      }
      expect(got).toEqual(frames.map((bytes) => Buffer.from(bytes).toString("hex")));
      expect(port.state.get(COUNT_STOPS)).toBe(0);
    }),
    { numRuns: 150 },
  );
});

/** The frame of one descriptor, header buffer first where it was split. */
function whole(port: TestPort, queue: number, at: number, type: number, room: number): Uint8Array {
  const place = queue * AREA + RX_RING + at * 16;
  const [info, status, last] = [0, 8, 12].map((word) => port.map.read(hpa(place + word), 4)) as [
    number,
    number,
    number,
  ];
  const legacy = type === 0;
  const length = (legacy ? status : last) & 0xffff;
  const read = (from: number, count: number): Uint8Array => {
    const bytes = new Uint8Array(count);
    port.map.readBytes(hpa(queue * AREA + from), bytes);
    return bytes;
  };
  const header = (info >>> 21) & 0x3ff;
  const found = info >>> 31 === 1;
  const overflow = (status & 0x0080_0000) !== 0;
  let before = 0;
  if (type === 2 && found && !overflow) before = header;
  else if (type === 5) before = found && overflow ? room : header;
  else if (type === 4 && found && length <= room) return read(HEADERS + at * 256, length);
  return Uint8Array.from([...read(HEADERS + at * 256, before), ...read(RX_BUFFERS + at * BUFFER, length)]);
}
