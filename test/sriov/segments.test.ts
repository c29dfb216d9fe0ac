// What the card makes of frames that leave checksums, segmentation and tags to it, against frames put together whole.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PORT_CTRL, PORT_MRQC, PORT_TCTL } from "../../assembly/spec/abi/port.ts";
import {
  COUNT_SEGMENTED,
  COUNT_SEGMENTED_FAILED,
  PORT_CTRL_EXT,
  PORT_DTXTCPFLGH,
  PORT_DTXTCPFLGL,
  PORT_VET_BOTH,
} from "../../assembly/spec/abi/port-offload.ts";
import { hpa } from "../../host/core/address.ts";
import * as packets from "./packets.ts";
import { frameOf, macOf, TestPort, TX_BUFFERS } from "./ports.ts";

const { ipv4, ipv6, tcp, udp, sctp, frameWith, payloadOf } = packets;
const STRANGER = Uint8Array.of(0x00, 0x66, 0x55, 0x44, 0x33, 0x22);
const ENDS = { to: STRANGER, from: macOf(0) };

/** Context descriptor: VLAN, MAC and IP header lengths; IPv4, L4 type; MSS, L4 header length. */
function context(
  ip: number,
  type: number,
  mss: number,
  l4: number,
  vlan = 0,
  mac = 14,
): [number, number, number, number] {
  return [((vlan << 16) | (mac << 9) | ip) >>> 0, 0, (0x2020_0000 | type) >>> 0, ((mss << 16) | (l4 << 8)) >>> 0];
}

function leaving(port: TestPort): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let frame = port.state.egress.shift(); frame !== undefined; frame = port.state.egress.shift())
    frames.push(frame);
  return frames;
}

async function wire(): Promise<TestPort> {
  const port = await TestPort.create();
  port.state.set(PORT_MRQC, 0);
  port.state.update();
  return port;
}

/** Cuts `length` bytes at random places. */
const pieces = (length: number, cuts: readonly number[]): number[] => {
  const at = [...new Set([0, ...cuts.map((cut) => cut % length), length])].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => end - (at[index] as number));
};

/** The header fields that the card fills in, emptied; the pseudo header's sum stays where the driver puts it. */
function unfinished(frame: Uint8Array, ip: number, transport: number, at: number, six: boolean): Uint8Array {
  const bytes = frame.slice();
  if (!six) bytes.set([0, 0], ip + 10);
  const addresses = bytes.subarray(ip + (six ? 8 : 12), ip + (six ? 40 : 20));
  const length = bytes.length - transport;
  const protocol = at === 16 ? 6 : 17;
  const sum = 0xffff - packets.internetChecksum(addresses, [0, protocol, length >>> 8, length & 0xff]);
  bytes.set([sum >>> 8, sum & 0xff], transport + at);
  return bytes;
}

const anything = fc.record({
  six: fc.boolean(),
  isTcp: fc.boolean(),
  options: fc.nat(10),
  ipOptions: fc.nat(10),
  size: fc.integer({ min: 1, max: 9000 }),
  mss: fc.integer({ min: 40, max: 3000 }),
  cuts: fc.array(fc.nat(10_000), { maxLength: 6 }),
  tag: fc.option(fc.nat(0xffff), { nil: undefined }),
  flags: fc.nat(0xff),
  external: fc.boolean(),
});

describe("I350 §7.2.4, §7.2.5 checksums and segmentation", () => {
  it("any TCP or UDP packet over IPv4 or IPv6: its checksums are those of a frame put together whole", async () => {
    await fc.assert(
      fc.asyncProperty(anything, async ({ six, isTcp, options, ipOptions, size, cuts, tag, flags, external }) => {
        const payload = payloadOf(Math.min(size, 1300), size);
        const transport = isTcp ? tcp(0x1234, 0x4321, payload, flags, options) : udp(0x1234, 0x4321, payload);
        const packet = six ? ipv6(transport) : ipv4(transport, { options: ipOptions });
        const whole = frameWith(six ? 0x86dd : 0x0800, packet, { ...ENDS, ...(tag === undefined ? {} : { tag }) });
        // Without what pads it: the card pads too.
        const bare = frameWith(six ? 0x86dd : 0x0800, packet, ENDS).subarray(0, 14 + packet.length);
        const ip = six ? 40 : 20 + 4 * ipOptions;
        const port = await TestPort.create({ external });
        port.state.set(PORT_MRQC, 0);
        port.state.update();
        port.post(0, context(ip, (six ? 0 : 0x400) | (isTcp ? 0x800 : 0), 0, 0, tag ?? 0));
        port.send(0, unfinished(bare, 14, 14 + ip, isTcp ? 16 : 6, six), {
          pieces: pieces(bare.length, cuts),
          command: tag === undefined ? 0x2b30_0000 : 0x6b30_0000,
          options: six ? 0x200 : 0x300,
        });
        port.run();
        const [got] = leaving(port);
        const end = bare.length + (tag === undefined ? 0 : 4);
        expect(got?.subarray(0, end)).toEqual(whole.subarray(0, end));
        expect(got?.length).toBe(Math.max(60, end));
      }),
      { numRuns: 60 },
    );
  });

  it("SCTP: the CRC of the packet", async () => {
    for (const size of [4, 5, 600]) {
      for (const packet of [ipv4(sctp(9, 10, payloadOf(size))), ipv6(sctp(9, 10, payloadOf(size)))]) {
        const six = packet[0] === 0x60;
        const frame = frameWith(six ? 0x86dd : 0x0800, packet, ENDS);
        const blank = frame.slice(0, 14 + packet.length);
        const ip = six ? 40 : 20;
        blank.set([7, 7, 7, 7], 14 + ip + 8);
        const port = await wire();
        port.post(0, context(ip, (six ? 0 : 0x400) | 0x1000, 0, 0));
        port.send(0, blank, { options: 0x200 });
        port.run();
        expect(leaving(port)[0]?.subarray(0, blank.length)).toEqual(frame.subarray(0, blank.length));
      }
    }
  });

  it("any segmentation: every segment is the frame that software would have sent", async () => {
    await fc.assert(
      fc.asyncProperty(anything, async ({ six, isTcp, options, ipOptions, size, mss, cuts, tag, flags, external }) => {
        const payload = payloadOf(size, size);
        const headers = (part: number[], number: number, from: number, kept: number) => {
          const transport = isTcp ? tcp(7, 8, part, flags & kept, options) : udp(7, 8, part);
          if (isTcp) {
            const sequence = (0xffff_f000 + from) >>> 0;
            transport.bytes.splice(4, 4, ...[24, 16, 8, 0].map((shift) => (sequence >>> shift) & 0xff));
          }
          const id = (0xfffe + number) & 0xffff;
          return six ? ipv6(transport) : ipv4(transport, { options: ipOptions, id });
        };
        const type = six ? 0x86dd : 0x0800;
        const count = Math.ceil(size / mss);
        const expected = Array.from({ length: count }, (_, number) => {
          const last = number === count - 1;
          const place = number === 0 ? ~0x09 : last ? ~0x80 : ~0x89;
          const part = payload.slice(number * mss, (number + 1) * mss);
          const packet = headers(part, number, number * mss, count === 1 ? 0xff : place);
          const whole = frameWith(type, packet, { ...ENDS, ...(tag === undefined ? {} : { tag }) });
          return whole.subarray(0, 14 + packet.length + (tag === undefined ? 0 : 4));
        });
        const packet = headers(payload, 0, 0, 0xff);
        const bare = frameWith(type, packet, ENDS).subarray(0, 14 + packet.length);
        const ip = six ? 40 : 20 + 4 * ipOptions;
        const l4 = isTcp ? 20 + 4 * options : 8;
        const port = await TestPort.create({ external });
        port.state.set(PORT_MRQC, 0);
        port.state.set(PORT_TCTL, 2);
        port.state.update();
        port.post(0, context(ip, (six ? 0 : 0x400) | (isTcp ? 0x800 : 0), mss, l4, tag ?? 0));
        // In pieces that fit into the test's buffers.
        const cut = pieces(bare.length, [...cuts, 2000, 4000, 6000, 8000]);
        port.send(0, bare, {
          pieces: cut,
          command: tag === undefined ? 0xab30_0000 : 0xeb30_0000,
          options: six ? 0x200 : 0x300,
        });
        port.run();
        expect(leaving(port)).toEqual(expected);
        expect([COUNT_SEGMENTED, COUNT_SEGMENTED_FAILED].map((at) => port.state.get(at))).toEqual([1, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it("§8.12.6 DTXTCPFLGL and DTXTCPFLGH: which flags each segment keeps", async () => {
    const port = await wire();
    port.state.set(PORT_DTXTCPFLGL, 0x0024_0011);
    port.state.set(PORT_DTXTCPFLGH, 0x0000_0042);
    const packet = ipv4(tcp(1, 2, payloadOf(300), 0xff));
    const bare = frameWith(0x0800, packet, ENDS).subarray(0, 14 + packet.length);
    port.post(0, context(20, 0xc00, 100, 20));
    port.send(0, bare, { command: 0xab30_0000, options: 0x300 });
    port.run();
    expect(leaving(port).map((frame) => frame[47])).toEqual([0x11, 0x24, 0x42]);
  });

  it("a context whose lengths leave the frame stops the queue and counts", async () => {
    const port = await wire();
    port.post(0, context(20, 0xc00, 100, 20, 0, 9));
    port.send(0, frameOf(STRANGER, macOf(0), 500), { command: 0xab30_0000, options: 0x300 });
    port.run();
    expect(port.queueWord("tx", 0, 24) & 2).toBe(2);
    expect([COUNT_SEGMENTED, COUNT_SEGMENTED_FAILED].map((at) => port.state.get(at))).toEqual([0, 1]);
  });
});

describe("I350 §7.4.5 frames with two tags (CTRL_EXT.EXT_VLAN)", () => {
  const outer = [0x88, 0xa8, 0x20, 0x77];
  const inner = [0x81, 0x00, 0x61, 0x23];
  const rest = [0x88, 0xb5, ...payloadOf(70)];

  async function doubled(): Promise<TestPort> {
    const port = await wire();
    port.state.set(PORT_CTRL_EXT, 0x0400_0000);
    port.state.set(PORT_VET_BOTH, 0x88a8_8100);
    port.state.set(PORT_CTRL, 0x4000_0000);
    port.state.update();
    return port;
  }

  it("VLE puts the tag behind the outer one", async () => {
    const port = await doubled();
    port.post(0, context(20, 0, 0, 0, 0x6123));
    port.send(0, Uint8Array.from([...STRANGER, ...macOf(0), ...outer, ...rest]), { command: 0x6b30_0000 });
    port.run();
    expect(leaving(port)).toEqual([Uint8Array.from([...STRANGER, ...macOf(0), ...outer, ...inner, ...rest])]);
  });

  it("the inner tag is stripped, the outer one stays", async () => {
    const port = await doubled();
    port.state.ingress.push(Uint8Array.from([...macOf(0), ...STRANGER, ...outer, ...inner, ...rest]));
    port.state.ingress.push(Uint8Array.from([...macOf(0), ...STRANGER, ...inner, ...rest]));
    port.run();
    const got = port.receive(0);
    expect(got.map(({ data, vlan, status }) => [data, vlan, status & 0x208])).toEqual([
      [Uint8Array.from([...macOf(0), ...STRANGER, ...outer, ...rest]), 0x6123, 0x208],
      [Uint8Array.from([...macOf(0), ...STRANGER, ...rest]), 0x6123, 0x8],
    ]);
  });
});

describe("I350 §7.2.2.1 legacy descriptors", () => {
  it("VLE: the last descriptor's tag; IC: the sum over what CSS says; RS: DD in the descriptors that ask", async () => {
    const port = await wire();
    const frame = frameOf(STRANGER, macOf(0), 200, 3);
    port.map.writeBytes(hpa(TX_BUFFERS), frame);
    port.post(0, [TX_BUFFERS, 0, 0x0200_0000 | 120, 0]);
    port.post(0, [TX_BUFFERS + 120, 0, 0x4f00_0000 | (50 << 16) | 80, (0x7abc << 16) | (30 << 8)]);
    port.run();
    const expected = frame.slice();
    const sum = packets.internetChecksum(frame.subarray(30));
    expected.set([sum >>> 8, sum & 0xff], 50);
    const tagged = [...expected.subarray(0, 12), 0x81, 0x00, 0x7a, 0xbc, ...expected.subarray(12)];
    expect(leaving(port)).toEqual([Uint8Array.from(tagged)]);
    expect([port.txStatus(0, 0) & 1, port.txStatus(0, 1) & 1]).toEqual([0, 1]);
  });
});
