// One world of the soak: a unit, some memory, and random operations on them, each judged against the explanation of
// host/machine/explain. Everything a guest can write is written: registers, tables, queues, descriptors, DMA.
import { ACCESS_READ, ACCESS_WRITE, UNIT_REGISTERS, UNIT_ROOT_TABLE } from "../../assembly/spec/abi/iommu.ts";
import { GSTS_QIES_LO, GSTS_REG, GSTS_TES_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hpa } from "../../host/core/address.ts";
import type { AccessWidth } from "../../host/core/ports.ts";
import { MALFORMED } from "../../host/machine/explain/explain.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness } from "../iommu/harness.ts";
import { messageVerdictsOf, verdictsOf } from "../iommu/possible.ts";
import { generator, pick, type Random } from "../iommu/random.ts";
import { scalableCapabilities } from "../iommu/scalable-tables.ts";
import { Devices } from "./devices.ts";
import { withoutScalable } from "./legacy.ts";
import { type Change, Memory, PAGE, RAM_PAGES } from "./memory.ts";
import { statusWrites } from "./queue.ts";
import { INTERRUPT_TABLE, PAGE_QUEUE, PASIDS, QUEUE, REGISTERS, REQUESTERS, ROOT, Tables } from "./tables.ts";
import type { Tally } from "./tally.ts";

/** What one page of a request may become. */
export interface Possible {
  places: Set<number>;
  refused: boolean;
  /** Not everything was tried. */
  open: boolean;
}

export interface Asked {
  requesterId: number;
  pasid: number | undefined;
  iova: bigint;
}

/** What one page of a request is, and where it may have gone. */
interface Part {
  iova: bigint;
  offset: number;
  length: number;
  places: readonly number[];
}

const ONES: Uint8Array = new Uint8Array(PAGE).fill(0xff);
const PMEN_REG = 0x64;
const CHOICES = 48;
/** Bits that walks may set in an entry: A, D, EA of the first stage, A, D of the second. */
const FLAGS = 0x760n;
const TOP = 2n ** 64n;
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
    } else if (kind < 38) this.#dma();
    else if (kind < 46) this.#translate();
    else if (kind < 54) this.#register();
    else if (kind < 58) this.#interrupt();
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

  #translate(): void {
    const asked = this.request();
    const access = pick(this.#random, [ACCESS_READ, ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE]);
    const { lo, hi } = halves(asked.iova);
    const { unit } = this.#h;
    const result = this.timed("slowestDma", () =>
      unit.translate(asked.requesterId as never, lo, hi, access, asked.pasid),
    );
    const changes = this.memory.changes();
    this.onlyFlags(changes);
    const possible = this.possible(asked, access);
    const fits = "hpa" in result ? possible.places.has(result.hpa) : possible.refused;
    if ("hpa" in result) this.tally.allowed++;
    else this.tally.refused++;
    if (!fits && !possible.open) this.#wrong(`translate for ${access}`, asked, JSON.stringify(result), possible);
    this.memory.settle(changes);
  }

  #dma(): void {
    const random = this.#random;
    const asked = this.request();
    const write = random(2) === 0;
    const length = pick(random, [0, 1, 4, 4, 64, 1500, random(3 * PAGE), random(20) === 0 ? 100_000 : 8]);
    const value = 1 + random(255);
    const bytes = new Uint8Array(length).fill(value);
    const { lo, hi } = halves(asked.iova);
    const { dma } = this.#h.unit;
    const mode = this.mode();
    const done = this.timed("slowestDma", () =>
      write
        ? dma.write(asked.requesterId as never, lo, hi, bytes, asked.pasid)
        : dma.read(asked.requesterId as never, lo, hi, bytes, asked.pasid),
    );
    const changes = this.memory.changes();
    // A write may have reached the unit's own registers; what came after it went by other rules.
    if (this.mode() !== mode) this.tally.unjudged++;
    else this.#judgeDma(asked, write, bytes, done, value, changes);
    this.memory.settle(changes);
  }

  /** By which rules requests are served: status, root table, protected memory. */
  mode(): string {
    const root = [this.peek(0, UNIT_ROOT_TABLE), this.peek(4, UNIT_ROOT_TABLE)];
    return [this.peek(GSTS_REG), ...root, this.peek(PMEN_REG)].join();
  }

  /** Every page went where it may, and nothing else changed. */
  #judgeDma(
    request: Asked,
    write: boolean,
    bytes: Uint8Array,
    done: boolean,
    value: number,
    changes: readonly Change[],
  ): void {
    const { length } = bytes;
    // Without translation a PASID is ignored (VT-d 5.10 §3.1).
    const translating = this.peek(GSTS_REG) >>> GSTS_TES_LO === 1;
    const asked = translating ? request : { ...request, pasid: undefined };
    if (done) this.tally.allowed++;
    else this.tally.refused++;
    const spans: { from: number; to: number }[] = [];
    const parts: Part[] = [];
    // Protected memory (§11.4.8) refuses whatever the tables say.
    let mayFail = (this.peek(PMEN_REG) & 1) !== 0;
    let first = true;
    let iova = asked.iova;
    for (let left = length; left > 0 || first; first = false) {
      const part = Math.min(left, PAGE - Number(iova % BigInt(PAGE)));
      const possible = this.possible({ ...asked, iova }, write ? ACCESS_WRITE : ACCESS_READ);
      const registers = [...possible.places].some((place) => place >= REGISTERS && place < REGISTERS + PAGE);
      // What registers do with it, to memory too, is not judged; nor is what was not tried.
      if (registers || possible.open) {
        this.tally.unjudged++;
        return;
      }
      const backed = [...possible.places].filter((place) => this.memory.has(place, Math.max(part, 1)));
      if (possible.refused || backed.length < possible.places.size) mayFail = true;
      if (done && length > 0 && backed.length === 0 && !isMessage(asked, iova)) {
        this.#wrong(write ? "write" : "read", { ...asked, iova }, "done", possible);
      }
      for (const from of backed) spans.push({ from, to: from + part });
      parts.push({ iova, offset: length - left, length: part, places: backed });
      iova = (iova + BigInt(part)) % TOP;
      left -= part;
      if (left === 0) break;
    }
    if (!done && !mayFail && !isMessage(asked, asked.iova)) {
      throw new Error(`${shown(asked)}: ${length} bytes refused, although nothing allows that`);
    }
    if (!write) this.#judgeRead(asked, bytes, done, parts);
    else if (done) this.#judgeLanded(asked, value, parts);
    for (const { address, before, after } of changes) {
      if (isFlags(before, after)) continue;
      for (let byte = 0; byte < 8; byte++) {
        const is = Number((after >> BigInt(8 * byte)) & 0xffn);
        const was = Number((before >> BigInt(8 * byte)) & 0xffn);
        const flags = Number((FLAGS >> BigInt(8 * byte)) & 0xffn);
        if ((was & ~is) === 0 && (is & ~was & ~flags) === 0) continue;
        const inside = write && spans.some(({ from, to }) => address + byte >= from && address + byte < to);
        if (!inside) {
          throw new Error(`${shown(asked)}: ${length} bytes changed ${(address + byte).toString(16)}, not allowed`);
        }
        // In scalable mode a walk may have set flags in what was written just before.
        if (is !== value && !(this.#scalable && isFlagged(is, value, address + byte))) {
          throw new Error(`${shown(asked)}: wrote ${is.toString(16)} instead of ${value.toString(16)}`);
        }
        this.tally.written++;
      }
    }
  }

  /** Every part holds what memory does where the tables lead; from the first refused one on, ones. */
  #judgeRead(asked: Asked, bytes: Uint8Array, done: boolean, parts: readonly Part[]): void {
    let refused = false;
    for (const { iova, offset, length, places } of parts) {
      const data = bytes.subarray(offset, offset + length);
      if (!refused && places.some((place) => this.memory.held(place, data))) continue;
      refused = true;
      if (length > 0 && (done || !isOnes(data))) {
        throw new Error(`${shown({ ...asked, iova })}: ${length} bytes read that are not there, nor ones`);
      }
    }
  }

  /** What was written is where the tables lead. */
  #judgeLanded(asked: Asked, value: number, parts: readonly Part[]): void {
    for (const { iova, length, places } of parts) {
      const wanted = new Uint8Array(length).fill(value);
      const landed = places.some((place) => {
        const now = this.memory.bytes(place, length, "now") as Uint8Array;
        if (Buffer.compare(now, wanted) === 0) return true;
        return this.#scalable && now.every((is, at) => isFlagged(is, value, place + at));
      });
      if (length > 0 && !landed && !isMessage(asked, iova)) {
        throw new Error(`${shown({ ...asked, iova })}: ${length} bytes were not written`);
      }
    }
  }

  #interrupt(): void {
    const random = this.#random;
    const requesterId = pick(random, REQUESTERS);
    const addressLo = (0xfee0_0000 + (random(4) === 0 ? random(2 ** 20) : 0x10 + random(20) * 32)) >>> 0;
    const data = pick(random, [0, random(8), random(2 ** 32)]);
    const { unit } = this.#h;
    const result = this.timed("slowestDma", () => unit.remap(requesterId as never, addressLo, 0, data));
    this.tally.interrupts++;
    const changes = this.memory.changes();
    const kinds = new Set<string>();
    let descriptors: number[] = [];
    let open = false;
    for (const verdict of messageVerdictsOf(unit.view, this.memory.words, { requesterId, addressLo, data })) {
      if (verdict.kind === "posted") descriptors.push(verdict.descriptor);
      kinds.add(verdict.kind === "refused" ? `refused ${verdict.reason}` : verdict.kind);
      if (kinds.size + descriptors.length > CHOICES) open = true;
      if (open) break;
    }
    descriptors = [...new Set(descriptors)];
    const names = { deliver: "remapped", posted: "posted", unchanged: "unchanged" };
    const seen = result.kind === "refused" ? `refused ${result.reason}` : names[result.kind];
    if (!open && !kinds.has(seen)) {
      throw new Error(
        `interrupt ${requesterId.toString(16)} ${addressLo.toString(16)} ${data}: ${seen}, possible ${[...kinds]}`,
      );
    }
    for (const { address } of changes) {
      if (!open && !descriptors.some((from) => address >= from && address < from + 64)) {
        throw new Error(`interrupt ${addressLo.toString(16)} changed ${address.toString(16)}`);
      }
    }
    this.memory.settle(changes);
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

  #wrong(what: string, asked: Asked, got: string, { places, refused }: Possible): never {
    const allowed = [...places].map((place) => place.toString(16));
    throw new Error(`${what} ${shown(asked)}: ${got}, possible ${[...allowed, ...(refused ? ["refused"] : [])]}`);
  }

  timed<Result>(name: "slowestAccess" | "slowestDma", work: () => Result): Result {
    const start = performance.now();
    const result = work();
    this.tally[name] = Math.max(this.tally[name], performance.now() - start);
    return result;
  }
}

/** Whether bytes of one page at most are all ones. */
function isOnes(data: Uint8Array): boolean {
  return Buffer.compare(data, ONES.subarray(0, data.length)) === 0;
}

export const halves = (iova: bigint): { lo: number; hi: number } => ({
  lo: Number(iova & 0xffff_ffffn),
  hi: Number(iova >> 32n),
});

/** Whether a change is one that a walk makes when it sets accessed and dirty flags. */
export function isFlags(before: bigint, after: bigint): boolean {
  return (before & ~after) === 0n && (after & ~before & ~FLAGS) === 0n;
}

/** Whether a byte is one that was written, or that and flags which a walk set. */
function isFlagged(is: number, written: number, address: number): boolean {
  const flags = Number((FLAGS >> BigInt(8 * (address % 8))) & 0xffn);
  return (written & ~is) === 0 && (is & ~written & ~flags) === 0;
}

/** The interrupt range, where no page is. */
function isMessage({ pasid }: Asked, iova: bigint): boolean {
  return pasid === undefined && iova >> 20n === 0xfeen;
}

export const shown = ({ requesterId, pasid, iova }: Asked): string =>
  `${requesterId.toString(16)} pasid ${pasid?.toString(16)} iova ${iova.toString(16)}`;

export const describe = (changes: readonly Change[]): string =>
  changes
    .map(({ address, before, after }) => `${address.toString(16)}: ${before.toString(16)} → ${after.toString(16)}`)
    .join(", ");
