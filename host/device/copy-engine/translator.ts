// How the engine reaches memory: translated requests with what its ATC knows or a translation request brings,
// untranslated ones while ATS is disabled or the root complex does not serve it.

import { STATUS_INVALID, STATUS_TRANSLATION } from "../../../assembly/spec/copy-engine/descriptor.ts";
import { COMPLETION_SUCCESS, COMPLETION_UNSUPPORTED } from "../../../assembly/spec/pci/ats-messages.ts";
import { FormatError } from "../../core/errors.ts";
import type { DmaPort, PasidPrefix, Snapshotable, TranslationPort } from "../../core/ports.ts";
import type { PciFunction } from "../../pci/function.ts";
import type { AddressSpaces, AddressTranslation } from "../../pci/translation.ts";
import { type AddressSpace, type AddressTranslationCache, type AtcEntry, addressOf, entryOf, pageOf } from "./atc.ts";

const PAGE_OFFSET = 0xfff;

/** An address in halves, not crossing a page in its use. */
export interface Span {
  lo: number;
  hi: number;
  write: boolean;
}

/** Where a span leads; `missing`, or the STATUS_ code of a refusal. */
export type Place =
  | { kind: "translated" | "untranslated"; lo: number; hi: number; pasid: PasidPrefix | undefined }
  | { kind: "missing" }
  | { kind: "refused"; code: number };

export interface TranslatorState {
  unsupported: boolean;
  hits: number;
  misses: number;
}

export interface TranslatorOptions {
  fn: PciFunction;
  dma: DmaPort;
  ats: TranslationPort;
  control: AddressTranslation;
  spaces: AddressSpaces;
  cache: AddressTranslationCache;
}

export class Translator implements Snapshotable<TranslatorState> {
  hits = 0;
  misses = 0;
  readonly #options: TranslatorOptions;
  /** The root complex said Unsupported Request: no more translation requests until ATS is enabled anew. */
  #unsupported = false;

  constructor(options: TranslatorOptions) {
    this.#options = options;
  }

  /** Forgets everything, as a change of ATS Enable or a reset does. */
  clear(): void {
    this.#unsupported = false;
    this.#options.cache.clear();
  }

  resolve(given: AddressSpace, span: Span): Place {
    const { control, spaces, cache } = this.#options;
    const { pasid } = given;
    if (pasid !== undefined && !spaces.allows(pasid)) return { kind: "refused", code: STATUS_INVALID };
    const space = { pasid, privileged: given.privileged && pasid !== undefined && spaces.privileged };
    const prefix = pasid === undefined ? undefined : { pasid, privileged: space.privileged };
    const direct: Place = { kind: "untranslated", lo: span.lo, hi: span.hi, pasid: prefix };
    if (!control.enabled || this.#unsupported) return direct;
    const page = pageOf(span.lo, span.hi);
    let entry = cache.find(space, page);
    if (entry === undefined || !allows(entry, span)) {
      this.misses = (this.misses + 1) >>> 0;
      const answer = this.#request(space, page);
      if ("kind" in answer) return answer.kind === "untranslated" ? direct : answer;
      entry = answer;
      if (!allows(entry, span)) return { kind: "missing" };
    } else {
      this.hits = (this.hits + 1) >>> 0;
    }
    if (entry.untranslated) return direct;
    const { lo, hi } = addressOf(entry.target + (page - entry.page));
    return { kind: "translated", lo: (lo | (span.lo & PAGE_OFFSET)) >>> 0, hi, pasid: undefined };
  }

  /** False when any of it was refused. */
  read(place: Place, target: Uint8Array): boolean {
    const { fn, ats, dma } = this.#options;
    if (place.kind === "translated" && fn.requestsReachRoot(true)) {
      return ats.readTranslated(fn.requesterId, place.lo, place.hi, target);
    }
    if (place.kind !== "untranslated" || !fn.requestsReachRoot()) return false;
    return dma.read(fn.requesterId, place.lo, place.hi, target, place.pasid);
  }

  write(place: Place, source: Uint8Array): boolean {
    const { fn, ats, dma } = this.#options;
    if (place.kind === "translated" && fn.requestsReachRoot(true)) {
      return ats.writeTranslated(fn.requesterId, place.lo, place.hi, source);
    }
    if (place.kind !== "untranslated" || !fn.requestsReachRoot()) return false;
    return dma.write(fn.requesterId, place.lo, place.hi, source, place.pasid);
  }

  save(): TranslatorState {
    return { unsupported: this.#unsupported, hits: this.hits, misses: this.misses };
  }

  restore(state: TranslatorState): void {
    if (typeof state.unsupported !== "boolean") throw new FormatError("copy engine", "unsupported is no boolean");
    this.#unsupported = state.unsupported;
    this.hits = state.hits;
    this.misses = state.misses;
  }

  /**
   * Asks for the translation of a page, in the unit that software chose, and keeps one that allows something. A
   * translation without permission must be asked for again after software was told (VT-d 5.10 §7.1.2).
   */
  #request(space: AddressSpace, page: number): AtcEntry | { kind: "untranslated" } | { kind: "refused"; code: number } {
    const { fn, ats, cache, control } = this.#options;
    const refused = { kind: "refused", code: STATUS_TRANSLATION } as const;
    if (!fn.requestsReachRoot(true)) return refused;
    const unit = 2 ** control.smallestUnit;
    const first = page - (page % unit);
    const { lo, hi } = addressOf(first);
    const completion = ats.translate(fn.requesterId, lo, hi, space);
    if (completion.status === COMPLETION_UNSUPPORTED) {
      this.#unsupported = true;
      cache.clear();
      return { kind: "untranslated" };
    }
    if (completion.status !== COMPLETION_SUCCESS) return refused;
    const entry = entryOf(space, first, completion.lo, completion.hi);
    if (!entry.read && !entry.write) {
      cache.forget(space, page);
      return entry;
    }
    if (entry.pages < unit) return refused;
    cache.keep(entry);
    return entry;
  }
}

function allows(entry: AtcEntry, span: Span): boolean {
  return span.write ? entry.write : entry.read;
}
