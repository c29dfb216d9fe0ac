// One world of the soak: a unit, some memory, and random operations on them, each judged against the explanation of
// host/machine/explain. Everything a guest can write is written: registers, tables, queues, descriptors, DMA.
import { UNIT_REGISTERS, UNIT_ROOT_TABLE } from "../../assembly/spec/abi/iommu.ts";
import { GSTS_QIES_LO, GSTS_REG } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { PMEN_REG } from "../../assembly/spec/vtd/protected-memory.ts";
import { hpa } from "../../host/core/address.ts";
import type { AccessWidth } from "../../host/core/ports.ts";
import { MALFORMED } from "../../host/machine/explain/explain.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness } from "../iommu/harness.ts";
import { verdictsOf } from "../iommu/possible.ts";
import { generator, pick, type Random } from "../iommu/random.ts";
import { scalableCapabilities } from "../iommu/scalable-tables.ts";
import { type Asked, CHOICES, describe, halves, isFlags, type Possible } from "./asked.ts";
import { Devices } from "./devices.ts";
import { withoutScalable } from "./legacy.ts";
import { type Change, Memory, PAGE, RAM_PAGES } from "./memory.ts";
import { statusWrites } from "./queue.ts";
import { Requests } from "./requests.ts";
import { INTERRUPT_TABLE, PAGE_QUEUE, PASIDS, QUEUE, REGISTERS, REQUESTERS, ROOT, Tables } from "./tables.ts";
import type { Tally } from "./tally.ts";

const REGISTERS_USED: readonly number[] = [
  0x18, 0x18, 0x20, 0x24, 0x28, 0x2c, 0x34, 0x38, 0x3c, 0x40, 0x64, 0x80, 0x88, 0x88, 0x90, 0x94, 0x9c, 0xa0, 0xb8,
  0xbc, 0xc0, 0xc8, 0xd0, 0xdc, 0xe0, 0x1f0, 0x1f8, 0x1fc, 0x400, 0x40c,
];

export class World {
  readonly tally: Tally;
  readonly #random: Random;
  readonly #h: Harness;
  readonly memory: Memory;
  readonly tables: Tables;
  readonly #scalable: boolean;
  readonly #devices: Devices;
  readonly #requests: Requests;
  /** IQH_REG as it was before the operation. */
  #head = 0;

  private constructor(h: Harness, random: Random, scalable: boolean, tally: Tally) {
    this.#h = h;
    this.#random = random;
    this.#scalable = scalable;
    this.tally = tally;
    this.memory = new Memory(h);
    h.map.addMmio({ base: hpa(REGISTERS), size: PAGE, handler: h.unit.mmio });
    this.tables = new Tables(this.memory, random, h.unit.capabilities);
    this.memory.settleWritten();
    this.#devices = new Devices(this, h.unit, random);
    this.#requests = new Requests(this, h.unit, random, scalable);
    this.#start();
  }

  static async create(seed: number, tally: Tally): Promise<World> {
    const random = generator(seed);
    const scalable = random(3) > 0;
    const capabilities: IommuOptions = {
      ...scalableCapabilities(random),
      scalableMode: scalable,
      cachingMode: random(3) === 0,
      faultRecords: 1 + random(8),
      deviceTlb: random(3) > 0,
      enhancedSetInterruptPointer: true,
      domainIdWidth: pick(random, [8, 16]),
    };
    if (capabilities.deviceTlb && random(2) === 0) capabilities.noWriteFlag = true;
    if (capabilities.deviceTlb && scalable && random(4) > 0) capabilities.pageRequests = true;
    const legacy = scalable ? {} : { preset: "default" as const };
    const given = scalable ? capabilities : { ...legacy, ...withoutScalable(capabilities) };
    const h = await Harness.create(given, RAM_PAGES * PAGE);
    return new World(h, random, scalable, tally);
  }

  /** One operation. Throws an Error that says what was wrong with it. */
  step(): void {
    this.tally.operations++;
    const kind = this.#random(70);
    this.#head = this.peek(IQH_REG);
    if (kind < 18) {
      const wrapped = this.tables.change();
      this.memory.settleWritten();
      if (wrapped) this.#forgetAll();
    } else if (kind < 38) this.#requests.dma();
    else if (kind < 46) this.#requests.translate();
    else if (kind < 54) this.#register();
    else if (kind < 58) this.#requests.interrupt();
    else if (kind < 60) this.#start();
    else if (kind < 63) this.#forgetAll();
    else if (kind < 64) this.#seldom();
    else this.#devices.step();
  }

  /** A register, or with `at` other state, as it is: software does not look at the unit. */
  peek(offset: number, at: number = UNIT_REGISTERS): number {
    return this.#h.engine.u32[(this.#h.unit.pointer + at + offset) >>> 2] as number;
  }

  peek64(offset: number): bigint {
    return BigInt(this.peek(offset)) | (BigInt(this.peek(offset + 4)) << 32n);
  }

  /** Brings the unit into a state in which requests mean something. */
  #start(): void {
    const { unit } = this.#h;
    if (this.#random(4) === 0) this.tables.rebuild();
    this.memory.settleWritten();
    this.timed("slowestAccess", () => {
      this.#h.set64(0x20, BigInt(ROOT) | (this.#scalable ? 0x400n : 0n));
      this.#h.set64(0xb8, BigInt(INTERRUPT_TABLE) | BigInt(this.#random(2) * 0x800 + this.#random(5)));
      unit.mmio.write(0x18, 4, 0xc300_0000);
      // Off, the queue's head is 0.
      this.onlyStatusWrites();
      this.#head = 0;
      // A queue of one page or more, in descriptors of the width that the mode asks for.
      this.#h.set64(0x88, 0n);
      this.#h.set64(0x90, BigInt(QUEUE) | (this.#scalable ? 0x800n : 0n) | BigInt(this.#random(3)));
      unit.mmio.write(0x18, 4, 0x8600_0000);
      this.#h.set32(0x88, this.#random(24) * (this.#scalable ? 32 : 16));
      this.#h.set32(0x34, 0x7f);
      this.#h.set64(0xd0, BigInt(PAGE_QUEUE));
      this.#h.set64(0xc0, 0n);
      this.#h.set32(0xdc, 3);
      for (let record = 0; record < unit.capabilities.faultRecords; record++) {
        unit.mmio.write(0x40c + record * 16, 4, 0x8000_0000);
      }
    });
    this.onlyStatusWrites();
    this.memory.forget();
  }

  /** SRTP and SIRTP with ESRTPS and ESIRTPS: nothing is cached any more. */
  #forgetAll(): void {
    const levels = this.#h.get32(0x1c) & 0x9680_0000;
    this.#h.set32(0x18, (levels | 0x4100_0000) >>> 0);
    this.onlyStatusWrites();
    this.memory.forget();
  }

  #seldom(): void {
    const { unit } = this.#h;
    const kind = this.#random(48);
    if (kind > 8) this.#forgetAll();
    else if (kind > 0) {
      unit.reset();
      this.memory.forget();
    } else {
      const state = unit.save();
      unit.restore(state);
      const { pieces } = unit.save();
      const same = pieces.every(({ offset, bytes }, at) => {
        const piece = state.pieces[at];
        return piece?.offset === offset && Buffer.compare(piece.bytes, bytes) === 0;
      });
      if (!same || pieces.length !== state.pieces.length) throw new Error("a restored unit saves another state");
    }
    const changes = this.memory.changes();
    if (changes.length > 0) throw new Error(`memory changed by ${describe(changes)}`);
  }

  request(): Asked {
    const random = this.#random;
    const pasid = random(3) === 0 ? pick(random, PASIDS) : undefined;
    return { requesterId: pick(random, REQUESTERS), pasid, iova: this.tables.iova() };
  }

  /** By which rules requests are served: status, root table, protected memory. */
  mode(): string {
    const root = [this.peek(0, UNIT_ROOT_TABLE), this.peek(4, UNIT_ROOT_TABLE)];
    return [this.peek(GSTS_REG), ...root, this.peek(PMEN_REG)].join();
  }

  /** Accesses of any width to any register with any value, often a sensible one. */
  #register(): void {
    const random = this.#random;
    const { mmio } = this.#h.unit;
    const width = pick<AccessWidth>(random, [1, 2, 4, 4, 4, 4]);
    const offset = random(4) === 0 ? random(0x1004) : pick(random, REGISTERS_USED) + random(4);
    const place = offset - (offset % width);
    if (random(4) === 0) {
      this.timed("slowestAccess", () => mmio.read(place, width));
    } else {
      const sensible = [
        0xc700_0000,
        0x8780_0000,
        QUEUE + random(8),
        QUEUE + 0x800 + random(8),
        random(256) * 16,
        random(32) * 32,
        ROOT + random(4) * 0x400,
        Number(this.tables.target() & 0xffff_ffffn),
        0x9000_0000,
        random(2 ** 32),
      ];
      const value = pick(random, sensible) % 2 ** (8 * width);
      this.timed("slowestAccess", () => mmio.write(place, width, value));
    }
    this.onlyStatusWrites();
  }

  /** Registers write to memory only what the wait descriptors say that the queue passed. */
  onlyStatusWrites(): void {
    const changes = this.memory.changes();
    const rest = this.beyondStatus(changes);
    if (rest.length > 0) throw new Error(`memory changed by ${describe(rest)}`);
    this.memory.settle(changes);
  }

  /** Those changes that the queue's status writes do not account for. Throws where one of them is missing. */
  beyondStatus(changes: readonly Change[]): Change[] {
    const to = this.peek(IQH_REG);
    // Disabling the queue takes the head back to 0.
    const off = to === 0 && ((this.peek(GSTS_REG) >>> GSTS_QIES_LO) & 1) === 0;
    const from = off ? 0 : this.#head;
    const width = this.#h.unit.capabilities.hostAddressWidth;
    const words = statusWrites(this.memory, { from, to, base: this.peek64(IQA_REG), width });
    this.tally.statuses += words.size;
    for (const [address, value] of words) {
      if (this.memory.word(address, "now") !== value) throw new Error(`no status at ${address.toString(16)}`);
    }
    return changes.filter(({ address, after }) => words.get(address) !== after);
  }

  onlyFlags(changes: readonly Change[]): void {
    const wrong = changes.filter(({ before, after }) => !isFlags(before, after));
    if (wrong.length > 0) throw new Error(`memory changed by ${describe(wrong)}`);
  }

  /** What may become of the part of a request that lies in one page. */
  possible({ requesterId, pasid, iova }: Asked, access: number): Possible {
    const request = { requesterId, pasid, iova: halves(iova), access };
    const possible: Possible = { places: new Set(), refused: false, open: false };
    let tried = 0;
    for (const verdict of verdictsOf(this.#h.unit.view, this.memory.words, request)) {
      // IommuUnit.translate leaves the interrupt range as it is.
      if (verdict.kind === "refused" && verdict.condition !== MALFORMED) possible.refused = true;
      else if (verdict.kind === "allowed") possible.places.add(verdict.hpa);
      else {
        possible.places.add(Number(iova));
        possible.refused = true;
      }
      if (++tried === CHOICES) {
        possible.open = true;
        this.tally.unjudged++;
        break;
      }
    }
    return possible;
  }

  timed<Result>(name: "slowestAccess" | "slowestDma", work: () => Result): Result {
    const start = performance.now();
    const result = work();
    this.tally[name] = Math.max(this.tally[name], performance.now() - start);
    return result;
  }
}
