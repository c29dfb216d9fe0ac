// Seven address spaces of two requesters, by every kind of translation, with a queue to invalidate what is cached of them.
import { expect } from "vitest";
import { GCMD_QIE_LO } from "../../assembly/spec/vtd/global.ts";
import { IQA_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { MIB, RAM_BASE, READ, WRITE } from "./harness.ts";
import { FIRST, NESTED, Scalable, SECOND } from "./scalable.ts";

export const RID = 0x0215;
export const OTHER = 0x02a3;
export const OLD = RAM_BASE + 0x50_0000;
export const NEW = RAM_BASE + 0x60_0000;
export const PAGE = 0x12_3456_7000;
export const FAR = PAGE + 0x20_0000;

export interface Space {
  rid: number;
  /** Undefined for requests without PASID. */
  pasid: number | undefined;
  /** The table that decides where PAGE and FAR lead. */
  table: number;
  stage: "first" | "second";
}

const domainField = (domain: number): bigint => BigInt(domain) << 16n;

/** Both pages of each space. */
export const whole = (...names: string[]): string[] => names.flatMap((name) => [name, `${name}, far`]);

export class CachedSpaces {
  readonly s: Scalable;
  /** The PASID directory of both requesters. */
  readonly directory: number;
  /** The second stage of domain 20. */
  readonly second: number;
  readonly spaces: Readonly<Record<string, Space>>;
  /** Where the next descriptor goes, in bytes. */
  tail = 0;
  readonly #queue: number;

  private constructor(s: Scalable) {
    this.s = s;
    const [directory, second, queue] = [s.h.page(), s.h.page(), s.h.page()];
    this.directory = directory;
    this.second = second;
    this.#queue = queue;
    s.h.mapPage(second, 4, 0, 0, READ | WRITE, 2);
    const [one, two, three, four] = [s.h.page(), s.h.page(), s.h.page(), s.h.page()];
    s.context(RID, { directory });
    s.context(OTHER, { directory });
    s.pasid(directory, 0, { type: SECOND, second, domainId: 20 });
    s.pasid(directory, 1, { type: FIRST, first: one, domainId: 10 });
    s.pasid(directory, 2, { type: FIRST, first: two, domainId: 10 });
    s.pasid(directory, 3, { type: NESTED, second, first: three, domainId: 20 });
    s.pasid(directory, 4, { type: SECOND, second, domainId: 20 });
    s.pasid(directory, 5, { type: FIRST, first: four, domainId: 30 });
    this.spaces = {
      first: { rid: RID, pasid: 1, table: one, stage: "first" },
      "first of another": { rid: OTHER, pasid: 1, table: one, stage: "first" },
      "first, other PASID": { rid: RID, pasid: 2, table: two, stage: "first" },
      nested: { rid: RID, pasid: 3, table: three, stage: "first" },
      second: { rid: RID, pasid: 4, table: second, stage: "second" },
      requester: { rid: RID, pasid: undefined, table: second, stage: "second" },
      "other domain": { rid: RID, pasid: 5, table: four, stage: "first" },
    };
    this.point(OLD);
    s.enable();
    s.h.set64(IQA_REG, BigInt(queue) | 0x800n);
    s.h.command(GCMD_QIE_LO);
  }

  static async create(options: IommuOptions = {}): Promise<CachedSpaces> {
    return new CachedSpaces(await Scalable.create(options, 16 * MIB));
  }

  /** Lets all pages of all spaces lead to `target`. */
  point(target: number): void {
    const { s } = this;
    for (const { table, stage } of Object.values(this.spaces)) {
      for (const page of [PAGE, FAR]) {
        if (stage === "second") s.h.mapPage(table, 4, page, target);
        else s.mapFirst(table, 4, page, target);
      }
    }
  }

  /** Which pages of which spaces lead to NEW by now. */
  fresh(): string[] {
    return Object.entries(this.spaces).flatMap(([name, { rid, pasid }]) =>
      [PAGE, FAR]
        .filter((page) => this.s.translate(rid, page, READ, pasid) === NEW)
        .map((page) => (page === PAGE ? name : `${name}, far`)),
    );
  }

  /** Submits a 256-bit descriptor and waits until it was executed. */
  submit(low: bigint, high = 0n): void {
    const { h } = this.s;
    const at = this.#queue + this.tail;
    for (const [index, word] of [low, high, 0n, 0n].entries()) h.write64(at + index * 8, word);
    this.tail = (this.tail + 32) % 4096;
    h.set32(IQT_REG, this.tail);
    expect(h.get32(IQH_REG)).toBe(this.tail);
  }

  /** Context cache: everything. */
  contexts(): void {
    this.submit(0x11n);
  }

  /** Context cache: one requester. */
  device(rid: number): void {
    this.submit(0x31n | (BigInt(rid) << 32n));
  }

  /** IOTLB: everything, a domain, or a page of it. */
  translations(domain?: number, page?: number, hint = 0): void {
    if (domain === undefined) this.submit(0x12n);
    else if (page === undefined) this.submit(0x22n | domainField(domain));
    else this.submit(0x32n | domainField(domain), BigInt(page) | BigInt(hint << 6));
  }

  /** PASID cache: everything, a domain, or a PASID of it. */
  pasids(domain?: number, pasid?: number): void {
    if (domain === undefined) this.submit(0x37n);
    else if (pasid === undefined) this.submit(0x07n | domainField(domain));
    else this.submit(0x17n | domainField(domain) | (BigInt(pasid) << 32n));
  }

  /** IOTLB: what a PASID of a domain has, or a range of 2^mask pages of it. */
  byPasid(domain: number, pasid: number, page?: number, hint = 0, mask = 0): void {
    const which = domainField(domain) | (BigInt(pasid) << 32n);
    if (page === undefined) this.submit(0x26n | which);
    else this.submit(0x36n | which, BigInt(page) | BigInt((hint << 6) | mask));
  }
}
