// Which bytes of a frame go to which buffer, and what the descriptors say of that.
import { describe, expect, it } from "vitest";
import {
  POOL_DVMOLR,
  POOL_SIZE,
  PORT_MRQC,
  PORT_POOLS,
  PORT_RCTL,
  PROFILE_82576,
  PROFILE_I350,
  QUEUE_TAIL,
} from "../../assembly/spec/abi/port.ts";
import {
  PORT_ETQF,
  PORT_IMIR,
  PORT_IMIREXT,
  PORT_PSRTYPE,
  PORT_RXSATR,
  PORT_RXSTMP,
  PORT_STAMPED,
  PORT_SYSTIM,
  PORT_TSYNCRXCFG,
  PORT_TSYNCRXCTL,
  PORT_TSYNCTXCTL,
  PORT_TTQF,
  PORT_TXSTMP,
} from "../../assembly/spec/abi/port-offload.ts";
import { hpa } from "../../host/core/address.ts";
import * as packets from "./packets.ts";
import { frameOf, macOf, RX_BUFFERS, RX_RING, TestPort } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, frameWith, payloadOf, FRAGMENT } = packets;
const HEADERS = 0x6_0000;
const SRRCTL = 32;

interface Descriptor {
  info: number;
  status: number;
  length: number;
  packet: Uint8Array;
  header: Uint8Array;
}

/** Receives one frame from the wire into queue 0 with header buffers; what each descriptor says and has. */
function split(port: TestPort, frame: Uint8Array, srrctl: number, buffer: number): Descriptor[] {
  port.setQueueWord("rx", 0, SRRCTL, srrctl);
  const filled = new Uint8Array(0x2_0000).fill(0xee);
  port.map.writeBytes(hpa(HEADERS), filled);
  port.map.writeBytes(hpa(RX_BUFFERS), filled);
  for (let at = 0; at < 12; at++) {
    port.map.write(hpa(RX_RING + at * 16 + 8), 4, HEADERS + at * 2048);
    port.map.write(hpa(RX_RING + at * 16 + 12), 4, 0);
  }
  expect(port.state.ingress.push(frame)).toBe(true);
  port.run();
  return Array.from({ length: port.head("rx", 0) }, (_, at) => {
    const [info, , status, last] = [0, 4, 8, 12].map((word) => port.map.read(hpa(RX_RING + at * 16 + word), 4));
    const packet = new Uint8Array(buffer);
    const header = new Uint8Array(2048);
    port.map.readBytes(hpa(RX_BUFFERS + at * 2048), packet);
    port.map.readBytes(hpa(HEADERS + at * 2048), header);
    return { info: info as number, status: status as number, length: (last as number) & 0xffff, packet, header };
  });
}

/** SRRCTL: type, header buffer in 64 bytes, packet buffer in KiB, drop enable. */
const srrctl = (type: number, header: number, packet: number): number =>
  (0x8000_0000 | (type << 25) | (header << 8) | packet) >>> 0;
const SPH = 0x8000_0000;
const HBO = 0x0080_0000;
const headerOf = ({ info }: Descriptor): number[] => [info >>> 31, (info >>> 21) & 0x3ff];

async function ready(types: number): Promise<TestPort> {
  const port = await TestPort.create();
  port.state.set(PORT_MRQC, 0);
  port.state.set(PORT_PSRTYPE, types);
  port.state.update();
  return port;
}

const ALL = 0x0007_dbfe;
const T = tcp(1, 2, payloadOf(900), 0x10, 3);

describe("I350 §8.10.2 SRRCTL.BSIZEPACKET, §8.10.7 RDLEN: buffers of more than 4 GiB together", () => {
  it("61 681 of 68 KiB: a frame of 5000 bytes finds them all", async () => {
    const port = await ready(0);
    port.ring("rx", 0, { base: RX_RING, entries: 65_528 });
    port.state.set(port.state.queue("rx", 0) + QUEUE_TAIL, 61_681);
    port.state.set(PORT_RCTL, 0x0400_8022);
    const frame = frameOf(macOf(0), macOf(9), 5000);
    const [got] = split(port, frame, srrctl(1, 0, 68), frame.length);
    expect([got?.length, got?.packet]).toEqual([5000, frame]);
  });
});

describe("I350 §7.1.5 header split", () => {
  it.each([
    ["IPv4, TCP with options", 0x0800, ipv4(T), 0x0004, 14 + 20 + 32],
    ["IPv4 with options, UDP", 0x0800, ipv4(udp(1, 2, payloadOf(700)), { options: 2 }), 0x0008, 14 + 28 + 8],
    ["an IPv4 fragment", 0x0800, ipv4(T, { fragment: 0x2000 }), 0x0002, 14 + 20],
    ["IPv6, TCP", 0x86dd, ipv6(T), 0x0100, 14 + 40 + 32],
    ["IPv6, UDP", 0x86dd, ipv6(udp(1, 2, payloadOf(700))), 0x0200, 14 + 40 + 8],
    ["an IPv6 fragment: before its header", 0x86dd, ipv6(T, [FRAGMENT]), 0x0080, 14 + 40],
    ["TCP over IPv6 in IPv4", 0x0800, ipv4({ protocol: 41, bytes: ipv6(T) }), 0x0020, 14 + 20 + 40 + 32],
    ["the MAC header alone", 0x88b5, payloadOf(600), 0x0001, 14],
    ["the MAC header where nothing else is enabled", 0x0800, ipv4(T), 0x0001, 14],
  ])("%s: PSRTYPE's bit decides, SPH and HDR_LEN tell", async (_title, type, packet, bit, size) => {
    const frame = frameWith(type, packet);
    const [got] = split(await ready(bit), frame, srrctl(2, 4, 2), 2048);
    expect(headerOf(got as Descriptor)).toEqual([1, size]);
    expect(got?.length).toBe(frame.length - size);
    expect(got?.header.subarray(0, size)).toEqual(frame.subarray(0, size));
    expect(got?.header[size]).toBe(0xee);
    expect(got?.packet.subarray(0, frame.length - size)).toEqual(frame.subarray(size));
    const [whole] = split(await ready(bit === 1 ? 0 : ALL & ~bit), frame, srrctl(2, 4, 2), 2048);
    expect([...headerOf(whole as Descriptor), whole?.length]).toEqual([0, 0, frame.length]);
    expect(whole?.packet.subarray(0, frame.length)).toEqual(frame);
  });

  it("a header too long for its buffer: HBO, nothing is split", async () => {
    const frame = frameWith(0x0800, ipv4(T));
    const [got] = split(await ready(ALL), frame, srrctl(2, 1, 2), 2048);
    expect([...headerOf(got as Descriptor), (got?.status ?? 0) & HBO, got?.length]).toEqual([1, 66, HBO, frame.length]);
    expect(got?.header[0]).toBe(0xee);
    expect(got?.packet.subarray(0, frame.length)).toEqual(frame);
  });

  it("a packet that is all header leaves the packet buffer empty; a long payload goes on in the next descriptors", async () => {
    const bare = frameWith(0x0800, ipv4(tcp(1, 2, [], 0x10, 3)));
    const [got] = split(await ready(ALL), bare, srrctl(2, 4, 2), 2048);
    expect([...headerOf(got as Descriptor), got?.length, (got?.status ?? 0) & 3]).toEqual([1, 66, 0, 3]);
    const frame = frameWith(0x0800, ipv4(T));
    const parts = split(await ready(ALL), frame, (srrctl(2, 4, 0) | 0) >>> 0, 2048);
    expect(parts).toHaveLength(1);
    const port = await ready(ALL);
    port.state.set(PORT_RCTL, 0x0402_8002);
    const several = split(port, frame, srrctl(2, 4, 0), 512);
    expect(several.map(({ length, status }) => [length, status & 3])).toEqual([
      [512, 1],
      [frame.length - 66 - 512, 3],
    ]);
    expect(several.map(headerOf)).toEqual([
      [1, 66],
      [0, 0],
    ]);
    const rest = several.flatMap(({ packet, length }) => [...packet.subarray(0, length)]);
    expect(Uint8Array.from(rest)).toEqual(frame.subarray(66));
  });

  it("§7.1.5 always: short frames lie in the header buffer, others begin there", async () => {
    const short = frameOf(macOf(0), macOf(9), 100);
    const [a] = split(await ready(ALL), short, srrctl(5, 2, 2), 2048);
    expect([...headerOf(a as Descriptor), a?.length]).toEqual([0, 100, 0]);
    expect(a?.header.subarray(0, 100)).toEqual(short);
    const long = frameOf(macOf(0), macOf(9), 1000);
    const [b] = split(await ready(ALL), long, srrctl(5, 2, 2), 2048);
    expect([...headerOf(b as Descriptor), b?.length]).toEqual([0, 128, 872]);
    expect([...(b?.header.subarray(0, 128) ?? []), ...(b?.packet.subarray(0, 872) ?? [])]).toEqual([...long]);
    const frame = frameWith(0x0800, ipv4(T));
    const [c] = split(await ready(ALL), frame, srrctl(5, 2, 2), 2048);
    expect([...headerOf(c as Descriptor), c?.length]).toEqual([1, 66, frame.length - 66]);
    const [d] = split(await ready(ALL), frame, srrctl(5, 1, 2), 2048);
    expect([...headerOf(d as Descriptor), d?.length, (d?.status ?? 0) & HBO]).toEqual([1, 66, frame.length - 64, HBO]);
  });

  it("§7.1.5 replication: the header buffer has the frame's start, the packet buffer all of it", async () => {
    const frame = frameWith(0x0800, ipv4(T));
    for (const type of [3, 4]) {
      const [got] = split(await ready(ALL), frame, srrctl(type, 2, 2), 2048);
      expect([...headerOf(got as Descriptor), got?.length]).toEqual([1, 66, frame.length]);
      expect(got?.header.subarray(0, 128)).toEqual(frame.subarray(0, 128));
      expect(got?.packet.subarray(0, frame.length)).toEqual(frame);
    }
    const small = frameWith(0x0800, ipv4(tcp(1, 2, payloadOf(20))));
    const [got] = split(await ready(ALL), small, srrctl(4, 2, 2), 2048);
    expect([...headerOf(got as Descriptor), got?.length]).toEqual([1, 54, small.length]);
    expect([got?.header.subarray(0, small.length), got?.packet[0]]).toEqual([small, 0xee]);
  });

  it("§8.10.2 a reserved descriptor type stops the queue", async () => {
    const port = await ready(ALL);
    expect(split(port, frameOf(macOf(0), macOf(9), 90), srrctl(6, 2, 2), 2048)).toEqual([]);
    expect(port.queueWord("rx", 0, 24) & 2).toBe(2);
  });
});

describe("frames in several descriptors", () => {
  it("9.5 KiB in buffers of every size, whole frames only", async () => {
    for (const [rctl, bytes] of [
      [0x0400_8022, 2048],
      [0x0401_8022, 1024],
      [0x0402_8022, 512],
    ] as const) {
      const port = await ready(ALL);
      port.state.set(PORT_RCTL, rctl);
      const frame = frameOf(macOf(0), macOf(9), 9724, 5);
      port.setQueueWord("rx", 0, SRRCTL, srrctl(1, 0, 0));
      port.state.ingress.push(frame);
      port.state.ingress.push(frameOf(macOf(0), macOf(9), 9725, 6));
      port.run();
      const got = port.receive(0);
      expect(got).toHaveLength(Math.ceil(9724 / bytes));
      expect(Uint8Array.from(got.flatMap(({ data }) => [...data]))).toEqual(frame);
      expect(got.map(({ status }) => status & 3)).toEqual([...got.slice(1).map(() => 1), 3]);
    }
  });

  it("§8.10.1 RCTL.SECRC, I350 DVMOLR.CRC, 82576 VMOLR.STRCRC: a CRC that is not stripped follows the frame, counted", async () => {
    const frame = frameOf(macOf(0), macOf(9), 77, 5);
    const whole = Uint8Array.from([...frame, ...packets.crc32(frame, packets.ETHERNET)]);
    const single = await ready(ALL);
    single.state.set(PORT_RCTL, 0x0000_8002);
    const i350 = await TestPort.create();
    i350.state.set(PORT_POOLS + POOL_DVMOLR, 0);
    const other = await TestPort.create({ profile: PROFILE_82576 });
    other.state.set(PORT_POOLS, 0x0900_2600);
    for (const port of [single, i350, other]) {
      port.state.update();
      port.state.ingress.push(frame);
      port.run();
      const [got] = port.receive(0);
      expect([got?.data, (got?.status ?? 0) & 0x1000, got?.length]).toEqual([whole, 0, 81]);
    }
    // One buffer of 64 bytes more than the frame has, without the CRC's last two.
    const port = await ready(ALL);
    port.state.set(PORT_RCTL, 0x0003_8002);
    port.setQueueWord("rx", 0, SRRCTL, srrctl(1, 0, 0));
    const long = frameOf(macOf(0), macOf(9), 254, 7);
    port.state.ingress.push(long);
    port.run();
    expect(port.receive(0).map(({ length, status }) => [length, status & 3])).toEqual([
      [256, 1],
      [2, 3],
    ]);
    expect(port.state.get(POOL_SIZE * 0 + PORT_POOLS + 16)).toBe(1);
  });
});

/** A version 2 message of type `message`, or version 1 with `control`. */
function ptp(version: number, message: number, control = 0): number[] {
  const bytes = payloadOf(44, 3);
  bytes[0] = 0x50 | message;
  bytes[1] = version;
  bytes[32] = control;
  return bytes;
}

describe("time stamps", () => {
  const NOW = [0x89ab_cdef, 0x1234_5678] as const;

  async function stamping(
    set: readonly (readonly [number, number])[],
    profile = PROFILE_I350,
  ): Promise<{ port: TestPort; status(frame: Uint8Array): number }> {
    const port = await TestPort.create({ profile });
    const all: readonly (readonly [number, number])[] = [
      [PORT_MRQC, 0],
      [PORT_SYSTIM, NOW[0]],
      [PORT_SYSTIM + 4, NOW[1]],
      [PORT_ETQF + 12, 0x4400_88f7],
      [PORT_TTQF + 12, 0xe800_8000 | 17],
      [PORT_IMIR + 12, 0x3f01],
      [PORT_IMIREXT + 12, 0x0008_1000],
      ...set,
    ];
    for (let at = 0; at < 8; at++) port.state.set(PORT_TTQF + 4 * at, 0xf000_0000);
    for (const [offset, value] of all) port.state.set(offset, value >>> 0);
    port.state.update();
    const status = (frame: Uint8Array): number => {
      port.state.ingress.push(frame);
      port.run();
      return (port.receive(0)[0]?.status ?? 0) & 0x1_8000;
    };
    return { port, status };
  }

  const l2 = (version: number, message: number) => frameWith(0x88f7, ptp(version, message));
  const l4 = (version: number, message: number, control = 0) =>
    frameWith(0x0800, ipv4(udp(319, 319, ptp(version, message, control))));

  it.each([
    ["L2, version 2, Sync", 0, 0x0000, [l2(2, 0), l2(2, 2), l2(2, 3)], [l2(2, 1), l4(2, 0), l2(1, 0)]],
    ["L4, version 1, control 1", 1, 0x0001, [l4(1, 0, 1)], [l4(1, 0, 0), l4(2, 0, 1), l2(1, 0)]],
    ["both, version 2, Delay_Req", 2, 0x0100, [l2(2, 1), l4(2, 1)], [l2(2, 0), l4(1, 1)]],
    ["event messages of version 2", 5, 0, [l2(2, 0), l4(2, 7)], [l2(2, 8), l4(2, 11), l4(1, 0)]],
    ["all", 4, 0, [l2(1, 9), l4(2, 13)], [frameWith(0x0800, ipv4(udp(320, 320, ptp(2, 0))))]],
  ])("I350 §7.8.2 TSYNCRXCTL type %s", async (_title, type, config, stamped, others) => {
    for (const frame of stamped) {
      const { port, status } = await stamping([
        [PORT_TSYNCRXCTL, 0x10 | (type << 1)],
        [PORT_TSYNCRXCFG, config],
      ]);
      expect(status(frame)).toBe(0x1_0000);
      expect([0, 4].map((at) => port.state.get(PORT_RXSTMP + at))).toEqual(NOW);
      expect(port.state.get(PORT_TSYNCRXCTL) & 1).toBe(1);
      expect(port.state.get(PORT_STAMPED)).toBe(1);
      // Source UUID and sequence number of the message.
      const bytes = ptp(2, 0);
      const be = (at: number) => (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) >>> 0;
      expect(port.state.get(PORT_RXSATR)).toBe(((be(24) << 16) | be(26)) >>> 0);
      expect(port.state.get(PORT_RXSATR + 4)).toBe(((be(30) << 16) | be(22)) >>> 0);
      // A second one goes without until the first is read.
      expect(status(frame)).toBe(0);
      port.state.set(PORT_TSYNCRXCTL, port.state.get(PORT_TSYNCRXCTL) & ~1);
      expect(status(frame)).toBe(0x1_0000);
    }
    for (const frame of others) {
      const { status } = await stamping([
        [PORT_TSYNCRXCTL, 0x10 | (type << 1)],
        [PORT_TSYNCRXCFG, config],
      ]);
      expect(status(frame)).toBe(0);
    }
    const { status } = await stamping([[PORT_TSYNCRXCTL, type << 1]]);
    expect(status(stamped[0] as Uint8Array)).toBe(0);
  });

  it("I350 §7.1.6 SRRCTL.TIMESTAMP: 16 bytes before every frame, TSIP; the 82576 has none", async () => {
    const frame = frameWith(0x0800, ipv4(T));
    for (const profile of [PROFILE_I350, PROFILE_82576]) {
      const { port } = await stamping([[PORT_TSYNCRXCTL, 0x18]], profile);
      port.setQueueWord("rx", 0, SRRCTL, 0xc200_0002);
      port.state.ingress.push(frame);
      port.run();
      const [got] = port.receive(0);
      if (profile === PROFILE_82576) {
        expect([got?.data, (got?.status ?? 0) & 0x8000]).toEqual([frame, 0]);
        continue;
      }
      expect((got?.status ?? 0) & 0x8000).toBe(0x8000);
      const view = new DataView((got?.data ?? new Uint8Array(16)).buffer);
      expect([0, 4, 8, 12].map((at) => view.getUint32(at, true))).toEqual([0, 0, ...NOW]);
      expect(got?.data.subarray(16)).toEqual(frame);
      expect(got?.length).toBe(frame.length + 16);
    }
    const { port } = await stamping([
      [PORT_TSYNCRXCTL, 0x18],
      [PORT_PSRTYPE, ALL],
    ]);
    const [got] = split(port, frame, (srrctl(2, 4, 2) | 0x4000_0000) >>> 0, 2048);
    expect([...headerOf(got as Descriptor), got?.length]).toEqual([1, 66 + 16, frame.length - 66]);
    expect(got?.header.subarray(16, 82)).toEqual(frame.subarray(0, 66));
    expect((got?.info ?? 0) & SPH).not.toBe(0);
  });

  it("§7.2.2.2.4 MAC.TSTAMP: the time of a frame that left is kept until it is read; not of one that stayed inside", async () => {
    const stranger = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);
    for (const external of [false, true]) {
      const port = await TestPort.create({ external });
      port.state.set(PORT_TSYNCTXCTL, 0x10);
      port.state.set(PORT_SYSTIM, NOW[0]);
      port.state.set(PORT_SYSTIM + 4, NOW[1]);
      port.send(0, frameOf(macOf(1), macOf(0), 90), { command: 0x2b38_0000 });
      port.send(0, frameOf(stranger, macOf(0), 90));
      port.run();
      expect(port.state.get(PORT_STAMPED)).toBe(0);
      port.send(0, frameOf(stranger, macOf(0), 90), { command: 0x2b38_0000 });
      port.run();
      expect([0, 4].map((at) => port.state.get(PORT_TXSTMP + at))).toEqual(NOW);
      expect([port.state.get(PORT_TSYNCTXCTL), port.state.get(PORT_STAMPED)]).toEqual([0x11, 2]);
      port.state.set(PORT_SYSTIM, 7);
      port.send(0, frameOf(stranger, macOf(0), 90), { command: 0x2b38_0000 });
      port.run();
      expect(port.state.get(PORT_TXSTMP)).toBe(NOW[0]);
    }
  });
});
