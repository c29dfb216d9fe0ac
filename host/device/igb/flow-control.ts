// How long the link partner's PAUSE frames hold the transmitter, and when this port's own are due again, before the
// partner's pause is over (IEEE 802.3 annex 31B; I350 §3.7.5, §8.5.7 FCRTV; 82576 §3.5.5). Deviation: from one XOFF to the
// next there are no less than 16 quanta, though FCTTV and FCRTV ask for it: a port does not spend its host's time on them.
import {
  COUNT_XOFF_TX,
  PAUSE_NEW,
  PAUSE_TIME_HI,
  PAUSE_TIME_LO,
  PORT_FCTTV,
  PORT_HELD,
  PORT_PAUSE,
  PORT_XOFF,
  XOFF_AGAIN,
  XOFF_SENT,
} from "../../../assembly/spec/abi/port-offload.ts";
import { FCRTV } from "../../../assembly/spec/igb/device.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { LinkSpeed } from "./phy/link.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";

export interface FlowControlState {
  /** When the partner's pause is over, in the machine's nanoseconds; −1 when there is none. */
  untilNs: number;
  /** When XOFF is to be sent again; −1 when it is not. */
  againNs: number;
  /** COUNT_XOFF_TX, as of the last one that was noticed. */
  sent: number;
}

export interface FlowControlOptions {
  registers: RegisterFile;
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
/** Quanta from one XOFF to the next; the frame itself is on the wire for less than two. */
const XOFF_LEAST = 16;
const NEVER = Number.POSITIVE_INFINITY;

export class FlowControl {
  readonly #options: FlowControlOptions;
  #untilNs = -1;
  #againNs = -1;
  #sent = 0;

  constructor(options: FlowControlOptions) {
    this.#options = options;
  }

  /** The transmitter rests: STATUS.TXOFF. */
  get held(): boolean {
    return this.#untilNs >= 0;
  }

  get deadlineNs(): number {
    return Math.min(this.held ? this.#untilNs : NEVER, this.#againNs < 0 ? NEVER : this.#againNs);
  }

  /** After frames moved: the pause that was asked for, in place of the one before it; and the one that was sent. */
  collect(): void {
    const { state } = this.#options;
    const sent = state.get(COUNT_XOFF_TX);
    if (sent !== this.#sent) this.#noteSent(sent);
    const pause = state.get(PORT_PAUSE);
    if ((pause & PAUSE_NEW) === 0) return;
    state.set(PORT_PAUSE, (pause & ~PAUSE_NEW) >>> 0);
    const time = bits(pause, PAUSE_TIME_HI, PAUSE_TIME_LO);
    if (time === 0) {
      this.#release();
      return;
    }
    this.#untilNs = this.#after(time);
    state.set(PORT_HELD, 1);
  }

  /** Ends a pause that is over, and asks the partner for more of one while there is still a reason. */
  tick(): void {
    const { state, clock } = this.#options;
    if (this.held && clock.nowNs >= this.#untilNs) this.#release();
    if (this.#againNs < 0 || clock.nowNs < this.#againNs) return;
    this.#againNs = -1;
    if (state.get(PORT_XOFF) === XOFF_SENT) state.set(PORT_XOFF, XOFF_AGAIN);
  }

  reset(): void {
    this.#againNs = -1;
    this.#sent = this.#options.state.get(COUNT_XOFF_TX);
    this.#end();
  }

  save(): FlowControlState {
    return { untilNs: this.#untilNs, againNs: this.#againNs, sent: this.#sent };
  }

  /** PORT_HELD comes back with the port's state. */
  restore(state: FlowControlState): void {
    this.#untilNs = state.untilNs;
    this.#againNs = state.againNs;
    this.#sent = state.sent;
  }

  /** The partner counts the time down that it was told; when FCRTV of it is left, it is to be told again. */
  #noteSent(sent: number): void {
    const { state, registers } = this.#options;
    this.#sent = sent;
    const left = registers.get(FCRTV);
    const time = state.get(PORT_FCTTV);
    this.#againNs = left !== 0 && left < time ? this.#after(Math.max(time - left, XOFF_LEAST)) : -1;
  }

  /** When `time` of a PAUSE frame is over. */
  #after(time: number): number {
    const { clock, speed } = this.#options;
    return clock.nowNs + Math.ceil((time * QUANTUM_BITS * NS_PER_MBIT) / speed());
  }

  #end(): void {
    this.#untilNs = -1;
    this.#options.state.set(PORT_HELD, 0);
  }

  #release(): void {
    if (!this.held) return;
    this.#end();
    this.#options.released();
  }
}
