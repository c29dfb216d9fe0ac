// How long the link partner's PAUSE frames hold the transmitter (IEEE 802.3 annex 31B; I350 §3.7.5, 82576 §3.5.5).
import {
  PAUSE_NEW,
  PAUSE_TIME_HI,
  PAUSE_TIME_LO,
  PORT_HELD,
  PORT_PAUSE,
} from "../../../assembly/spec/abi/port-offload.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { LinkSpeed } from "./phy/link.ts";
import type { PortState } from "./port-state.ts";

export interface FlowControlOptions {
  state: PortState;
  clock: Clock;
  /** Of the link, in Mb/s. */
  speed(): LinkSpeed;
  /** The transmitter may go on. */
  released(): void;
}

/** Bit times that a pause counts in. */
const QUANTUM_BITS = 512;
const NS_PER_MBIT = 1000;
const NEVER = Number.POSITIVE_INFINITY;

export class FlowControl {
  readonly #options: FlowControlOptions;
  /** When the pause is over, in the machine's nanoseconds; −1 when there is none. */
  #untilNs = -1;

  constructor(options: FlowControlOptions) {
    this.#options = options;
  }

  /** The transmitter rests: STATUS.TXOFF. */
  get held(): boolean {
    return this.#untilNs >= 0;
  }

  get deadlineNs(): number {
    return this.held ? this.#untilNs : NEVER;
  }

  /** After frames moved: the pause that was asked for, in place of the one before it. */
  collect(): void {
    const { state, clock, speed } = this.#options;
    const pause = state.get(PORT_PAUSE);
    if ((pause & PAUSE_NEW) === 0) return;
    state.set(PORT_PAUSE, (pause & ~PAUSE_NEW) >>> 0);
    const time = bits(pause, PAUSE_TIME_HI, PAUSE_TIME_LO);
    if (time === 0) {
      this.#release();
      return;
    }
    this.#untilNs = clock.nowNs + Math.ceil((time * QUANTUM_BITS * NS_PER_MBIT) / speed());
    state.set(PORT_HELD, 1);
  }

  /** Ends a pause that is over. */
  tick(): void {
    if (this.held && this.#options.clock.nowNs >= this.#untilNs) this.#release();
  }

  reset(): void {
    this.#untilNs = -1;
    this.#options.state.set(PORT_HELD, 0);
  }

  save(): number {
    return this.#untilNs;
  }

  /** PORT_HELD comes back with the port's state. */
  restore(untilNs: number): void {
    this.#untilNs = untilNs;
  }

  #release(): void {
    if (!this.held) return;
    this.reset();
    this.#options.released();
  }
}
