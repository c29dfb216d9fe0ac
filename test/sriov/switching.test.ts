import { describe, expect, it } from "vitest";
import {
  COUNT_FILTERED,
  COUNT_OVERSIZE,
  COUNT_SPOOFED,
  POOL_SIZE,
  POOL_VMOLR,
  PORT_MRQC,
  PORT_MTA,
  PORT_POOLS,
  PORT_RCTL,
  PORT_TXSWC,
  PORT_UTA,
  PORT_VFRE,
  PORT_VFTA,
  PORT_VLVF,
  PORT_VT_CTL,
  PORT_WVBR,
  PROFILE_82576,
  QUEUE_SRRCTL,
} from "../../assembly/spec/abi/port.ts";
import { frameOf, macOf, TestPort } from "./ports.ts";

const STRANGER = Uint8Array.of(0x00, 0x11, 0x22, 0x33, 0x44, 0x55);
const GROUP = Uint8Array.of(0x01, 0x00, 0x5e, 0x0a, 0xbc, 0xde);

function vmolr(port: TestPort, pool: number, value: number): void {
  port.state.set(PORT_POOLS + pool * POOL_SIZE + POOL_VMOLR, value);
  port.state.update();
}

function register(port: TestPort, offset: number, value: number): void {
  port.state.set(offset, value >>> 0);
  port.state.update();
}

/** `frame` with a tag inserted. */
function tagged(frame: Uint8Array, tag: number): Uint8Array {
  const bytes = [...frame.subarray(0, 12), 0x81, 0x00, tag >>> 8, tag & 0xff, ...frame.subarray(12)];
  return Uint8Array.from(bytes);
}

function dataOf(port: TestPort, pool: number): Uint8Array[] {
  return port.receive(pool).map(({ data }) => data);
}

describe("I350 §7.8.3 the switch", () => {
  it("§7.8.3.4.2 multicast: VMOLR.ROMPE takes what MTA has, VMOLR.MPE everything, and the wire gets it too", async () => {
    const port = await TestPort.create({ pools: 4 });
    vmolr(port, 1, 0x0b00_2600);
    vmolr(port, 2, 0x1900_2600);
    const frame = frameOf(GROUP, macOf(0), 70, 4);
    port.send(0, frame);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool).length)).toEqual([0, 1, 0]);
    expect(port.state.egress.shift()).toEqual(frame);
    // RCTL.MO = 0: bits 47:36 of the address, bcdeh from its last two bytes: deh << 8 | bch, then >> 4.
    const hash = 0xdeb;
    register(port, PORT_MTA + 4 * (hash >>> 5), 2 ** (hash & 31));
    port.send(0, frame);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool).length)).toEqual([1, 1, 0]);
    // MO = 3: bits 43:32.
    register(port, PORT_RCTL, 0x0000_b002);
    port.send(0, frame);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool).length)).toEqual([0, 1, 0]);
    register(port, PORT_MTA + 4 * (0xebc >>> 5), 2 ** (0xebc & 31));
    port.send(0, frame);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool).length)).toEqual([1, 1, 0]);
  });

  it("VMOLR.ROPE takes unicasts that UTA has; they leave by the wire as well", async () => {
    const port = await TestPort.create({ pools: 2 });
    vmolr(port, 1, 0x0d00_2600);
    const hash = 0x554;
    register(port, PORT_UTA + 4 * (hash >>> 5), 2 ** (hash & 31));
    const frame = frameOf(STRANGER, macOf(0), 70, 4);
    port.send(0, frame);
    port.run();
    expect(dataOf(port, 1)).toEqual([frame]);
    expect(port.state.egress.shift()).toEqual(frame);
  });

  it("one address in two pools: both get the frame with replication, the lower one without", async () => {
    const port = await TestPort.create({ pools: 4 });
    port.address(9, STRANGER, 0b1010);
    port.state.update();
    const frame = frameOf(STRANGER, macOf(0), 200, 1);
    port.send(0, frame);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool).length)).toEqual([1, 0, 1]);
    expect(port.state.egress.shift()).toBeUndefined();
    register(port, PORT_VT_CTL, 0);
    port.send(0, frame);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool).length)).toEqual([1, 0, 0]);
  });

  it("TXSWC.LLE: a pool reaches itself only with it; without loopback everything leaves by the wire", async () => {
    const port = await TestPort.create({ pools: 2 });
    const self = frameOf(macOf(1), macOf(1), 66, 5);
    port.send(1, self);
    port.run();
    expect(dataOf(port, 1)).toEqual([]);
    register(port, PORT_TXSWC, 0x8002_0000);
    port.send(1, self);
    port.run();
    expect(dataOf(port, 1)).toEqual([self]);
    register(port, PORT_TXSWC, 0x0002_0000);
    port.send(1, self);
    port.run();
    expect(dataOf(port, 1)).toEqual([]);
    expect(port.state.egress.shift()).toEqual(self);
  });

  it("VT_CTL: what matches no pool goes to the default pool, unless that is off; VFRE gates every pool", async () => {
    const port = await TestPort.create({ pools: 3 });
    const frame = frameOf(STRANGER, GROUP, 66, 5);
    register(port, PORT_VT_CTL, 0x4000_0000 | (2 << 7));
    port.state.ingress.push(frame);
    port.run();
    expect([0, 1, 2].map((pool) => dataOf(port, pool).length)).toEqual([0, 0, 1]);
    register(port, PORT_VT_CTL, 0x6000_0000 | (2 << 7));
    port.state.ingress.push(frame);
    port.run();
    expect(dataOf(port, 2)).toEqual([]);
    expect(port.state.get(COUNT_FILTERED)).toBe(1);
    register(port, PORT_VFRE, 0b001);
    port.state.ingress.push(frameOf(macOf(1), STRANGER, 66, 5));
    port.state.ingress.push(frameOf(macOf(0), STRANGER, 66, 6));
    port.run();
    expect([0, 1, 2].map((pool) => dataOf(port, pool).length)).toEqual([1, 0, 0]);
  });

  it("§8.14.7 TXSWC.MACAS: a foreign source address is dropped, counted, and named in WVBR", async () => {
    const port = await TestPort.create({ pools: 3 });
    register(port, PORT_TXSWC, 0x8000_0002);
    const honest = frameOf(macOf(2), macOf(1), 90, 1);
    port.send(1, frameOf(macOf(2), macOf(0), 90, 1));
    port.send(1, honest);
    port.send(0, frameOf(macOf(2), macOf(1), 90, 7));
    port.run();
    expect(dataOf(port, 2)).toHaveLength(2);
    expect([port.state.get(COUNT_SPOOFED), port.state.get(PORT_WVBR)]).toEqual([1, 0b010]);
  });

  it("VMOLR.LPE and RLPML: 1514 bytes without, up to RLPML with the CRC, several buffers if need be", async () => {
    const port = await TestPort.create({ pools: 3 });
    port.setQueueWord("rx", 1, QUEUE_SRRCTL, 0x8200_0001);
    const long = frameOf(macOf(1), macOf(0), 1515, 3);
    port.send(0, long);
    port.run();
    expect([port.receive(1).length, port.state.get(COUNT_OVERSIZE)]).toEqual([0, 1]);
    vmolr(port, 1, 0x0901_0000 | 1519);
    port.send(0, long);
    port.send(0, frameOf(macOf(1), macOf(0), 1516, 3));
    port.run();
    const parts = port.receive(1);
    expect(parts.map(({ length, status }) => [length, status & 3])).toEqual([
      [1024, 1],
      [491, 3],
    ]);
    expect(Uint8Array.from(parts.flatMap(({ data }) => [...data]))).toEqual(long);
    expect(port.state.get(COUNT_OVERSIZE)).toBe(2);
  });

  it("without VT mode: RAL/RAH, broadcasts by RCTL.BAM and promiscuity, all to queue 0; senders reach the wire", async () => {
    const port = await TestPort.create({ pools: 2 });
    register(port, PORT_MRQC, 0);
    const frames = [macOf(1), STRANGER, GROUP].map((to, n) => frameOf(to, macOf(5), 70, n));
    for (const frame of frames) port.state.ingress.push(frame);
    port.send(1, frames[0] as Uint8Array);
    port.run();
    expect(dataOf(port, 0)).toEqual([frames[0]]);
    expect(port.state.egress.shift()).toEqual(frames[0]);
    register(port, PORT_RCTL, 0x0400_801a);
    for (const frame of frames) port.state.ingress.push(frame);
    port.run();
    expect(dataOf(port, 0)).toEqual(frames);
  });
});

describe("VLANs", () => {
  /** VLAN 0x123 for pools 1 and 2, VLAN 0x456 for pool 2 and local. */
  async function withVlans(options: { profile?: number } = {}): Promise<TestPort> {
    const port = await TestPort.create({ pools: 4, ...options });
    port.state.set(PORT_RCTL, 0x0004_8002);
    port.state.set(PORT_VLVF, 0x8000_0123 | (0b0110 << 12));
    port.state.set(PORT_VLVF + 4, 0x8010_0456 | (0b0100 << 12));
    for (const vid of [0x123, 0x456]) port.state.set(PORT_VFTA + 4 * (vid >>> 5), 2 ** (vid & 31));
    port.state.update();
    return port;
  }

  it("§8.10.24 VLVF: a tagged frame reaches the pools of its VLAN alone; AUPE the untagged ones", async () => {
    const port = await withVlans();
    const inside = tagged(frameOf(macOf(1), macOf(0), 90, 1), 0x6123);
    const outside = tagged(frameOf(macOf(3), macOf(0), 90, 2), 0x6123);
    port.send(0, inside);
    port.send(0, outside);
    port.run();
    expect(dataOf(port, 1)).toEqual([inside]);
    expect(dataOf(port, 3)).toEqual([]);
    vmolr(port, 1, 0x0800_2600);
    port.send(0, frameOf(macOf(1), macOf(0), 90, 1));
    port.run();
    expect(dataOf(port, 1)).toEqual([]);
  });

  it("VLVF.LVLAN: a local VLAN's broadcast stays off the wire", async () => {
    const port = await withVlans();
    const broadcast = new Uint8Array(6).fill(0xff);
    const local = tagged(frameOf(broadcast, macOf(0), 90, 1), 0x0456);
    const global = tagged(frameOf(broadcast, macOf(0), 90, 2), 0x0123);
    port.send(0, local);
    port.send(0, global);
    port.run();
    expect([1, 2, 3].map((pool) => dataOf(port, pool))).toEqual([[global], [local, global], []]);
    expect(port.state.egress.shift()).toEqual(global);
    expect(port.state.egress.shift()).toBeUndefined();
  });

  it.each([
    {
      title: "I350: DVMOLR.STRVLAN, a looped frame's tag in wire order",
      profile: 0,
      offset: 4,
      bits: 0xc000_0000,
      vlan: 0x2361,
    },
    { title: "82576: VMOLR.STRVLAN", profile: PROFILE_82576, offset: 0, bits: 0xc900_2600, vlan: 0x6123 },
  ])("$title: the tag moves into the descriptor, VP set", async ({ profile, offset, bits, vlan }) => {
    const port = await withVlans({ profile });
    register(port, PORT_POOLS + POOL_SIZE + offset, bits);
    const frame = frameOf(macOf(1), macOf(0), 90, 1);
    port.send(0, tagged(frame, 0x6123));
    port.state.ingress.push(tagged(frame, 0x6123));
    port.run();
    const got = port.receive(1);
    expect(got.map(({ data }) => data)).toEqual([frame, frame]);
    // The uplink's frame is first, its tag is in host order on both cards.
    expect(got.map((one) => [one.status & 0x0004_000b, one.vlan])).toEqual([
      [0x0000_000b, 0x6123],
      [0x0004_000b, vlan],
    ]);
  });

  it("§7.2.2.3 VLE: the context's tag goes into the frame; VMVIR decides for the pool if it says so", async () => {
    const port = await withVlans();
    const frame = frameOf(macOf(1), macOf(0), 90, 1);
    // Context 1 with VLAN 6123h, used by IDX 1.
    port.post(0, [0x6123_0000, 0, 0x2020_0000, 0x10]);
    port.send(0, frame, { command: 0x6b30_0000, options: 0x10 });
    port.run();
    expect(dataOf(port, 1)).toEqual([tagged(frame, 0x6123)]);
    // Always insert 7123h.
    register(port, PORT_POOLS + 8, 0x4000_7123);
    port.send(0, frame);
    port.run();
    expect(dataOf(port, 1)).toEqual([tagged(frame, 0x7123)]);
    // Never insert: the untagged frame is still let in by AUPE.
    register(port, PORT_POOLS + 8, 0x8000_7123);
    port.send(0, frame, { command: 0x6b30_0000, options: 0x10 });
    port.run();
    expect(dataOf(port, 1)).toEqual([frame]);
  });

  it("TXSWC.VLANAS: a pool may not send into a VLAN that is not its own", async () => {
    const port = await withVlans();
    register(port, PORT_TXSWC, 0x8000_0000 | (0b1001 << 8));
    port.send(3, tagged(frameOf(macOf(1), macOf(3), 90, 1), 0x0123));
    port.send(2, tagged(frameOf(macOf(1), macOf(2), 90, 2), 0x0123));
    port.run();
    expect(dataOf(port, 1)).toHaveLength(1);
    expect([port.state.get(COUNT_SPOOFED), port.state.get(PORT_WVBR)]).toEqual([1, 0b1000]);
  });
});
