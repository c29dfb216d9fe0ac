import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PORT_CTRL, PORT_MRQC, PORT_RCTL, PROFILE_82576, PROFILE_I350 } from "../../assembly/spec/abi/port.ts";
import {
  PORT_CTRL_EXT,
  PORT_ETQF,
  PORT_RETA,
  PORT_RFCTL,
  PORT_RSSRK,
  PORT_RXCSUM,
} from "../../assembly/spec/abi/port-offload.ts";
import * as packets from "./packets.ts";
import { frameOf, macOf, type Received, TestPort } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, sctp, frameWith, payloadOf } = packets;

/** Bits of dword 0 above the RSS type. */
const kindOf = ({ info }: Received): number => (info >>> 4) & 0x1fff;
const statusOf = ({ status }: Received): number => status;

/** DD, EOP, CRC stripped: what every frame from the wire has here. */
const WIRE = 0x0000_1003;
const UDPCS = 0x10;
const L4I = 0x20;
const IPCS = 0x40;
const L4E = 0x2000_0000;
const IPE = 0x4000_0000;

/** Routing header with `left` segments left, destination options, hop-by-hop options, fragment, authentication. */
const routing = (left: number, type = 0): packets.Extension => ({
  protocol: 43,
  bytes: [2, type, left, 0, 0, 0, 0, ...payloadOf(16, 9)],
});
const HOP: packets.Extension = { protocol: 0, bytes: [0, 1, 4, 0, 0, 0, 0] };
const DESTINATION: packets.Extension = { protocol: 60, bytes: [0, 1, 4, 0, 0, 0, 0] };
const HOME: packets.Extension = { protocol: 60, bytes: [2, 1, 2, 0, 0, 201, 16, ...payloadOf(16, 5)] };
const FRAGMENT: packets.Extension = { protocol: 44, bytes: [0, 0, 1, 0, 0, 0, 7] };
const AUTHENTICATION: packets.Extension = { protocol: 51, bytes: [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2] };

async function received(port: TestPort, frames: readonly Uint8Array[], pool = 0): Promise<Received[]> {
  for (const frame of frames) expect(port.state.ingress.push(frame)).toBe(true);
  port.run();
  return port.receive(pool);
}

async function one(frame: Uint8Array, set: readonly (readonly [number, number])[] = []): Promise<Received> {
  const port = await TestPort.create();
  for (const [offset, value] of set) port.state.set(offset, value >>> 0);
  port.state.update();
  const got = await received(port, [frame]);
  expect(got).toHaveLength(1);
  return got[0] as Received;
}

const T = tcp(0x1234, 0x5678, payloadOf(33));
const U = udp(0x1234, 0x5678, payloadOf(34));
const S = sctp(0x1234, 0x5678, payloadOf(35));
const ICMP = { protocol: 1, bytes: payloadOf(40) };

describe("I350 §7.1.5.2 packet type and checks", () => {
  it.each([
    ["IPv4, TCP", 0x0800, ipv4(T), 0x11, IPCS | L4I],
    ["IPv4, UDP", 0x0800, ipv4(U), 0x21, IPCS | L4I | UDPCS],
    ["IPv4, SCTP", 0x0800, ipv4(S), 0x41, IPCS | L4I],
    ["IPv4, ICMP", 0x0800, ipv4(ICMP), 0x01, IPCS],
    ["IPv4 with options, UDP", 0x0800, ipv4(U, { options: 3 }), 0x23, IPCS | L4I | UDPCS],
    ["TCP with options", 0x0800, ipv4(tcp(1, 2, payloadOf(7), 0x10, 5)), 0x11, IPCS | L4I],
    ["a first fragment", 0x0800, ipv4(U, { fragment: 0x2000 }), 0x01, IPCS],
    ["a last fragment", 0x0800, ipv4(T, { fragment: 0x0123 }), 0x01, IPCS],
    ["IPv6, TCP", 0x86dd, ipv6(T), 0x14, L4I],
    ["IPv6, UDP", 0x86dd, ipv6(U), 0x24, L4I | UDPCS],
    ["IPv6, SCTP", 0x86dd, ipv6(S), 0x44, L4I],
    ["IPv6, no next header", 0x86dd, ipv6({ protocol: 59, bytes: payloadOf(8) }), 0x04, 0],
    ["IPv6, hop-by-hop options, TCP", 0x86dd, ipv6(T, [HOP]), 0x1c, L4I],
    ["IPv6, destination options, UDP", 0x86dd, ipv6(U, [DESTINATION]), 0x2c, L4I | UDPCS],
    ["IPv6, home address, TCP: no check", 0x86dd, ipv6(T, [HOME]), 0x1c, 0],
    ["IPv6, routing at its end, UDP", 0x86dd, ipv6(U, [routing(0)]), 0x2c, L4I | UDPCS],
    ["IPv6, segments left: no check", 0x86dd, ipv6(U, [routing(1)]), 0x2c, 0],
    ["IPv6, authentication header, TCP", 0x86dd, ipv6(T, [AUTHENTICATION]), 0x1c, L4I],
    ["IPv6 fragment", 0x86dd, ipv6(T, [FRAGMENT]), 0x0c, 0],
    ["TCP over IPv6 in IPv4", 0x0800, ipv4({ protocol: 41, bytes: ipv6(T) }), 0x15, IPCS | L4I],
    ["IPv4 in IPv4", 0x0800, ipv4({ protocol: 4, bytes: ipv4(T) }), 0x01, IPCS],
    ["no IP", 0x88b5, payloadOf(60), 0, 0],
    ["IPv4 by its type, not by its version", 0x0800, [0x65, ...ipv4(T).slice(1)], 0, 0],
    ["an IPv4 header of 4 dwords", 0x0800, [0x44, ...ipv4(T).slice(1)], 0, 0],
    ["an IPv4 packet longer than its frame", 0x0800, ipv4(T).slice(0, -1), 0, 0],
    ["an IPv6 packet longer than its frame", 0x86dd, ipv6(T).slice(0, -1), 0, 0],
  ])("%s", async (_title, type, packet, kind, status) => {
    const csum = [[PORT_RXCSUM, 0x2b00]] as const;
    const frames = [frameWith(type, packet), frameWith(type, packet, { snap: true })];
    for (const frame of frames) {
      const got = await one(frame, csum);
      expect([kindOf(got), statusOf(got)].map((value) => value.toString(16))).toEqual(
        [kind, WIRE | status].map((value) => value.toString(16)),
      );
      expect(got.data).toEqual(frame);
      expect(got.hash).toBe(0);
    }
  });

  it.each([
    ["TCP", ipv4(T), 34 + 16, L4E],
    ["TCP payload", ipv4(T), 34 + 45, L4E],
    ["UDP", ipv4(U), 34 + 6, L4E],
    ["SCTP", ipv4(S), 34 + 20, L4E],
    ["IPv4 TTL", ipv4(U), 22, IPE],
    ["IPv4 address: both checksums", ipv4(T), 28, IPE | L4E],
  ])("§7.1.7 a bit turned over in %s is told, and the frame delivered", async (_title, packet, at, errors) => {
    const frame = frameWith(0x0800, packet);
    frame[at] = (frame[at] as number) ^ 0x08;
    const got = await one(frame, [[PORT_RXCSUM, 0x2b00]]);
    expect((got.status & 0x6000_0000) >>> 0).toBe(errors);
    expect(got.data).toEqual(frame);
  });

  it("§7.1.7 what pads a frame does not count, UDP without a checksum is not checked", async () => {
    const short = frameWith(0x0800, ipv4(udp(7, 9, [1, 2, 3])), { padding: 9 });
    expect((await one(short)).status).toBe(WIRE | IPCS | L4I | UDPCS);
    short.set([0, 0], 40);
    expect((await one(short)).status).toBe(WIRE | IPCS);
  });

  it("§8.10.1 RXCSUM: each check by its own bit; §8.10.3 RFCTL: IPv6, its extension headers and its checksums", async () => {
    const frames = [ipv4(T), ipv4(S)].map((packet) => frameWith(0x0800, packet));
    const [t, s] = frames as [Uint8Array, Uint8Array];
    expect((await one(t, [[PORT_RXCSUM, 0x2000]])).status).toBe(WIRE);
    expect((await one(t, [[PORT_RXCSUM, 0x2100]])).status).toBe(WIRE | IPCS);
    expect((await one(t, [[PORT_RXCSUM, 0x2200]])).status).toBe(WIRE | L4I);
    expect((await one(s, [[PORT_RXCSUM, 0x2300]])).status).toBe(WIRE | IPCS);
    expect((await one(s, [[PORT_RXCSUM, 0x2800]])).status).toBe(WIRE | L4I);
    const six = frameWith(0x86dd, ipv6(T, [HOP]));
    const kinds = [0x0400, 0x0800, 0x1_0000].map(async (bits) => {
      const got = await one(six, [[PORT_RFCTL, bits]]);
      return [kindOf(got), got.status];
    });
    expect(await Promise.all(kinds)).toEqual([
      [0, WIRE],
      [0x1c, WIRE],
      [0x0c, WIRE],
    ]);
  });

  it("a VLAN tag is told of whether it stays or goes, and does not hide what follows", async () => {
    const frame = frameWith(0x0800, ipv4(T), { tag: 0x6123 });
    const kept = await one(frame, [[PORT_MRQC, 0]]);
    expect([kindOf(kept), kept.status, kept.vlan]).toEqual([0x1011, WIRE | IPCS | L4I, 0]);
    const stripped = await one(frame, [
      [PORT_MRQC, 0],
      [PORT_CTRL, 0x4000_0000],
    ]);
    expect([kindOf(stripped), stripped.status, stripped.vlan]).toEqual([0x1011, WIRE | IPCS | L4I | 8, 0x6123]);
    expect(stripped.data).toEqual(frameWith(0x0800, ipv4(T)));
  });

  it("§7.1.2.3 an EtherType filter: the type is its number, nothing behind it is looked at", async () => {
    const set = [
      [PORT_ETQF + 4 * 5, 0x0400_0000 | 0x0800],
      [PORT_ETQF + 4 * 2, 0x0400_0000 | 0x88b5],
      [PORT_ETQF + 4 * 3, 0x0400_0000 | 0x88b5],
      [PORT_ETQF + 4 * 7, 0x88b5],
    ] as const;
    expect(kindOf(await one(frameWith(0x0800, ipv4(T)), set))).toBe(0x805);
    expect(kindOf(await one(frameWith(0x88b5, payloadOf(50)), set))).toBe(0x803);
    expect((await one(frameWith(0x0800, ipv4(T)), set)).status).toBe(WIRE);
    expect(kindOf(await one(frameWith(0x86dd, ipv6(T)), set))).toBe(0x14);
  });

  it("frames between pools say the same of themselves as frames from the wire", async () => {
    for (const external of [false, true]) {
      const port = await TestPort.create({ external });
      const frames = [ipv4(T), ipv4(U), ipv4(ICMP)].map((packet) =>
        frameWith(0x0800, packet, { to: macOf(1), from: macOf(0) }),
      );
      for (const frame of [...frames, frameOf(macOf(1), macOf(0), 90)]) port.send(0, frame);
      port.run();
      const got = port.receive(1);
      expect(got.map((each) => [kindOf(each), each.status & ~0x0004_0000])).toEqual([
        [0x11, 0x3 | IPCS | L4I],
        [0x21, 0x3 | IPCS | L4I | UDPCS],
        [0x01, 0x3 | IPCS],
        [0, 0x3],
      ]);
    }
  });

  it("§7.1.4.1 PIF: set where no exact filter let the frame in", async () => {
    const port = await TestPort.create();
    port.state.set(PORT_MRQC, 0);
    port.state.set(PORT_RCTL, 0x0400_801a);
    port.state.update();
    const to = [
      macOf(0),
      Uint8Array.of(2, 9, 9, 9, 9, 9),
      new Uint8Array(6).fill(0xff),
      Uint8Array.of(1, 0, 0x5e, 1, 1, 1),
    ];
    const got = await received(
      port,
      to.map((mac) => frameOf(mac, macOf(5), 60)),
    );
    expect(got.map(({ status }) => status & 0x80)).toEqual([0, 0x80, 0, 0]);
    port.state.set(PORT_RCTL, 0x0400_800a);
    for (let word = 0; word < 128; word++) port.state.set(4224 + 4 * word, 0xffff_ffff);
    port.state.update();
    const [hashed] = await received(port, [frameOf(to[3] as Uint8Array, macOf(5), 60)]);
    expect((hashed?.status ?? 0) & 0x80).toBe(0x80);
  });
});

describe("I350 §7.1.7.2 packet checksum (RXCSUM.PCSD clear)", () => {
  it("from PCSS on, after the tag is stripped; its complement in the upper half, no hash", async () => {
    for (const start of [0, 14, 21]) {
      const frame = frameWith(0x0800, ipv4(T), { tag: 0x6123 });
      const bare = frameWith(0x0800, ipv4(T));
      const got = await one(frame, [
        [PORT_MRQC, 0x0003_0002],
        [PORT_CTRL, 0x4000_0000],
        [PORT_RXCSUM, start],
      ]);
      expect(got.hash).toBe((packets.internetChecksum(bare.subarray(start)) << 16) >>> 0);
      expect(got.info & 0xf).toBe(0);
    }
  });

  it("IPPCSE: fragments have the payload's checksum and their identification; UDPV for a first one with a checksum", async () => {
    const first = ipv4(
      { protocol: 17, bytes: [0, 1, 0, 2, 0, 40, 0x77, 0x66, ...payloadOf(24)] },
      { fragment: 0x2000 },
    );
    const bare = ipv4({ protocol: 17, bytes: [0, 1, 0, 2, 0, 40, 0, 0, ...payloadOf(24)] }, { fragment: 0x2000 });
    const later = ipv4({ protocol: 17, bytes: payloadOf(32) }, { fragment: 0x2004 });
    const whole = ipv4(U);
    const got = await Promise.all(
      [first, bare, later, whole].map((packet) => one(frameWith(0x0800, packet), [[PORT_RXCSUM, 0x1000]])),
    );
    expect(got.map(({ status }) => status & 0x430)).toEqual([0x410, 0x10, 0x10, 0]);
    const sums = [first, bare, later].map((packet) => packets.internetChecksum(packet.slice(20)));
    expect(got.map(({ hash }) => hash)).toEqual([...sums.map((sum) => ((sum << 16) | 0xbeef) >>> 0), 0]);
  });

  it("§7.1.4 a legacy descriptor: length, checksum, status and errors, VLAN", async () => {
    const port = await TestPort.create();
    port.setQueueWord("rx", 0, 32, 0x8000_0002);
    port.state.set(PORT_MRQC, 0);
    port.state.set(PORT_CTRL, 0x4000_0000);
    port.state.set(PORT_RXCSUM, 0x0b0e);
    port.state.update();
    const packet = ipv4(T);
    packet[40] = (packet[40] as number) ^ 1;
    port.state.ingress.push(frameWith(0x0800, packet, { tag: 0x7abc }));
    port.run();
    const [word2, word3] = [8, 12].map((at) => port.map.read((0x1000 + at) as never, 4));
    const bare = frameWith(0x0800, packet);
    expect(word2).toBe(((packets.internetChecksum(bare.subarray(14)) << 16) | bare.length) >>> 0);
    // DD, EOP, VP, L4CS, IPCS; L4E is bit 5 of the errors.
    expect(word3).toBe(((0x7abc << 16) | 0x206b) >>> 0);
  });
});

/** The key of Microsoft's verification suite. */
const KEY = Uint8Array.from(
  "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa"
    .match(/../g)
    ?.map((hex) => Number.parseInt(hex, 16)) ?? [],
);

async function hashing(mrqc: number, profile = PROFILE_I350): Promise<TestPort> {
  const port = await TestPort.create({ pools: 8, profile });
  const view = new DataView(KEY.buffer);
  for (let word = 0; word < 10; word++) port.state.set(PORT_RSSRK + 4 * word, view.getUint32(4 * word, true));
  for (let entry = 0; entry < 128; entry += 4) {
    const bytes = [0, 1, 2, 3].map((at) => ((entry + at) * 5 + 3) & 7);
    port.state.set(
      PORT_RETA + entry,
      bytes.reduce((sum, byte, at) => sum + byte * 256 ** at, 0),
    );
  }
  port.state.set(PORT_MRQC, mrqc >>> 0);
  port.state.update();
  return port;
}

/** The frame's descriptor and the queue that it is in. */
async function steered(port: TestPort, frame: Uint8Array): Promise<{ queue: number; got: Received }> {
  expect(port.state.ingress.push(frame)).toBe(true);
  port.run();
  const found = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((queue) => port.receive(queue).map((got) => ({ queue, got })));
  expect(found).toHaveLength(1);
  return found[0] as { queue: number; got: Received };
}

const ALL_TYPES = 0x01ff_0002;

describe("I350 §7.1.2.8 RSS", () => {
  // Microsoft's verification suite, as the data sheets print it: source, port, destination, port, hashes.
  it.each([
    [[66, 9, 149, 187], 2794, [161, 142, 100, 80], 1766, 0x323e8fc2, 0x51ccc178],
    [[199, 92, 111, 2], 14230, [65, 69, 140, 83], 4739, 0xd718262a, 0xc626b0ea],
    [[24, 19, 198, 95], 12898, [12, 22, 207, 184], 38024, 0xd2d0a5de, 0x5c2b394a],
    [[38, 27, 205, 30], 48228, [209, 142, 163, 6], 2217, 0x82989176, 0xafc7327f],
    [[153, 39, 163, 191], 44251, [202, 188, 127, 2], 1303, 0x5d1809c5, 0x10e828a2],
  ])("verification suite, %j:%i to %j:%i", async (from, fromPort, to, toPort, plain, withPorts) => {
    const port = await hashing(0x0003_0002);
    const t = await steered(port, frameWith(0x0800, ipv4(tcp(fromPort, toPort, payloadOf(5)), { from, to })));
    expect([t.got.hash, t.got.info & 0xf]).toEqual([withPorts, 1]);
    expect(t.queue).toBe(((withPorts & 0x7f) * 5 + 3) & 7);
    const u = await steered(port, frameWith(0x0800, ipv4(udp(fromPort, toPort, payloadOf(5)), { from, to })));
    expect([u.got.hash, u.got.info & 0xf]).toEqual([plain, 2]);
    expect(u.queue).toBe(((plain & 0x7f) * 5 + 3) & 7);
  });

  const v6 = [...packets.IPV6_FROM, ...packets.IPV6_TO];
  const v4 = [...packets.IPV4_FROM, ...packets.IPV4_TO];
  const numbers = [0x12, 0x34, 0x56, 0x78];
  it.each([
    ["TCP over IPv4", 0x0800, ipv4(T), 0x0001_0002, 1, [...v4, ...numbers]],
    ["TCP over IPv4 without its own function", 0x0800, ipv4(T), 0x0002_0002, 2, v4],
    ["UDP over IPv4", 0x0800, ipv4(U), ALL_TYPES, 7, [...v4, ...numbers]],
    ["a fragment", 0x0800, ipv4(T, { fragment: 0x2000 }), ALL_TYPES, 2, v4],
    ["IPv4 with no function", 0x0800, ipv4(U), 0x0001_0002, 0, []],
    ["TCP over IPv6", 0x86dd, ipv6(T), 0x0020_0002, 3, [...v6, ...numbers]],
    ["TCP over IPv6, Ex", 0x86dd, ipv6(T), ALL_TYPES, 6, [...v6, ...numbers]],
    ["UDP over IPv6", 0x86dd, ipv6(U), 0x0080_0002, 8, [...v6, ...numbers]],
    ["UDP over IPv6, Ex", 0x86dd, ipv6(U), ALL_TYPES, 9, [...v6, ...numbers]],
    ["IPv6", 0x86dd, ipv6(S), 0x0010_0002, 5, v6],
    ["IPv6, Ex", 0x86dd, ipv6(S), ALL_TYPES, 4, v6],
    [
      "a home address, Ex",
      0x86dd,
      ipv6(T, [HOME]),
      0x0004_0002,
      6,
      [...payloadOf(16, 5), ...packets.IPV6_TO, ...numbers],
    ],
    ["a home address without Ex", 0x86dd, ipv6(T, [HOME]), 0x0020_0002, 3, [...v6, ...numbers]],
    [
      "a routing header of type 2, Ex",
      0x86dd,
      ipv6(T, [routing(1, 2)]),
      0x0004_0002,
      6,
      [...packets.IPV6_FROM, ...payloadOf(16, 9), ...numbers],
    ],
    ["a tunnel: the outer addresses", 0x0800, ipv4({ protocol: 41, bytes: ipv6(T) }), ALL_TYPES, 2, v4],
    ["no IP", 0x88b5, payloadOf(50), ALL_TYPES, 0, []],
  ])("%s", async (_title, type, packet, mrqc, rssType, input) => {
    const port = await hashing(mrqc);
    const { queue, got } = await steered(port, frameWith(type, packet));
    const hash = packets.toeplitz(KEY, input);
    expect([got.info & 0xf, got.hash]).toEqual([rssType, hash]);
    expect(queue).toBe(rssType === 0 ? 0 : ((hash & 0x7f) * 5 + 3) & 7);
  });

  it("any packet and key: the hash is that of the definition", async () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    await fc.assert(
      fc.asyncProperty(bytes(40), bytes(4), bytes(4), fc.nat(0xffff), fc.nat(0xffff), async (key, a, b, from, to) => {
        const port = await hashing(0x0001_0002);
        const view = new DataView(key.buffer, key.byteOffset);
        for (let word = 0; word < 10; word++) port.state.set(PORT_RSSRK + 4 * word, view.getUint32(4 * word, true));
        const packet = ipv4(tcp(from, to, []), { from: [...a], to: [...b] });
        const { got } = await steered(port, frameWith(0x0800, packet));
        const input = [...a, ...b, from >>> 8, from & 0xff, to >>> 8, to & 0xff];
        expect(got.hash).toBe(packets.toeplitz(key, input));
      }),
      { numRuns: 40 },
    );
  });

  it("MRQC.Def_Q takes what no function hashes and, with RSS off, everything", async () => {
    const port = await hashing(0x0001_0002 | (5 << 3));
    expect((await steered(port, frameWith(0x0800, ipv4(U)))).queue).toBe(5);
    port.state.set(PORT_MRQC, 6 << 3);
    port.state.update();
    const { queue, got } = await steered(port, frameWith(0x0800, ipv4(T)));
    expect([queue, got.hash, got.info & 0xf]).toEqual([6, 0, 0]);
  });

  it("82576 §7.1.2.8 with pools: bit 3 of the table chooses between a pool's two queues; the I350 has one", async () => {
    const frame = frameWith(0x0800, ipv4(T), { to: macOf(2) });
    const hash = packets.toeplitz(KEY, [...v4, ...numbers]);
    for (const [profile, queue] of [
      [PROFILE_82576, 10],
      [PROFILE_I350, 2],
    ] as const) {
      const port = await hashing(0x0001_0005, profile);
      const place = PORT_RETA + (hash & 0x7c);
      port.state.set(place, port.state.get(place) | 0x0808_0808);
      port.ring("rx", 10, { base: 10 * 0x8_0000, entries: 64 });
      port.map.write((10 * 0x8_0000) as never, 4, 10 * 0x8_0000 + 0x4_0000);
      port.setQueueWord("rx", 10, 16, 1);
      port.state.ingress.push(frame);
      port.run();
      expect([2, 10].map((index) => port.head("rx", index))).toEqual([queue === 2 ? 1 : 0, queue === 10 ? 1 : 0]);
    }
  });
});

describe("I350 §7.1.2 filters before RSS", () => {
  const F = { ETQF: PORT_ETQF, TTQF: 16424, IMIR: 16456, IMIREXT: 16488, SAQF: 16520, DAQF: 16552, SPQF: 16584 };
  const SYNQF = 16016;
  const VLAPQF = 16012;
  const BYPASS = 0x0008_1000;

  async function filtering(set: readonly (readonly [number, number])[], profile = PROFILE_I350): Promise<TestPort> {
    const port = await hashing(0x0000_0002, profile);
    for (let at = 0; at < 8; at++) port.state.set(F.TTQF + 4 * at, 0xf000_0000);
    for (const [offset, value] of set) port.state.set(offset, value >>> 0);
    port.state.update();
    return port;
  }

  it("EtherType: the queue, where the filter has one", async () => {
    const port = await filtering([
      [F.ETQF, 0x8400_0000 | (5 << 16) | 0x88b5],
      [F.ETQF + 4, 0x0400_0000 | (6 << 16) | 0x88b6],
    ]);
    expect((await steered(port, frameWith(0x88b5, payloadOf(50)))).queue).toBe(5);
    expect((await steered(port, frameWith(0x88b6, payloadOf(50)))).queue).toBe(0);
  });

  it("two fields: protocol, port in network order, size and TCP flags; of several the one with the highest priority", async () => {
    const set = [
      [F.TTQF, 0xe000_8100 | (1 << 16) | 6],
      [F.IMIR, 0x7856],
      [F.IMIREXT, BYPASS],
      [F.TTQF + 4, (0xf000_0000 & ~0x1000_0000) | 0x8100 | (2 << 16) | 17],
      [F.IMIR + 4, 0x0002_0000 | (1 << 29)],
      [F.IMIREXT + 4, 0x0008_0000 | 80],
      [F.TTQF + 8, 0xe000_8100 | (3 << 16) | 6],
      [F.IMIR + 8, 0x0002_0000 | (5 << 29)],
      // RST or FIN.
      [F.IMIREXT + 8, 0x1000 | (1 << 16) | (1 << 18)],
    ] as const;
    const port = await filtering(set);
    const queueOf = async (packet: number[]) => (await steered(port, frameWith(0x0800, packet))).queue;
    expect(await queueOf(ipv4(tcp(1, 0x5678, payloadOf(9))))).toBe(1);
    expect(await queueOf(ipv4(tcp(1, 0x5679, payloadOf(9))))).toBe(0);
    expect(await queueOf(ipv4(udp(1, 2, payloadOf(37))))).toBe(2);
    expect(await queueOf(ipv4(udp(1, 2, payloadOf(38))))).toBe(0);
    expect(await queueOf(ipv4(tcp(1, 0x5678, payloadOf(9), 0x11)))).toBe(3);
    expect(await queueOf(ipv4(tcp(1, 2, payloadOf(9), 0x04)))).toBe(3);
  });

  it("82576: addresses and source port too", async () => {
    const word = (bytes: number[]) => bytes.reduce((sum, byte, at) => sum + byte * 256 ** at, 0);
    const port = await filtering(
      [
        [F.TTQF, 0x0000_8100 | (4 << 16) | 17],
        [F.IMIR, 0x7856],
        [F.IMIREXT, BYPASS],
        [F.SAQF, word(packets.IPV4_FROM)],
        [F.DAQF, word(packets.IPV4_TO)],
        [F.SPQF, 0x3412],
      ],
      PROFILE_82576,
    );
    const queueOf = async (packet: number[]) => (await steered(port, frameWith(0x0800, packet))).queue;
    expect(await queueOf(ipv4(U))).toBe(4);
    expect(await queueOf(ipv4(udp(0x1235, 0x5678, payloadOf(9))))).toBe(0);
    expect(await queueOf(ipv4(U, { from: [192, 0, 2, 18] }))).toBe(0);
    expect(await queueOf(ipv4(U, { to: [198, 51, 100, 202] }))).toBe(0);
    expect(await queueOf(ipv4(T))).toBe(0);
  });

  it("SYN: segments that open a connection; before or behind the tuple filters as RFCTL.SYNQFP says", async () => {
    const set = [
      [SYNQF, 0x1 | (7 << 1)],
      [F.TTQF, 0xe000_8100 | (1 << 16) | 6],
      [F.IMIR, 0x7856],
      [F.IMIREXT, BYPASS],
    ] as const;
    const syn = frameWith(0x0800, ipv4(tcp(1, 0x5678, payloadOf(9), 0x02)));
    const other = frameWith(0x0800, ipv4(tcp(1, 9, payloadOf(9), 0x02)));
    const answer = frameWith(0x0800, ipv4(tcp(1, 9, payloadOf(9), 0x12)));
    const port = await filtering(set);
    expect(
      [await steered(port, syn), await steered(port, other), await steered(port, answer)].map((x) => x.queue),
    ).toEqual([1, 7, 0]);
    port.state.set(PORT_RFCTL, 0x0008_0000);
    expect((await steered(port, syn)).queue).toBe(7);
  });

  it("VLAN priority: VLAPQF's queue, where it is valid", async () => {
    const port = await filtering([[VLAPQF, (0xb << 20) | (0x4 << 8)]]);
    const frame = (tag: number) => frameWith(0x88b5, payloadOf(50), { tag });
    expect((await steered(port, frame(0xa007))).queue).toBe(3);
    expect((await steered(port, frame(0x4007))).queue).toBe(0);
  });
});

describe("I350 §7.4.5 two tags (CTRL_EXT.EXT_VLAN)", () => {
  it("VEXT tells of the outer one; what follows both is found", async () => {
    const frame = Uint8Array.from([
      ...macOf(0),
      ...macOf(9),
      ...[0x88, 0xa8, 0x20, 0x77, 0x81, 0x00, 0x61, 0x23, 0x08, 0x00],
      ...ipv4(T),
    ]);
    const got = await one(frame, [
      [PORT_CTRL_EXT, 0x0400_0000],
      [16136, 0x88a8_8100],
      [PORT_MRQC, 0],
    ]);
    expect([kindOf(got), got.status]).toEqual([0x1011, WIRE | IPCS | L4I | 0x200]);
  });
});
