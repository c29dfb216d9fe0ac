// Runs the transfer lists by which the module reaches the embedder's RAM: many copies in one call.
import {
  TRANSFER_LENGTH,
  TRANSFER_OWNER,
  TRANSFER_OWNER_CAUSE_HI,
  TRANSFER_OWNER_CAUSE_LO,
  TRANSFER_POINTER,
  TRANSFER_REFUSED,
  TRANSFER_SIZE,
  TRANSFER_SOURCE,
  TRANSFER_SOURCE_REGION,
  TRANSFER_TARGET,
  TRANSFER_TARGET_REGION,
} from "../../assembly/spec/abi/memory-map.ts";
import { join32 } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import type { Engine } from "../core/engine.ts";
import type { Backing, BufferBacking, WriteListener } from "./backing.ts";
import { Pieces } from "./pieces.ts";

/** Up to this many bytes a loop over words beats setting up a view. */
const WORD_LOOP_LIMIT = 128;

/** The regions that transfers name. */
export interface Regions {
  /** Those in an embedder's buffer, by number. */
  readonly buffers: readonly (BufferBacking | undefined)[];
  /** What stands behind a region number. */
  find(region: number): Backing | undefined;
  /** Runs an embedder's functions. False when they did not serve. */
  attempt(region: number, access: () => void): boolean;
}

/** Memory that is reached without a call: an embedder's buffer, or the module's own, by pointer. */
export interface DirectMemory {
  /** Empty when the buffer was transferred away. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Who is told of writes; undefined for nobody. */
  readonly written: WriteListener | undefined;
  /** Others may write to it while the machine works. */
  readonly shared: boolean;
}

/** Copies words, four loads before four stores: half the time of a simple loop. */
function copyWords(from: Uint32Array, to: Uint32Array, source: number, target: number, count: number): void {
  const last = source + count;
  let word = source;
  let place = target;
  for (; word + 4 <= last; word += 4) {
    const a = from[word] as number;
    const b = from[word + 1] as number;
    const c = from[word + 2] as number;
    const d = from[word + 3] as number;
    to[place] = a;
    to[place + 1] = b;
    to[place + 2] = c;
    to[place + 3] = d;
    place += 4;
  }
  while (word < last) to[place++] = from[word++] as number;
}

export class Transfers {
  readonly #engine: Engine;
  readonly #regions: Regions;
  readonly #buffers: readonly (BufferBacking | undefined)[];

  readonly #own: DirectMemory;
  readonly #pieces = new Pieces();

  constructor(engine: Engine, regions: Regions) {
    this.#engine = engine;
    this.#own = {
      get bytes() {
        return engine.u8;
      },
      get words() {
        return engine.u32;
      },
      written: undefined,
      shared: false,
    };
    this.#regions = regions;
    this.#buffers = regions.buffers;
  }

  /**
   * Performs the transfers at `list` in order. Those that name a region where nothing answers, or that are not served,
   * are marked as refused, and with them all that follow for the same queue. Returns how many were done.
   */
  run(list: number, count: number): number {
    let done = 0;
    let refused = 0;
    for (let index = 0; index < count; index++) {
      const entry = (list + index * TRANSFER_SIZE) >>> 2;
      const owner = entry + (TRANSFER_OWNER >>> 2);
      const words = this.#engine.u32;
      const cause = 1 << bits(words[owner] as number, TRANSFER_OWNER_CAUSE_HI, TRANSFER_OWNER_CAUSE_LO);
      if ((refused & cause) === 0 && this.#perform(words, entry)) {
        done++;
        continue;
      }
      refused |= cause;
      this.#engine.u32[owner] = ((this.#engine.u32[owner] as number) | TRANSFER_REFUSED) >>> 0;
    }
    return done;
  }

  #perform(words: Uint32Array, entry: number): boolean {
    const sourceRegion = words[entry + (TRANSFER_SOURCE_REGION >>> 2)] as number;
    const targetRegion = words[entry + (TRANSFER_TARGET_REGION >>> 2)] as number;
    const source = words[entry + (TRANSFER_SOURCE >>> 2)] as number;
    const target = words[entry + (TRANSFER_TARGET >>> 2)] as number;
    const length = words[entry + (TRANSFER_LENGTH >>> 2)] as number;
    const sourceHigh = words[entry + (TRANSFER_SOURCE >>> 2) + 1] as number;
    const targetHigh = words[entry + (TRANSFER_TARGET >>> 2) + 1] as number;
    if (length <= WORD_LOOP_LIMIT && (((source | target | length) & 3) | sourceHigh | targetHigh) === 0) {
      const from = this.words(sourceRegion);
      const to = this.words(targetRegion);
      if (from !== undefined && to !== undefined && from !== to) {
        copyWords(from, to, source >>> 2, target >>> 2, length >>> 2);
        return this.#tell(targetRegion, target, length);
      }
    }
    if (sourceRegion === TRANSFER_POINTER) {
      const to = this.#buffers[targetRegion];
      if (to !== undefined && to.bytes.length !== 0) {
        const place = join32(target, targetHigh);
        to.bytes.set(this.#pieces.of(this.#engine.u8, source, length), place);
        return this.#tell(targetRegion, place, length);
      }
    } else if (targetRegion === TRANSFER_POINTER) {
      const piece = this.#buffers[sourceRegion]?.piece(join32(source, sourceHigh), length);
      if (piece !== undefined) {
        this.#engine.u8.set(piece, target);
        return true;
      }
    }
    return this.copy(sourceRegion, join32(source, sourceHigh), targetRegion, join32(target, targetHigh), length);
  }

  /** Tells who wants to know it of bytes that were written. False when he throws. */
  #tell(region: number, offset: number, length: number): boolean {
    const written = this.#buffers[region]?.written;
    return written === undefined || this.#regions.attempt(region, () => written(offset, length));
  }

  /** The words of a region that is reached without a call, an embedder's buffer or this module's memory by pointer. */
  words(region: number): Uint32Array | undefined {
    if (region === TRANSFER_POINTER) return this.#engine.u32;
    const words = this.#buffers[region]?.words;
    // The words of a buffer that was transferred away are gone.
    return words === undefined || words.length === 0 ? undefined : words;
  }

  /** As `words`, where nobody wants to hear of writes. */
  targetWords(region: number): Uint32Array | undefined {
    return this.#silent(region) ? this.words(region) : undefined;
  }

  #silent(region: number): boolean {
    return this.#buffers[region]?.written === undefined;
  }

  /** As `words`, the bytes. */
  bytes(region: number): Uint8Array | undefined {
    if (region === TRANSFER_POINTER) return this.#engine.u8;
    const bytes = this.#buffers[region]?.bytes;
    return bytes === undefined || bytes.length === 0 ? undefined : bytes;
  }

  /** The memory of a region that is reached without a call. */
  memory(region: number): DirectMemory | undefined {
    return region === TRANSFER_POINTER ? this.#own : this.#buffers[region];
  }

  /** Copies `length` bytes. False when nothing answers, or the embedder's functions did not serve. */
  copy(sourceRegion: number, source: number, targetRegion: number, target: number, length: number): boolean {
    const fromBytes = this.bytes(sourceRegion);
    const toBytes = this.bytes(targetRegion);
    if (fromBytes !== undefined && !this.#silent(targetRegion)) {
      return this.write(targetRegion, target, fromBytes.subarray(source, source + length));
    }
    if (fromBytes === undefined || toBytes === undefined) {
      return this.#copySlowly(sourceRegion, source, targetRegion, target, length);
    }
    if (fromBytes === toBytes) toBytes.copyWithin(target, source, source + length);
    else toBytes.set(fromBytes.subarray(source, source + length), target);
    return true;
  }

  /** As `copy`, through a copy of the bytes: functions may make the memory grow. */
  #copySlowly(sourceRegion: number, source: number, targetRegion: number, target: number, length: number): boolean {
    const piece = this.read(sourceRegion, source, length);
    return piece !== undefined && this.write(targetRegion, target, piece);
  }

  /** A copy of `length` bytes of a region; undefined when nothing answers, or the embedder's functions did not serve. */
  read(region: number, source: number, length: number): Uint8Array | undefined {
    if (region === TRANSFER_POINTER) return this.#engine.u8.slice(source, source + length);
    const piece = new Uint8Array(length);
    const backing = this.#regions.find(region);
    const served = backing !== undefined && this.#regions.attempt(region, () => backing.readBytes(source, piece));
    return served ? piece : undefined;
  }

  /** Writes bytes to a region. False when nothing answers, or the embedder's functions did not serve. */
  write(region: number, target: number, piece: Uint8Array): boolean {
    if (region === TRANSFER_POINTER) {
      this.#engine.u8.set(piece, target);
      return true;
    }
    const backing = this.#regions.find(region);
    return backing !== undefined && this.#regions.attempt(region, () => backing.writeBytes(target, piece));
  }
}
