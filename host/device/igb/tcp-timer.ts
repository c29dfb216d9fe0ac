// The TCP timer: an interrupt after some milliseconds, once or again and again (I350 §8.9.1, 82576 §8.9.1).
import * as spec from "../../../assembly/spec/igb/interrupt.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { RegisterFile } from "./register-file.ts";

export interface TcpTimerState {
  startNs: number;
}

const NS_PER_MS = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;
/** The timer does not run. */
const STOPPED = -1;

export class TcpTimer {
  readonly #registers: RegisterFile;
  readonly #clock: Clock;
  readonly #expired: () => void;
  #startNs = STOPPED;

  constructor(registers: RegisterFile, clock: Clock, expired: () => void) {
    this.#registers = registers;
    this.#clock = clock;
    this.#expired = expired;
  }

  get deadlineNs(): number {
    return this.#startNs === STOPPED ? NEVER : this.#startNs + this.#durationNs;
  }

  /** Interrupts when the time is over; a loop then begins anew. */
  tick(): void {
    if (this.#startNs === STOPPED || this.#clock.nowNs < this.deadlineNs) return;
    const again = (this.#registers.get(spec.TCPTIMER) & spec.TCPTIMER_LOOP) !== 0;
    this.#startNs = again ? this.#clock.nowNs : STOPPED;
    this.#expired();
  }

  reset(): void {
    this.#startNs = STOPPED;
  }

  hook(): void {
    this.#registers.hook(spec.TCPTIMER, {
      write: (value) => {
        this.#registers.store(spec.TCPTIMER, value);
        const running = (value & spec.TCPTIMER_COUNT_ENABLE) !== 0 && this.#durationNs !== 0;
        if ((value & spec.TCPTIMER_COUNT_FINISH) !== 0 || !running) this.#startNs = STOPPED;
        if (running && ((value & spec.TCPTIMER_KICK_START) !== 0 || this.#startNs !== STOPPED)) {
          this.#startNs = this.#clock.nowNs;
        }
      },
    });
  }

  save(): TcpTimerState {
    return { startNs: this.#startNs };
  }

  restore(state: TcpTimerState): void {
    this.#startNs = state.startNs;
  }

  get #durationNs(): number {
    const value = this.#registers.get(spec.TCPTIMER);
    return bits(value, spec.TCPTIMER_DURATION_HI, spec.TCPTIMER_DURATION_LO) * NS_PER_MS;
  }
}
