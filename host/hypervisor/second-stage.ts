// Builds the tables that turn one domain's guest-physical addresses into host-physical ones, in host RAM,
// as an operating system's driver does. Whoever changes a mapping owes the unit an invalidation.
import {
  SS_ADDR_1G_LO,
  SS_ADDR_2M_LO,
  SS_ADDR_LO,
  SS_ENTRY_SIZE,
  SS_INDEX_WIDTH,
  SS_PS_HI,
  SS_PS_LO,
  SS_R_HI,
  SS_R_LO,
  SS_W_HI,
  SS_W_LO,
} from "../../assembly/spec/vtd/second-stage.ts";
import { type Gpa, type Hpa, hi32, join32, lo32, PAGE_SIZE } from "../core/address.ts";
import { mask } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import type { AddressMap } from "../machine/address-map.ts";
import type { PageAllocator } from "./page-allocator.ts";

const READ = mask(SS_R_HI, SS_R_LO);
const WRITE = mask(SS_W_HI, SS_W_LO);
const PAGE_SIZE_BIT = mask(SS_PS_HI, SS_PS_LO);
const ENTRIES = 2 ** SS_INDEX_WIDTH;
/** First address bit of a leaf at levels 0, 1 and 2: 4 KiB, 2 MiB, 1 GiB. */
const LEAF_SHIFTS: readonly number[] = [SS_ADDR_LO, SS_ADDR_2M_LO, SS_ADDR_1G_LO];

export interface Access {
  read: boolean;
  write: boolean;
}

export interface SecondStageState {
  tables: readonly number[];
}

export class SecondStage implements Snapshotable<SecondStageState> {
  /** 3, 4 or 5: the input is 39, 48 or 57 bits wide. */
  readonly levels: 3 | 4 | 5;
  readonly #map: AddressMap;
  readonly #pages: PageAllocator;
  readonly #largestLeaf: 0 | 1 | 2;
  #tables: Hpa[] = [];

  /** @param largestLeaf the highest level at which the unit takes a leaf: 0, 1 (2 MiB) or 2 (1 GiB). */
  constructor(map: AddressMap, pages: PageAllocator, levels: 3 | 4 | 5, largestLeaf: 0 | 1 | 2 = 2) {
    this.#map = map;
    this.#pages = pages;
    this.levels = levels;
    this.#largestLeaf = largestLeaf;
    this.#newTable();
  }

  /** The top table, for a context entry. */
  get root(): Hpa {
    return this.#tables[0] as Hpa;
  }

  /**
   * Maps `size` bytes at `from` to `to` with the largest pages that fit. Throws ArgumentError, with nothing mapped,
   * unless all three are multiples of 4 KiB, `from` lies within the input width, and no larger page is in the way.
   */
  map(from: Gpa, to: Hpa, size: number, access: Access): void {
    this.#check(from, size);
    if (to % PAGE_SIZE !== 0) throw new ArgumentError("to", to, "is not a multiple of 4 KiB");
    const bits = (access.read ? READ : 0) | (access.write ? WRITE : 0);
    for (const { at, level } of this.#leaves(from, to, size)) {
      const found = this.#find(at);
      if (found.entry !== undefined && found.level > level) {
        throw new ArgumentError("from", from, "is inside a larger page that is mapped");
      }
    }
    for (const { at, level } of this.#leaves(from, to, size)) {
      const done = at - from;
      const entry = this.#entry(at, level);
      this.#write(entry, to + done, bits | (level > 0 ? PAGE_SIZE_BIT : 0));
    }
  }

  /**
   * Takes away `size` bytes at `from`. A page larger than the range at its end is taken away whole.
   * Throws ArgumentError as `map` does.
   */
  unmap(from: Gpa, size: number): void {
    this.#check(from, size);
    for (let done = 0; done < size; ) {
      const { entry, level } = this.#find(from + done);
      if (entry !== undefined) this.#write(entry, 0, 0);
      const span = 2 ** (SS_ADDR_LO + SS_INDEX_WIDTH * level);
      done += span - ((from + done) % span);
    }
  }

  /** Gives every table back. The caller has made sure that the unit no longer walks them. */
  release(): void {
    for (const table of this.#tables) this.#pages.release(table, PAGE_SIZE);
    this.#tables = [];
  }

  save(): SecondStageState {
    return { tables: [...this.#tables] };
  }

  restore(state: SecondStageState): void {
    this.#tables = [...state.tables] as Hpa[];
  }

  #check(from: number, size: number): void {
    if (from % PAGE_SIZE !== 0) throw new ArgumentError("from", from, "is not a multiple of 4 KiB");
    const width = SS_ADDR_LO + SS_INDEX_WIDTH * this.levels;
    if (size <= 0 || size % PAGE_SIZE !== 0 || from + size > 2 ** width) {
      throw new ArgumentError("size", size, `is not a multiple of 4 KiB within ${width} bits`);
    }
  }

  /** The pages of a mapping: where each begins and at which level it is a leaf. */
  *#leaves(from: number, to: number, size: number): Generator<{ at: number; level: number }> {
    for (let done = 0; done < size; ) {
      const level = this.#leafLevel(from + done, to + done, size - done);
      yield { at: from + done, level };
      done += 2 ** (LEAF_SHIFTS[level] as number);
    }
  }

  #leafLevel(from: number, to: number, left: number): number {
    for (let level: number = this.#largestLeaf; level > 0; level--) {
      const span = 2 ** (LEAF_SHIFTS[level] as number);
      if (left >= span && from % span === 0 && to % span === 0) return level;
    }
    return 0;
  }

  /** The place of the entry for `from` at `level`; makes the tables above it. */
  #entry(from: number, level: number): Hpa {
    let table = this.root;
    for (let at = this.levels - 1; ; at--) {
      const place = (table + this.#index(from, at) * SS_ENTRY_SIZE) as Hpa;
      if (at === level) return place;
      const low = this.#map.read(place, 4);
      if ((low & (READ | WRITE)) !== 0) {
        table = this.#address(place, low);
        continue;
      }
      table = this.#newTable();
      this.#write(place, table, READ | WRITE);
    }
  }

  /** The lowest entry on the way to `from`: its leaf, or where the way ends. */
  #find(from: number): { entry: Hpa | undefined; level: number } {
    let table = this.root;
    for (let level = this.levels - 1; ; level--) {
      const entry = (table + this.#index(from, level) * SS_ENTRY_SIZE) as Hpa;
      const low = this.#map.read(entry, 4);
      if ((low & (READ | WRITE)) === 0) return { entry: undefined, level };
      if (level === 0 || (low & PAGE_SIZE_BIT) !== 0) return { entry, level };
      table = this.#address(entry, low);
    }
  }

  #index(from: number, level: number): number {
    return Math.floor(from / 2 ** (SS_ADDR_LO + SS_INDEX_WIDTH * level)) % ENTRIES;
  }

  #address(entry: Hpa, low: number): Hpa {
    const high = this.#map.read((entry + 4) as Hpa, 4);
    return (join32(low, high) - (low % PAGE_SIZE)) as Hpa;
  }

  #write(entry: Hpa, address: number, bits: number): void {
    // The half with the access bits goes last, so that no walk meets half an address.
    this.#map.write((entry + 4) as Hpa, 4, hi32(address));
    this.#map.write(entry, 4, (lo32(address) | bits) >>> 0);
  }

  #newTable(): Hpa {
    const table = this.#pages.allocate(PAGE_SIZE);
    this.#map.writeBytes(table, new Uint8Array(PAGE_SIZE));
    this.#tables.push(table);
    return table;
  }
}
