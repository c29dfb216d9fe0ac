// The memory of a soak's world: what it holds, what its words have held since caches were last empty, and what an
// operation changed of it.
import { hpa } from "../../host/core/address.ts";
import { type Harness, RAM_BASE } from "../iommu/harness.ts";
import type { Words } from "../iommu/possible.ts";

export const PAGE = 4096;
/** Pages of RAM in the WebAssembly memory, and of an embedder's buffer far above it. */
export const RAM_PAGES = 56;
export const EXTERNAL_PAGES = 4;
export const EXTERNAL_BASE = 0x4000_0000;

/** A change of one 64-bit word. */
export interface Change {
  address: number;
  before: bigint;
  after: bigint;
}

interface Region {
  base: number;
  now: Uint8Array;
  before: Uint8Array;
  words: BigUint64Array;
  old: BigUint64Array;
}

export class Memory {
  readonly #regions: Region[];
  readonly #past = new Map<number, bigint[]>();
  #written: Change[] = [];

  constructor(h: Harness) {
    const external = new ArrayBuffer(EXTERNAL_PAGES * PAGE);
    h.map.addExternalRam({ base: hpa(EXTERNAL_BASE), size: external.byteLength, buffer: external });
    const [ram] = h.map.wasmRam();
    const { pointer, size } = ram as { pointer: number; size: number };
    this.#regions = [
      regionOf(RAM_BASE, h.engine.u8.subarray(pointer, pointer + size)),
      regionOf(EXTERNAL_BASE, new Uint8Array(external)),
    ];
  }

  /** Whether memory answers at all of `length` bytes. */
  has(address: number, length = 1): boolean {
    return this.#at(address, length) !== undefined;
  }

  /** The bytes at an address, as they are, or as they were before the operation. */
  bytes(address: number, length: number, when: "now" | "before"): Uint8Array | undefined {
    const region = this.#at(address, length);
    return region?.[when].subarray(address - region.base, address - region.base + length);
  }

  /** The 64-bit word at an aligned address. */
  word(address: number, when: "now" | "before"): bigint | undefined {
    const region = this.#at(address, 8);
    return region?.[when === "now" ? "words" : "old"][(address - region.base) / 8];
  }

  /** Whether bytes are what memory held at an address at some time during the operation, flags of walks set or not. */
  held(address: number, data: Uint8Array): boolean {
    const now = this.bytes(address, data.length, "now") as Uint8Array;
    if (Buffer.compare(now, data) === 0) return true;
    const before = this.bytes(address, data.length, "before") as Uint8Array;
    return data.every((byte, at) => {
      const [is, was] = [now[at] as number, before[at] as number];
      return byte === is || byte === was || ((was & ~byte) === 0 && (byte & ~is) === 0);
    });
  }

  write(address: number, value: bigint): void {
    const region = this.#at(address, 8) as Region;
    const [at, after] = [(address - region.base) / 8, BigInt.asUintN(64, value)];
    this.#written.push({ address, before: region.words[at] as bigint, after });
    region.words[at] = after;
  }

  /** What was written by `write` is no operation's doing. */
  settleWritten(): void {
    this.#remember(this.#written);
    this.settle(this.#written);
    this.#written = [];
  }

  /** What the last operation changed; from now on, that is how memory was before the next. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const { base, now, before, words, old } of this.#regions) {
      if (Buffer.compare(now, before) === 0) continue;
      for (let page = 0; page < now.length; page += PAGE) {
        if (Buffer.compare(now.subarray(page, page + PAGE), before.subarray(page, page + PAGE)) === 0) continue;
        for (let word = page / 8; word < (page + PAGE) / 8; word++) {
          const [was, is] = [old[word] as bigint, words[word] as bigint];
          if (was === is) continue;
          changes.push({ address: base + word * 8, before: was, after: is });
        }
      }
    }
    this.#remember(changes);
    return changes;
  }

  #remember(changes: readonly Change[]): void {
    for (const { address, before, after } of changes) {
      const past = this.#past.get(address) ?? [before];
      if (!past.includes(after)) past.push(after);
      this.#past.set(address, past);
    }
  }

  /** The last operation has been judged. */
  settle(changes: readonly Change[]): void {
    for (const { address, after } of changes) {
      const region = this.#at(address, 8) as Region;
      region.old[(address - region.base) / 8] = after;
    }
  }

  /** Nothing older than now can be cached. */
  forget(): void {
    this.#past.clear();
  }

  /** What a word may be to a walk. */
  readonly words: Words = (address) => {
    const region = this.#at(address, 8);
    if (region === undefined) return undefined;
    return this.#past.get(address) ?? [region.words[(address - region.base) / 8] as bigint];
  };

  #at(address: number, length: number): Region | undefined {
    return this.#regions.find(({ base, now }) => address >= base && address + length <= base + now.length);
  }
}

function regionOf(base: number, now: Uint8Array): Region {
  const words = new BigUint64Array(now.buffer, now.byteOffset, now.length / 8);
  const before = now.slice();
  const old = new BigUint64Array(before.buffer, before.byteOffset, before.length / 8);
  return { base, now, before, words, old };
}
