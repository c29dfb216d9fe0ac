// Fetches headers of frames from the embedder's RAM and delivers frames to it (assembly/spec/abi/delivery). What the
// module decided is not decided again here: a frame's header goes out as it came, whatever lies at its source by then.
import {
  DELIVERY_HEADER,
  DELIVERY_HEADER_SIZE,
  DELIVERY_LENGTH,
  DELIVERY_REFUSED,
  DELIVERY_REFUSED_FRAME,
  DELIVERY_REFUSED_REPORT,
  DELIVERY_REPORT,
  DELIVERY_REPORT_REGION,
  DELIVERY_RING,
  DELIVERY_RING_REGION,
  DELIVERY_SIMPLE,
  DELIVERY_SIMPLE_ALIKE,
  DELIVERY_SIZE,
  DELIVERY_SOURCE,
  DELIVERY_SOURCE_REGION,
  DELIVERY_STATUS,
  DELIVERY_TARGET,
  DELIVERY_TARGET_REGION,
  DELIVERY_WRITEBACK,
  DELIVERY_WRITEBACK_SIZE,
} from "../../assembly/spec/abi/delivery.ts";
import { TRANSFER_POINTER } from "../../assembly/spec/abi/memory-map.ts";
import { join32 } from "../core/address.ts";
import type { Engine } from "../core/engine.ts";
import type { Transfers } from "./transfers.ts";

/** Up to this many bytes a loop over words beats the bulk operations. */
const WORD_LOOP_LIMIT = 256;
const WORDS = DELIVERY_SIZE >>> 2;
const HEADER_WORDS = DELIVERY_HEADER_SIZE >>> 2;

// Fields as words of an entry.
const SOURCE = DELIVERY_SOURCE >>> 2;
const SOURCE_REGION = DELIVERY_SOURCE_REGION >>> 2;
const LENGTH = DELIVERY_LENGTH >>> 2;
const HEADER = DELIVERY_HEADER >>> 2;
const TARGET = DELIVERY_TARGET >>> 2;
const TARGET_REGION = DELIVERY_TARGET_REGION >>> 2;
const RING = DELIVERY_RING >>> 2;
const RING_REGION = DELIVERY_RING_REGION >>> 2;
const REPORT = DELIVERY_REPORT >>> 2;
const REPORT_REGION = DELIVERY_REPORT_REGION >>> 2;
const STATUS = DELIVERY_STATUS >>> 2;
const WRITEBACK = DELIVERY_WRITEBACK >>> 2;
const SIMPLE = DELIVERY_SIMPLE >>> 2;
const REFUSED = DELIVERY_REFUSED >>> 2;

/** Of no region. */
const NONE = -1;
const STATUS_SIZE = 4;

/**
 * Fetches the headers of frames from `entry` on that lie simply in the memory of the first one, region `region`. Nothing
 * is called in here, so that what describes the arrays stays in registers. Returns the entry at which it stopped.
 */
function headersAlike(words: Uint32Array, from: Uint32Array, region: number, entry: number, end: number): number {
  let at = entry;
  for (; at < end; at += WORDS) {
    const source = words[at + SOURCE] as number;
    if (words[at + SOURCE_REGION] !== region || ((words[at + SOURCE + 1] as number) | (source & 3)) !== 0) break;
    const first = source >>> 2;
    const a = from[first] as number;
    const b = from[first + 1] as number;
    const c = from[first + 2] as number;
    const d = from[first + 3] as number;
    words[at + HEADER] = a;
    words[at + HEADER + 1] = b;
    words[at + HEADER + 2] = c;
    words[at + HEADER + 3] = d;
  }
  return at;
}

/** One of a frame's memories, if it is reached without a call. */
class Memory {
  readonly #transfers: Transfers;
  #region = NONE;
  #found: Uint32Array | undefined;

  constructor(transfers: Transfers) {
    this.#transfers = transfers;
  }

  /** What stands behind regions may have changed. */
  forget(): void {
    this.#region = NONE;
    this.#found = undefined;
  }

  of(region: number): Uint32Array | undefined {
    if (this.#region !== region) {
      this.#found = this.#transfers.words(region);
      this.#region = region;
    }
    return this.#found;
  }
}

// Loops over frames that lie alike call nothing, and each does one thing: what describes the arrays stays in registers.

/** Copies the short frames from `at` on, as long as they lie as `first` does. Returns the entry at which it stopped. */
function copyShort(
  words: Uint32Array,
  from: Uint32Array,
  to: Uint32Array,
  first: number,
  at: number,
  end: number,
): number {
  let entry = at;
  for (; entry < end && (entry === first || words[entry + SIMPLE] === DELIVERY_SIMPLE_ALIKE); entry += WORDS) {
    const length = words[entry + LENGTH] as number;
    if (!isShort(length)) break;
    const target = (words[entry + TARGET] as number) >>> 2;
    let word = ((words[entry + SOURCE] as number) >>> 2) + HEADER_WORDS;
    let place = target + HEADER_WORDS;
    const stop = word + ((length - DELIVERY_HEADER_SIZE) >>> 2);
    // Four loads before four stores: half the time of a simple loop.
    for (; word + 4 <= stop; word += 4) {
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
    for (; word < stop; word++) to[place++] = from[word] as number;
    to[target] = words[entry + HEADER] as number;
    to[target + 1] = words[entry + HEADER + 1] as number;
    to[target + 2] = words[entry + HEADER + 2] as number;
    to[target + 3] = words[entry + HEADER + 3] as number;
  }
  return entry;
}

/** As `copyShort` for the other frames; `source` and `target` are the bytes of the two memories. */
function copyLong(
  words: Uint32Array,
  to: Uint32Array,
  source: Uint8Array,
  target: Uint8Array,
  first: number,
  at: number,
  end: number,
): number {
  let entry = at;
  for (; entry < end && (entry === first || words[entry + SIMPLE] === DELIVERY_SIMPLE_ALIKE); entry += WORDS) {
    const length = words[entry + LENGTH] as number;
    if (isShort(length)) break;
    const start = words[entry + SOURCE] as number;
    const place = words[entry + TARGET] as number;
    const from = start + DELIVERY_HEADER_SIZE;
    if (source === target) target.copyWithin(place + DELIVERY_HEADER_SIZE, from, start + length);
    else target.set(source.subarray(from, start + length), place + DELIVERY_HEADER_SIZE);
    const header = place >>> 2;
    to[header] = words[entry + HEADER] as number;
    to[header + 1] = words[entry + HEADER + 1] as number;
    to[header + 2] = words[entry + HEADER + 2] as number;
    to[header + 3] = words[entry + HEADER + 3] as number;
  }
  return entry;
}

/** Whether a frame is one for a loop over words. */
function isShort(length: number): boolean {
  return length <= WORD_LOOP_LIMIT && (length & 3) === 0;
}

/** Writes the descriptors of the frames from `at` to `end`, which lie alike. */
function describe(words: Uint32Array, ring: Uint32Array, reports: Uint32Array, at: number, end: number): void {
  for (let entry = at; entry < end; entry += WORDS) {
    const descriptor = (words[entry + RING] as number) >>> 2;
    ring[descriptor] = 0;
    ring[descriptor + 1] = 0;
    ring[descriptor + 2] = words[entry + WRITEBACK + 2] as number;
    ring[descriptor + 3] = words[entry + WRITEBACK + 3] as number;
    const status = words[entry + STATUS] as number;
    if (status !== 0) reports[(words[entry + REPORT] as number) >>> 2] = status;
  }
}

export class Deliveries {
  readonly #engine: Engine;
  readonly #transfers: Transfers;
  readonly #from: Memory;
  readonly #to: Memory;
  readonly #ring: Memory;
  readonly #reports: Memory;

  constructor(engine: Engine, transfers: Transfers) {
    this.#engine = engine;
    this.#transfers = transfers;
    this.#from = new Memory(transfers);
    this.#to = new Memory(transfers);
    this.#ring = new Memory(transfers);
    this.#reports = new Memory(transfers);
  }

  /** Fetches the headers of frames, up to the first that is refused. Returns how many came. */
  headers(list: number, count: number): number {
    const transfers = this.#transfers;
    const start = list >>> 2;
    const end = start + count * WORDS;
    for (let entry = start; entry < end; ) {
      const words = this.#engine.u32;
      const region = words[entry + SOURCE_REGION] as number;
      const from = transfers.words(region);
      const next = from === undefined ? entry : headersAlike(words, from, region, entry, end);
      if (next === entry) {
        const source = join32(words[entry + SOURCE] as number, words[entry + SOURCE + 1] as number);
        const pointer = (entry + HEADER) * 4;
        if (!transfers.copy(region, source, TRANSFER_POINTER, pointer, DELIVERY_HEADER_SIZE)) {
          return (entry - start) / WORDS;
        }
        entry += WORDS;
      } else entry = next;
    }
    return count;
  }

  /** Delivers frames, writes their descriptors, and notes what was refused. Returns for how many nothing was. */
  deliver(list: number, count: number): number {
    const transfers = this.#transfers;
    const start = list >>> 2;
    const end = start + count * WORDS;
    let refused = 0;
    let words = this.#engine.u32;
    this.#forget();
    for (let entry = start; entry < end; ) {
      const simple = words[entry + SIMPLE] !== 0;
      const sourceRegion = words[entry + SOURCE_REGION] as number;
      const targetRegion = words[entry + TARGET_REGION] as number;
      const ringRegion = words[entry + RING_REGION] as number;
      const reportRegion = words[entry + REPORT_REGION] as number;
      const from = simple ? this.#from.of(sourceRegion) : undefined;
      const to = targetRegion === sourceRegion ? from : this.#to.of(targetRegion);
      const ring = ringRegion === targetRegion ? to : this.#ring.of(ringRegion);
      const reports = reportRegion === sourceRegion ? from : this.#reports.of(reportRegion);
      if (from === undefined || to === undefined || ring === undefined || reports === undefined) {
        if (!this.#deliverSlowly(entry)) refused++;
        // Functions of the embedder may have changed what there is.
        words = this.#engine.u32;
        this.#forget();
        entry += WORDS;
        continue;
      }
      const first = entry;
      do {
        entry = copyShort(words, from, to, first, entry, end);
        if (entry === end || isShort(words[entry + LENGTH] as number)) continue;
        const source = transfers.bytes(sourceRegion) as Uint8Array;
        const target = transfers.bytes(targetRegion) as Uint8Array;
        entry = copyLong(words, to, source, target, first, entry, end);
      } while (entry < end && words[entry + SIMPLE] === DELIVERY_SIMPLE_ALIKE);
      describe(words, ring, reports, first, entry);
    }
    // Nothing that an embedder takes away is held on to.
    this.#forget();
    return count - refused;
  }

  #forget(): void {
    this.#from.forget();
    this.#to.forget();
    this.#ring.forget();
    this.#reports.forget();
  }

  /** Delivers one frame of any kind. */
  #deliverSlowly(entry: number): boolean {
    const transfers = this.#transfers;
    // Functions of the embedder may make the memory grow: each field is read from the memory as it is.
    const field = (at: number): number => this.#engine.u32[entry + at] as number;
    const place = (at: number): number => join32(field(at), field(at + 1));
    const pointer = (at: number): number => (entry + at) * 4;
    const rest = field(LENGTH) - DELIVERY_HEADER_SIZE;
    const targetRegion = field(TARGET_REGION);
    const behind = place(TARGET) + DELIVERY_HEADER_SIZE;
    let refused = 0;
    if (
      targetRegion !== 0 &&
      !(
        transfers.copy(field(SOURCE_REGION), place(SOURCE) + DELIVERY_HEADER_SIZE, targetRegion, behind, rest) &&
        transfers.copy(TRANSFER_POINTER, pointer(HEADER), targetRegion, place(TARGET), DELIVERY_HEADER_SIZE) &&
        transfers.copy(TRANSFER_POINTER, pointer(WRITEBACK), field(RING_REGION), place(RING), DELIVERY_WRITEBACK_SIZE)
      )
    ) {
      refused = DELIVERY_REFUSED_FRAME;
    }
    if (
      field(STATUS) !== 0 &&
      !transfers.copy(TRANSFER_POINTER, pointer(STATUS), field(REPORT_REGION), place(REPORT), STATUS_SIZE)
    ) {
      refused |= DELIVERY_REFUSED_REPORT;
    }
    this.#engine.u32[entry + REFUSED] = refused;
    return refused === 0;
  }
}
