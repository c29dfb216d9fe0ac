// Legacy-mode DMA remapping as careful JavaScript: typed arrays, addresses in two halves of 32 bits, nothing
// allocated. The same caches and checks as assembly/iommu; the hash is one that 32-bit multiplications can make.
import { type AddressList, BATCH, type MachineImage, type UnitIdentity } from "../scene/machine.ts";
import { HalvesContexts, reservedHigh } from "./halves-context.ts";
import { HalvesMap } from "./halves-map.ts";

const READ = 1;
const WRITE = 2;
const BOTH = 3;
const FAULT = 0x8000_0000 | 0;
const PAGE = ~0xfff;
const OFFSET = 0xfff;
const ADDRESS_TOP = 25;
const REFUSED = 0x100;
const NOTHING = 0x200;
const UNREADABLE = -1;
// As in halves-context.ts. V8 folds a module's own constants, but not those that it imports.
const IDENTITY = 0x4000_0000;
const LEVELS = 7;
const GENERATION = 20;
const GENERATIONS = 4096;
const DISABLED = 65536 << 2;

/** The IOTLB slot of a tag. */
export function halvesSlot(tagLo: number, tagHi: number): number {
  return Math.imul(tagLo ^ Math.imul(tagHi, 0x85eb_ca6b), 0x9e37_79b1) >>> 19;
}

export class HalvesUnit {
  /** The upper half of the last translation: region in 30:20, HPA 51:32; FAULT when it was refused. */
  hi = 0;
  /** The reason of the last refusal. */
  lastReason = 0;
  /** Translations, misses, walks, faults. */
  readonly counters: Float64Array = new Float64Array(4);
  readonly map: HalvesMap;
  readonly #tlb = new Int32Array(8192 * 4);
  readonly #cache1G = new Int32Array(1024 * 4);
  readonly #cache2M = new Int32Array(1024 * 4);
  readonly #cache: HalvesContexts;
  // Fields that the hot path reads have their value from the start: V8 trusts those that are set once.
  readonly #contexts = new Int32Array(65537 * 4);
  /** Context lines of other generations are not valid. */
  #generation = 1;
  #mapGeneration = 0;
  #translating = true;
  readonly #reservedHi: number;
  readonly #guestWidth: number;
  readonly #large2M: number;
  readonly #large1G: number;
  readonly #leafReserved: number;
  readonly #tableReservedHi: number;
  #tableHi = 0;

  constructor(image: MachineImage, identity: UnitIdentity, ram: ArrayBuffer = image.ram) {
    this.map = new HalvesMap(image, ram);
    const { capLo, capHi, ecapLo } = identity;
    if (image.rootTable === 0) this.#translating = false;
    this.#cache = new HalvesContexts(this.#contexts, this.map, image.rootTable, identity);
    this.#reservedHi = reservedHigh(identity.hostAddressWidth);
    this.#guestWidth = ((capLo >>> 16) & 63) + 1;
    this.#large2M = capHi & 4 ? 0x80 : 0;
    this.#large1G = capHi & 8 ? 0x80 : 0;
    this.#leafReserved = ecapLo & 0x80 ? 0 : 0x800;
    this.#tableReservedHi = (this.#reservedHi & 0xf_ffff) | 0x4000_0000;
  }

  /** Invalidates every cache. */
  flush(): void {
    this.#generation = (this.#generation + 1) % GENERATIONS;
    if (this.#generation === 0) {
      this.#generation = 1;
      this.#contexts.fill(0, 0, DISABLED);
    }
    this.#tlb.fill(0);
    this.#cache1G.fill(0);
    this.#cache2M.fill(0);
  }

  /** The line of a requester for one burst; -1 when it is refused. */
  open(requesterId: number): number {
    if (this.#mapGeneration !== this.map.generation) this.#mapChanged();
    if (!this.#translating) return DISABLED;
    const line = (requesterId & 0xffff) << 2;
    const info = this.#contexts[line + 1] as number;
    return info >>> GENERATION === this.#generation && (info & LEVELS) !== LEVELS
      ? line
      : this.#fill(requesterId, line);
  }

  #mapChanged(): void {
    this.#mapGeneration = this.map.generation;
    this.#tlb.fill(0);
  }

  /** The lower half of where an address leads; `hi` has the upper. */
  translate(line: number, lo: number, hi: number, access: number): number {
    (this.counters[0] as number)++;
    return this.lookup(line, lo, hi, access);
  }

  /** As `translate`, for a caller that counts. */
  lookup(line: number, lo: number, hi: number, access: number): number {
    const tlb = this.#tlb;
    const tagLo = (hi << 20) | (lo >>> 12);
    const tagHi = (hi >>> 12) | (this.#contexts[line] as number);
    const at = (Math.imul(tagLo ^ Math.imul(tagHi, 0x85eb_ca6b), 0x9e37_79b1) >>> 19) << 2;
    const value = tlb[at + 2] as number;
    if (
      (((tlb[at] as number) ^ tagLo) | ((tlb[at + 1] as number) ^ tagHi) | (hi >>> ADDRESS_TOP) | (access & ~value)) ===
      0
    ) {
      this.hi = tlb[at + 3] as number;
      return (value & PAGE) | (lo & OFFSET);
    }
    return this.#miss(line, lo, hi, access, at, tagLo, tagHi);
  }

  /** The HPA of one access, or minus the reason of its refusal. */
  single(requesterId: number, lo: number, hi: number, access: number): number {
    if (hi === 0 && lo >>> 20 === 0xfee) return lo >>> 0;
    const line = this.open(requesterId);
    if (line < 0) return -this.lastReason;
    const place = this.translate(line, lo, hi, access);
    return this.hi < 0 ? -this.lastReason : (this.hi & 0xf_ffff) * 0x1_0000_0000 + (place >>> 0);
  }

  /** Translates `length` addresses of `list` from `from` on into `out`. Returns how many were not refused. */
  batch(requesterId: number, list: Uint32Array, from: number, out: Int32Array, length: number): number {
    const line = this.open(requesterId);
    if (line >= 0) (this.counters[0] as number) += length;
    let done = 0;
    for (let index = 0; index < length; index++) {
      const place = (from + index) << 1;
      const lo = line < 0 ? 0 : this.lookup(line, (list[place] as number) | 0, (list[place + 1] as number) | 0, READ);
      const hi = line < 0 ? FAULT : this.hi;
      out[index << 1] = lo;
      out[(index << 1) + 1] = hi;
      if (hi >= 0) done++;
    }
    return done;
  }

  /** Translates a whole list in batches. */
  batches({ requesterId, halves }: AddressList, out: Int32Array): void {
    for (let from = 0; from < halves.length >>> 1; from += BATCH) this.batch(requesterId, halves, from, out, BATCH);
  }

  #refuse(reason: number): number {
    (this.counters[3] as number)++;
    this.lastReason = reason;
    this.hi = FAULT;
    return 0;
  }

  #fill(requesterId: number, line: number): number {
    const reason = this.#cache.decide(requesterId, line, this.#generation);
    if (reason === 0) return line;
    this.#contexts[line + 1] = 0;
    this.#refuse(reason);
    return -1;
  }

  #miss(line: number, lo: number, hi: number, access: number, at: number, tagLo: number, tagHi: number): number {
    (this.counters[1] as number)++;
    if (hi === 0 && lo >>> 20 === 0xfee) {
      this.hi = 0;
      return lo;
    }
    let valueLo = (lo & PAGE) | BOTH;
    let valueHi = hi & 0xf_ffff;
    if (((this.#contexts[line] as number) & IDENTITY) === 0) {
      const width = Math.min(this.#guestWidth, 12 + 9 * ((this.#contexts[line + 1] as number) & LEVELS));
      if (width < 64 && hi >>> (width - 32) !== 0) return this.#refuse(0x04);
      (this.counters[2] as number)++;
      valueLo = this.#walk(line, lo, hi, access);
      valueHi = this.#tableHi;
      if (valueHi < 0) return this.#refuse(valueLo & 0xff);
      if (valueHi === 0 && valueLo >>> 20 === 0xfee) return this.#refuse(0x0e);
    } else if (hi & this.#reservedHi) return this.#refuse(0x04);
    const region = this.map.find(valueLo & PAGE, valueHi);
    if (region !== 0) {
      const tlb = this.#tlb;
      tlb[at] = tagLo;
      tlb[at + 1] = tagHi;
      tlb[at + 2] = valueLo;
      tlb[at + 3] = valueHi | (region << 20);
    }
    this.hi = valueHi | (region << 20);
    return (valueLo & PAGE) | (lo & OFFSET);
  }

  /** The page in the low half with the rights in bits 1:0; the high half, negative for a refusal, in #tableHi. */
  #walk(line: number, lo: number, hi: number, access: number): number {
    const map = this.map;
    const words = map.words;
    const tag = this.#contexts[line] as number;
    const leafHi = this.#tableReservedHi;
    const tagLo2M = ((hi << 20) | (lo >>> 12)) & ~0x1ff;
    const tagHi = (hi >>> 12) | tag;
    const at2M = (halvesSlot(tagLo2M, tagHi) >>> 3) << 2;
    const cache2M = this.#cache2M;
    const cache1G = this.#cache1G;
    let table: number;
    let tableHi: number;
    let granted: number;
    let at: number;
    if (cache2M[at2M] === tagLo2M && cache2M[at2M + 1] === tagHi) {
      table = (cache2M[at2M + 2] as number) & PAGE;
      granted = (cache2M[at2M + 2] as number) & BOTH;
      tableHi = cache2M[at2M + 3] as number;
    } else {
      const tagLo1G = tagLo2M & ~0x3_ffff;
      const at1G = (halvesSlot(tagLo1G, tagHi) >>> 3) << 2;
      if (cache1G[at1G] === tagLo1G && cache1G[at1G + 1] === tagHi) {
        table = (cache1G[at1G + 2] as number) & PAGE;
        granted = (cache1G[at1G + 2] as number) & BOTH;
        tableHi = cache1G[at1G + 3] as number;
      } else {
        const levels = (this.#contexts[line + 1] as number) & LEVELS;
        table = this.#contexts[line + 2] as number;
        tableHi = this.#contexts[line + 3] as number;
        granted = BOTH;
        for (let level = levels - 1; level > 2; level--) {
          const index = level === 4 ? hi >>> 16 : hi >>> 7;
          at = map.word(table | ((index & 0x1ff) << 3), tableHi);
          if (at < 0) return this.#refuseWalk(UNREADABLE, level === levels - 1, granted, access);
          table = words[at] as number;
          tableHi = words[at + 1] as number;
          granted &= table;
          if ((access & ~granted) | (table & 0x880) | (tableHi & leafHi)) {
            return this.#refuseWalk(table, false, granted, access);
          }
          table &= PAGE;
          tableHi &= 0xf_ffff;
        }
        at = map.word(table | ((((hi << 2) | (lo >>> 30)) & 0x1ff) << 3), tableHi);
        if (at < 0) return this.#refuseWalk(UNREADABLE, levels === 3, granted, access);
        table = words[at] as number;
        tableHi = words[at + 1] as number;
        granted &= table;
        if (table & this.#large1G) {
          if ((access & ~granted) | (table & (this.#leafReserved | 0x3fff_f000)) | (tableHi & leafHi)) {
            return this.#refuseWalk(table, false, granted, access);
          }
          this.#tableHi = tableHi & 0xf_ffff;
          return (table & PAGE) | (lo & 0x3fff_f000) | granted;
        }
        if ((access & ~granted) | (table & 0x880) | (tableHi & leafHi)) {
          return this.#refuseWalk(table, false, granted, access);
        }
        table &= PAGE;
        tableHi &= 0xf_ffff;
        cache1G[at1G] = tagLo1G;
        cache1G[at1G + 1] = tagHi;
        cache1G[at1G + 2] = table | granted;
        cache1G[at1G + 3] = tableHi;
      }
      at = map.word(table | ((lo >>> 18) & 0xff8), tableHi);
      if (at < 0) return this.#refuseWalk(UNREADABLE, false, granted, access);
      table = words[at] as number;
      tableHi = words[at + 1] as number;
      granted &= table;
      if (table & this.#large2M) {
        if ((access & ~granted) | (table & (this.#leafReserved | 0x1f_f000)) | (tableHi & leafHi)) {
          return this.#refuseWalk(table, false, granted, access);
        }
        this.#tableHi = tableHi & 0xf_ffff;
        return (table & PAGE) | (lo & 0x1f_f000) | granted;
      }
      if ((access & ~granted) | (table & 0x880) | (tableHi & leafHi)) {
        return this.#refuseWalk(table, false, granted, access);
      }
      table &= PAGE;
      tableHi &= 0xf_ffff;
      cache2M[at2M] = tagLo2M;
      cache2M[at2M + 1] = tagHi;
      cache2M[at2M + 2] = table | granted;
      cache2M[at2M + 3] = tableHi;
    }
    at = map.word(table | ((lo >>> 9) & 0xff8), tableHi);
    if (at < 0) return this.#refuseWalk(UNREADABLE, false, granted, access);
    table = words[at] as number;
    tableHi = words[at + 1] as number;
    granted &= table;
    if ((access & ~granted) | (table & this.#leafReserved) | (tableHi & leafHi)) {
      return this.#refuseWalk(table, false, granted, access);
    }
    this.#tableHi = tableHi & 0xf_ffff;
    return (table & PAGE) | granted;
  }

  #refuseWalk(entry: number, top: boolean, granted: number, access: number): number {
    this.#tableHi = FAULT;
    if (entry === UNREADABLE) return REFUSED | NOTHING | (top ? 0x03 : 0x07);
    if (access & ~granted) return REFUSED | (access & ~granted & WRITE ? 0x05 : 0x06);
    return REFUSED | NOTHING | 0x0c;
  }
}
