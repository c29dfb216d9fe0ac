// Drives a VT-d unit as an operating system does: root, context and interrupt-remapping tables in RAM, commands by
// registers, invalidations by the queue. Whatever it changes in a table, it invalidates before it returns.
import { COMPATIBILITY_IDENTIFIER } from "../../assembly/spec/vtd/compatibility-format.ts";
import * as context from "../../assembly/spec/vtd/context-entry.ts";
import * as global from "../../assembly/spec/vtd/global.ts";
import * as request from "../../assembly/spec/vtd/interrupt-request.ts";
import * as irta from "../../assembly/spec/vtd/interrupt-table-address.ts";
import * as irte from "../../assembly/spec/vtd/irte.ts";
import * as posted from "../../assembly/spec/vtd/posted-irte.ts";
import * as root from "../../assembly/spec/vtd/root-entry.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";
import { busOf, type Hpa, hi32, join32, lo32, PAGE_SIZE, type RequesterId } from "../core/address.ts";
import { bits, extract, insert, mask, place } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import type { AddressMap } from "../machine/address-map.ts";
import type { FaultRecord } from "../machine/fault.ts";
import { FaultReader } from "./fault-reader.ts";
import { InvalidationQueue, type InvalidationQueueState } from "./invalidation-queue.ts";
import type { PageAllocator } from "./page-allocator.ts";
import type { SecondStage } from "./second-stage.ts";
import type { UnitCapabilities } from "./unit-capabilities.ts";

/** What a function writes, and where, to raise an interrupt. */
export interface InterruptMessage {
  addressLo: number;
  addressHi: number;
  data: number;
}

/** Who may raise an interrupt, and what becomes of it. */
export type InterruptTarget = {
  requesterId: RequesterId;
  vector: number;
} & (
  | { destination: number }
  /** To the posted-interrupt descriptor at this address; an urgent one is notified even while SN is set. */
  | { descriptor: Hpa; urgent: boolean }
);

export interface RemappingDriverState {
  rootTable: number;
  interruptTable: number;
  queue: InvalidationQueueState;
  freeHandles: readonly number[];
  nextHandle: number;
  overflows: number;
}

/** 2^(S+1) interrupt-remapping entries: room for every vector of 128 VFs and their PFs. */
const INTERRUPT_TABLE_S = 11;
const INTERRUPT_ENTRIES = 2 ** (INTERRUPT_TABLE_S + 1);
const MAX_STATUS_READS = 1000;

export class RemappingDriver implements Snapshotable<RemappingDriverState> {
  readonly #map: AddressMap;
  readonly #pages: PageAllocator;
  readonly #unit: Hpa;
  readonly #capabilities: UnitCapabilities;
  readonly #queue: InvalidationQueue;
  readonly #faults: FaultReader;
  #rootTable: Hpa;
  #interruptTable: Hpa;
  #freeHandles: number[] = [];
  #nextHandle = 0;

  /** Lays out empty tables and turns both kinds of remapping on: nothing passes until it is attached. */
  constructor(map: AddressMap, pages: PageAllocator, unit: Hpa, capabilities: UnitCapabilities) {
    this.#map = map;
    this.#pages = pages;
    this.#unit = unit;
    this.#capabilities = capabilities;
    this.#rootTable = this.#zeroed(PAGE_SIZE);
    this.#interruptTable = this.#zeroed(INTERRUPT_ENTRIES * irte.IRTE_SIZE);
    this.#write64(RTADDR_REG, this.#rootTable);
    this.#command(global.GCMD_SRTP_LO);
    this.#queue = new InvalidationQueue(map, pages, unit);
    this.#command(global.GCMD_QIE_LO);
    this.#queue.invalidateEverything();
    const size = place(INTERRUPT_TABLE_S, irta.IRTA_S_HI, irta.IRTA_S_LO);
    const extended = place(Number(capabilities.extendedInterrupts), irta.IRTA_EIME_HI, irta.IRTA_EIME_LO);
    this.#write64(irta.IRTA_REG, this.#interruptTable + size + extended);
    this.#command(global.GCMD_SIRTP_LO);
    this.#queue.invalidateInterruptEntries();
    this.#command(global.GCMD_TE_LO);
    this.#command(global.GCMD_IRE_LO);
    this.#faults = new FaultReader(map, unit);
  }

  /** Sends the DMA of `requesterId` through `stage`, tagged with `domainId`, wherever it went before. */
  attach(requesterId: RequesterId, domainId: number, stage: SecondStage): void {
    const entry = new Uint32Array(4);
    insert(entry, 1, context.CONTEXT_P_HI, context.CONTEXT_P_LO);
    insert(entry, context.CONTEXT_TT_UNTRANSLATED, context.CONTEXT_TT_HI, context.CONTEXT_TT_LO);
    insert(entry, stage.levels - 2, context.CONTEXT_AW_HI, context.CONTEXT_AW_LO);
    insert(entry, domainId, context.CONTEXT_DID_HI, context.CONTEXT_DID_LO);
    entry[0] = ((entry[0] as number) | lo32(stage.root)) >>> 0;
    entry[1] = hi32(stage.root);
    this.#setContext(requesterId, entry);
    if (this.#capabilities.cachingMode) this.#queue.invalidateDomain(domainId);
  }

  /** Blocks the DMA of `requesterId`. */
  detach(requesterId: RequesterId): void {
    this.#setContext(requesterId, new Uint32Array(4));
  }

  /** A free interrupt-remapping entry. Throws ArgumentError when all are taken. */
  allocateInterrupt(): number {
    const handle = this.#freeHandles.pop() ?? this.#nextHandle++;
    if (handle >= INTERRUPT_ENTRIES) throw new ArgumentError("handle", handle, "is beyond the table");
    return handle;
  }

  /** Lets `requesterId`, and nobody else, raise `vector` at the target by way of `handle`. */
  setInterrupt(handle: number, target: InterruptTarget): void {
    const entry = new Uint32Array(4);
    insert(entry, 1, irte.IRTE_P_HI, irte.IRTE_P_LO);
    insert(entry, irte.SVT_REQUESTER, irte.IRTE_SVT_HI, irte.IRTE_SVT_LO);
    insert(entry, target.requesterId, irte.IRTE_SID_HI, irte.IRTE_SID_LO);
    if ("descriptor" in target) {
      insert(entry, 1, posted.POSTED_IM_HI, posted.POSTED_IM_LO);
      insert(entry, Number(target.urgent), posted.POSTED_URG_HI, posted.POSTED_URG_LO);
      insert(entry, target.vector, posted.POSTED_VV_HI, posted.POSTED_VV_LO);
      const low = lo32(target.descriptor) >>> posted.POSTED_ADDRESS_LO;
      insert(entry, low, posted.POSTED_PDAL_HI, posted.POSTED_PDAL_LO);
      insert(entry, hi32(target.descriptor), posted.POSTED_PDAH_HI, posted.POSTED_PDAH_LO);
    } else {
      const wide = this.#capabilities.extendedInterrupts;
      const [hi, lo] = wide ? [irte.IRTE_DST_HI, irte.IRTE_DST_LO] : [irte.IRTE_DST_XAPIC_HI, irte.IRTE_DST_XAPIC_LO];
      insert(entry, irte.DLM_FIXED, irte.IRTE_DLM_HI, irte.IRTE_DLM_LO);
      insert(entry, target.vector, irte.IRTE_V_HI, irte.IRTE_V_LO);
      insert(entry, target.destination, hi, lo);
    }
    this.#writeEntry((this.#interruptTable + handle * irte.IRTE_SIZE) as Hpa, entry);
    this.#queue.invalidateInterruptEntry(handle);
  }

  /** Takes an entry back: messages by way of it are refused. */
  freeInterrupt(handle: number): void {
    this.#writeEntry((this.#interruptTable + handle * irte.IRTE_SIZE) as Hpa, new Uint32Array(4));
    this.#queue.invalidateInterruptEntry(handle);
    this.#freeHandles.push(handle);
  }

  /** The message, in remappable format, that goes by way of `handle`. */
  message(handle: number): InterruptMessage {
    const identifier = place(
      COMPATIBILITY_IDENTIFIER,
      request.REQUEST_ADDRESS_IDENTIFIER_HI,
      request.REQUEST_ADDRESS_IDENTIFIER_LO,
    );
    const low = place(handle, request.REQUEST_ADDRESS_HANDLE_LOW_HI, request.REQUEST_ADDRESS_HANDLE_LOW_LO);
    const high = place(
      handle >>> request.REQUEST_HANDLE_LOW_WIDTH,
      request.REQUEST_ADDRESS_HANDLE_HIGH_HI,
      request.REQUEST_ADDRESS_HANDLE_HIGH_LO,
    );
    const format = mask(request.REQUEST_ADDRESS_FORMAT_HI, request.REQUEST_ADDRESS_FORMAT_LO);
    return { addressLo: (identifier | low | high | format) >>> 0, addressHi: 0, data: 0 };
  }

  /** The faults recorded since the last call, oldest first; their records are free again. */
  takeFaults(): FaultRecord[] {
    return this.#faults.take();
  }

  save(): RemappingDriverState {
    return {
      rootTable: this.#rootTable,
      interruptTable: this.#interruptTable,
      queue: this.#queue.save(),
      freeHandles: [...this.#freeHandles],
      nextHandle: this.#nextHandle,
      overflows: this.#faults.overflows,
    };
  }

  restore(state: RemappingDriverState): void {
    this.#rootTable = state.rootTable as Hpa;
    this.#interruptTable = state.interruptTable as Hpa;
    this.#queue.restore(state.queue);
    this.#freeHandles = [...state.freeHandles];
    this.#nextHandle = state.nextHandle;
    this.#faults.overflows = state.overflows;
  }

  /** Replaces a context entry, and has the unit forget the old one and the translations of its domain. */
  #setContext(requesterId: RequesterId, entry: Uint32Array): void {
    const place = this.#contextEntry(requesterId);
    const old = Uint32Array.from({ length: 4 }, (_, word) => this.#map.read((place + word * 4) as Hpa, 4));
    // A not-present entry that was cached is tagged with domain-id 0 (VT-d 5.10 §6.1).
    const present = extract(old, context.CONTEXT_P_HI, context.CONTEXT_P_LO) === 1;
    const domainId = present ? extract(old, context.CONTEXT_DID_HI, context.CONTEXT_DID_LO) : 0;
    this.#writeEntry(place, entry);
    if (present || this.#capabilities.cachingMode) this.#queue.invalidateFunction(requesterId, domainId);
  }

  /** The context entry of a requester; the table of its bus is made when it is the first one there. */
  #contextEntry(requesterId: RequesterId): Hpa {
    const bus = busOf(requesterId);
    const rootEntry = (this.#rootTable + bus * root.ROOT_ENTRY_SIZE) as Hpa;
    const present = mask(root.ROOT_P_HI, root.ROOT_P_LO);
    const low = this.#map.read(rootEntry, 4);
    let table: number;
    if ((low & present) === 0) {
      table = this.#zeroed(PAGE_SIZE);
      this.#map.write((rootEntry + 4) as Hpa, 4, hi32(table));
      this.#map.write(rootEntry, 4, (lo32(table) | present) >>> 0);
    } else {
      table = join32(low, this.#map.read((rootEntry + 4) as Hpa, 4)) - (low % PAGE_SIZE);
    }
    return (table + bits(requesterId, 7, 0) * context.CONTEXT_ENTRY_SIZE) as Hpa;
  }

  /** Writes a 128-bit entry, the half with its present bit last. */
  #writeEntry(entry: Hpa, words: Uint32Array): void {
    for (const word of [3, 2, 1, 0]) this.#map.write((entry + word * 4) as Hpa, 4, words[word] as number);
  }

  #zeroed(bytes: number): Hpa {
    const pages = this.#pages.allocate(bytes);
    this.#map.writeBytes(pages, new Uint8Array(bytes));
    return pages;
  }

  #write64(register: number, value: number): void {
    this.#map.write((this.#unit + register) as Hpa, 4, lo32(value));
    this.#map.write((this.#unit + register + 4) as Hpa, 4, hi32(value));
  }

  /** Gives one command, keeping what is enabled, and waits until the status says so (VT-d 5.10 §11.4.4). */
  #command(bit: number): void {
    const status = (this.#unit + global.GSTS_REG) as Hpa;
    const oneShot = mask(global.GCMD_SRTP_HI, global.GCMD_SRTP_LO) | mask(global.GCMD_SIRTP_HI, global.GCMD_SIRTP_LO);
    const enabled = this.#map.read(status, 4) & ~oneShot;
    this.#map.write((this.#unit + global.GCMD_REG) as Hpa, 4, (enabled | mask(bit, bit)) >>> 0);
    for (let reads = 0; reads < MAX_STATUS_READS; reads++) {
      if ((this.#map.read(status, 4) & mask(bit, bit)) !== 0) return;
    }
    throw new Error(`the IOMMU does not carry out command bit ${bit}`);
  }
}
