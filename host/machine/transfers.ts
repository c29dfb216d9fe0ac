// Runs the transfer lists by which the module reaches the embedder's RAM: many copies in one call.
import {
  TRANSFER_ALIKE,
  TRANSFER_LENGTH,
  TRANSFER_OWNER,
  TRANSFER_POINTER,
  TRANSFER_REFUSED,
  TRANSFER_SIZE,
  TRANSFER_SOURCE,
  TRANSFER_SOURCE_REGION,
  TRANSFER_TARGET,
  TRANSFER_TARGET_REGION,
} from "../../assembly/spec/abi/memory-map.ts";
import { join32 } from "../core/address.ts";
import type { Engine } from "../core/engine.ts";
import { type Backing, BufferBacking, RamBacking } from "./backing.ts";

/** Up to this many bytes a loop over words beats setting up two views (measured: 18 against 53 ns at 64 bytes). */
const WORD_LOOP_LIMIT = 128;

/** Memory that is reached without a call: an embedder's buffer, or this module's by pointer. */
interface Quick {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

function quick(
  region: number,
  words: Uint32Array,
  bytes: Uint8Array,
  find: (region: number) => Backing | undefined,
): Quick | undefined {
  if (region === TRANSFER_POINTER) return { bytes, words };
  const backing = find(region);
  return backing instanceof BufferBacking ? backing : undefined;
}

/** Performs `count` transfers of which the list says that they are alike, `length` bytes each. */
function copyAlike(list: Uint32Array, from: Quick, to: Quick, entry: number, count: number, length: number): void {
  const end = entry + count * (TRANSFER_SIZE >>> 2);
  const source = from.words;
  const target = to.words;
  for (let at = entry; at < end; at += TRANSFER_SIZE >>> 2) {
    const start = list[at + (TRANSFER_SOURCE >>> 2)] as number;
    const goal = list[at + (TRANSFER_TARGET >>> 2)] as number;
    if (length > WORD_LOOP_LIMIT) {
      if (source === target) to.bytes.copyWithin(goal, start, start + length);
      else to.bytes.set(from.bytes.subarray(start, start + length), goal);
      continue;
    }
    let word = start >>> 2;
    let place = goal >>> 2;
    const last = word + (length >>> 2);
    for (; word + 4 <= last; word += 4) {
      const a = source[word] as number;
      const b = source[word + 1] as number;
      const c = source[word + 2] as number;
      const d = source[word + 3] as number;
      target[place] = a;
      target[place + 1] = b;
      target[place + 2] = c;
      target[place + 3] = d;
      place += 4;
    }
    while (word < last) target[place++] = source[word++] as number;
  }
}

/**
 * Performs the transfers from `entry` on, at most `count`, that are short, aligned, and between the same two
 * memories as the first. Returns how many.
 */
function copySmall(list: Uint32Array, from: Uint32Array, to: Uint32Array, entry: number, count: number): number {
  const sourceRegion = list[entry + (TRANSFER_SOURCE_REGION >>> 2)] as number;
  const targetRegion = list[entry + (TRANSFER_TARGET_REGION >>> 2)] as number;
  let at = entry;
  for (let done = 0; done < count; done++) {
    const length = list[at + (TRANSFER_LENGTH >>> 2)] as number;
    const source = list[at + (TRANSFER_SOURCE >>> 2)] as number;
    const target = list[at + (TRANSFER_TARGET >>> 2)] as number;
    const high =
      (list[at + (TRANSFER_SOURCE >>> 2) + 1] as number) | (list[at + (TRANSFER_TARGET >>> 2) + 1] as number);
    if (length > WORD_LOOP_LIMIT || (((source | target | length) & 3) | high) !== 0) return done;
    if (list[at + (TRANSFER_SOURCE_REGION >>> 2)] !== sourceRegion) return done;
    if (list[at + (TRANSFER_TARGET_REGION >>> 2)] !== targetRegion) return done;
    let place = target >>> 2;
    let word = source >>> 2;
    const end = word + (length >>> 2);
    // Four loads, then four stores: half the time of a loop over words.
    for (; word + 4 <= end; word += 4) {
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
    while (word < end) to[place++] = from[word++] as number;
    at += TRANSFER_SIZE >>> 2;
  }
  return count;
}

/**
 * Performs `count` transfers of the list at `list`, in order. `find` gives what stands behind a region number; `attempt`
 * runs an embedder's functions and tells whether they served. Transfers that name a region where nothing answers, or
 * that are not served, are marked as refused. Returns how many were done.
 */
export function runTransfers(
  engine: Engine,
  list: number,
  count: number,
  find: (region: number) => Backing | undefined,
  attempt: (region: number, access: () => void) => boolean,
): number {
  let done = count;
  const refuse = (entry: number): void => {
    const owner = entry + (TRANSFER_OWNER >>> 2);
    engine.u32[owner] = (engine.u32[owner] as number) | TRANSFER_REFUSED;
    done--;
  };
  let words = engine.u32;
  let bytes = engine.u8;
  // What the last entry's regions were: neighbours in a list mostly name the same ones.
  let lastSource = -1;
  let lastTarget = -1;
  let quickFrom: Quick | undefined;
  let quickTo: Quick | undefined;
  for (let index = 0; index < count; index++) {
    const entry = (list + index * TRANSFER_SIZE) >>> 2;
    const length = words[entry + (TRANSFER_LENGTH >>> 2)] as number;
    const sourceRegion = words[entry + (TRANSFER_SOURCE_REGION >>> 2)] as number;
    const targetRegion = words[entry + (TRANSFER_TARGET_REGION >>> 2)] as number;
    const sourceAt = entry + (TRANSFER_SOURCE >>> 2);
    const targetAt = entry + (TRANSFER_TARGET >>> 2);
    if (sourceRegion !== lastSource) {
      quickFrom = quick(sourceRegion, words, bytes, find);
      lastSource = sourceRegion;
    }
    if (targetRegion !== lastTarget) {
      quickTo = quick(targetRegion, words, bytes, find);
      lastTarget = targetRegion;
    }
    if (quickFrom !== undefined && quickTo !== undefined) {
      const alike = Math.min(words[entry + (TRANSFER_ALIKE >>> 2)] as number, count - index);
      if (alike > 1) {
        copyAlike(words, quickFrom, quickTo, entry, alike, length);
        index += alike - 1;
        continue;
      }
      const small = copySmall(words, quickFrom.words, quickTo.words, entry, count - index);
      if (small !== 0) {
        index += small - 1;
        continue;
      }
      if (words[sourceAt + 1] === 0 && words[targetAt + 1] === 0) {
        const start = words[sourceAt] as number;
        const goal = words[targetAt] as number;
        if (quickFrom.bytes === quickTo.bytes) quickTo.bytes.copyWithin(goal, start, start + length);
        else quickTo.bytes.set(quickFrom.bytes.subarray(start, start + length), goal);
        continue;
      }
    }
    lastSource = -1;
    lastTarget = -1;
    let source = join32(words[sourceAt] as number, words[sourceAt + 1] as number);
    let target = join32(words[targetAt] as number, words[targetAt + 1] as number);
    const from = sourceRegion === TRANSFER_POINTER ? undefined : find(sourceRegion);
    const to = targetRegion === TRANSFER_POINTER ? undefined : find(targetRegion);
    if (
      (from === undefined && sourceRegion !== TRANSFER_POINTER) ||
      (to === undefined && targetRegion !== TRANSFER_POINTER)
    ) {
      refuse(entry);
      continue;
    }

    let fromBytes: Uint8Array | undefined = bytes;
    let fromWords: Uint32Array = words;
    if (from instanceof BufferBacking) {
      fromBytes = from.bytes;
      fromWords = from.words;
    } else if (from instanceof RamBacking) source += from.pointer;
    else if (from !== undefined) fromBytes = undefined;

    let toBytes: Uint8Array | undefined = bytes;
    let toWords: Uint32Array = words;
    if (to instanceof BufferBacking) {
      toBytes = to.bytes;
      toWords = to.words;
    } else if (to instanceof RamBacking) target += to.pointer;
    else if (to !== undefined) toBytes = undefined;

    if (fromBytes !== undefined && toBytes !== undefined) {
      if (length <= WORD_LOOP_LIMIT && (source % 4) + (target % 4) + (length % 4) === 0) {
        const first = source / 4;
        const place = target / 4;
        for (let word = length / 4 - 1; word >= 0; word--) toWords[place + word] = fromWords[first + word] as number;
      } else if (fromBytes === toBytes) {
        toBytes.copyWithin(target, source, source + length);
      } else {
        toBytes.set(fromBytes.subarray(source, source + length), target);
      }
      continue;
    }
    // Functions: through a copy, and they may make the memory grow.
    const piece = new Uint8Array(length);
    let served = true;
    if (from !== undefined && fromBytes === undefined) {
      served = attempt(sourceRegion, () => from.readBytes(source, piece));
    } else piece.set((fromBytes as Uint8Array).subarray(source, source + length));
    if (served) {
      if (to !== undefined && toBytes === undefined) served = attempt(targetRegion, () => to.writeBytes(target, piece));
      else (to instanceof BufferBacking ? to.bytes : engine.u8).set(piece, target);
    }
    if (!served) refuse(entry);
    words = engine.u32;
    bytes = engine.u8;
  }
  return done;
}
