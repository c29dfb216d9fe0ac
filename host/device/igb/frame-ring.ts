// The host's end of a frame ring between a port and its uplink (layout: spec/abi/port).
import {
  FRAMES_CAPACITY,
  FRAMES_DATA,
  FRAMES_HEAD,
  FRAMES_RECORD,
  FRAMES_SKIP,
  FRAMES_TAIL,
} from "../../../assembly/spec/abi/port.ts";
import type { Engine } from "../../core/engine.ts";
import { FormatError } from "../../core/errors.ts";

export interface FrameRingState {
  head: number;
  tail: number;
  records: Uint8Array;
}

export class FrameRing {
  readonly pointer: number;
  readonly #engine: Engine;

  constructor(engine: Engine, pointer: number) {
    this.#engine = engine;
    this.pointer = pointer;
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
    const start = this.pointer + FRAMES_DATA;
    const head = this.#get(FRAMES_HEAD);
    const tail = this.#get(FRAMES_TAIL);
    const end = head === tail ? 0 : head < tail ? tail : this.#get(FRAMES_CAPACITY);
    return { head, tail, records: this.#engine.u8.slice(start, start + end) };
  }

  restore(state: FrameRingState): void {
    const capacity = this.#get(FRAMES_CAPACITY);
    if (state.records.length > capacity || state.head >= capacity || state.tail >= capacity) {
      throw new FormatError("frame ring", `${state.records.length} bytes do not fit ${capacity}`);
    }
    this.#engine.u8.set(state.records, this.pointer + FRAMES_DATA);
    this.#set(FRAMES_HEAD, state.head);
    this.#set(FRAMES_TAIL, state.tail);
  }

  #get(offset: number): number {
    return this.#engine.u32[(this.pointer + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.#engine.u32[(this.pointer + offset) >>> 2] = value;
  }
}
