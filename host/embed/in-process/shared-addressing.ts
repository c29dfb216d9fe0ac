// A guest's side of shared virtual addressing on a bare machine: address spaces of first-stage tables, one per PASID,
// whose pages are mapped when a device first asks for them (VT-d 5.10 §3.4.3, §7.4, §7.6), and taken away again
// (§6.5.3.3). For one device behind one unit; waits by polling.

import * as descriptors from "../../../assembly/spec/vtd/descriptors.ts";
import * as tlb from "../../../assembly/spec/vtd/device-tlb-descriptors.ts";
import * as fs from "../../../assembly/spec/vtd/first-stage.ts";
import * as gcmd from "../../../assembly/spec/vtd/global.ts";
import * as iq from "../../../assembly/spec/vtd/invalidation-queue.ts";
import * as req from "../../../assembly/spec/vtd/page-request-descriptor.ts";
import * as prq from "../../../assembly/spec/vtd/page-request-queue.ts";
import * as pasidInv from "../../../assembly/spec/vtd/pasid-descriptors.ts";
import * as directory from "../../../assembly/spec/vtd/pasid-directory-entry.ts";
import * as entry from "../../../assembly/spec/vtd/pasid-table-entry.ts";
import * as rta from "../../../assembly/spec/vtd/root-table-address.ts";
import * as ctx from "../../../assembly/spec/vtd/scalable-context-entry.ts";
import * as root from "../../../assembly/spec/vtd/scalable-root-entry.ts";
import {
  busOf,
  deviceFunctionOf,
  type Gpa,
  hi32,
  join32,
  lo32,
  PAGE_SIZE,
  type RequesterId,
} from "../../core/address.ts";
import { extract, insert } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Guest, Registers } from "./guest.ts";

const LEVELS = 4;
const INDEX_WIDTH = 9;
const ENTRIES = 2 ** INDEX_WIDTH;
const PAGE_WIDTH = 12;
const ENTRY_SIZE = 8;
const WORD = 4;
/** Contexts of a bus in each half of a root-entry. */
const HALF = 128;
const POLLS = 1000;
/** Invalidation and page request queues have one page each. */
const QUEUE_SIZE = PAGE_SIZE;
/** G of a PASID-based IOTLB invalidation: pages of a PASID. */
const PAGES_OF_PASID = 3;
/** Domain-ids are given to PASIDs from this one on. */
const FIRST_DOMAIN = 1;
const DIRECTORY_REACH = 6;

/** A page that a device asks for. */
export interface WantedPage {
  pasid: number;
  /** Of the page's first byte, below 2^48. */
  address: number;
  read: boolean;
  write: boolean;
  privileged: boolean;
}

/** The guest-physical page that shall be there and whether it may be written; undefined refuses the request. */
export type PageFault = (wanted: WantedPage) => { page: Gpa; writable: boolean } | undefined;

export interface SharedAddressingOptions {
  /** Where the unit's registers are. */
  unit: Gpa;
  /** The device whose address spaces they are. */
  requesterId: RequesterId;
  onFault: PageFault;
}

interface AddressSpace {
  table: Gpa;
  domainId: number;
}

export class SharedAddressing {
  readonly #guest: Guest;
  readonly #options: SharedAddressingOptions;
  readonly #registers: Registers;
  readonly #directory: Gpa;
  readonly #queue: Gpa;
  readonly #requests: Gpa;
  readonly #status: Gpa;
  readonly #spaces = new Map<number, AddressSpace>();
  /** Groups of which a page was refused, until their last page. */
  readonly #refused = new Set<number>();
  #tail = 0;
  #waits = 0;

  /** Lays out the tables and turns the unit on, in scalable mode. */
  constructor(guest: Guest, options: SharedAddressingOptions) {
    this.#guest = guest;
    this.#options = options;
    this.#registers = new Registers(guest.platform, options.unit);
    this.#directory = this.#page();
    this.#queue = this.#page();
    this.#requests = this.#page();
    this.#status = this.#page();
    const { requesterId } = options;
    const rootTable = this.#page();
    const contexts = this.#page();
    const half = deviceFunctionOf(requesterId) < HALF ? 0 : 1;
    const rootEntry = Uint32Array.of(lo32(contexts), hi32(contexts));
    insert(rootEntry, 1, root.SM_ROOT_LP_HI, root.SM_ROOT_LP_LO);
    this.#write(rootTable + busOf(requesterId) * root.SM_ROOT_ENTRY_SIZE + half * ENTRY_SIZE, rootEntry);
    const context = new Uint32Array(ctx.SM_CONTEXT_ENTRY_SIZE / WORD);
    context.set([lo32(this.#directory), hi32(this.#directory)]);
    insert(context, 1, ctx.SM_CONTEXT_P_HI, ctx.SM_CONTEXT_P_LO);
    insert(context, 1, ctx.SM_CONTEXT_DTE_HI, ctx.SM_CONTEXT_DTE_LO);
    insert(context, 1, ctx.SM_CONTEXT_PASIDE_HI, ctx.SM_CONTEXT_PASIDE_LO);
    insert(context, 1, ctx.SM_CONTEXT_PRE_HI, ctx.SM_CONTEXT_PRE_LO);
    this.#write(contexts + (deviceFunctionOf(requesterId) % HALF) * ctx.SM_CONTEXT_ENTRY_SIZE, context);
    this.#enable(rootTable);
  }

  /** Gives PASID `pasid` an empty address space. Throws ArgumentError for one beyond the directory, or bound already. */
  bind(pasid: number): void {
    if (!Number.isInteger(pasid) || pasid < 1 || pasid >= ENTRIES * 2 ** DIRECTORY_REACH || this.#spaces.has(pasid)) {
      throw new ArgumentError("pasid", pasid, "is not one that can be bound");
    }
    const domainId = FIRST_DOMAIN + this.#spaces.size;
    const table = this.#page();
    const words = new Uint32Array(entry.PASID_ENTRY_SIZE / WORD);
    insert(words, entry.PGTT_FIRST_STAGE, entry.PASID_ENTRY_PGTT_HI, entry.PASID_ENTRY_PGTT_LO);
    insert(words, domainId, entry.PASID_ENTRY_DID_HI, entry.PASID_ENTRY_DID_LO);
    insert(words, 1, entry.PASID_ENTRY_PWSNP_HI, entry.PASID_ENTRY_PWSNP_LO);
    insert(words, lo32(table) >>> PAGE_WIDTH, entry.PASID_ENTRY_FSPTPTR_LO + 19, entry.PASID_ENTRY_FSPTPTR_LO);
    insert(words, 1, entry.PASID_ENTRY_P_HI, entry.PASID_ENTRY_P_LO);
    this.#write(this.#entryOf(pasid), words);
    this.#spaces.set(pasid, { table, domainId });
  }

  /** Maps a page, as a fault would. */
  map(pasid: number, address: number, page: Gpa, writable: boolean): void {
    const at = this.#leaf(this.#space(pasid).table, address, true) as Gpa;
    const words = Uint32Array.of(lo32(page), hi32(page));
    insert(words, 1, fs.FS_P_HI, fs.FS_P_LO);
    insert(words, 1, fs.FS_US_HI, fs.FS_US_LO);
    insert(words, Number(writable), fs.FS_RW_HI, fs.FS_RW_LO);
    this.#write(at, words);
  }

  /** Takes a page away from the device: from the tables, the unit's caches and the device's, in this order. */
  unmap(pasid: number, address: number): void {
    const { table, domainId } = this.#space(pasid);
    const at = this.#leaf(table, address, false);
    if (at === undefined) return;
    this.#write(at, new Uint32Array(2));
    const unit = descriptor(pasidInv.TYPE_PASID_IOTLB);
    insert(unit, PAGES_OF_PASID, pasidInv.PASID_IOTLB_INV_G_HI, pasidInv.PASID_IOTLB_INV_G_LO);
    insert(unit, domainId, pasidInv.PASID_IOTLB_INV_DID_HI, pasidInv.PASID_IOTLB_INV_DID_LO);
    insert(unit, pasid, pasidInv.PASID_IOTLB_INV_PASID_HI, pasidInv.PASID_IOTLB_INV_PASID_LO);
    putAddress(unit, address);
    const device = descriptor(tlb.TYPE_PASID_DEVICE_TLB);
    insert(device, this.#options.requesterId, tlb.PASID_DEVICE_TLB_INV_SID_HI, tlb.PASID_DEVICE_TLB_INV_SID_LO);
    insert(device, pasid, tlb.PASID_DEVICE_TLB_INV_PASID_HI, tlb.PASID_DEVICE_TLB_INV_PASID_LO);
    putAddress(device, address);
    this.#submit([unit, device]);
    this.#drain();
  }

  /** Serves the page requests that wait. Returns how many pages were asked for. */
  serve(): number {
    let served = 0;
    const tail = this.#registers.read(prq.PQT_REG);
    for (
      let head = this.#registers.read(prq.PQH_REG);
      head !== tail;
      head = (head + req.PAGE_REQUEST_SIZE) % QUEUE_SIZE
    ) {
      served += this.#serve(this.#read(this.#requests + head, req.PAGE_REQUEST_SIZE / WORD));
    }
    this.#registers.write(prq.PQH_REG, tail);
    this.#registers.write(prq.PRS_REG, this.#registers.read(prq.PRS_REG));
    return served;
  }

  /** One request: a page, or a Stop Marker, which wants none. Returns how many pages it asked for. */
  #serve(words: Uint32Array): number {
    const wants = (hi: number, lo: number): boolean => extract(words, hi, lo) === 1;
    const read = wants(req.PAGE_REQ_RDR_HI, req.PAGE_REQ_RDR_LO);
    const write = wants(req.PAGE_REQ_WRR_HI, req.PAGE_REQ_WRR_LO);
    if (!read && !write) return 0;
    const group = extract(words, req.PAGE_REQ_PRGI_HI, req.PAGE_REQ_PRGI_LO);
    const pasid = extract(words, req.PAGE_REQ_PASID_HI, req.PAGE_REQ_PASID_LO);
    const low = ((words[2] as number) & ~(PAGE_SIZE - 1)) >>> 0;
    const address = join32(low, words[3] as number);
    const privileged = wants(req.PAGE_REQ_PMR_HI, req.PAGE_REQ_PMR_LO);
    const found = this.#spaces.has(pasid)
      ? this.#options.onFault({ pasid, address, read, write, privileged })
      : undefined;
    if (found === undefined || (write && !found.writable)) this.#refused.add(group);
    else this.map(pasid, address, found.page, found.writable);
    if (wants(req.PAGE_REQ_LPIG_HI, req.PAGE_REQ_LPIG_LO)) {
      const code = this.#refused.delete(group) ? tlb.RESPONSE_INVALID : tlb.RESPONSE_SUCCESS;
      this.#submit([this.#response(words, group, code)]);
    }
    return 1;
  }

  #response(request: Uint32Array, group: number, code: number): Uint32Array {
    const response = descriptor(tlb.TYPE_PAGE_GROUP_RESPONSE);
    const copy = (hi: number, lo: number, toHi: number, toLo: number): void =>
      insert(response, extract(request, hi, lo), toHi, toLo);
    copy(req.PAGE_REQ_RID_HI, req.PAGE_REQ_RID_LO, tlb.PAGE_RESPONSE_RID_HI, tlb.PAGE_RESPONSE_RID_LO);
    copy(req.PAGE_REQ_PP_HI, req.PAGE_REQ_PP_LO, tlb.PAGE_RESPONSE_PP_HI, tlb.PAGE_RESPONSE_PP_LO);
    copy(req.PAGE_REQ_PASID_HI, req.PAGE_REQ_PASID_LO, tlb.PAGE_RESPONSE_PASID_HI, tlb.PAGE_RESPONSE_PASID_LO);
    insert(response, group, tlb.PAGE_RESPONSE_PRGI_HI, tlb.PAGE_RESPONSE_PRGI_LO);
    insert(response, code, tlb.PAGE_RESPONSE_RC_HI, tlb.PAGE_RESPONSE_RC_LO);
    return response;
  }

  /** §11.4.4.1, §6.5.2, §7.4.1: root table, queues, translation, each confirmed before the next. */
  #enable(rootTable: Gpa): void {
    this.#write64(rta.RTADDR_REG, rootTable + rta.RTADDR_TTM_SCALABLE * 2 ** rta.RTADDR_TTM_LO);
    this.#command(gcmd.GCMD_SRTP_LO);
    this.#write64(iq.IQA_REG, this.#queue + 2 ** iq.IQA_DW_LO);
    this.#write64(iq.IQT_REG, 0);
    this.#command(gcmd.GCMD_QIE_LO);
    this.#write64(prq.PQH_REG, 0);
    this.#write64(prq.PQT_REG, 0);
    this.#write64(prq.PQA_REG, this.#requests);
    this.#command(gcmd.GCMD_TE_LO);
  }

  #command(bit: number): void {
    const status = this.#registers.read(gcmd.GSTS_REG);
    const levels = 2 ** gcmd.GCMD_TE_LO + 2 ** gcmd.GCMD_QIE_LO + 2 ** gcmd.GCMD_IRE_LO;
    this.#registers.write(gcmd.GCMD_REG, ((status & levels) | (2 ** bit)) >>> 0);
    const done = (): boolean => this.#registers.read(gcmd.GSTS_REG) >>> bit !== 0;
    if (!this.#guest.poll(done, POLLS, 1)) throw new Error(`the IOMMU did not confirm command bit ${bit}`);
  }

  /** Waits until everything submitted so far is done (§6.5.2.9). */
  #drain(): void {
    const wait = descriptor(descriptors.TYPE_WAIT);
    this.#waits++;
    insert(wait, 1, descriptors.WAIT_SW_HI, descriptors.WAIT_SW_LO);
    insert(wait, this.#waits, descriptors.WAIT_DATA_HI, descriptors.WAIT_DATA_LO);
    wait.set([lo32(this.#status), hi32(this.#status)], 2);
    this.#submit([wait]);
    const { ram } = this.#guest.platform;
    if (this.#guest.poll(() => ram.read32(this.#status) === this.#waits, POLLS, 1)) return;
    throw new Error("the IOMMU did not finish its invalidations");
  }

  #submit(given: readonly Uint32Array[]): void {
    for (const words of given) {
      this.#write(this.#queue + this.#tail, words);
      this.#tail = (this.#tail + descriptors.WIDE_DESCRIPTOR_SIZE) % QUEUE_SIZE;
    }
    this.#registers.write(iq.IQT_REG, this.#tail);
  }

  #space(pasid: number): AddressSpace {
    const space = this.#spaces.get(pasid);
    if (space === undefined) throw new ArgumentError("pasid", pasid, "is not bound");
    return space;
  }

  /** The place of a PASID-table entry, its table made as needed. */
  #entryOf(pasid: number): Gpa {
    const row = pasid >>> directory.PASID_INDEX_DIRECTORY_LO;
    const at = (this.#directory + row * directory.PASID_DIRECTORY_ENTRY_SIZE) as Gpa;
    const rows = 2 ** directory.PASID_INDEX_DIRECTORY_LO;
    return (this.#below(at, 1, true) + (pasid % rows) * entry.PASID_ENTRY_SIZE) as Gpa;
  }

  /** The place of the first-stage leaf entry for `address`; tables above are made, or undefined where there is none. */
  #leaf(table: Gpa, address: number, make: boolean): Gpa | undefined {
    let at: number | undefined = table;
    for (let level = LEVELS - 1; at !== undefined; level--) {
      const index = Math.floor(address / 2 ** (PAGE_WIDTH + INDEX_WIDTH * level)) % ENTRIES;
      const slot: Gpa = (at + index * ENTRY_SIZE) as Gpa;
      if (level === 0) return slot;
      at = this.#below(slot, 2 ** fs.FS_P_LO + 2 ** fs.FS_RW_LO + 2 ** fs.FS_US_LO, make);
    }
    return undefined;
  }

  #below(slot: Gpa, flags: number, make: true): number;
  #below(slot: Gpa, flags: number, make: boolean): number | undefined;
  /** The table that an entry references; made, with `flags` in its entry, if there is none and it is wanted. */
  #below(slot: Gpa, flags: number, make: boolean): number | undefined {
    const [low, high] = this.#read(slot, 2) as unknown as [number, number];
    if ((low & 1) !== 0) return join32((low & ~(PAGE_SIZE - 1)) >>> 0, high);
    if (!make) return undefined;
    const page = this.#page();
    this.#write(slot, Uint32Array.of(lo32(page) + flags, hi32(page)));
    return page;
  }

  /** A zeroed page of RAM. */
  #page(): Gpa {
    const page = this.#guest.allocate(PAGE_SIZE);
    this.#guest.platform.ram.writeBytes(page, new Uint8Array(PAGE_SIZE));
    return page;
  }

  #write64(register: number, value: number): void {
    this.#registers.write(register, lo32(value));
    this.#registers.write(register + WORD, hi32(value));
  }

  /** Writes an entry, its first words last: Present comes with the rest in place. */
  #write(at: number, words: Uint32Array): void {
    for (let word = words.length - 1; word >= 0; word--) {
      this.#guest.platform.ram.write32((at + word * WORD) as Gpa, words[word] as number);
    }
  }

  #read(at: number, count: number): Uint32Array {
    return Uint32Array.from({ length: count }, (_, word) => this.#guest.platform.ram.read32((at + word * WORD) as Gpa));
  }
}

function descriptor(type: number): Uint32Array {
  const words = new Uint32Array(descriptors.WIDE_DESCRIPTOR_SIZE / WORD);
  insert(words, type, descriptors.DESCRIPTOR_TYPE_LOW_HI, descriptors.DESCRIPTOR_TYPE_LOW_LO);
  return words;
}

/** Bits 127:76 of an invalidation descriptor: the address of one page. */
function putAddress(words: Uint32Array, address: number): void {
  words[2] = ((words[2] as number) | lo32(address)) >>> 0;
  words[3] = hi32(address);
}
