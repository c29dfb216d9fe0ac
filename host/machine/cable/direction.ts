// One direction of a cable: the frames on their way, in order, each with the moment at which it arrives.
import { FormatError } from "../../core/errors.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import { isFrame } from "./end.ts";

/** Bytes that a frame takes on the wire beside its own: CRC, preamble and the gap between packets (IEEE 802.3 §4.4.2). */
const WIRE_OVERHEAD = 4 + 8 + 12;
const BITS = 8;
const NS_PER_S = 1e9;

export interface DirectionOptions {
  latencyNs: number;
  /** 0: frames take no time. */
  bitsPerSecond: number;
  /** Bytes of frames that may be on their way or wait for the receiver. */
  buffer: number;
}

export interface DirectionState {
  frames: readonly { dueNs: number; bytes: Uint8Array }[];
  /** When the wire's beginning is free again. */
  freeNs: number;
}

interface OnTheWay {
  dueNs: number;
  bytes: Uint8Array;
}

/** Throws FormatError for what `Direction.save` cannot have given. */
export function checkDirection(state: DirectionState): void {
  checkStateNumber("cable", state.freeNs, Number.MAX_SAFE_INTEGER);
  if (!Array.isArray(state.frames)) throw new FormatError("cable", "has no list of frames");
  for (const frame of state.frames as readonly unknown[]) {
    const { dueNs, bytes } = (frame ?? {}) as Partial<OnTheWay>;
    checkStateNumber("cable", dueNs, Number.MAX_SAFE_INTEGER);
    if (!(bytes instanceof Uint8Array) || !isFrame(bytes)) throw new FormatError("cable", "carries what is no frame");
  }
}

export class Direction {
  readonly #options: DirectionOptions;
  /** From `#first` on. */
  #frames: OnTheWay[] = [];
  #first = 0;
  #bytes = 0;
  #freeNs = 0;

  constructor(options: DirectionOptions) {
    this.#options = options;
  }

  /** Whether the sender may begin with a frame now. */
  idle(nowNs: number): boolean {
    return this.#freeNs <= nowNs;
  }

  /** Whether `length` bytes more have room. */
  hasRoom(length: number): boolean {
    return this.#bytes + length <= this.#options.buffer;
  }

  push(bytes: Uint8Array, nowNs: number): void {
    const { latencyNs, bitsPerSecond } = this.#options;
    const wire = bytes.length + WIRE_OVERHEAD;
    const takes = bitsPerSecond === 0 ? 0 : Math.ceil((wire * BITS * NS_PER_S) / bitsPerSecond);
    this.#freeNs = Math.max(nowNs, this.#freeNs) + takes;
    this.#frames.push({ dueNs: this.#freeNs + latencyNs, bytes });
    this.#bytes += bytes.length;
  }

  /** The frame that arrives first, if it is there at `nowNs`. */
  arrived(nowNs: number): Uint8Array | undefined {
    const first = this.#frames[this.#first];
    return first === undefined || first.dueNs > nowNs ? undefined : first.bytes;
  }

  /** The first frame is with its receiver. */
  shift(): void {
    const first = this.#frames[this.#first] as OnTheWay;
    this.#bytes -= first.bytes.length;
    this.#first++;
    if (this.#first * 2 < this.#frames.length) return;
    this.#frames = this.#frames.slice(this.#first);
    this.#first = 0;
  }

  /** Loses what is on its way. Returns how many frames. */
  clear(): number {
    const lost = this.#frames.length - this.#first;
    this.#frames = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#freeNs = 0;
    return lost;
  }

  /** When the next frame arrives that is not there yet; infinity without one. */
  nextArrivalNs(nowNs: number): number {
    const first = this.#frames[this.#first];
    return first === undefined || first.dueNs <= nowNs ? Number.POSITIVE_INFINITY : first.dueNs;
  }

  /** When the sender may begin, if that is later than now; infinity otherwise. */
  nextIdleNs(nowNs: number): number {
    return this.#freeNs > nowNs ? this.#freeNs : Number.POSITIVE_INFINITY;
  }

  save(): DirectionState {
    return {
      frames: this.#frames.slice(this.#first).map(({ dueNs, bytes }) => ({ dueNs, bytes })),
      freeNs: this.#freeNs,
    };
  }

  /** Puts back what `checkDirection` let pass. */
  restore(state: DirectionState): void {
    this.#frames = state.frames.map(({ dueNs, bytes }) => ({ dueNs, bytes: bytes.slice() }));
    this.#first = 0;
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#freeNs = state.freeNs;
  }
}
