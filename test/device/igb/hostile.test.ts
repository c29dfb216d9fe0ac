// Hostile drivers, one fault at a time: nothing throws, the wrong queue stops alone, and the trace and the counters say
// so.
import { describe, expect, it } from "vitest";
import type { StopReason } from "../../../host/core/trace.ts";
import {
  AREA,
  DATA,
  ENABLE,
  HostileWorld,
  macOf,
  RING_ENTRIES,
  RX_BUFFERS,
  RX_RING,
  TX_BUFFER,
  TX_RING,
} from "./hostile-world.ts";

interface Fault {
  title: string;
  /** What VF 0 does. */
  act(world: HostileWorld): void;
  /** The queue that stops, or none. */
  stopped?: { direction: "receive" | "transmit"; reason: StopReason };
}

/** VF 3 sends `count` frames to VF 0. */
function sendToHostile(world: HostileWorld, count = 1): void {
  world.ring(3, true);
  const frame = Uint8Array.from([0x02, 0x5a, 0x11, 0x22, 0x33, 0, 0x02, 0x5a, 0x11, 0x22, 0x33, 3, 0x88, 0xb5]);
  world.pokeBytes(3, TX_BUFFER, frame);
  for (let at = 0; at < count; at++) world.poke(3, TX_RING + at * 16, [TX_BUFFER, 0, DATA | 80, 80 << 14]);
  world.vf(3).write(0x3818, 4, count);
}

const FAULTS: Fault[] = [
  {
    title: "TDLEN of 0 and a doorbell",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3808, 4, 0);
      world.vf(0).write(0x3818, 4, 3);
    },
    stopped: { direction: "transmit", reason: "length" },
  },
  {
    title: "an odd TDLEN, which loses its low bits: frames go on",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3808, 4, RING_ENTRIES * 16 + 77);
      world.poke(0, TX_RING, [TX_BUFFER, 0, DATA | 64, 64 << 14]);
      world.vf(0).write(0x3818, 4, 1);
    },
  },
  {
    title: "a tail beyond the ring",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3818, 4, 0xffff);
    },
    stopped: { direction: "transmit", reason: "index" },
  },
  {
    title: "a head beyond the ring",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3810, 4, RING_ENTRIES);
      world.vf(0).write(0x3818, 4, 2);
    },
    stopped: { direction: "transmit", reason: "index" },
  },
  {
    title: "a head beyond the tail, over descriptors of zeros that never end a frame",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3810, 4, 5);
      world.vf(0).write(0x3818, 4, 2);
    },
  },
  {
    title: "descriptors whose buffers are the ring itself",
    act: (world) => {
      world.ring(0, true);
      for (let at = 0; at < 7; at++) world.poke(0, TX_RING + at * 16, [TX_RING, 0, DATA | 128, 128 << 14]);
      world.vf(0).write(0x3818, 4, 7);
    },
  },
  {
    title: "a frame that begins as one to be segmented and ends as a legacy one",
    act: (world) => {
      world.ring(0, true);
      world.poke(0, TX_RING, [TX_BUFFER, 0, 0xa030_0000 + 60_000, 60_020 << 14]);
      world.poke(0, TX_RING + 16, [TX_BUFFER, 0, 0x0b00_0000 | 20, 0]);
      world.vf(0).write(0x3818, 4, 2);
    },
    stopped: { direction: "transmit", reason: "descriptor" },
  },
  {
    title: "a legacy frame that an advanced descriptor ends",
    act: (world) => {
      world.ring(0, true);
      world.poke(0, TX_RING, [TX_BUFFER, 0, 0x0200_0000 | 60, 0]);
      world.poke(0, TX_RING + 16, [TX_BUFFER, 0, DATA | 20, 80 << 14]);
      world.vf(0).write(0x3818, 4, 2);
    },
    stopped: { direction: "transmit", reason: "descriptor" },
  },
  {
    title: "a legacy descriptor with bit 31 set, which is no command of it",
    act: (world) => {
      world.ring(0, true);
      world.poke(0, TX_RING, [TX_BUFFER, 0, 0x8b00_0000 | 64, 0]);
      world.vf(0).write(0x3818, 4, 1);
    },
  },
  {
    title: "legacy descriptors with bit 31 set that make more than the longest frame",
    act: (world) => {
      world.ring(0, true);
      world.poke(0, TX_RING, [TX_BUFFER, 0, 0x8200_0000 | 9000, 0]);
      world.poke(0, TX_RING + 16, [TX_BUFFER, 0, 0x8b00_0000 | 729, 0]);
      world.vf(0).write(0x3818, 4, 2);
    },
    stopped: { direction: "transmit", reason: "size" },
  },
  {
    title: "a whole ring of descriptors without an end",
    act: (world) => {
      world.ring(0, true);
      for (let at = 0; at < 8; at++) world.poke(0, TX_RING + at * 16, [TX_BUFFER, 0, 0x2a30_0000 | 16, 0]);
      world.vf(0).write(0x3818, 4, 7);
    },
    stopped: { direction: "transmit", reason: "unended" },
  },
  {
    title: "a transmit buffer that begins in memory and ends beyond it",
    act: (world) => {
      world.ring(0, true);
      world.poke(0, TX_RING, [AREA - 60, 0, DATA | 64, 64 << 14]);
      world.vf(0).write(0x3818, 4, 1);
    },
    stopped: { direction: "transmit", reason: "buffer" },
  },
  {
    title: "a transmit ring beyond all memory",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3804, 4, 0xffff_ffff);
      world.vf(0).write(0x3818, 4, 1);
    },
    stopped: { direction: "transmit", reason: "ring" },
  },
  {
    title: "transmit enabled without a base, over zeros",
    act: (world) => {
      world.vf(0).write(0x3808, 4, 128);
      world.vf(0).write(0x3828, 4, ENABLE);
      world.vf(0).write(0x3818, 4, 7);
    },
    stopped: { direction: "transmit", reason: "unended" },
  },
  {
    title: "head write-back to nowhere",
    act: (world) => {
      world.ring(0, true);
      world.vf(0).write(0x3838, 4, 0x0f00_0001);
      world.poke(0, TX_RING, [TX_BUFFER, 0, DATA | 64, 64 << 14]);
      world.vf(0).write(0x3818, 4, 1);
    },
    stopped: { direction: "transmit", reason: "ring" },
  },
  {
    title: "RDLEN of 0 and a tail",
    act: (world) => {
      world.ring(0, false);
      world.vf(0).write(0x2808, 4, 0);
      world.vf(0).write(0x2818, 4, 3);
      sendToHostile(world);
    },
    stopped: { direction: "receive", reason: "length" },
  },
  {
    title: "a receive tail beyond the ring",
    act: (world) => {
      world.ring(0, false);
      world.vf(0).write(0x2818, 4, 0x1234);
      sendToHostile(world);
    },
    stopped: { direction: "receive", reason: "index" },
  },
  {
    title: "a receive buffer beyond its memory",
    act: (world) => {
      world.ring(0, false);
      world.poke(0, RX_RING, [AREA - 16, 0, 0, 0]);
      world.vf(0).write(0x2818, 4, 1);
      sendToHostile(world);
    },
    stopped: { direction: "receive", reason: "buffer" },
  },
  {
    title: "a receive ring beyond its memory",
    act: (world) => {
      world.ring(0, false);
      world.vf(0).write(0x2800, 4, AREA);
      world.vf(0).write(0x2818, 4, 1);
      sendToHostile(world);
    },
    stopped: { direction: "receive", reason: "ring" },
  },
  {
    title: "receive buffers that are the receive ring",
    act: (world) => {
      world.ring(0, false);
      for (let at = 0; at < 8; at++) world.poke(0, RX_RING + at * 16, [RX_RING, 0, 0, 0]);
      world.vf(0).write(0x2818, 4, 7);
      sendToHostile(world, 6);
    },
  },
  {
    title: "a reserved DESCTYPE",
    act: (world) => {
      world.ring(0, false);
      world.vf(0).write(0x280c, 4, 0x0e00_0002);
      world.poke(0, RX_RING, [RX_BUFFERS, 0, 0, 0]);
      world.vf(0).write(0x2818, 4, 1);
      sendToHostile(world);
    },
    stopped: { direction: "receive", reason: "descriptor" },
  },
];

describe.each(["i350", "82576"] as const)("%s", (profile) => {
  it.each(FAULTS)("$title", async ({ act, stopped }) => {
    const world = await HostileWorld.create(profile);
    act(world);
    for (let round = 0; round < 12; round++) {
      const { sent, got } = world.exchange();
      expect(got).toEqual(sent);
    }
    const requesterId = world.port.sriov.vfs[0]?.requesterId;
    const events = stopped === undefined ? [] : [{ kind: "queue-stopped", requesterId, queue: 0, ...stopped }];
    expect(world.stops).toEqual(events);
    expect(world.port.statistics.stops).toBe(events.length);
    // After its reset the VF works like any other.
    world.vf(0).write(0x0000, 4, 0x0400_0000);
    world.pf.write(0x0c8c, 4, 0xff);
    world.pf.write(0x0c90, 4, 0xff);
    world.events.splice(0);
    world.ring(0, true);
    world.poke(0, TX_RING, [TX_BUFFER, 0, DATA | 64, 64 << 14]);
    world.vf(0).write(0x3818, 4, 1);
    world.exchange();
    expect([world.vf(0).read(0x3810, 4), world.stops]).toEqual([1, []]);
  });
});

describe.each([
  ["i350", 0xc0f8],
  ["82576", 0x5adc],
] as const)("I350 §7.4.5, two tags, the receiver's stripped: %s", (profile, strip) => {
  // VF 3 gets what VF 0 sends behind a whole frame with both tags, whose bytes the short one must not take for its own.
  it.each([17, 18, 19])("of a frame of %i bytes the second tag is none: it arrives as it is", async (length) => {
    const world = await HostileWorld.create(profile);
    const { pf } = world;
    pf.write(0x0038, 4, 0x88a8_8100);
    pf.write(0x0018, 4, 0x0400_4000);
    // No padding.
    pf.write(0x0400, 4, 2);
    pf.write(strip, 4, (pf.read(strip, 4) | 0x4000_0000) >>> 0);
    world.ring(3, false);
    for (const at of [0, 1]) world.poke(3, RX_RING + at * 16, [RX_BUFFERS + at * 2048, 0, 0, 0]);
    world.vf(3).write(0x2818, 4, 2);
    const frame = Uint8Array.from({ length: 64 }, (_, at) => at);
    frame.set([...macOf(3), ...macOf(0), 0x88, 0xa8, 0x00, 0x0b, 0x81, 0x00, 0x60, 0x05, 0x88, 0xb5]);
    world.pokeBytes(0, TX_BUFFER, frame);
    world.ring(0, true);
    world.poke(0, TX_RING, [TX_BUFFER, 0, DATA | 64, 64 << 14]);
    world.poke(0, TX_RING + 16, [TX_BUFFER, 0, DATA | length, length << 14]);
    world.vf(0).write(0x3818, 4, 2);
    for (let turn = 0; turn < 4; turn++) world.card.service(64);
    const lengths = [0, 1].map((at) => new DataView(world.peek(3, RX_RING + at * 16, 16).buffer).getUint16(12, true));
    expect([lengths, world.stops]).toEqual([[60, length], []]);
    expect(world.peek(3, RX_BUFFERS, 18)).toEqual(Uint8Array.of(...frame.subarray(0, 16), 0x88, 0xb5));
    expect(world.peek(3, RX_BUFFERS + 2048, length)).toEqual(frame.subarray(0, length));
  });
});

describe("resets in the middle of a burst", () => {
  const resets = {
    "VTCTRL.RST": (world: HostileWorld) => world.vf(0).write(0x0000, 4, 0x0400_0000),
    FLR: (world: HostileWorld) => world.port.sriov.vfs[0]?.reset("flr"),
    "Bus Master Enable": (world: HostileWorld) => world.port.sriov.vfs[0]?.configWrite(0x04, 2, 0),
    "TXDCTL.ENABLE": (world: HostileWorld) => world.vf(0).write(0x3828, 4, 0),
    VFTE: (world: HostileWorld) => world.pf.write(0x0c90, 4, 0xfe),
  };

  it.each(Object.keys(resets) as (keyof typeof resets)[])(
    "%s: what was not sent is not sent, and nobody else loses a frame",
    async (name) => {
      const world = await HostileWorld.create();
      world.ring(0, true);
      for (let at = 0; at < 7; at++) world.poke(0, TX_RING + at * 16, [TX_BUFFER, 0, DATA | 64, 64 << 14]);
      world.vf(0).write(0x3818, 4, 7);
      world.card.service(3);
      const { txFrames } = world.port.statistics;
      expect(txFrames).toBe(3);
      resets[name](world);
      for (let round = 0; round < 5; round++) {
        const { sent, got } = world.exchange();
        expect(got).toEqual(sent);
      }
      expect(world.port.statistics.txFrames - txFrames).toBe(5);
      expect(world.stops).toEqual([]);
    },
  );

  it("CTRL.RST of the PF in the middle of everybody's bursts: all stop, and start again when they are set up", async () => {
    const world = await HostileWorld.create();
    world.ring(0, true);
    for (let at = 0; at < 7; at++) world.poke(0, TX_RING + at * 16, [TX_BUFFER, 0, DATA | 64, 64 << 14]);
    world.vf(0).write(0x3818, 4, 7);
    world.card.service(2);
    world.pf.write(0x0000, 4, 0x0400_0000);
    const { txFrames } = world.port.statistics;
    for (let turn = 0; turn < 5; turn++) world.card.service(64);
    expect([world.port.statistics.txFrames, world.vf(0).read(0x3828, 4)]).toEqual([txFrames, 0]);
  });
});
