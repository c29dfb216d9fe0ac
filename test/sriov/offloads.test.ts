import { describe, expect, it } from "vitest";
import { PORT_CTRL, PORT_MRQC, PORT_RCTL } from "../../assembly/spec/abi/port.ts";
import { PORT_CTRL_EXT, PORT_ETQF, PORT_RFCTL, PORT_RXCSUM } from "../../assembly/spec/abi/port-offload.ts";
import * as packets from "./packets.ts";
import { frameOf, macOf, type Received, TestPort } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, sctp, frameWith, payloadOf, routing, HOP, DESTINATION, HOME, FRAGMENT, AUTHENTICATION } =
  packets;

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
