// Interrupt remapping in JavaScript: with words and nothing allocated, and with BigInt.
import type { MachineImage } from "../scene/machine.ts";

export const BLOCKED = 0;
export const DELIVER = 1;
const LINES = 512;
const VALID = 0x1_0000;

/** Careful: the entry's four words in a typed array, one line each; results in `out`. */
export class HalvesRemap {
  /** Destination, vector, delivery mode, trigger mode, destination mode, redirection hint, wide destination. */
  readonly out: Uint32Array = new Uint32Array(7);
  lastReason = 0;
  /** Requests, blocked. */
  readonly counters: Float64Array = new Float64Array(2);
  readonly #words: Uint32Array;
  readonly #table: number;
  readonly #count: number;
  readonly #extended: boolean;
  /** Key, then the entry's words, eight for each line. */
  readonly #cache = new Uint32Array(LINES * 8);
  readonly #enabled: boolean;

  constructor(image: MachineImage) {
    this.#words = new Uint32Array(image.ram);
    this.#table = (image.interruptTable & -4096) >>> 0;
    this.#enabled = image.interruptTable !== 0;
    this.#count = 2 << (image.interruptTable & 15);
    this.#extended = (image.interruptTable & 0x800) !== 0;
  }

  request(requesterId: number, address: number, data: number): number {
    (this.counters[0] as number)++;
    if (!this.#enabled) return 2;
    if ((address & 0x10) === 0) return this.#block(0x25);
    let index = ((address >>> 5) & 0x7fff) | ((address & 4) << 13);
    if ((address & 8) !== 0) {
      if (data >>> 16 !== 0) return this.#block(0x20);
      index += data & 0xffff;
    }
    if (index >= this.#count) return this.#block(0x21);
    const line = (index & (LINES - 1)) << 3;
    const cache = this.#cache;
    if (cache[line] === (VALID | index)) return this.#entry(requesterId, cache, line + 1);
    return this.#fetch(requesterId, index, line);
  }

  #block(reason: number): number {
    (this.counters[1] as number)++;
    this.lastReason = reason;
    return BLOCKED;
  }

  #fetch(requesterId: number, index: number, line: number): number {
    const at = (this.#table + index * 16) >>> 2;
    const words = this.#words;
    if (at + 4 > words.length) return this.#block(0x23);
    if (this.#valid(words, at) && ((words[at] as number) & 1) !== 0) {
      this.#cache[line] = VALID | index;
      for (let word = 0; word < 4; word++) this.#cache[line + 1 + word] = words[at + word] as number;
    }
    return this.#entry(requesterId, words, at);
  }

  #valid(words: Uint32Array, at: number): boolean {
    const low = words[at] as number;
    const upper = words[at + 2] as number;
    const mode = (low >>> 5) & 7;
    if ((low & 0xff00_f000) !== 0 || upper >>> 20 !== 0 || words[at + 3] !== 0) return false;
    if (!this.#extended && ((words[at + 1] as number) & 0xffff_00ff) !== 0) return false;
    return ((upper >>> 18) & 3) !== 3 && mode !== 3 && mode !== 6;
  }

  #allows(upper: number, requesterId: number): boolean {
    const type = (upper >>> 18) & 3;
    const sid = upper & 0xffff;
    if (type === 1) return ((sid ^ requesterId) & ~(7 & ~(7 >>> ((upper >>> 16) & 3)))) === 0;
    if (type === 2) return requesterId >>> 8 >= sid >>> 8 && requesterId >>> 8 <= (sid & 0xff);
    return true;
  }

  #entry(requesterId: number, words: Uint32Array, at: number): number {
    const low = words[at] as number;
    if ((low & 1) === 0) return this.#block(0x22);
    if (!this.#allows(words[at + 2] as number, requesterId)) return this.#block(0x26);
    if (!this.#valid(words, at)) return this.#block(0x24);
    const out = this.out;
    const destination = words[at + 1] as number;
    out[0] = this.#extended ? destination : (destination >>> 8) & 0xff;
    out[1] = (low >>> 16) & 0xff;
    out[2] = (low >>> 5) & 7;
    out[3] = (low >>> 4) & 1;
    out[4] = (low >>> 2) & 1;
    out[5] = (low >>> 3) & 1;
    out[6] = this.#extended ? 1 : 0;
    return DELIVER;
  }
}

/** With BigInt: the entry is two 64-bit words, the cache a Map. */
export class BigRemap {
  readonly out: BigUint64Array = new BigUint64Array(7);
  lastReason = 0;
  readonly #words: BigUint64Array;
  readonly #table: bigint;
  readonly #cache = new Map<bigint, [bigint, bigint]>();

  constructor(image: MachineImage) {
    this.#words = new BigUint64Array(image.ram);
    this.#table = BigInt(image.interruptTable);
  }

  request(requesterId: bigint, address: bigint, data: bigint): number {
    if ((address & 0x10n) === 0n) return this.#block(0x25);
    let index = ((address >> 5n) & 0x7fffn) | ((address & 4n) << 13n);
    if (address & 8n) {
      if (data >> 16n) return this.#block(0x20);
      index += data & 0xffffn;
    }
    if (index >= 2n << (this.#table & 15n)) return this.#block(0x21);
    let entry = this.#cache.get(index);
    if (entry === undefined) {
      const at = Number(((this.#table & ~0xfffn) + index * 16n) / 8n);
      const low = this.#words[at];
      const high = this.#words[at + 1];
      if (low === undefined || high === undefined) return this.#block(0x23);
      entry = [low, high];
      if (this.#valid(low, high) && low & 1n) this.#cache.set(index, entry);
    }
    const [low, high] = entry;
    if ((low & 1n) === 0n) return this.#block(0x22);
    if (!this.#allows(high, requesterId)) return this.#block(0x26);
    if (!this.#valid(low, high)) return this.#block(0x24);
    const extended = (this.#table >> 11n) & 1n;
    this.out[0] = extended ? low >> 32n : (low >> 40n) & 0xffn;
    this.out[1] = (low >> 16n) & 0xffn;
    this.out[2] = (low >> 5n) & 7n;
    this.out[3] = (low >> 4n) & 1n;
    this.out[4] = (low >> 2n) & 1n;
    this.out[5] = (low >> 3n) & 1n;
    this.out[6] = extended;
    return DELIVER;
  }

  #block(reason: number): number {
    this.lastReason = reason;
    return BLOCKED;
  }

  #valid(low: bigint, high: bigint): boolean {
    const mode = (low >> 5n) & 7n;
    if (low & 0xff00_f000n || high >> 20n) return false;
    if (((this.#table >> 11n) & 1n) === 0n && low & 0xffff_00ff_0000_0000n) return false;
    return ((high >> 18n) & 3n) !== 3n && mode !== 3n && mode !== 6n;
  }

  #allows(high: bigint, requesterId: bigint): boolean {
    const type = (high >> 18n) & 3n;
    const sid = high & 0xffffn;
    if (type === 1n) return ((sid ^ requesterId) & ~(7n & ~(7n >> ((high >> 16n) & 3n)))) === 0n;
    if (type === 2n) return requesterId >> 8n >= sid >> 8n && requesterId >> 8n <= (sid & 0xffn);
    return true;
  }
}
