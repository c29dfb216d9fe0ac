// A guest's processor, as far as interrupts go.
import { checkFunction } from "../core/arguments.ts";
import type { Snapshotable } from "../core/ports.ts";
import type { DeliveredInterrupt } from "../machine/interrupt-fabric.ts";

const VECTORS = 256;
/** Vectors below this one are the processor's own exceptions (Intel SDM 3A §11.5.2: illegal in a message). */
const FIRST_VECTOR = 16;

export interface ProcessorState {
  /** Vectors requested and not yet handled, ascending. */
  requested: readonly number[];
  received: readonly (readonly [number, number])[];
  illegal: number;
}

/** A request register, and the handlers that the guest's software installed. */
export class Processor implements Snapshotable<ProcessorState> {
  /** Messages whose vector is none (0–15) or whose delivery mode is not fixed or lowest priority. */
  illegal = 0;
  /** Takes each vector at once, in place of requests and handlers: an emulator's processor, which has its own. */
  forward: ((vector: number) => void) | undefined = undefined;
  readonly #requested = new Uint8Array(VECTORS);
  readonly #received = new Uint32Array(VECTORS);
  readonly #handlers = new Map<number, () => void>();
  #waiting = 0;
  #handled = 0;
  #busy = false;

  /** Takes an interrupt in; it is handled at the next `dispatch`. A vector requested twice is handled once. */
  readonly take = (interrupt: DeliveredInterrupt): void => {
    if (interrupt.deliveryMode > 1) this.illegal++;
    else this.request(interrupt.vector);
  };

  /** Requests `vector` as `take` does. */
  request(vector: number): void {
    if (vector < FIRST_VECTOR) {
      this.illegal++;
      return;
    }
    this.#received[vector] = (this.#received[vector] as number) + 1;
    if (this.forward !== undefined) {
      this.#handled++;
      this.forward(vector);
      return;
    }
    if (this.#requested[vector] !== 0) return;
    this.#requested[vector] = 1;
    this.#waiting++;
  }

  /** Whether a vector is requested that `dispatch` would handle. */
  get waiting(): boolean {
    return this.#waiting > 0;
  }

  /** Vectors handled since the processor was made. */
  get handled(): number {
    return this.#handled;
  }

  /** Whether a handler runs. */
  get busy(): boolean {
    return this.#busy;
  }

  /** How often `vector` arrived; of posted ones, how often it was moved here from the descriptor. */
  received(vector: number): number {
    return this.#received[vector] ?? 0;
  }

  /** The vectors that arrived at least once, ascending. */
  receivedVectors(): number[] {
    return [...this.#received.keys()].filter((vector) => this.#received[vector] !== 0);
  }

  /** Installs the handler of `vector`. Throws ArgumentError for no function. */
  onInterrupt(vector: number, handler: () => void): void {
    checkFunction("handler", handler);
    this.#handlers.set(vector, handler);
  }

  /** Runs the handlers of what is requested, highest vector first. False when there was nothing, or one runs already. */
  dispatch(): boolean {
    if (this.#busy || this.#waiting === 0) return false;
    this.#busy = true;
    try {
      for (let vector = VECTORS - 1; vector >= FIRST_VECTOR && this.#waiting > 0; vector--) {
        if (this.#requested[vector] === 0) continue;
        this.#requested[vector] = 0;
        this.#waiting--;
        this.#handled++;
        this.#handlers.get(vector)?.();
      }
    } finally {
      this.#busy = false;
    }
    return true;
  }

  save(): ProcessorState {
    return {
      requested: [...this.#requested.keys()].filter((vector) => this.#requested[vector] !== 0),
      received: this.receivedVectors().map((vector) => [vector, this.#received[vector] as number] as const),
      illegal: this.illegal,
    };
  }

  restore(state: ProcessorState): void {
    this.#requested.fill(0);
    for (const vector of state.requested) this.#requested[vector] = 1;
    this.#waiting = state.requested.length;
    this.#received.fill(0);
    for (const [vector, count] of state.received) this.#received[vector] = count;
    this.illegal = state.illegal;
  }
}
