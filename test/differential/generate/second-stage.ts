// Second-stage tables (VT-d 5.10 §9.8 second-stage entries): mappings, and one wrong entry in some of them.

import { INTERRUPT_RANGE_BASE } from "../../../assembly/spec/vtd/interrupt-range.ts";
import * as ss from "../../../assembly/spec/vtd/second-stage.ts";
import { HOLE_BASE, TABLES_BASE, TABLES_SIZE, TARGETS_BASE, TARGETS_SIZE } from "../machine.ts";
import { type Choice, field, whole } from "./choice.ts";
import type { Script } from "./script.ts";

const READ = 1n;
const WRITE = 2n;
const PAGE_SHIFT = 12;

export interface Mapping {
  iova: bigint;
  hpa: bigint;
  /** log2 of its bytes. */
  shift: number;
  /** Where its leaf entry lies. */
  entry: bigint;
  rights: bigint;
}

export class SecondStage {
  readonly top: bigint;
  readonly levels: number;
  readonly mappings: Mapping[] = [];
  /** Where the entries lie that lead to other tables. */
  readonly inner: bigint[] = [];
  readonly #script: Script;
  readonly #width: number;

  /** `width`: address bits of the host, beyond which address bits of entries are reserved. */
  constructor(script: Script, levels: number, width: number) {
    this.#script = script;
    this.levels = levels;
    this.#width = width;
    this.top = script.page();
  }

  /** Bits of an address that the tables translate. */
  get bits(): number {
    return PAGE_SHIFT + this.levels * ss.SS_INDEX_WIDTH;
  }

  /** Maps a page of 2^shift bytes around `iova` to one that contains `hpa`; undefined where something else lies. */
  map(iova: bigint, hpa: bigint, shift: number, rights: bigint, extra = 0n): Mapping | undefined {
    const { choice } = this.#script;
    let table = this.top;
    for (let level = this.levels - 1; level > 0; level--) {
      const at = this.#at(table, iova, level);
      const present = this.#script.word(at);
      if (PAGE_SHIFT + level * ss.SS_INDEX_WIDTH === shift) {
        if (present !== 0n) return undefined;
        return this.#leaf(at, iova, hpa, shift, rights, extra | whole(ss.SS_PS_HI, ss.SS_PS_LO));
      }
      if ((present & whole(ss.SS_PS_HI, ss.SS_PS_LO)) !== 0n) return undefined;
      if (present === 0n) {
        const next = this.#script.page();
        const rightsHere = choice.often(92) ? READ | WRITE : choice.one([READ, WRITE]);
        this.#script.put(at, next | rightsHere | this.#ignored());
        this.inner.push(at);
        table = next;
      } else table = present & whole(ss.SS_ADDR_HI, ss.SS_ADDR_LO);
      if (table < TABLES_BASE || table >= TABLES_BASE + TABLES_SIZE) return undefined;
    }
    const at = this.#at(table, iova, 0);
    return this.#script.word(at) === 0n ? this.#leaf(at, iova, hpa, shift, rights, extra) : undefined;
  }

  /** A random page: its place, size and rights; it leads into the target window, seldom elsewhere. */
  mapRandom(): Mapping | undefined {
    const { choice } = this.#script;
    const shift = choice.weighted([7, 12], [2, 21], [1, 30]);
    const near = this.mappings.length > 0 && choice.often(60) ? choice.one(this.mappings).iova : undefined;
    const spread = choice.bits(this.bits - 12) << 12n;
    const iova =
      near === undefined ? spread : near + (BigInt(choice.between(-3, 3)) << BigInt(choice.one([12, 12, 21])));
    const inside = iova & ((1n << BigInt(this.bits)) - 1n);
    const place = choice.weighted(
      [95, TARGETS_BASE + choice.below(TARGETS_SIZE / 4096) * 4096],
      [3, HOLE_BASE],
      // The interrupt range, of single pages only: QEMU refuses a large page that touches it whole.
      [shift === 12 ? 2 : 0, INTERRUPT_RANGE_BASE],
    );
    const hpa = BigInt(place);
    const rights = choice.weighted([6, READ | WRITE], [2, READ], [2, WRITE], [1, 0n]);
    return this.map(inside, hpa, shift, rights, this.#ignored());
  }

  /** One entry of a kind made wrong. */
  spoil(): void {
    const { choice } = this.#script;
    const leaf = this.mappings.length > 0 && choice.often(60);
    if (!leaf && this.inner.length === 0) return;
    const at = leaf ? choice.one(this.mappings).entry : choice.one(this.inner);
    this.#script.put(at, this.wrong(this.#script.word(at)));
  }

  wrong(entry: bigint): bigint {
    const { choice } = this.#script;
    const changed = choice.weighted(
      [2, 0n],
      [2, entry & ~(choice.one([READ, WRITE]) as bigint)],
      [2, entry | (1n << BigInt(choice.between(this.#width, 51)))],
      [2, (entry & ~whole(this.#width - 1, ss.SS_ADDR_LO)) | BigInt(HOLE_BASE)],
      [2, entry ^ whole(ss.SS_PS_HI, ss.SS_PS_LO)],
      [2, entry | whole(ss.SS_SNP_HI, ss.SS_SNP_LO)],
      [2, entry | (1n << BigInt(choice.between(12, 15)))],
      // Address bits that lead elsewhere in RAM stay: what lies there is of no case.
      [2, entry ^ (1n << BigInt(choice.one([choice.below(16), choice.between(26, 63)])))],
    );
    // The largest page begins at 0: without PS it would be a table where no case has one.
    const page = whole(ss.SS_PS_HI, ss.SS_PS_LO) | whole(ss.SS_ADDR_HI, ss.SS_ADDR_LO);
    return (changed & page) === 0n ? 0n : changed;
  }

  /** Ignored bits, where there are some in both kinds of entry. */
  #ignored(): bigint {
    const { choice } = this.#script;
    if (choice.often(70)) return 0n;
    return (
      field(ss.SS_IGNORED_HIGH_HI, ss.SS_IGNORED_HIGH_LO, choice.bits(10)) |
      field(ss.SS_IGNORED_LOW_HI, ss.SS_IGNORED_LOW_LO, choice.bits(5))
    );
  }

  #leaf(at: bigint, iova: bigint, hpa: bigint, shift: number, rights: bigint, extra: bigint): Mapping {
    const size = 1n << BigInt(shift);
    const base = hpa - (hpa % size);
    this.#script.put(at, base | rights | extra);
    const mapping = { iova: iova - (iova % size), hpa: base, shift, entry: at, rights };
    this.mappings.push(mapping);
    return mapping;
  }

  #at(table: bigint, iova: bigint, level: number): bigint {
    const index = (iova >> BigInt(PAGE_SHIFT + level * ss.SS_INDEX_WIDTH)) & whole(ss.SS_INDEX_WIDTH - 1, 0);
    return table + index * BigInt(ss.SS_ENTRY_SIZE);
  }
}

/** An address in a mapping; in one larger than a page, one that leads into the target window if any does. */
export function inside(choice: Choice, { iova, hpa, shift }: Mapping, align: number): bigint {
  const size = 1n << BigInt(shift);
  const window = BigInt(TARGETS_BASE);
  if (shift > 12 && window >= hpa && window < hpa + size) {
    return iova + (window - hpa) + BigInt(choice.below(TARGETS_SIZE / align) * align);
  }
  return iova + BigInt(choice.below(4096 / align) * align);
}
