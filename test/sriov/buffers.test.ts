// Which bytes of a frame go to which buffer, and what the descriptors say of that.
import { describe, expect, it } from "vitest";
import {
  POOL_DVMOLR,
  POOL_SIZE,
  PORT_POOLS,
  PORT_RCTL,
  PROFILE_82576,
  QUEUE_TAIL,
} from "../../assembly/spec/abi/port.ts";
import { ALL, type Descriptor, HBO, headerOf, ready, SRRCTL, split, srrctl } from "./header-buffers.ts";
import * as packets from "./packets.ts";
import { frameOf, macOf, RX_RING, TestPort } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, frameWith, payloadOf, FRAGMENT } = packets;
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
