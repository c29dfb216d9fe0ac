// A driver of a unit that programs tables and invalidates as VT-d 5.10 §6.5 wants it, and can be made to leave out one
// of its invalidations.
import { GCMD_IRE_LO, GCMD_QIE_LO, GCMD_SIRTP_LO } from "../../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import { IQA_REG, IQH_REG, IQT_REG } from "../../../assembly/spec/vtd/invalidation-queue.ts";
import type { RequesterId } from "../../../host/core/address.ts";
import type { IommuOptions } from "../../../host/machine/iommu-capabilities.ts";
import type { MissingInvalidation, StaleUse } from "../../../host/machine/strict/types.ts";
import { type Harness, MIB } from "../../iommu/harness.ts";
import { Scalable } from "../../iommu/scalable.ts";

const QUEUE_BYTES = 4096;
const DESCRIPTOR_BYTES = 32;

/** What one of the driver's invalidations covers, as a report would name it. */
export type Named = Omit<MissingInvalidation, "text">;

export class Driver {
  readonly h: Harness;
  readonly scalable: Scalable;
  /** Every invalidation that the driver came by, in order; the one that was left out among them. */
  readonly invalidations: Named[] = [];
  readonly reports: StaleUse[] = [];
  readonly #omit: number;
  readonly #queue: number;
  readonly #interrupts: number;
  #tail = 0;

  private constructor(scalable: Scalable, omit: number) {
    this.scalable = scalable;
    this.h = scalable.h;
    this.#omit = omit;
    this.#queue = this.h.page();
    this.#interrupts = this.h.page();
    // Descriptors of 256 bits (DW): scalable mode takes no others.
    this.h.set64(IQA_REG, BigInt(this.#queue) | 0x800n);
    this.h.command(GCMD_QIE_LO);
    this.h.unit.onStale((use) => this.reports.push(use));
    this.h.unit.strict = true;
  }

  /** @param omit which invalidation to leave out; -1 for none. */
  static async create(omit: number, options: IommuOptions = {}): Promise<Driver> {
    return new Driver(await Scalable.create(options, 16 * MIB), omit);
  }

  get root(): number {
    return this.scalable.root;
  }

  /** Legacy mode. */
  enableLegacy(): void {
    this.h.enable(this.root);
  }

  enableInterrupts(): void {
    this.h.set64(IRTA_REG, BigInt(this.#interrupts) | 7n);
    this.h.command(GCMD_SIRTP_LO);
    this.h.command(GCMD_IRE_LO);
  }

  /** Writes an IRTE. */
  entry(index: number, low: bigint, high = 0n): void {
    this.h.write64(this.#interrupts + index * 16 + 8, high);
    this.h.write64(this.#interrupts + index * 16, low);
  }

  /** An interrupt request of a function for an index. */
  interrupt(requesterId: number, index: number): string {
    const { kind } = this.h.unit.remap(requesterId as RequesterId, (0xfee0_0010 | (index << 5)) >>> 0, 0, 0);
    this.h.unit.deliverEvents();
    return kind;
  }

  /** In scalable mode no domain is meant. */
  contextOfDevice(domainId: number | undefined, sourceId: number): void {
    const low = 1n | (3n << 4n) | (BigInt(domainId ?? 0) << 16n) | (BigInt(sourceId) << 32n);
    const named = { descriptor: "context-cache", granularity: "device-selective", sourceId } as const;
    this.#invalidate(domainId === undefined ? named : { ...named, domainId }, low, 0n);
  }

  domain(domainId: number): void {
    const low = 2n | (2n << 4n) | (BigInt(domainId) << 16n);
    this.#invalidate({ descriptor: "iotlb", granularity: "domain-selective", domainId }, low, 0n);
  }

  pages(domainId: number, address: number, addressMask: number, invalidationHint: boolean): void {
    const low = 2n | (3n << 4n) | (BigInt(domainId) << 16n);
    const high = BigInt(address) | (invalidationHint ? 0x40n : 0n) | BigInt(addressMask);
    const named = { granularity: "page-selective", domainId, addressMask, invalidationHint } as const;
    this.#invalidate({ descriptor: "iotlb", ...named, address: hexOf(address) }, low, high);
  }

  pasidEntry(domainId: number, pasid: number): void {
    const low = 7n | (1n << 4n) | (BigInt(domainId) << 16n) | (BigInt(pasid) << 32n);
    this.#invalidate({ descriptor: "pasid-cache", granularity: "pasid-selective", domainId, pasid }, low, 0n);
  }

  pasid(domainId: number, pasid: number): void {
    const low = 6n | (2n << 4n) | (BigInt(domainId) << 16n) | (BigInt(pasid) << 32n);
    this.#invalidate({ descriptor: "pasid-iotlb", granularity: "pasid-selective", domainId, pasid }, low, 0n);
  }

  pasidPages(domainId: number, pasid: number, address: number, addressMask: number, hint: boolean): void {
    const low = 6n | (3n << 4n) | (BigInt(domainId) << 16n) | (BigInt(pasid) << 32n);
    const high = BigInt(address) | (hint ? 0x40n : 0n) | BigInt(addressMask);
    const named = { granularity: "page-selective", domainId, pasid, addressMask, invalidationHint: hint } as const;
    this.#invalidate({ descriptor: "pasid-iotlb", ...named, address: hexOf(address) }, low, high);
  }

  interruptEntry(index: number): void {
    const low = 4n | (1n << 4n) | (BigInt(index) << 32n);
    this.#invalidate({ descriptor: "interrupt-entry-cache", granularity: "index-selective", index }, low, 0n);
  }

  #invalidate(named: Named, low: bigint, high: bigint): void {
    this.invalidations.push(named);
    if (this.invalidations.length - 1 === this.#omit) return;
    this.h.write64(this.#queue + this.#tail, low);
    this.h.write64(this.#queue + this.#tail + 8, high);
    this.#tail = (this.#tail + DESCRIPTOR_BYTES) % QUEUE_BYTES;
    this.h.set32(IQT_REG, this.#tail);
    if (this.h.get32(IQH_REG) !== this.#tail) throw new Error("the queue stopped");
  }
}

function hexOf(address: number): string {
  return `0x${address.toString(16)}`;
}
