// The host's end of a frame ring between a port and its uplink (layout: spec/abi/port).
import {
  FRAMES_CAPACITY,
  FRAMES_DATA,
  FRAMES_HEAD,
  FRAMES_RECORD,
  FRAMES_SKIP,
  FRAMES_TAIL,
} from "../../../assembly/spec/abi/port.ts";
import { TX_FRAME_MAX } from "../../../assembly/spec/igb/transmit.ts";
import type { Engine } from "../../core/engine.ts";
import { FormatError } from "../../core/errors.ts";

/** The frames in the ring, and where the first of them lies; the bytes around them are nobody's. */
export interface FrameRingState {
  head: number;
  lengths: readonly number[];
  bytes: Uint8Array;
}

/** Longest frame that the wire carries, without CRC: 9.5 KiB and a tag. */
export const FRAME_MAX: number = TX_FRAME_MAX + 4;
/** The shortest: a header. */
export const FRAME_MIN: number = 14;

export class FrameRing {
  readonly pointer: number;
  readonly #engine: Engine;

  constructor(engine: Engine, pointer: number) {
    this.#engine = engine;
    this.pointer = pointer;
  }

  get empty(): boolean {
    return this.#get(FRAMES_HEAD) === this.#get(FRAMES_TAIL);
  }

  /** Bytes that frames and what is around them take. */
  get used(): number {
    const [head, tail] = [this.#get(FRAMES_HEAD), this.#get(FRAMES_TAIL)];
    return tail >= head ? tail - head : this.#get(FRAMES_CAPACITY) - head + tail;
  }

  /** Appends a frame. False when there is no room. */
  push(frame: Uint8Array): boolean {
    const capacity = this.#get(FRAMES_CAPACITY);
    const need = FRAMES_RECORD + ((frame.length + 7) & ~7);
    const head = this.#get(FRAMES_HEAD);
    let tail = this.#get(FRAMES_TAIL);
    if (tail >= head) {
      // A full ring would look empty: something stays free before the head.
      if (capacity - tail < need + (head === 0 ? FRAMES_RECORD : 0)) {
        if (head <= need) return false;
        this.#set(FRAMES_DATA + tail, FRAMES_SKIP);
        tail = 0;
      }
    } else if (head - tail <= need) return false;
    this.#set(FRAMES_DATA + tail, frame.length);
    this.#set(FRAMES_DATA + tail + 4, 0);
    this.#engine.u8.set(frame, this.pointer + FRAMES_DATA + tail + FRAMES_RECORD);
    this.#set(FRAMES_TAIL, tail + need === capacity ? 0 : tail + need);
    return true;
  }

  /** Takes the oldest frame: a copy, or undefined when there is none. */
  shift(): Uint8Array | undefined {
    let head = this.#get(FRAMES_HEAD);
    const tail = this.#get(FRAMES_TAIL);
    if (head === tail) return undefined;
    let length = this.#get(FRAMES_DATA + head);
    if (length === FRAMES_SKIP) {
      head = 0;
      this.#set(FRAMES_HEAD, 0);
      if (tail === 0) return undefined;
      length = this.#get(FRAMES_DATA);
    }
    const start = this.pointer + FRAMES_DATA + head + FRAMES_RECORD;
    const frame = this.#engine.u8.slice(start, start + length);
    const next = head + FRAMES_RECORD + ((length + 7) & ~7);
    this.#set(FRAMES_HEAD, next === this.#get(FRAMES_CAPACITY) ? 0 : next);
    return frame;
  }

  clear(): void {
    this.#set(FRAMES_HEAD, 0);
    this.#set(FRAMES_TAIL, 0);
  }

  save(): FrameRingState {
    const head = this.#get(FRAMES_HEAD);
    const frames: Uint8Array[] = [];
    for (let frame = this.shift(); frame !== undefined; frame = this.shift()) frames.push(frame);
    const lengths = frames.map((frame) => frame.length);
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let place = 0;
    for (const frame of frames) {
      bytes.set(frame, place);
      place += frame.length;
    }
    this.#fill(head, frames);
    return { head, lengths, bytes };
  }

  /** Throws FormatError, with the ring left empty, for what does not fit or is no frame. */
  restore(state: FrameRingState): void {
    const total = state.lengths.reduce((sum, length) => sum + length, 0);
    const frame = (length: number) => Number.isInteger(length) && length >= FRAME_MIN && length <= FRAME_MAX;
    if (!state.lengths.every(frame) || total !== state.bytes.length) {
      throw new FormatError(
        "frame ring",
        `${state.bytes.length} bytes are not frames of ${FRAME_MIN}–${FRAME_MAX} bytes`,
      );
    }
    const frames: Uint8Array[] = [];
    let place = 0;
    for (const length of state.lengths) {
      frames.push(state.bytes.subarray(place, place + length));
      place += length;
    }
    const fits = state.head >= 0 && state.head % FRAMES_RECORD === 0 && state.head < this.#get(FRAMES_CAPACITY);
    if (!fits || !this.#fill(state.head, frames)) {
      this.clear();
      throw new FormatError("frame ring", `${frames.length} frames from ${state.head} on do not fit`);
    }
  }

  /** Lays `frames` from `head` on, where they lay before. */
  #fill(head: number, frames: readonly Uint8Array[]): boolean {
    this.#set(FRAMES_HEAD, head);
    this.#set(FRAMES_TAIL, head);
    return frames.every((frame) => this.push(frame));
  }

  #get(offset: number): number {
    return this.#engine.u32[(this.pointer + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.#engine.u32[(this.pointer + offset) >>> 2] = value;
  }
}
