// Root, context and second-stage tables in a RAM image, as a hypervisor builds them.
import { CONTEXT_AW_48, CONTEXT_DID_LO, CONTEXT_ENTRY_SIZE } from "../../assembly/spec/vtd/context-entry.ts";
import { ROOT_ENTRY_SIZE } from "../../assembly/spec/vtd/root-entry.ts";
import { SS_ADDR_2M_LO, SS_PS_LO } from "../../assembly/spec/vtd/second-stage.ts";

const PAGE = 4096;
const ENTRIES = 512;
const LEVELS = 4;
const PRESENT = 1;
const READ_WRITE = 3;
const TWO_32 = 0x1_0000_0000;
/** Of a context-entry's upper half: where the domain-id starts. */
const DOMAIN_SHIFT = CONTEXT_DID_LO - 64;

/** Builds tables with pages from `next` on. */
export class TableBuilder {
  readonly words: Uint32Array;
  readonly rootTable: number;
  readonly #end: number;
  #next: number;

  constructor(ram: ArrayBuffer, next: number, end: number, rootTable?: number) {
    this.words = new Uint32Array(ram);
    this.#next = next;
    this.#end = end;
    this.rootTable = rootTable ?? this.page();
  }

  /** Goes on with tables that are there already, in the RAM's last 64 KiB. */
  static extend(ram: ArrayBuffer, rootTable: number): TableBuilder {
    return new TableBuilder(ram, ram.byteLength - 16 * PAGE, ram.byteLength, rootTable);
  }

  /** A zeroed page. */
  page(): number {
    const page = this.#next;
    if (page + PAGE > this.#end) throw new Error("the image has no room for more tables");
    this.#next += PAGE;
    return page;
  }

  /** Gives a requester a domain with 48-bit addresses; returns its top table. */
  attach(requesterId: number, domainId: number, table: number = this.page()): number {
    const context = this.#below(this.rootTable + (requesterId >>> 8) * ROOT_ENTRY_SIZE, PRESENT);
    const entry = (context + (requesterId & 0xff) * CONTEXT_ENTRY_SIZE) >>> 2;
    this.words[entry] = table | PRESENT;
    this.words[entry + 1] = 0;
    this.words[entry + 2] = (domainId << DOMAIN_SHIFT) | CONTEXT_AW_48;
    this.words[entry + 3] = 0;
    return table;
  }

  /** Maps a 4 KiB page. */
  map(top: number, iova: number, hpa: number, rights: number = READ_WRITE): void {
    let table = top;
    for (let level = LEVELS - 1; level > 0; level--) {
      table = this.#below(this.#entry(table, iova, level), READ_WRITE);
    }
    this.#store(this.#entry(table, iova, 0), hpa, rights);
  }

  /** Maps a 2 MiB page. */
  mapLarge(top: number, iova: number, hpa: number, rights: number = READ_WRITE): void {
    let table = top;
    for (let level = LEVELS - 1; level > 1; level--) {
      table = this.#below(this.#entry(table, iova, level), READ_WRITE);
    }
    const size = 2 ** SS_ADDR_2M_LO;
    this.#store(this.#entry(table, iova, 1), Math.floor(hpa / size) * size, rights | (1 << SS_PS_LO));
  }

  /** Maps the first `pages` pages (a multiple of 512) of a domain to `place(page)`. */
  fill(top: number, pages: number, place: (page: number) => number): void {
    for (let first = 0; first < pages; first += ENTRIES) {
      this.map(top, first * PAGE, place(first));
      let table = top;
      for (let level = LEVELS - 1; level > 0; level--) {
        table = this.#below(this.#entry(table, first * PAGE, level), READ_WRITE);
      }
      for (let index = 1; index < ENTRIES; index++) this.#store(table + index * 8, place(first + index), READ_WRITE);
    }
  }

  #entry(table: number, iova: number, level: number): number {
    return table + (Math.floor(iova / (PAGE * ENTRIES ** level)) % ENTRIES) * 8;
  }

  #store(entry: number, hpa: number, rights: number): void {
    this.words[entry >>> 2] = (hpa % TWO_32) | rights;
    this.words[(entry >>> 2) + 1] = Math.floor(hpa / TWO_32);
  }

  /** The table that an entry references, made when there is none. */
  #below(entry: number, rights: number): number {
    const found = this.words[entry >>> 2] as number;
    if (found !== 0) return (found & -PAGE) >>> 0;
    const table = this.page();
    this.words[entry >>> 2] = table | rights;
    return table;
  }
}
