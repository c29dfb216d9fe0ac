// Credits for immediate interrupts (low latency interrupts, I350 §7.3.5.1; 82576 alike): one for each such interrupt of a
// vector whose EITR.LLI_EN is set; GPIE.LL_Interval says how fast they come back.
import { EITR_LL_COUNTER_HI, EITR_LL_COUNTER_LO, LL_INTERVAL_UNIT } from "../../../assembly/spec/igb/interrupt.ts";
import { mask } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";

const NS_PER_US = 1000;
const MOST = mask(EITR_LL_COUNTER_HI - EITR_LL_COUNTER_LO, 0);

export interface ImmediateCreditsState {
  /** Credits of each vector, as of `sinceNs`. */
  credits: number[];
  sinceNs: number[];
}

export class ImmediateCredits {
  readonly #clock: Clock;
  readonly #interval: () => number;
  readonly #credits: number[];
  readonly #since: number[];

  /** @param interval GPIE.LL_Interval; with 0 no credit comes back. */
  constructor(vectors: number, clock: Clock, interval: () => number) {
    this.#clock = clock;
    this.#interval = interval;
    this.#credits = new Array<number>(vectors).fill(0);
    this.#since = new Array<number>(vectors).fill(0);
  }

  /** Credits of a vector now. */
  get(vector: number): number {
    const credits = this.#credits[vector] as number;
    const unit = this.#interval() * LL_INTERVAL_UNIT * NS_PER_US;
    if (unit === 0) return credits;
    return Math.min(MOST, credits + Math.floor((this.#clock.nowNs - (this.#since[vector] as number)) / unit));
  }

  /** EITR.LL_Counter as software writes it. */
  set(vector: number, credits: number): void {
    this.#credits[vector] = credits;
    this.#since[vector] = this.#clock.nowNs;
  }

  /** Takes a credit. False when there is none. */
  take(vector: number): boolean {
    const credits = this.get(vector);
    if (credits === 0) return false;
    const full = credits === MOST;
    const unit = this.#interval() * LL_INTERVAL_UNIT * NS_PER_US;
    const back = credits - (this.#credits[vector] as number);
    this.#credits[vector] = credits - 1;
    // What has passed of the current interval counts for the next credit, but a full counter had stood still.
    this.#since[vector] = full ? this.#clock.nowNs : (this.#since[vector] as number) + back * unit;
    return true;
  }

  /** To be called before the interval changes. */
  settle(): void {
    for (let vector = 0; vector < this.#credits.length; vector++) this.set(vector, this.get(vector));
  }

  reset(): void {
    this.#credits.fill(0);
    this.#since.fill(0);
  }

  save(): ImmediateCreditsState {
    return { credits: [...this.#credits], sinceNs: [...this.#since] };
  }

  restore(state: ImmediateCreditsState): void {
    for (let vector = 0; vector < this.#credits.length; vector++) {
      this.#credits[vector] = state.credits[vector] ?? 0;
      this.#since[vector] = state.sinceNs[vector] ?? 0;
    }
  }
}
