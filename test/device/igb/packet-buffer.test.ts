import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

const RING = 0x1000;
const BUFFERS = 0x1_0000;
const DROP_EN = 0x8000_0000;

/** A frame for everybody, `number` in its last byte. */
function frame(number: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length).fill(0xff, 0, 6);
  bytes[length - 1] = number;
  return bytes;
}

/** A card whose queue 0 has a ring of 8 descriptors with buffers of 2 KiB and none of them its own yet. */
async function card(srrctl: number, model: "i350" | "82576" = "82576"): Promise<Bench> {
  const bench = await Bench.create(model);
  for (let index = 0; index < 8; index++) bench.map.write((RING + 16 * index) as never, 4, BUFFERS + 2048 * index);
  const registers = { 49152: RING, 49156: 0, 49160: 128, 49164: srrctl, 256: 0x0000_8002 };
  for (const [offset, value] of Object.entries(registers)) bench.pf.write(Number(offset), 4, value);
  return bench;
}

function give(bench: Bench, tail: number): void {
  bench.pf.write(0xc018, 4, tail);
  bench.port.service(1024);
}

/** Of the first frames in memory the last bytes. */
const received = (bench: Bench, count: number): number[] =>
  Array.from({ length: count }, (_, index) => bench.map.read((BUFFERS + 2048 * index + 59) as never, 1));
const MPC = 0x4010;
const RNBC = 0x40a0;
const RQDPC = 0xc030;
const RX_MISS = 0x40;
/** MPC, RNBC, RQDPC of queue 0, ICR.RxMiss; reading clears them. */
const counted = ({ pf }: Bench): number[] => [
  ...[MPC, RNBC, RQDPC].map((register) => pf.read(register, 4)),
  pf.read(0xc0, 4) & RX_MISS,
];

describe("82576 §7.1.2: a frame from the wire waits in the packet buffer for descriptors", () => {
  it("SRRCTL.Drop_En=0: until RDT moves, in order, and none is missed", async () => {
    const bench = await card(0x0200_0000);
    for (const number of [3, 5, 9]) bench.port.uplink.inject(frame(number));
    bench.port.service(1024);
    expect(bench.pf.read(0xc010, 4)).toBe(0);
    give(bench, 2);
    expect(received(bench, 3)).toEqual([3, 5, 0]);
    give(bench, 5);
    expect(received(bench, 3)).toEqual([3, 5, 9]);
    expect([bench.pf.read(0xc010, 4), bench.pf.read(MPC, 4)]).toEqual([3, 0]);
  });

  it.each([
    ["SRRCTL.Drop_En=1", DROP_EN + 0x0200_0000, 0],
    ["QDE", 0x0200_0000, 1],
  ])("%s: it is dropped and counted", async (_, srrctl, qde) => {
    const bench = await card(srrctl);
    bench.pf.write(0x2408, 4, qde);
    bench.port.uplink.inject(frame(3));
    bench.port.service(1024);
    give(bench, 2);
    expect(received(bench, 1)).toEqual([0]);
    expect(counted(bench)).toEqual([0, 1, 1, 0]);
    expect(counted(bench)).toEqual([0, 0, 0, 0]);
  });

  it("what its 64 KiB do not hold is missed", async () => {
    const bench = await card(0x0200_0000);
    for (let number = 0; number < 80; number++) bench.port.uplink.inject(frame(number, 1016));
    bench.port.service(1024);
    // The 17th is at the head of what waits, and the only one of that which was looked at.
    expect(counted(bench)).toEqual([16, 17, 0, RX_MISS]);
    give(bench, 1);
    expect(bench.map.read((BUFFERS + 1015) as never, 1)).toBe(16);
  });

  it("a disabled queue keeps nothing", async () => {
    const bench = await card(0x0200_0000);
    bench.pf.write(0xc028, 4, 0);
    bench.port.uplink.inject(frame(3));
    bench.port.service(1024);
    bench.pf.write(0xc028, 4, 0x0200_0000);
    give(bench, 2);
    expect(received(bench, 1)).toEqual([0]);
    expect(counted(bench)).toEqual([0, 1, 1, 0]);
  });
});

describe.each(["i350", "82576"] as const)(
  "%s §8.18 RNBC: frames that found no descriptor, MPC: frames without room",
  (model) => {
    it("a frame that waits is one of RNBC, however often it is looked at, and none of MPC or RQDPC", async () => {
      const bench = await card(0x0200_0000, model);
      bench.port.uplink.inject(frame(3));
      for (let turn = 0; turn < 5; turn++) bench.port.service(1024);
      expect(counted(bench)).toEqual([0, 1, 0, 0]);
      give(bench, 2);
      expect(received(bench, 1)).toEqual([3]);
      expect(counted(bench)).toEqual([0, 0, 0, 0]);
      expect(bench.port.statistics).toMatchObject({ noBuffer: 1, missed: 0, delivered: 1 });
    });

    it("each frame that comes to wait at the head counts anew", async () => {
      const bench = await card(0x0200_0000, model);
      give(bench, 1);
      for (const number of [3, 5, 9]) bench.port.uplink.inject(frame(number));
      bench.port.service(1024);
      give(bench, 2);
      give(bench, 4);
      expect(received(bench, 3)).toEqual([3, 5, 9]);
      expect(counted(bench)).toEqual([0, 2, 0, 0]);
    });

    it("one that its ring could never hold is dropped by the queue", async () => {
      const bench = await card(0x0200_0000, model);
      bench.pf.write(0x100, 4, 0x0000_8022);
      bench.pf.write(0x5004, 4, 0x2600);
      bench.pf.write(0xc008, 4, 32);
      bench.port.uplink.inject(frame(3, 3000));
      bench.port.service(1024);
      expect(counted(bench)).toEqual([0, 1, 1, 0]);
    });
  },
);
