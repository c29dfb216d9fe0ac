// Moves frames of one flow between memories of the embedder (assembly/spec/abi/flow). What the module decided is not
// decided again here, and holds for the header that it has seen: that is what goes out, whatever lies at a source by then.
// Each frame's own header is compared just before it moves: only what others may write to can have changed in between.
import {
  FLOW_FRAME_LENGTH,
  FLOW_FRAME_SIZE,
  FLOW_FRAME_SOURCE,
  FLOW_FRAME_STATUS,
  FLOW_FRAME_TARGET,
  FLOW_FRAMES,
  FLOW_HEADER,
  FLOW_HEADER_SIZE,
  FLOW_REPORT,
  FLOW_REPORT_END,
  FLOW_REPORT_REGION,
  FLOW_REPORT_START,
  FLOW_RING,
  FLOW_RING_END,
  FLOW_RING_REGION,
  FLOW_RING_START,
  FLOW_SOURCE_REGION,
  FLOW_TARGET_REGION,
  FLOW_WRITTEN,
} from "../../assembly/spec/abi/flow.ts";
import type { Engine } from "../core/engine.ts";
import type { DirectMemory, Transfers } from "./transfers.ts";

/** Up to this many bytes a loop over words beats the bulk operations. */
const WORD_LOOP_LIMIT = 128;
/** A frame's first words, whose last half is behind its header. */
const HEADER_WORDS = 4;
const HEADER_BYTES = 16;
const LAST_MASK = 0xffff_ffff >>> (8 * (HEADER_BYTES - FLOW_HEADER_SIZE));

const WORDS = FLOW_FRAME_SIZE >>> 2;
const SOURCE = FLOW_FRAME_SOURCE >>> 2;
const TARGET = FLOW_FRAME_TARGET >>> 2;
const LENGTH = FLOW_FRAME_LENGTH >>> 2;
const STATUS = FLOW_FRAME_STATUS >>> 2;

/** Whether a frame is one for a loop over words. */
function isShort(length: number): boolean {
  return length <= WORD_LOOP_LIMIT && (length & 3) === 0;
}

// Loops over words call nothing, and each does one thing: what describes the arrays stays in registers.

/**
 * Moves the short frames of the flow from `first` on; `list` is where its header is. Returns the entry at which it stopped.
 */
function moveShort(
  words: Uint32Array,
  from: Uint32Array,
  to: Uint32Array,
  list: number,
  first: number,
  end: number,
): number {
  const one = words[list] as number;
  const two = words[list + 1] as number;
  const three = words[list + 2] as number;
  const four = words[list + 3] as number;
  let entry = first;
  for (; entry < end; entry += WORDS) {
    const length = words[entry + LENGTH] as number;
    let word = (words[entry + SOURCE] as number) >>> 2;
    let place = (words[entry + TARGET] as number) >>> 2;
    if (!isShort(length)) break;
    const last = from[word + 3] as number;
    const other = ((from[word] as number) ^ one) | ((from[word + 1] as number) ^ two);
    if ((other | ((from[word + 2] as number) ^ three) | ((last ^ four) & LAST_MASK)) !== 0) break;
    to[place] = one;
    to[place + 1] = two;
    to[place + 2] = three;
    to[place + 3] = last;
    const stop = word + (length >>> 2);
    word += HEADER_WORDS;
    place += HEADER_WORDS;
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
  }
  return entry;
}

/** Puts the header at `list` in front of the frames from `first` to `end`, whose sources may have changed since. */
function head(words: Uint32Array, to: Uint32Array, list: number, first: number, end: number): void {
  const one = words[list] as number;
  const two = words[list + 1] as number;
  const three = words[list + 2] as number;
  const four = (words[list + 3] as number) & LAST_MASK;
  for (let entry = first; entry < end; entry += WORDS) {
    const place = (words[entry + TARGET] as number) >>> 2;
    to[place] = one;
    to[place + 1] = two;
    to[place + 2] = three;
    to[place + 3] = (four | ((to[place + 3] as number) & ~LAST_MASK)) >>> 0;
  }
}

/** Writes the descriptors of the frames from `first` to `end`, which lie `ringAt` and `reportAt` behind the entries. */
function describe(
  words: Uint32Array,
  ring: Uint32Array,
  reports: Uint32Array,
  ringAt: number,
  reportAt: number,
  written: number,
  first: number,
  end: number,
): void {
  for (let entry = first; entry < end; entry += WORDS) {
    const length = words[entry + LENGTH] as number;
    const status = words[entry + STATUS] as number;
    const descriptor = entry + ringAt;
    ring[descriptor] = 0;
    ring[descriptor + 1] = 0;
    ring[descriptor + 2] = written;
    ring[descriptor + 3] = length;
    if (status !== 0) reports[entry + reportAt] = status;
  }
}

/**
 * Moves the frames of the flow from `first` on that are not short, by the bytes of the two memories, and writes their
 * descriptors, each with its frame: nothing is fetched twice. Returns where it stopped.
 */
function moveLong(
  words: Uint32Array,
  source: DirectMemory,
  target: DirectMemory,
  ring: Uint32Array,
  reports: Uint32Array,
  ringAt: number,
  reportAt: number,
  list: number,
  first: number,
  end: number,
): number {
  const { words: from, bytes: fromBytes, shared } = source;
  const { words: to, bytes: toBytes } = target;
  // Taken once: looking it up takes as long as a fifth of what it does.
  const { copyWithin } = toBytes;
  const one = words[list] as number;
  const two = words[list + 1] as number;
  const three = words[list + 2] as number;
  const four = words[list + 3] as number;
  const written = words[list + (FLOW_WRITTEN >>> 2)] as number;
  let entry = first;
  for (; entry < end; entry += WORDS) {
    const length = words[entry + LENGTH] as number;
    if (isShort(length)) break;
    const start = words[entry + SOURCE] as number;
    const word = start >>> 2;
    const other = ((from[word] as number) ^ one) | ((from[word + 1] as number) ^ two);
    const rest = ((from[word + 2] as number) ^ three) | (((from[word + 3] as number) ^ four) & LAST_MASK);
    if ((other | rest) !== 0) break;
    const place = words[entry + TARGET] as number;
    if (fromBytes === toBytes) copyWithin.call(toBytes, place, start, start + length);
    else toBytes.set(fromBytes.subarray(start, start + length), place);
    const next = entry + WORDS;
    if (shared) head(words, to, list, entry, next);
    describe(words, ring, reports, ringAt, reportAt, written, entry, next);
  }
  return entry;
}

export class Flows {
  readonly #engine: Engine;
  readonly #transfers: Transfers;

  constructor(engine: Engine, transfers: Transfers) {
    this.#engine = engine;
    this.#transfers = transfers;
  }

  /**
   * Moves the frames at `list` up to the first whose header is another one, and writes their descriptors. Returns how
   * many; none when a memory is not reached without a call.
   */
  move(list: number, count: number): number {
    const transfers = this.#transfers;
    const words = this.#engine.u32;
    const block = (list + FLOW_HEADER) >>> 2;
    const source = transfers.memory(words[block + (FLOW_SOURCE_REGION >>> 2)] as number);
    const target = transfers.memory(words[block + (FLOW_TARGET_REGION >>> 2)] as number);
    const ring = transfers.targetWords(words[block + (FLOW_RING_REGION >>> 2)] as number);
    const reports = transfers.targetWords(words[block + (FLOW_REPORT_REGION >>> 2)] as number);
    if (source === undefined || target?.written !== undefined || ring === undefined || reports === undefined) return 0;
    if (target === undefined || source.words.length === 0 || target.words.length === 0) return 0;
    const first = block + (FLOW_FRAMES >>> 2);
    const end = first + count * WORDS;
    const ringEnd = (words[block + (FLOW_RING_END >>> 2)] as number) >>> 2;
    const reportEnd = (words[block + (FLOW_REPORT_END >>> 2)] as number) >>> 2;
    let descriptor = (words[block + (FLOW_RING >>> 2)] as number) >>> 2;
    let report = (words[block + (FLOW_REPORT >>> 2)] as number) >>> 2;
    const written = words[block + (FLOW_WRITTEN >>> 2)] as number;
    let entry = first;
    while (entry < end) {
      // Up to where one of the rings begins again, an entry is as far from its descriptors as the next one.
      const turn = Math.min(end, entry + ringEnd - descriptor, entry + reportEnd - report);
      const ringAt = descriptor - entry;
      const reportAt = report - entry;
      const long = moveShort(words, source.words, target.words, block, entry, turn);
      if (long !== entry) describe(words, ring, reports, ringAt, reportAt, written, entry, long);
      const moved =
        long === turn ? long : moveLong(words, source, target, ring, reports, ringAt, reportAt, block, long, turn);
      descriptor += moved - entry;
      report += moved - entry;
      entry = moved;
      if (moved === long && moved !== turn) break;
      if (descriptor === ringEnd) descriptor = (words[block + (FLOW_RING_START >>> 2)] as number) >>> 2;
      if (report === reportEnd) report = (words[block + (FLOW_REPORT_START >>> 2)] as number) >>> 2;
    }
    return (entry - first) / WORDS;
  }
}
