// Fetches headers of frames from the embedder's RAM and delivers frames to it (assembly/spec/abi/delivery). What the
// module decided is not decided again here: a frame's header goes out as it came, whatever lies at its source by then.
import {
  DELIVERY_HEADER,
  DELIVERY_HEADER_SIZE,
  DELIVERY_LENGTH,
  DELIVERY_LENGTH_HI,
  DELIVERY_LENGTH_LO,
  DELIVERY_REFUSED_FRAME,
  DELIVERY_REFUSED_LO,
  DELIVERY_REFUSED_REPORT,
  DELIVERY_REFUSED_SOURCE,
  DELIVERY_REGIONS,
  DELIVERY_REPORT,
  DELIVERY_REPORT_REGION_HI,
  DELIVERY_REPORT_REGION_LO,
  DELIVERY_RING,
  DELIVERY_RING_REGION_HI,
  DELIVERY_RING_REGION_LO,
  DELIVERY_RING_REGIONS,
  DELIVERY_SIMPLE_ALIKE,
  DELIVERY_SIMPLE_HI,
  DELIVERY_SIMPLE_LO,
  DELIVERY_SIZE,
  DELIVERY_SOURCE,
  DELIVERY_SOURCE_REGION_HI,
  DELIVERY_SOURCE_REGION_LO,
  DELIVERY_STATUS,
  DELIVERY_STRIDE,
  DELIVERY_TARGET,
  DELIVERY_TARGET_REGION_HI,
  DELIVERY_TARGET_REGION_LO,
  DELIVERY_WRITEBACK_SIZE,
} from "../../assembly/spec/abi/delivery.ts";
import { TRANSFER_POINTER } from "../../assembly/spec/abi/memory-map.ts";
import { RXD_ERR_RXE } from "../../assembly/spec/igb/rx-descriptor.ts";
import { join32 } from "../core/address.ts";
import { bits, mask } from "../core/bits.ts";
import type { Engine } from "../core/engine.ts";
import type { Transfers } from "./transfers.ts";

/** Up to this many bytes a loop over words beats the bulk operations. */
const WORD_LOOP_LIMIT = 128;
const WORDS = DELIVERY_SIZE >>> 2;
const HEADER_WORDS = DELIVERY_HEADER_SIZE >>> 2;
const STRIDE = DELIVERY_STRIDE >>> 2;

// Fields as words of an entry.
const SOURCE = DELIVERY_SOURCE >>> 2;
const TARGET = DELIVERY_TARGET >>> 2;
const HEADER = DELIVERY_HEADER >>> 2;
const LENGTH = DELIVERY_LENGTH >>> 2;
const STATUS = DELIVERY_STATUS >>> 2;
const REGIONS = DELIVERY_REGIONS >>> 2;
const RING_REGIONS = DELIVERY_RING_REGIONS >>> 2;
const RING = DELIVERY_RING >>> 2;
const REPORT = DELIVERY_REPORT >>> 2;

const LENGTH_MASK = mask(DELIVERY_LENGTH_HI, DELIVERY_LENGTH_LO);
const SIMPLE_MASK = mask(DELIVERY_SIMPLE_HI, DELIVERY_SIMPLE_LO);
const ALIKE = DELIVERY_SIMPLE_ALIKE << DELIVERY_SIMPLE_LO;
const SOURCE_REGION_MASK = mask(DELIVERY_SOURCE_REGION_HI, DELIVERY_SOURCE_REGION_LO);

const STATUS_SIZE = 4;

/** Whether a frame is one for a loop over words. */
function isShort(length: number): boolean {
  return length <= WORD_LOOP_LIMIT && (length & 3) === 0;
}

// Loops over frames that lie alike call nothing, and each does one thing: what describes the arrays stays in registers.

/**
 * Fetches the headers of frames from `entry` on that lie simply in the memory of the first one, region `region`. Returns
 * the entry at which it stopped.
 */
function headersAlike(words: Uint32Array, from: Uint32Array, region: number, entry: number, end: number): number {
  let at = entry;
  for (; at < end; at += WORDS) {
    const source = words[at + SOURCE] as number;
    const other = ((words[at + REGIONS] as number) & SOURCE_REGION_MASK) ^ region;
    if ((other | (words[at + SOURCE + 1] as number) | (source & 3)) !== 0) break;
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

/** The end of the frames from `first` on that lie alike. */
function runOf(words: Uint32Array, first: number, end: number): number {
  let at = first + WORDS;
  while (at < end && ((words[at + LENGTH] as number) & SIMPLE_MASK) === ALIKE) at += WORDS;
  return at;
}

/** Copies the short frames from `first` on, all of which lie alike. Returns the entry at which it stopped. */
function copyShort(words: Uint32Array, from: Uint32Array, to: Uint32Array, first: number, end: number): number {
  let entry = first;
  for (; entry < end; entry += WORDS) {
    const length = (words[entry + LENGTH] as number) & LENGTH_MASK;
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
  end: number,
): number {
  let entry = first;
  for (; entry < end; entry += WORDS) {
    const length = (words[entry + LENGTH] as number) & LENGTH_MASK;
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

/** Writes the descriptors of the frames from `first` to `end`, which lie alike. */
function describe(
  words: Uint32Array,
  ring: Uint32Array,
  reports: Uint32Array,
  first: number,
  end: number,
  written: number,
): void {
  let descriptor = (words[first + RING] as number) >>> 2;
  let report = (words[first + REPORT] as number) >>> 2;
  for (let entry = first; entry < end; entry += WORDS) {
    const length = (words[entry + LENGTH] as number) & LENGTH_MASK;
    const status = words[entry + STATUS] as number;
    ring[descriptor] = 0;
    ring[descriptor + 1] = 0;
    ring[descriptor + 2] = written;
    ring[descriptor + 3] = length;
    if (status !== 0) reports[report] = status;
    descriptor += STRIDE;
    report += STRIDE;
  }
}

export class Deliveries {
  readonly #engine: Engine;
  readonly #transfers: Transfers;
  /** What a receive descriptor becomes, for those that are copied. */
  readonly #writeback = new Uint32Array(DELIVERY_WRITEBACK_SIZE >>> 2);

  constructor(engine: Engine, transfers: Transfers) {
    this.#engine = engine;
    this.#transfers = transfers;
  }

  /** Fetches the headers of frames, up to the first that is refused. Returns how many came. */
  headers(list: number, count: number): number {
    const transfers = this.#transfers;
    const start = list >>> 2;
    const end = start + count * WORDS;
    for (let entry = start; entry < end; ) {
      const words = this.#engine.u32;
      const region = (words[entry + REGIONS] as number) & SOURCE_REGION_MASK;
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

  /**
   * Delivers frames, writes their descriptors, `written` into dword 2 of the receive descriptors, and notes what was
   * refused. Returns for how many nothing was.
   */
  deliver(list: number, count: number, written: number): number {
    const transfers = this.#transfers;
    const start = list >>> 2;
    const end = start + count * WORDS;
    let refused = 0;
    for (let first = start; first < end; ) {
      // Functions of the embedder may change what there is: nothing of it is held over a call of one.
      const words = this.#engine.u32;
      const regions = words[first + REGIONS] as number;
      const rings = words[first + RING_REGIONS] as number;
      const simple = ((words[first + LENGTH] as number) & SIMPLE_MASK) !== 0;
      const sourceRegion = bits(regions, DELIVERY_SOURCE_REGION_HI, DELIVERY_SOURCE_REGION_LO);
      const targetRegion = bits(regions, DELIVERY_TARGET_REGION_HI, DELIVERY_TARGET_REGION_LO);
      const from = simple ? transfers.words(sourceRegion) : undefined;
      const to = simple ? transfers.targetWords(targetRegion) : undefined;
      const ring = transfers.targetWords(bits(rings, DELIVERY_RING_REGION_HI, DELIVERY_RING_REGION_LO));
      const reports = transfers.targetWords(bits(rings, DELIVERY_REPORT_REGION_HI, DELIVERY_REPORT_REGION_LO));
      const last = runOf(words, first, end);
      if (from === undefined || to === undefined || ring === undefined || reports === undefined) {
        for (let entry = first; entry < last; entry += WORDS) {
          if (!this.#deliverSlowly(first, entry, written)) refused++;
        }
        first = last;
        continue;
      }
      for (let entry = first; entry < last; ) {
        entry = copyShort(words, from, to, entry, last);
        if (entry === last) break;
        const source = transfers.bytes(sourceRegion) as Uint8Array;
        const target = transfers.bytes(targetRegion) as Uint8Array;
        entry = copyLong(words, to, source, target, entry, last);
      }
      describe(words, ring, reports, first, last, written);
      first = last;
    }
    return count - refused;
  }

  /**
   * Delivers one frame of any kind, of the run that starts at `first`. Deviation: where its bytes cannot be read its
   * receiver, whose descriptor is spoken for, gets one with RXE, whatever RCTL.SBP says.
   */
  #deliverSlowly(first: number, entry: number, written: number): boolean {
    const transfers = this.#transfers;
    // Functions of the embedder may make the memory grow: each field is read from the memory as it is.
    const field = (at: number): number => this.#engine.u32[at] as number;
    const place = (at: number): number => join32(field(at), field(at + 1));
    const behind = ((entry - first) / WORDS) * DELIVERY_STRIDE;
    const length = field(entry + LENGTH) & LENGTH_MASK;
    const regions = field(entry + REGIONS);
    const source = bits(regions, DELIVERY_SOURCE_REGION_HI, DELIVERY_SOURCE_REGION_LO);
    const target = bits(regions, DELIVERY_TARGET_REGION_HI, DELIVERY_TARGET_REGION_LO);
    const rings = field(first + RING_REGIONS);
    const ring = bits(rings, DELIVERY_RING_REGION_HI, DELIVERY_RING_REGION_LO);
    const report = bits(rings, DELIVERY_REPORT_REGION_HI, DELIVERY_REPORT_REGION_LO);
    const header = (entry + HEADER) * 4;
    const body = place(entry + SOURCE) + DELIVERY_HEADER_SIZE;
    const to = place(entry + TARGET);
    let refused = 0;
    if (target !== 0) {
      const descriptor = place(first + RING) + behind;
      const rest = length - DELIVERY_HEADER_SIZE;
      const piece = transfers.bytes(source)?.subarray(body, body + rest) ?? transfers.read(source, body, rest);
      if (piece === undefined) refused = DELIVERY_REFUSED_SOURCE;
      const delivered =
        piece === undefined
          ? this.#describeSlowly(ring, descriptor, (written | RXD_ERR_RXE) >>> 0, length)
          : transfers.write(target, to + DELIVERY_HEADER_SIZE, piece) &&
            transfers.copy(TRANSFER_POINTER, header, target, to, DELIVERY_HEADER_SIZE) &&
            this.#describeSlowly(ring, descriptor, written, length);
      if (!delivered) refused |= DELIVERY_REFUSED_FRAME;
    }
    const status = (entry + STATUS) * 4;
    const reported = field(entry + STATUS) !== 0;
    if (reported && !transfers.copy(TRANSFER_POINTER, status, report, place(first + REPORT) + behind, STATUS_SIZE)) {
      refused |= DELIVERY_REFUSED_REPORT;
    }
    this.#engine.u32[entry + LENGTH] = (field(entry + LENGTH) | (refused << DELIVERY_REFUSED_LO)) >>> 0;
    return refused === 0;
  }

  #describeSlowly(region: number, place: number, written: number, length: number): boolean {
    const writeback = this.#writeback;
    writeback[2] = written;
    writeback[3] = length;
    return this.#transfers.write(region, place, new Uint8Array(writeback.buffer));
  }
}
