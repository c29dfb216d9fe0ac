// A unit that translates for one device, its invalidation queue enabled: descriptors go in, and what the unit sees of
// memory anew shows what they did.
import { expect } from "vitest";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_QIE_LO, GCMD_SRTP_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQERCD_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { Harness, RAM_BASE } from "./harness.ts";

const ONE = 0x0215;
const OLD = RAM_BASE + 0x5000;
const NEW = RAM_BASE + 0x9000;
/** What is mapped for the device. */
export const PAGES: readonly number[] = [0x1000, 0x2000, 0x3000, 0x20_0000];
/** FSTS_REG. */
export const IQE = 0x10;
/** Of a wait descriptor. */
export const SW = 0x20;
export const IF = 0x10;
export const FN = 0x40;

export type Descriptor = [low: bigint, high?: bigint, third?: bigint, fourth?: bigint];

/** An IOTLB invalidation of everything. */
export const GLOBAL: Descriptor = [2n | (1n << 4n)];

export const wait = (flags: number, data = 0, address = 0): Descriptor => [
  5n | BigInt(flags) | (BigInt(data) << 32n),
  BigInt(address),
];

/** What the queue of a unit came to: IQE, IQEI, head. */
export const outcome = (h: Harness): number[] => [h.get32(FSTS_REG) & IQE, h.get32(IQERCD_REG), h.get32(IQH_REG)];

export class QueueUnit {
  readonly h: Harness;
  readonly root: number;
  /** The queue of 4 KiB. */
  readonly queue: number;
  /** Where the next descriptor goes, in bytes. */
  tail = 0;
  readonly #table: number;
  readonly #wide: boolean;

  private constructor(h: Harness, wide: boolean) {
    this.h = h;
    this.#wide = wide;
    this.root = h.page();
    this.#table = h.page();
    this.queue = h.page();
    h.context(this.root, ONE, { table: this.#table, domainId: 0x107 });
    this.#map(OLD);
    h.enable(this.root);
    h.set64(IQA_REG, BigInt(this.queue) | (wide ? 0x800n : 0n));
    h.command(GCMD_QIE_LO);
  }

  /** Descriptors have `width` bits; `mode` is RTADDR_REG.TTM afterwards. */
  static async create(options: IommuOptions = {}, width: 128 | 256 = 128, mode = 0): Promise<QueueUnit> {
    const unit = new QueueUnit(await Harness.create(options), width === 256);
    if (mode !== 0) {
      unit.h.set64(RTADDR_REG, BigInt(unit.root | (mode << 10)));
      unit.h.command(GCMD_SRTP_LO);
    }
    return unit;
  }

  /** Fills the caches, then changes every leaf in memory. */
  makeStale(): void {
    for (const page of PAGES) expect(this.h.translate(ONE, page)).toBe(OLD);
    this.#map(NEW);
  }

  /** Which of the pages the unit sees anew. */
  fresh(): number[] {
    return PAGES.filter((page) => this.h.translate(ONE, page) === NEW);
  }

  submit(...descriptors: Descriptor[]): void {
    const { h } = this;
    for (const descriptor of descriptors) {
      for (let word = 0; word < (this.#wide ? 4 : 2); word++) {
        h.write64(this.queue + this.tail + 8 * word, descriptor[word] ?? 0n);
      }
      this.tail = (this.tail + (this.#wide ? 32 : 16)) % 4096;
    }
    h.set32(IQT_REG, this.tail);
  }

  #map(target: number): void {
    for (const page of PAGES) this.h.mapPage(this.#table, 4, page, target);
  }
}
