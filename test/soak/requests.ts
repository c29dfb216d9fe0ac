// Requests in the soak: translations, DMA and interrupts, each judged by what the tables allow.
import { ACCESS_READ, ACCESS_WRITE } from "../../assembly/spec/abi/iommu.ts";
import { GSTS_REG, GSTS_TES_LO } from "../../assembly/spec/vtd/global.ts";
import { PMEN_REG } from "../../assembly/spec/vtd/protected-memory.ts";
import type { IommuUnit } from "../../host/machine/iommu-unit.ts";
import { messageVerdictsOf } from "../iommu/possible.ts";
import { pick, type Random } from "../iommu/random.ts";
import { type Asked, CHOICES, FLAGS, halves, isFlagged, isFlags, isMessage, type Possible, shown } from "./asked.ts";
import { type Change, PAGE } from "./memory.ts";
import { REGISTERS, REQUESTERS } from "./tables.ts";
import type { World } from "./world.ts";

/** What one page of a request is, and where it may have gone. */
interface Part {
  iova: bigint;
  offset: number;
  length: number;
  places: readonly number[];
}

const ONES: Uint8Array = new Uint8Array(PAGE).fill(0xff);
const TOP = 2n ** 64n;

export class Requests {
  readonly #world: World;
  readonly #unit: IommuUnit;
  readonly #random: Random;
  /** Walks may have set flags in what was written just before. */
  readonly #scalable: boolean;

  constructor(world: World, unit: IommuUnit, random: Random, scalable: boolean) {
    this.#world = world;
    this.#unit = unit;
    this.#random = random;
    this.#scalable = scalable;
  }

  /** A translation leads where the tables may, and sets flags at most. */
  translate(): void {
    const asked = this.#world.request();
    const access = pick(this.#random, [ACCESS_READ, ACCESS_WRITE, ACCESS_READ | ACCESS_WRITE]);
    const { lo, hi } = halves(asked.iova);
    const unit = this.#unit;
    const result = this.#world.timed("slowestDma", () =>
      unit.translate(asked.requesterId as never, lo, hi, access, asked.pasid),
    );
    const changes = this.#world.memory.changes();
    this.#world.onlyFlags(changes);
    const possible = this.#world.possible(asked, access);
    const fits = "hpa" in result ? possible.places.has(result.hpa) : possible.refused;
    if ("hpa" in result) this.#world.tally.allowed++;
    else this.#world.tally.refused++;
    if (!fits && !possible.open) this.#wrong(`translate for ${access}`, asked, JSON.stringify(result), possible);
    this.#world.memory.settle(changes);
  }

  /** DMA reaches where the tables lead, page by page, and nothing else. */
  dma(): void {
    const random = this.#random;
    const asked = this.#world.request();
    const write = random(2) === 0;
    const length = pick(random, [0, 1, 4, 4, 64, 1500, random(3 * PAGE), random(20) === 0 ? 100_000 : 8]);
    const value = 1 + random(255);
    const bytes = new Uint8Array(length).fill(value);
    const { lo, hi } = halves(asked.iova);
    const { dma } = this.#unit;
    const mode = this.#world.mode();
    const done = this.#world.timed("slowestDma", () =>
      write
        ? dma.write(asked.requesterId as never, lo, hi, bytes, asked.pasid)
        : dma.read(asked.requesterId as never, lo, hi, bytes, asked.pasid),
    );
    const changes = this.#world.memory.changes();
    // A write may have reached the unit's own registers; what came after it went by other rules.
    if (this.#world.mode() !== mode) this.#world.tally.unjudged++;
    else this.#judgeDma(asked, write, bytes, done, value, changes);
    this.#world.memory.settle(changes);
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
    const translating = this.#world.peek(GSTS_REG) >>> GSTS_TES_LO === 1;
    const asked = translating ? request : { ...request, pasid: undefined };
    if (done) this.#world.tally.allowed++;
    else this.#world.tally.refused++;
    const spans: { from: number; to: number }[] = [];
    const parts: Part[] = [];
    // Protected memory (§11.4.8) refuses whatever the tables say.
    let mayFail = (this.#world.peek(PMEN_REG) & 1) !== 0;
    let first = true;
    let iova = asked.iova;
    for (let left = length; left > 0 || first; first = false) {
      const part = Math.min(left, PAGE - Number(iova % BigInt(PAGE)));
      const possible = this.#world.possible({ ...asked, iova }, write ? ACCESS_WRITE : ACCESS_READ);
      const registers = [...possible.places].some((place) => place >= REGISTERS && place < REGISTERS + PAGE);
      // What registers do with it, to memory too, is not judged; nor is what was not tried.
      if (registers || possible.open) {
        this.#world.tally.unjudged++;
        return;
      }
      const backed = [...possible.places].filter((place) => this.#world.memory.has(place, Math.max(part, 1)));
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
        this.#world.tally.written++;
      }
    }
  }

  /** Every part holds what memory does where the tables lead; from the first refused one on, ones. */
  #judgeRead(asked: Asked, bytes: Uint8Array, done: boolean, parts: readonly Part[]): void {
    let refused = false;
    for (const { iova, offset, length, places } of parts) {
      const data = bytes.subarray(offset, offset + length);
      if (!refused && places.some((place) => this.#world.memory.held(place, data))) continue;
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
        const now = this.#world.memory.bytes(place, length, "now") as Uint8Array;
        if (Buffer.compare(now, wanted) === 0) return true;
        return this.#scalable && now.every((is, at) => isFlagged(is, value, place + at));
      });
      if (length > 0 && !landed && !isMessage(asked, iova)) {
        throw new Error(`${shown({ ...asked, iova })}: ${length} bytes were not written`);
      }
    }
  }

  /** A message becomes what its entry says; posting writes into the entry's descriptor alone. */
  interrupt(): void {
    const random = this.#random;
    const requesterId = pick(random, REQUESTERS);
    const addressLo = (0xfee0_0000 + (random(4) === 0 ? random(2 ** 20) : 0x10 + random(20) * 32)) >>> 0;
    const data = pick(random, [0, random(8), random(2 ** 32)]);
    const unit = this.#unit;
    const result = this.#world.timed("slowestDma", () => unit.remap(requesterId as never, addressLo, 0, data));
    this.#world.tally.interrupts++;
    const changes = this.#world.memory.changes();
    const kinds = new Set<string>();
    let descriptors: number[] = [];
    let open = false;
    for (const verdict of messageVerdictsOf(unit.view, this.#world.memory.words, { requesterId, addressLo, data })) {
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
    this.#world.memory.settle(changes);
  }

  #wrong(what: string, asked: Asked, got: string, { places, refused }: Possible): never {
    const allowed = [...places].map((place) => place.toString(16));
    throw new Error(`${what} ${shown(asked)}: ${got}, possible ${[...allowed, ...(refused ? ["refused"] : [])]}`);
  }
}

/** Whether bytes of one page at most are all ones. */
function isOnes(data: Uint8Array): boolean {
  return Buffer.compare(data, ONES.subarray(0, data.length)) === 0;
}
