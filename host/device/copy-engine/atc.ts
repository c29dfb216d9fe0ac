// The engine's address translation cache, its device TLB: translations as completions brought them, until an
// invalidation covers them (PCIe 6.0 §10.2.3, §10.3).
import * as spec from "../../../assembly/spec/pci/ats-messages.ts";
import { bits } from "../../core/bits.ts";
import { FormatError } from "../../core/errors.ts";
import type { InvalidateRequest, Snapshotable } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";

/** Addresses are handled as numbers of 4 KiB pages: 52 bits, exact. */
const LOW_PAGE_BITS = 32 - spec.TRANSLATION_ADDRESS_LO;
const PAGE_NUMBER_WIDTH = 64 - spec.TRANSLATION_ADDRESS_LO;
export const ATC_ENTRIES = 64;

/** Whose addresses they are. */
export interface AddressSpace {
  pasid: number | undefined;
  privileged: boolean;
}

export interface AtcEntry {
  /** -1 for requests without PASID. */
  pasid: number;
  privileged: boolean;
  /** First page of the input range and of what it is translated to, and pages in it, a power of two. */
  page: number;
  target: number;
  pages: number;
  read: boolean;
  write: boolean;
  /** Only untranslated requests may be made. */
  untranslated: boolean;
  /** N: accesses must snoop. Nothing here does not. */
  snoop: boolean;
  /** The same in every PASID. */
  global: boolean;
}

export interface AtcState {
  entries: AtcEntry[];
  next: number;
}

/** The number of the page of an address in two halves. */
export function pageOf(lo: number, hi: number): number {
  return (hi >>> 0) * 2 ** LOW_PAGE_BITS + (lo >>> spec.TRANSLATION_ADDRESS_LO);
}

/** The address of the first byte of a page, in halves. */
export function addressOf(page: number): { lo: number; hi: number } {
  return {
    lo: ((page % 2 ** LOW_PAGE_BITS) * 2 ** spec.TRANSLATION_ADDRESS_LO) >>> 0,
    hi: Math.floor(page / 2 ** LOW_PAGE_BITS) >>> 0,
  };
}

/** The pages that address and S of a completion or invalidation cover: those of the lowest 0 in the address. */
function rangeOf(lo: number, hi: number): { page: number; pages: number } {
  const page = pageOf(lo, hi);
  if (bits(lo, spec.INVALIDATE_S_HI, spec.INVALIDATE_S_LO) === 0) return { page, pages: 1 };
  let pages = 2;
  for (let rest = page; rest % 2 === 1 && pages < 2 ** PAGE_NUMBER_WIDTH; rest = (rest - 1) / 2) pages *= 2;
  return { page: page - (page % pages), pages };
}

/** The entry that a successful completion for `page` makes. */
export function entryOf(space: AddressSpace, page: number, lo: number, hi: number): AtcEntry {
  const flag = (high: number, low: number): boolean => bits(lo, high, low) === 1;
  const { page: target, pages } = rangeOf(lo, hi);
  return {
    pasid: space.pasid ?? -1,
    privileged: space.privileged,
    page: page - (page % pages),
    target,
    pages,
    read: flag(spec.TRANSLATION_R_HI, spec.TRANSLATION_R_LO),
    write: flag(spec.TRANSLATION_W_HI, spec.TRANSLATION_W_LO),
    untranslated: flag(spec.TRANSLATION_U_HI, spec.TRANSLATION_U_LO),
    snoop: flag(spec.TRANSLATION_N_HI, spec.TRANSLATION_N_LO),
    global: flag(spec.TRANSLATION_GLOBAL_HI, spec.TRANSLATION_GLOBAL_LO),
  };
}

export class AddressTranslationCache implements Snapshotable<AtcState> {
  #entries: AtcEntry[] = [];
  /** Which entry is replaced next once all are in use. */
  #next = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The translation of `page`, whatever it allows. */
  find(space: AddressSpace, page: number): AtcEntry | undefined {
    const pasid = space.pasid ?? -1;
    return this.#entries.find(
      (entry) =>
        page >= entry.page &&
        page < entry.page + entry.pages &&
        entry.privileged === space.privileged &&
        (entry.pasid === pasid || (entry.global && entry.pasid >= 0 && pasid >= 0)),
    );
  }

  /** Keeps a translation in place of what was known of its pages. */
  keep(entry: AtcEntry): void {
    this.#drop((old) => old.pasid === entry.pasid && old.privileged === entry.privileged && overlap(old, entry));
    if (this.#entries.length < ATC_ENTRIES) {
      this.#entries.push(entry);
      return;
    }
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % ATC_ENTRIES;
  }

  /** Forgets what is known of `page`. */
  forget(space: AddressSpace, page: number): void {
    const entry = this.find(space, page);
    if (entry !== undefined) this.#drop((old) => old === entry);
  }

  /** Without a PASID the translations without one, with one its own, with Global Invalidate those of all PASIDs. */
  invalidate(request: InvalidateRequest): void {
    const { pasid, lo, hi } = request;
    const range = rangeOf(lo, hi);
    const all = bits(lo, spec.INVALIDATE_GLOBAL_HI, spec.INVALIDATE_GLOBAL_LO) === 1;
    this.#drop((entry) => {
      if (!overlap(entry, range)) return false;
      if (pasid === undefined) return entry.pasid < 0;
      return entry.pasid >= 0 && (all || entry.pasid === pasid);
    });
  }

  clear(): void {
    this.#entries = [];
    this.#next = 0;
  }

  save(): AtcState {
    return { entries: this.#entries.map((entry) => ({ ...entry })), next: this.#next };
  }

  /** Throws FormatError for what is no cache's state. */
  restore(state: AtcState): void {
    if (!Array.isArray(state.entries) || state.entries.length > ATC_ENTRIES) {
      throw new FormatError("ATC", "has no list of entries, or one that is too long");
    }
    checkStateNumber("ATC", state.next, ATC_ENTRIES - 1);
    for (const { page, target, pages, pasid } of state.entries) {
      for (const number of [page, target]) checkStateNumber("ATC", number, 2 ** PAGE_NUMBER_WIDTH - 1);
      checkStateNumber("ATC", pasid + 1, 2 ** 20);
      if (!Number.isInteger(Math.log2(pages)) || pages < 1) throw new FormatError("ATC", `${pages} pages are no range`);
    }
    this.#entries = state.entries.map((entry) => ({ ...entry }));
    this.#next = state.next;
  }

  #drop(condition: (entry: AtcEntry) => boolean): void {
    const kept = this.#entries.filter((entry) => !condition(entry));
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    this.#next = 0;
  }
}

function overlap(one: { page: number; pages: number }, other: { page: number; pages: number }): boolean {
  return one.page < other.page + other.pages && other.page < one.page + one.pages;
}
