// First-stage tables (VT-d 5.10 §9.7 first-stage entries): mappings, and one wrong entry in some of them.
import * as fs from "../../../assembly/spec/vtd/first-stage.ts";
import { HOLE_BASE, TABLES_BASE, TABLES_SIZE, TARGETS_BASE, TARGETS_SIZE } from "../machine.ts";
import { field, whole } from "./choice.ts";
import type { Script } from "./script.ts";
import type { Mapping } from "./second-stage.ts";

const PAGE_SHIFT = 12;
const INDEX_WIDTH = 9;
const LEVELS = 4;
const PRESENT = whole(fs.FS_P_HI, fs.FS_P_LO);
const WRITE = whole(fs.FS_RW_HI, fs.FS_RW_LO);
const USER = whole(fs.FS_US_HI, fs.FS_US_LO);
const ACCESSED = whole(fs.FS_A_HI, fs.FS_A_LO);
const DIRTY = whole(fs.FS_D_HI, fs.FS_D_LO);

export class FirstStage {
  readonly top: bigint;
  readonly levels: number = LEVELS;
  readonly bits: number = PAGE_SHIFT + LEVELS * INDEX_WIDTH;
  readonly mappings: Mapping[] = [];
  readonly inner: bigint[] = [];
  readonly #script: Script;
  readonly #width: number;
  readonly #shifts: readonly number[];

  /** `width`: address bits of the host; `shifts`: page sizes. */
  constructor(script: Script, width: number, shifts: readonly number[]) {
    this.#script = script;
    this.#width = width;
    this.#shifts = shifts;
    this.top = script.page();
  }

  mapRandom(): Mapping | undefined {
    const { choice } = this.#script;
    const shift = choice.one([12, 12, 12, 12, ...this.#shifts]);
    const near = this.mappings.length > 0 && choice.often(60) ? choice.one(this.mappings).iova : undefined;
    const spread = this.#canonical(choice.bits(this.bits - 12) << 12n);
    const iova =
      near === undefined ? spread : near + (BigInt(choice.between(-3, 3)) << BigInt(choice.one([12, 12, 21])));
    const place = choice.weighted(
      [95, TARGETS_BASE + choice.below(TARGETS_SIZE / 4096) * 4096],
      [3, HOLE_BASE],
      [2, 0xfee0_0000],
    );
    return this.map(
      this.#canonical(iova & whole(this.bits - 1, 0)),
      BigInt(shift === 12 ? place : TARGETS_BASE),
      shift,
    );
  }

  map(iova: bigint, hpa: bigint, shift: number): Mapping | undefined {
    const { choice } = this.#script;
    let table = this.top;
    for (let level = LEVELS - 1; ; level--) {
      const at = this.#at(table, iova, level);
      const present = this.#script.word(at);
      if (PAGE_SHIFT + level * INDEX_WIDTH === shift)
        return present === 0n ? this.#leaf(at, iova, hpa, shift) : undefined;
      if ((present & whole(fs.FS_PS_HI, fs.FS_PS_LO)) !== 0n) return undefined;
      if (present === 0n) {
        const next = this.#script.page();
        const rights = choice.often(92) ? WRITE | USER : choice.one([WRITE, USER]);
        this.#script.put(at, next | PRESENT | rights | this.#flags(ACCESSED));
        this.inner.push(at);
        table = next;
      } else table = present & whole(fs.FS_ADDR_HI, fs.FS_ADDR_LO);
      if (table < TABLES_BASE || table >= TABLES_BASE + TABLES_SIZE) return undefined;
    }
  }

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
      [2, entry & ~choice.one([PRESENT, WRITE, USER])],
      [2, entry | (1n << BigInt(choice.between(this.#width, 51)))],
      [2, (entry & ~whole(this.#width - 1, fs.FS_ADDR_LO)) | BigInt(HOLE_BASE)],
      [2, entry ^ whole(fs.FS_PS_HI, fs.FS_PS_LO)],
      [2, entry | (1n << BigInt(choice.between(12, 15)))],
      // Address bits that lead elsewhere in RAM stay: what lies there is of no case.
      [2, entry ^ (1n << BigInt(choice.one([choice.below(16), choice.between(26, 63)])))],
    );
    // The largest page begins at 0: without PS it would be a table where no case has one.
    const page = whole(fs.FS_PS_HI, fs.FS_PS_LO) | whole(fs.FS_ADDR_HI, fs.FS_ADDR_LO);
    return (changed & page) === 0n ? 0n : changed;
  }

  #leaf(at: bigint, iova: bigint, hpa: bigint, shift: number): Mapping {
    const { choice } = this.#script;
    const size = 1n << BigInt(shift);
    const base = hpa - (hpa % size);
    const rights = choice.weighted([6, WRITE | USER], [3, USER], [1, WRITE]);
    const large = shift > PAGE_SHIFT ? whole(fs.FS_PS_HI, fs.FS_PS_LO) : 0n;
    this.#script.put(at, base | PRESENT | rights | large | this.#flags(ACCESSED, DIRTY));
    const mapping = { iova: iova - (iova % size), hpa: base, shift, entry: at, rights };
    this.mappings.push(mapping);
    return mapping;
  }

  /** Some of the given flags, and ignored bits. */
  #flags(...flags: bigint[]): bigint {
    const { choice } = this.#script;
    const set = flags.filter(() => choice.often(30)).reduce((sum, flag) => sum | flag, 0n);
    if (choice.often(70)) return set;
    return (
      set |
      field(62, fs.FS_IGNORED_HIGH_LO, choice.bits(11)) |
      field(fs.FS_IGNORED_8_HI, fs.FS_IGNORED_8_LO, choice.bits(2))
    );
  }

  #canonical(iova: bigint): bigint {
    const sign = 1n << BigInt(this.bits - 1);
    return (iova & sign) === 0n ? iova : iova | (whole(63, 0) & ~whole(this.bits - 1, 0));
  }

  #at(table: bigint, iova: bigint, level: number): bigint {
    const index = (iova >> BigInt(PAGE_SHIFT + level * INDEX_WIDTH)) & whole(INDEX_WIDTH - 1, 0);
    return table + index * BigInt(fs.FS_ENTRY_SIZE);
  }
}
