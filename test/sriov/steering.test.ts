import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PORT_MRQC, PROFILE_82576, PROFILE_I350 } from "../../assembly/spec/abi/port.ts";
import { PORT_ETQF, PORT_RETA, PORT_RFCTL, PORT_RSSRK } from "../../assembly/spec/abi/port-offload.ts";
import * as packets from "./packets.ts";
import { macOf, type Received, TestPort } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, sctp, frameWith, payloadOf, HOME, routing } = packets;
const T = tcp(0x1234, 0x5678, payloadOf(33));
const U = udp(0x1234, 0x5678, payloadOf(34));
const S = sctp(0x1234, 0x5678, payloadOf(35));

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

  it.each([
    ["I350", PROFILE_I350],
    ["82576", PROFILE_82576],
  ] as const)(
    "%s: the port alone, or TCP flags alone, as DPDK programs a rule without a protocol",
    async (_name, profile) => {
      const port = await filtering(
        [
          [F.TTQF, 0xf000_8100 | (3 << 16)],
          [F.IMIR, 0x7856],
          [F.IMIREXT, BYPASS],
          [F.TTQF + 20, 0xf000_8100 | (5 << 16)],
          [F.IMIR + 20, 0x0002_0000],
          // SYN.
          [F.IMIREXT + 20, 0x1000 | (1 << 17)],
        ],
        profile,
      );
      const queueOf = async (packet: number[]) => (await steered(port, frameWith(0x0800, packet))).queue;
      expect(await queueOf(ipv4(udp(1, 0x5678, payloadOf(9))))).toBe(3);
      expect(await queueOf(ipv4(tcp(1, 0x5678, payloadOf(9))))).toBe(3);
      expect(await queueOf(ipv4(tcp(1, 0x5679, payloadOf(9))))).toBe(0);
      expect(await queueOf(ipv4(tcp(1, 0x5679, payloadOf(9), 0x02)))).toBe(5);
      // Not enabled to choose.
      port.state.set(F.TTQF, 0xf000_8000 | (3 << 16));
      port.state.update();
      expect(await queueOf(ipv4(udp(1, 0x5678, payloadOf(9))))).toBe(0);
    },
  );

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
