// One port's state in linear memory, as the host sees it: words by offset, queues by number.
import {
  CAUSE_TX,
  FRAMES_CAPACITY,
  FRAMES_DATA,
  PORT_CAUSES,
  PORT_EGRESS,
  PORT_INGRESS,
  PORT_LINK,
  PORT_MAP,
  PORT_NEXT,
  PORT_PENDING,
  PORT_POOLS,
  PORT_PROFILE,
  PORT_QUEUES,
  PORT_RAR,
  PORT_RX_QUEUES,
  PORT_SCRATCH,
  PORT_SIZE,
  PORT_STATE,
  PORT_STOPS,
  PORT_TX_QUEUES,
  PORT_UNIT,
  QUEUE_SIZE,
  QUEUES_MAX,
} from "../../../assembly/spec/abi/port.ts";
import { PORT_OFFLOAD, PORT_OFFLOAD_END } from "../../../assembly/spec/abi/port-offload.ts";
import { PORT_LIMITED, PORT_POLICY } from "../../../assembly/spec/abi/port-policy.ts";
import { mask } from "../../core/bits.ts";
import type { Engine } from "../../core/engine.ts";
import { FormatError } from "../../core/errors.ts";
import { FrameRing, type FrameRingState } from "./frame-ring.ts";

export interface PortStateOptions {
  /** The machine's address map in linear memory. */
  map: number;
  /** The IOMMU unit that covers the card. */
  unit: number;
  /** PORT_SCRATCH_SIZE bytes; several ports may share them. */
  scratch: number;
  /** PROFILE_I350 or PROFILE_82576. */
  profile: number;
  /** Queues of each direction: 8 or 16. */
  queues: number;
  /** Bytes of each of the uplink's two frame rings. */
  uplinkBytes: number;
}

export interface PortStateSnapshot {
  state: Uint8Array;
  egress: FrameRingState;
  ingress: FrameRingState;
}

export type Direction = "tx" | "rx";

export class PortState {
  readonly pointer: number;
  readonly egress: FrameRing;
  readonly ingress: FrameRing;
  readonly #engine: Engine;

  constructor(engine: Engine, options: PortStateOptions) {
    this.#engine = engine;
    this.pointer = engine.allocate(PORT_SIZE, 64);
    this.egress = PortState.#ring(engine, options.uplinkBytes);
    this.ingress = PortState.#ring(engine, options.uplinkBytes);
    this.set(PORT_UNIT, options.unit);
    this.set(PORT_MAP, options.map);
    this.set(PORT_SCRATCH, options.scratch);
    this.set(PORT_EGRESS, this.egress.pointer);
    this.set(PORT_INGRESS, this.ingress.pointer);
    this.set(PORT_PROFILE, options.profile);
    this.set(PORT_QUEUES, options.queues);
    this.set(PORT_LINK, 1);
  }

  static #ring(engine: Engine, bytes: number): FrameRing {
    const pointer = engine.allocate(FRAMES_DATA + bytes, 64);
    engine.u32[(pointer + FRAMES_CAPACITY) >>> 2] = bytes;
    return new FrameRing(engine, pointer);
  }

  /** The word at `offset` (a PORT_ or COUNT_ number). */
  get(offset: number): number {
    return this.#engine.u32[(this.pointer + offset) >>> 2] as number;
  }

  set(offset: number, value: number): void {
    this.#engine.u32[(this.pointer + offset) >>> 2] = value;
  }

  /** Whether a doorbell rang, causes or stopped queues were left, or frames came from the wire. */
  get due(): boolean {
    const words = this.#engine.u32;
    const at = this.pointer >>> 2;
    const causes = (words[at + (PORT_CAUSES >>> 2)] as number) | (words[at + (PORT_STOPS >>> 2)] as number);
    return ((words[at + (PORT_PENDING >>> 2)] as number) | causes) !== 0 || !this.ingress.empty;
  }

  /** The offset of a queue's row. */
  queue(direction: Direction, index: number): number {
    return (direction === "tx" ? PORT_TX_QUEUES : PORT_RX_QUEUES) + index * QUEUE_SIZE;
  }

  /** Zeroes `bytes` from `offset` on. */
  clear(offset: number, bytes: number): void {
    this.#engine.u8.fill(0, this.pointer + offset, this.pointer + offset + bytes);
  }

  /** Queues, pools, offloads and policies as after power-on; what the filters say is their registers' matter. */
  reset(): void {
    this.clear(PORT_TX_QUEUES, PORT_RAR - PORT_TX_QUEUES);
    this.clear(PORT_POOLS, PORT_TX_QUEUES - PORT_POOLS);
    this.clear(PORT_OFFLOAD, PORT_OFFLOAD_END - PORT_OFFLOAD);
    this.clear(PORT_POLICY, PORT_SIZE - PORT_POLICY);
    for (const offset of [PORT_PENDING, PORT_CAUSES, PORT_STOPS]) this.set(offset, 0);
  }

  /** Works out what the filter registers mean; due after every change of one. */
  update(): void {
    this.#engine.wasm.portUpdate(this.pointer);
  }

  /** Moves at most `budget` frames; the result is how many. */
  service(budget: number): number {
    return this.#engine.wasm.portService(this.pointer, budget) >>> 0;
  }

  /** Whether some queue has a rate limit. */
  get limited(): boolean {
    return this.get(PORT_LIMITED) !== 0;
  }

  /** When a queue that waits for its rate limit may send, in nanoseconds; infinity when none waits. */
  get deadlineNs(): number {
    const limited = this.get(PORT_PENDING) & this.get(PORT_LIMITED);
    return limited === 0 ? Number.POSITIVE_INFINITY : this.#engine.wasm.portDeadline(this.pointer);
  }

  save(): PortStateSnapshot {
    return {
      state: this.#engine.u8.slice(this.pointer + PORT_STATE, this.pointer + PORT_SIZE),
      egress: this.egress.save(),
      ingress: this.ingress.save(),
    };
  }

  /**
   * Puts back what `save` gave; what follows from the filter registers is worked out anew. Throws FormatError for the
   * state of another profile, and for queues that the port does not have; the rings may be empty then.
   */
  restore(snapshot: PortStateSnapshot): void {
    this.#check(snapshot.state);
    this.egress.restore(snapshot.egress);
    this.ingress.restore(snapshot.ingress);
    this.#engine.u8.set(snapshot.state, this.pointer + PORT_STATE);
    this.update();
  }

  #check(state: Uint8Array): void {
    if (state.length !== PORT_SIZE - PORT_STATE) {
      throw new FormatError("port state", `${state.length} bytes instead of ${PORT_SIZE - PORT_STATE}`);
    }
    const view = new DataView(state.buffer, state.byteOffset);
    const get = (offset: number): number => view.getUint32(offset - PORT_STATE, true);
    for (const [name, offset] of [
      ["profile", PORT_PROFILE],
      ["number of queues", PORT_QUEUES],
    ] as const) {
      if (get(offset) !== this.get(offset)) {
        throw new FormatError("port state", `${name} is ${get(offset)} instead of ${this.get(offset)}`);
      }
    }
    const queues = this.get(PORT_QUEUES);
    const transmit = mask(queues - 1, 0);
    const both = transmit | (transmit << CAUSE_TX);
    const bits = [
      ["doorbells", PORT_PENDING, transmit],
      ["causes", PORT_CAUSES, both],
      ["stops", PORT_STOPS, both],
      ["next queue", PORT_NEXT, QUEUES_MAX - 1],
      ["link", PORT_LINK, 1],
    ] as const;
    for (const [name, offset, allowed] of bits) {
      if ((get(offset) & ~allowed) !== 0) {
        throw new FormatError("port state", `${name} 0x${get(offset).toString(16)} name queues that are not there`);
      }
    }
    for (const direction of ["tx", "rx"] as const) {
      const from = this.queue(direction, queues) - PORT_STATE;
      const to = this.queue(direction, QUEUES_MAX) - PORT_STATE;
      if (state.subarray(from, to).some((byte) => byte !== 0)) {
        throw new FormatError("port state", `there are ${direction} queues beyond ${queues}`);
      }
    }
  }
}
