// The software side of VT-d's invalidation queue: descriptors in RAM, a tail register, a wait descriptor behind each.
import * as d from "../../assembly/spec/vtd/descriptors.ts";
import { IQA_REG, IQT_QT_LO, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { type Hpa, hi32, lo32, PAGE_SIZE, type RequesterId } from "../core/address.ts";
import { insert } from "../core/bits.ts";
import type { Snapshotable } from "../core/ports.ts";
import type { AddressMap } from "../machine/address-map.ts";
import type { PageAllocator } from "./page-allocator.ts";

export interface InvalidationQueueState {
  base: number;
  status: number;
  tail: number;
  ticket: number;
}

/** One page of descriptors (IQA.QS = 0). */
const SLOTS = PAGE_SIZE / d.DESCRIPTOR_SIZE;
const MAX_STATUS_READS = 1000;

type Fields = readonly (readonly [value: number, hi: number, lo: number])[];

export class InvalidationQueue implements Snapshotable<InvalidationQueueState> {
  readonly #map: AddressMap;
  readonly #unit: Hpa;
  #base: Hpa;
  #status: Hpa;
  #tail = 0;
  #ticket = 0;

  constructor(map: AddressMap, pages: PageAllocator, unit: Hpa) {
    this.#map = map;
    this.#unit = unit;
    this.#base = pages.allocate(PAGE_SIZE);
    this.#status = pages.allocate(PAGE_SIZE);
    this.#writeRegister(IQT_REG, 0);
    this.#writeRegister(IQA_REG, this.#base);
  }

  /** Context cache and IOTLB, globally. */
  invalidateEverything(): void {
    this.#submit([
      [d.TYPE_CONTEXT, d.CONTEXT_INV_TYPE_LOW_HI, d.CONTEXT_INV_TYPE_LOW_LO],
      [d.GRANULARITY_GLOBAL, d.CONTEXT_INV_G_HI, d.CONTEXT_INV_G_LO],
    ]);
    this.#submit([
      [d.TYPE_IOTLB, d.IOTLB_INV_TYPE_LOW_HI, d.IOTLB_INV_TYPE_LOW_LO],
      [d.GRANULARITY_GLOBAL, d.IOTLB_INV_G_HI, d.IOTLB_INV_G_LO],
    ]);
    this.#wait();
  }

  /** The context entry of one function, then its domain's translations (VT-d 5.10 §6.2.2.1). */
  invalidateFunction(requesterId: RequesterId, domainId: number): void {
    this.#submit([
      [d.TYPE_CONTEXT, d.CONTEXT_INV_TYPE_LOW_HI, d.CONTEXT_INV_TYPE_LOW_LO],
      [d.GRANULARITY_FINE, d.CONTEXT_INV_G_HI, d.CONTEXT_INV_G_LO],
      [requesterId, d.CONTEXT_INV_SID_HI, d.CONTEXT_INV_SID_LO],
      [domainId, d.CONTEXT_INV_DID_HI, d.CONTEXT_INV_DID_LO],
    ]);
    this.invalidateDomain(domainId);
  }

  /** Every translation of a domain. */
  invalidateDomain(domainId: number): void {
    this.#submit([
      [d.TYPE_IOTLB, d.IOTLB_INV_TYPE_LOW_HI, d.IOTLB_INV_TYPE_LOW_LO],
      [d.GRANULARITY_DOMAIN, d.IOTLB_INV_G_HI, d.IOTLB_INV_G_LO],
      [domainId, d.IOTLB_INV_DID_HI, d.IOTLB_INV_DID_LO],
    ]);
    this.#wait();
  }

  /** One interrupt-remapping entry. */
  invalidateInterruptEntry(handle: number): void {
    this.#submit([
      [d.TYPE_INTERRUPT_ENTRY, d.IEC_INV_TYPE_LOW_HI, d.IEC_INV_TYPE_LOW_LO],
      [1, d.IEC_INV_G_HI, d.IEC_INV_G_LO],
      [handle, d.IEC_INV_IIDX_HI, d.IEC_INV_IIDX_LO],
    ]);
    this.#wait();
  }

  /** Every interrupt-remapping entry. */
  invalidateInterruptEntries(): void {
    this.#submit([[d.TYPE_INTERRUPT_ENTRY, d.IEC_INV_TYPE_LOW_HI, d.IEC_INV_TYPE_LOW_LO]]);
    this.#wait();
  }

  save(): InvalidationQueueState {
    return { base: this.#base, status: this.#status, tail: this.#tail, ticket: this.#ticket };
  }

  restore(state: InvalidationQueueState): void {
    this.#base = state.base as Hpa;
    this.#status = state.status as Hpa;
    this.#tail = state.tail;
    this.#ticket = state.ticket;
  }

  /** Submits a wait descriptor and waits until its status write shows that all before it is done. */
  #wait(): void {
    this.#ticket = (this.#ticket + 1) >>> 0;
    const address = new Uint32Array(4);
    address[2] = lo32(this.#status);
    address[3] = hi32(this.#status);
    this.#submit(
      [
        [d.TYPE_WAIT, d.WAIT_TYPE_LOW_HI, d.WAIT_TYPE_LOW_LO],
        [1, d.WAIT_SW_HI, d.WAIT_SW_LO],
        [this.#ticket, d.WAIT_DATA_HI, d.WAIT_DATA_LO],
      ],
      address,
    );
    for (let reads = 0; reads < MAX_STATUS_READS; reads++) {
      if (this.#map.read(this.#status, 4) === this.#ticket) return;
    }
    throw new Error(`the IOMMU stopped before descriptor ${this.#tail} of its queue`);
  }

  #submit(fields: Fields, words: Uint32Array = new Uint32Array(4)): void {
    for (const [value, hi, lo] of fields) insert(words, value, hi, lo);
    const slot = this.#base + this.#tail * d.DESCRIPTOR_SIZE;
    for (const [place, word] of words.entries()) this.#map.write((slot + place * 4) as Hpa, 4, word);
    this.#tail = (this.#tail + 1) % SLOTS;
    this.#writeRegister(IQT_REG, this.#tail * 2 ** IQT_QT_LO);
  }

  #writeRegister(register: number, value: number): void {
    this.#map.write((this.#unit + register) as Hpa, 4, lo32(value));
    this.#map.write((this.#unit + register + 4) as Hpa, 4, hi32(value));
  }
}
