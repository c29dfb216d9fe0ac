import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hpa } from "../../../host/core/address.ts";
import { Clock } from "../../../host/core/clock.ts";
import { FormatError } from "../../../host/core/errors.ts";
import type { AccessWidth, MmioHandler } from "../../../host/core/ports.ts";
import type { IgbCard, IgbCardName } from "../../../host/device/igb/card.ts";
import { Harness, RAM_BASE } from "../../iommu/harness.ts";
import { handlerOf } from "./bench.ts";
import { isolatedCard } from "./isolated-card.ts";

const OPERATIONS = 20_000;
const RUNS = 8;
const AREA = 0x4_0000;
const EXTERNAL = 0x8000_0000;
const WIDTHS: AccessWidth[] = [1, 2, 4];

/** Mulberry32: the whole history follows from one seed. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  word(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
  below(limit: number): number {
    return this.word() % limit;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Kinds of descriptors, header and packet buffers. */
const SRRCTL = [0x8200_0002, 0x8200_0001, 0x8000_0002, 0x0a00_0002, 0x8400_0402, 0x8600_0102, 0x8800_0202, 0xca00_0801];
/** Registers worth hitting more often than by chance. */
const HOT = [
  0x5000, 0x5008, 0x5480, 0x5818, 0x5c00, 0x5c80, 0x5cb0, 0x59e0, 0x5a80, 0x55fc, 0x55b0, 0x0038, 0xb620, 0xb614,
  0x2168, 0x0000, 0x0018, 0x00c0, 0x00d0, 0x0100, 0x0400, 0x0c00, 0x0c40, 0x0c80, 0x0c88, 0x0c8c, 0x0c90, 0x1514,
  0x1520, 0x1524, 0x1580, 0x1680, 0x1700, 0x1740, 0x3500, 0x3700, 0x5400, 0x5404, 0x5408, 0x540c, 0x5818, 0x581c,
  0x5acc, 0x5ad0, 0x5ad4, 0x5d00, 0x5600, 0x5200, 0xa000, 0x10000, 0x10100, 0x10080, 0x2800, 0x2804, 0x2808, 0x280c,
  0x2810, 0x2818, 0x2828, 0x3800, 0x3804, 0x3808, 0x3810, 0x3818, 0x3828, 0x3838, 0x383c, 0xe000, 0xe008, 0xe018,
  0xe028, 0xc000, 0xc008, 0xc018, 0xc028, 0x0020, 0x0014, 0x2408, 0x3548, 0x3554, 0x3558, 0x3590, 0x3604, 0x3690,
  0x36b0, 0x3704, 0x5d80, 0x5d84, 0x5d90, 0x5da0, 0x5d04, 0xc038, 0xc078, 0x5af0, 0x0c84,
];

class World {
  readonly harness: Harness;
  readonly card: IgbCard;
  readonly clock = new Clock();
  readonly external = new ArrayBuffer(4 * AREA);
  /** What each VF may touch: where it is for the CPU. */
  readonly owned: readonly number[];
  readonly #random: Random;
  #before: Uint8Array = new Uint8Array(0);

  constructor(harness: Harness, profile: IgbCardName, random: Random) {
    this.harness = harness;
    this.#random = random;
    harness.map.addExternalRam({ base: hpa(EXTERNAL), size: this.external.byteLength, buffer: this.external });
    // VF 0 owns RAM inside, VF 1 RAM outside, VF 2 and the PF nothing.
    this.owned = [RAM_BASE + 0x40_0000, EXTERNAL + AREA];
    const { clock, owned: areas } = this;
    this.card = isolatedCard(harness, { profile, vfs: 3, areas, areaSize: AREA, clock });
  }

  get port() {
    return this.card.ports[0]!;
  }

  handlers(): MmioHandler[] {
    return [this.port.pf, ...this.port.sriov.allVfs.slice(0, 3)].map((fn) => handlerOf(fn, 0));
  }

  /** Fills what nobody owns with a pattern and remembers it. */
  mark(): void {
    const outside = new Uint8Array(this.external);
    for (let at = 0; at < outside.length; at++) outside[at] = (at * 13 + 7) & 0xff;
    const canary = new Uint8Array(0x8_0000).map((_, at) => (at * 5 + 1) & 0xff);
    this.harness.map.writeBytes(hpa(RAM_BASE + 0x40_0000 - 0x4_0000), canary);
    this.harness.map.writeBytes(hpa(RAM_BASE + 0x40_0000 + AREA), canary);
    this.#before = this.#foreign();
  }

  /** Whether everything outside the VFs' areas is as it was marked. */
  unchanged(): boolean {
    return Buffer.compare(this.#before, this.#foreign()) === 0;
  }

  #foreign(): Uint8Array {
    const low = new Uint8Array(0x40_0000);
    const high = new Uint8Array(0x8_0000);
    this.harness.map.readBytes(hpa(RAM_BASE), low);
    this.harness.map.readBytes(hpa(RAM_BASE + 0x40_0000 + AREA), high);
    const outside = new Uint8Array(this.external);
    return Buffer.concat([low, high, outside.subarray(0, AREA), outside.subarray(2 * AREA)]);
  }

  value(): number {
    const random = this.#random;
    switch (random.below(6)) {
      case 0:
        return random.word();
      case 1:
        return random.below(300);
      case 2:
        return (0x0200_0000 | random.below(0x1_0000)) >>> 0;
      case 3:
        return (random.below(AREA) & ~0x7f) >>> 0;
      case 4:
        return 2 ** random.below(32);
      default:
        return (0xfee0_0000 | random.below(0x1000)) >>> 0;
    }
  }

  /** A ring as a driver sets it up, with descriptors that mostly make sense. */
  ring(): void {
    const random = this.#random;
    const index = random.below(2);
    const registers = this.handlers()[index + 1] as MmioHandler;
    const tx = random.below(2) === 0;
    const base = random.below(8) * 0x1000;
    const entries = 8 * (1 + random.below(8));
    for (let at = 0; at < entries; at++) {
      const place = (this.owned[index] as number) + base + at * 16;
      const address = random.below(16) === 0 ? this.value() : random.below(AREA);
      const command = random.below(8) === 0 ? random.word() : 0x2b30_0000 | random.pick([60, 64, 100, 1514, 9000, 17]);
      const options = random.below(8) === 0 ? random.word() : 0;
      for (const [word, value] of [address, 0, command, options].entries()) {
        this.harness.map.write(hpa(place + 4 * word), 4, value >>> 0);
      }
      // A header for the frame: to one of the functions, all, or nobody.
      if (address < AREA - 32) {
        const to = random.pick([0, 1, 2, 0x101, 9]);
        const type = random.pick([0x88b5, 0x0800, 0x86dd, 0x8100]);
        const inside = [type >>> 8, type & 0xff, random.pick([0x45, 0x60, 0x4f]), 0, 0, random.below(256), 1, 2, 0];
        const packet = [...inside, 0, 64, random.pick([6, 17, 132, 41, 44])];
        const mac = to === 0x101 ? [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] : [2, 9, 9, 9, 9, to];
        this.harness.map.writeBytes(
          hpa((this.owned[index] as number) + address),
          Uint8Array.from([...mac, 2, 9, 9, 9, 9, 9, ...packet]),
        );
      }
    }
    const block = tx ? 0x3800 : 0x2800;
    registers.write(block + 0x28, 4, 0);
    registers.write(block, 4, base);
    registers.write(block + 4, 4, 0);
    registers.write(block + 8, 4, entries * 16);
    if (!tx) registers.write(block + 0x0c, 4, random.pick(SRRCTL));
    registers.write(block + 0x10, 4, 0);
    registers.write(block + 0x28, 4, 0x0200_0000);
    registers.write(block + 0x18, 4, random.below(entries));
  }

  /** What a PF driver would have done. */
  setUp(): void {
    const [pf] = this.handlers() as [MmioHandler];
    const writes: [number, number][] = [
      [0x0100, 0x0000_8022],
      [0x0400, 0x0000_000a],
      [0x5818, 3],
      [0x581c, 0x4000_0000],
      [0x5acc, 0x80ff_0000],
      [0x3500, 0x80ff_0000],
      [0x0c8c, 0xff],
      [0x0c90, 0xff],
      [0x0018, 0x4000],
      // Queues that were blocked are freed, and are not blocked at once again.
      [0x3590, 0x40],
      [0x3558, 0xff],
    ];
    for (const [offset, value] of writes) pf.write(offset, 4, value);
    for (let pool = 0; pool < 3; pool++) {
      pf.write(0x5ad0 + 4 * pool, 4, 0x8901_2600);
      pf.write(0x5408 + 8 * pool, 4, 0x0909_0902);
      pf.write(0x540c + 8 * pool, 4, (0x8000_0009 | (pool << 8) | (1 << (18 + pool))) >>> 0);
    }
  }

  step(): void {
    const random = this.#random;
    const kind = random.below(100);
    if (kind < 55) {
      const handler = random.pick(this.handlers());
      const width = random.pick(WIDTHS);
      const offset =
        random.below(2) === 0 ? random.below(0x2_0000) : random.pick(HOT) + random.below(2) * random.below(8);
      if (random.below(3) === 0) {
        const value = handler.read(offset, width);
        if (!(value >= 0 && value <= 0xffff_ffff >>> (32 - 8 * width))) throw new Error(`${offset} read ${value}`);
      } else handler.write(offset, width, this.value() % 2 ** (8 * width));
    } else if (kind < 75) this.ring();
    else if (kind < 78) this.setUp();
    else if (kind < 82) {
      const length = random.pick([14, 60, 1514, 9732]);
      const frame = new Uint8Array(length).fill(random.below(256));
      frame.set([2, 9, 9, 9, 9, random.below(4)]);
      this.port.uplink.inject(frame);
    } else if (kind < 84) this.port.uplink.drain(() => {});
    else if (kind < 86) this.clock.advance(random.below(10_000));
    else if (kind < 87) random.pick(this.port.sriov.allVfs.slice(0, 3)).configWrite(0x04, 2, random.below(2) * 4);
    else this.card.service(1 + random.below(200));
  }
}

describe.each(["i350", "82576"] as const)("%s: random registers, rings and descriptors", (profile) => {
  it(`${OPERATIONS * RUNS} operations never throw, and no byte changes that is not a VF's own`, async () => {
    let delivered = 0;
    let stops = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = new World(await Harness.create({}, 0x80_0000), profile, new Random(seed));
        world.setUp();
        world.mark();
        for (let at = 0; at < OPERATIONS; at++) world.step();
        expect(world.unchanged()).toBe(true);
        const { statistics } = world.port;
        delivered += statistics.delivered;
        stops += statistics.stops;
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    // The histories did something: frames moved, and some queues were stopped.
    expect(delivered).toBeGreaterThan(100 * RUNS);
    expect(stops).toBeGreaterThan(10 * RUNS);
  });

  it("a restored card goes on exactly as the one that was saved", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const make = async (random: Random) => {
          const world = new World(await Harness.create({}, 0x80_0000), profile, random);
          world.setUp();
          return world;
        };
        const first = await make(new Random(seed));
        for (let at = 0; at < 1500; at++) first.step();
        // Rules that the steps alone hardly ever make: a rate, a mirror, guards that block, a link that is down.
        const pf = first.handlers()[0] as MmioHandler;
        for (const [offset, value] of [
          [0x3604, seed & 1],
          [0x36b0, 0x8001_8000],
          [0x5d80, 0x207],
          [0x3590, 0x60],
          [0x5ad4, 0xa901_2600],
        ] as const) {
          pf.write(offset, 4, value);
        }
        first.port.vfLinks.set(seed & 1, seed & 2 ? "down" : "up");
        for (let at = 0; at < 300; at++) first.step();
        const second = await make(new Random(0));
        const ram = new Uint8Array(0x80_0000);
        first.harness.map.readBytes(hpa(RAM_BASE), ram);
        second.harness.map.writeBytes(hpa(RAM_BASE), ram);
        new Uint8Array(second.external).set(new Uint8Array(first.external));
        second.harness.unit.restore(first.harness.unit.save());
        second.clock.restore(first.clock.save());
        second.card.restore(structuredClone(first.card.save()));
        const [one, two] = [first, second].map((world) => {
          const log: unknown[] = [];
          const again = new Random(seed ^ 0x5555);
          const from = world.harness.messages.length;
          for (let at = 0; at < 1500; at++) {
            const handler = again.pick(world.handlers());
            const offset = again.pick(HOT);
            if (again.below(2) === 0) log.push(handler.read(offset, 4));
            else handler.write(offset, 4, again.word());
            if (again.below(4) === 0) log.push(world.card.service(64));
            if (again.below(9) === 0) world.clock.advance(again.below(5000));
            if (again.below(20) === 0) world.port.uplink.drain((frame) => log.push(frame));
          }
          const after = new Uint8Array(0x80_0000);
          world.harness.map.readBytes(hpa(RAM_BASE), after);
          return { log, statistics: world.port.statistics, after, messages: world.harness.messages.slice(from) };
        });
        expect(Buffer.compare(one!.after, two!.after)).toBe(0);
        expect({ ...two!, after: 0 }).toEqual({ ...one!, after: 0 });
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});

it("a state of another size is refused", async () => {
  const world = new World(await Harness.create({}, 0x80_0000), "i350", new Random(1));
  const state = world.card.save();
  const port = state.ports[0]!;
  port.registers.values = port.registers.values.subarray(4);
  expect(() => world.card.restore(state)).toThrow(FormatError);
});
