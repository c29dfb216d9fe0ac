// The extended interrupt registers of one function: causes, masks, automatic clearing and masking, throttling, immediate
// interrupts (I350 §7.3, §8.8; 82576 §7.3, §8.8). Which cause is which bit is its owner's matter.
import * as spec from "../../../assembly/spec/igb/interrupt.ts";
import { bits, lowestBit, mask, place } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { ImmediateCredits, type ImmediateCreditsState } from "./immediate-credits.ts";

const EITR_MASK = (mask(spec.EITR_INTERVAL_HI, spec.EITR_INTERVAL_LO) | spec.EITR_LLI_EN) >>> 0;
const COUNTER_MOST = mask(spec.EITR_COUNTER_HI - spec.EITR_COUNTER_LO, 0);
const NS_PER_US = 1000;
/** EITR 0 is that of the one interrupt of a function without vectors. */
const SINGLE_VECTOR = 0;

export interface InterruptState {
  eicr: number;
  eims: number;
  eiac: number;
  eiam: number;
  eitr: number[];
  /** Vectors whose message waits for their interval to end. */
  waiting: number;
  /** When each vector may send its next message, in the machine's nanoseconds. */
  next: number[];
  credits: ImmediateCreditsState;
  /** The one interrupt was signalled, and its causes are still there. */
  signalled: boolean;
}

/** What a function does instead of sending messages of vectors while it has one interrupt for all its causes. */
export interface SingleInterrupt {
  /** The causes that there are then, and the one that is enabled after a reset. */
  causes: number;
  enabled: number;
  /** Signals the interrupt. */
  raise(): void;
  /** Asserts or deasserts its pin. */
  showPin(asserted: boolean): void;
}

export interface InterruptOptions {
  vectors: number;
  clock: Clock;
  /** Sends the vector's message. */
  raise(vector: number): void;
  /** For a function that may be used without vectors. */
  single?: SingleInterrupt;
  /** Called when a message has to wait for its interval: `tick` is due until `waiting` is false again. */
  onWait?(): void;
  /** GPIE.EIAME: sending a message masks what EIAM names. */
  autoMask(): boolean;
  /** GPIE.LL_Interval. */
  creditInterval(): number;
}

export class InterruptBlock {
  readonly #options: InterruptOptions;
  readonly #credits: ImmediateCredits;
  #eicr = 0;
  #eims = 0;
  #eiac = 0;
  #eiam = 0;
  #waiting = 0;
  /** One interrupt for all causes. */
  #single: boolean;
  #signalled = false;
  readonly #eitr: number[];
  readonly #next: number[];

  constructor(options: InterruptOptions) {
    this.#options = options;
    this.#credits = new ImmediateCredits(options.vectors, options.clock, () => options.creditInterval());
    this.#eitr = new Array<number>(options.vectors).fill(0);
    this.#next = new Array<number>(options.vectors).fill(0);
    this.#eims = options.single?.enabled ?? 0;
    this.#single = options.single !== undefined;
  }

  /** Causes, without the effects of reading the register. */
  get eicr(): number {
    return (this.#eicr & this.#all) >>> 0;
  }

  get eims(): number {
    return (this.#eims & this.#all) >>> 0;
  }

  get eiac(): number {
    return (this.#eiac & this.#all) >>> 0;
  }

  get eiam(): number {
    return (this.#eiam & this.#all) >>> 0;
  }

  /**
   * Sets causes. Those that are enabled send their message, or wait for their interval; those among `immediate` do not
   * wait (I350 §7.3.5), and those among `again` send one even if they are set already.
   */
  set(causes: number, immediate = 0, again = 0): void {
    const before = this.#eicr & this.#eims & ~again;
    this.#eicr = (this.#eicr | (causes & this.#all)) >>> 0;
    this.#rose(before, immediate);
  }

  /** EICS: sets causes; while no message masks by itself, it enables what EIAM names too (I350 §8.8.8). */
  setBySoftware(causes: number): void {
    if (!this.#options.autoMask()) this.#eims = (this.#eims | (causes & this.#eiam)) >>> 0;
    this.set(causes);
  }

  /** A read of EICR: clears it, and masks what EIAM names, unless messages do (I350 §7.3.4.3, §8.8.8). */
  readCauses(): number {
    const value = this.eicr;
    this.clear(this.#all);
    return value;
  }

  /** A write of EICR: clears the bits written, and masks what of them EIAM names, unless messages do. */
  clear(causes: number): void {
    if (!this.#options.autoMask()) this.#eims = (this.#eims & ~(causes & this.#eiam)) >>> 0;
    this.withdraw(causes);
  }

  /** Causes are no longer there. */
  withdraw(causes: number): void {
    this.#eicr = (this.#eicr & ~causes) >>> 0;
    if (!this.#single) this.#waiting = (this.#waiting & ~causes) >>> 0;
    this.#showPin();
  }

  /** EIMS: enables vectors; those with a cause send their message. */
  enable(vectors: number): void {
    const before = this.#eicr & this.#eims;
    this.#eims = (this.#eims | (vectors & this.#all)) >>> 0;
    this.#rose(before, 0);
  }

  /** EIMC. */
  disable(vectors: number): void {
    this.#eims = (this.#eims & ~(vectors & this.#all)) >>> 0;
    this.#showPin();
  }

  setAutoClear(vectors: number): void {
    this.#eiac = (vectors & this.#all) >>> 0;
  }

  setAutoMask(vectors: number): void {
    this.#eiam = (vectors & this.#all) >>> 0;
  }

  /** EITR, with its counters as they are now. */
  throttle(vector: number): number {
    const left = Math.max(0, (this.#next[vector] ?? 0) - this.#options.clock.nowNs);
    const counter = Math.min(COUNTER_MOST, Math.floor(left / (NS_PER_US * spec.EITR_COUNTER_UNIT)));
    const credits = place(this.#credits.get(vector), spec.EITR_LL_COUNTER_HI, spec.EITR_LL_COUNTER_LO);
    return ((this.#eitr[vector] ?? 0) | credits | place(counter, spec.EITR_COUNTER_HI, spec.EITR_COUNTER_LO)) >>> 0;
  }

  /** EITR: the interval; and both counters, unless CNT_INGR says otherwise. */
  setThrottle(vector: number, value: number): void {
    this.#eitr[vector] = (value & EITR_MASK) >>> 0;
    if ((value & spec.EITR_CNT_INGR) !== 0) return;
    const counter = bits(value, spec.EITR_COUNTER_HI, spec.EITR_COUNTER_LO) * spec.EITR_COUNTER_UNIT;
    this.#next[vector] = this.#options.clock.nowNs + counter * NS_PER_US;
    this.#credits.set(vector, bits(value, spec.EITR_LL_COUNTER_HI, spec.EITR_LL_COUNTER_LO));
  }

  /** To be called before `creditInterval` changes. */
  settleCredits(): void {
    this.#credits.settle();
  }

  /** Whether messages wait for their intervals to end. */
  get waiting(): boolean {
    return this.#waiting !== 0;
  }

  /** When the next waiting message is due, in the machine's nanoseconds; infinity when none waits. */
  get deadlineNs(): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (let vector = 0; vector < this.#next.length; vector++) {
      if ((this.#waiting & (1 << vector)) !== 0) deadline = Math.min(deadline, this.#next[vector] as number);
    }
    return deadline;
  }

  /** Sends the messages whose interval is over. */
  tick(): void {
    if (this.#waiting === 0) return;
    for (let vector = 0; vector < this.#next.length; vector++) {
      const bit = (1 << vector) >>> 0;
      if ((this.#waiting & bit) === 0 || this.#options.clock.nowNs < (this.#next[vector] as number)) continue;
      this.#waiting = (this.#waiting & ~bit) >>> 0;
      if (this.#single) this.#signal();
      else if ((this.#eicr & this.#eims & bit) !== 0) this.#send(vector, bit);
    }
  }

  /** One interrupt for all causes, or vectors, of a function that may have either. What waits for an interval is let go. */
  set single(single: boolean) {
    if (single === this.#single) return;
    this.#single = single;
    this.#waiting = 0;
    this.#showPin();
  }

  reset(): void {
    this.#eicr = 0;
    this.#eims = this.#options.single?.enabled ?? 0;
    this.#single = this.#options.single !== undefined;
    this.#eiac = 0;
    this.#eiam = 0;
    this.#waiting = 0;
    this.#eitr.fill(0);
    this.#next.fill(0);
    this.#credits.reset();
    this.#showPin();
  }

  save(): InterruptState {
    return {
      eicr: this.#eicr,
      eims: this.#eims,
      eiac: this.#eiac,
      eiam: this.#eiam,
      eitr: [...this.#eitr],
      waiting: this.#waiting,
      next: [...this.#next],
      credits: this.#credits.save(),
      signalled: this.#signalled,
    };
  }

  restore(state: InterruptState): void {
    this.#eicr = state.eicr;
    this.#eims = state.eims;
    this.#eiac = state.eiac;
    this.#eiam = state.eiam;
    this.#waiting = state.waiting;
    this.#signalled = state.signalled;
    this.#credits.restore(state.credits);
    if (this.waiting) this.#options.onWait?.();
    for (let vector = 0; vector < this.#eitr.length; vector++) {
      this.#eitr[vector] = state.eitr[vector] ?? 0;
      this.#next[vector] = state.next[vector] ?? 0;
    }
  }

  /** The causes that there are. */
  get #all(): number {
    return this.#single ? (this.#options.single?.causes ?? 0) : mask(this.#options.vectors - 1, 0);
  }

  #rose(before: number, immediate: number): void {
    let rising = (this.#eicr & this.#eims & this.#all & ~before) >>> 0;
    if (this.#single) {
      const urgent = (this.#eicr & this.#eims & immediate) !== 0;
      if ((rising !== 0 || (urgent && this.waiting)) && this.#mayBeSent(SINGLE_VECTOR, urgent)) this.#signal();
      return;
    }
    while (rising !== 0) {
      const vector = lowestBit(rising);
      const bit = (1 << vector) >>> 0;
      rising = (rising & ~bit) >>> 0;
      if (this.#mayBeSent(vector, (immediate & bit) !== 0)) this.#send(vector, bit);
    }
    const urgent = (this.#eicr & this.#eims & this.#waiting & immediate) >>> 0;
    for (let left = urgent; left !== 0; left = (left & (left - 1)) >>> 0) {
      const vector = lowestBit(left);
      if (this.#mayBeSent(vector, true)) this.#send(vector, (1 << vector) >>> 0);
    }
  }

  /** Whether a vector's message may be sent now; if not, it waits for its interval. */
  #mayBeSent(vector: number, immediate: boolean): boolean {
    const bit = (1 << vector) >>> 0;
    const over = this.#options.clock.nowNs >= (this.#next[vector] as number);
    if (over || (immediate && this.#hasCredit(vector))) {
      this.#waiting = (this.#waiting & ~bit) >>> 0;
      return true;
    }
    this.#waiting = (this.#waiting | bit) >>> 0;
    this.#options.onWait?.();
    return false;
  }

  #hasCredit(vector: number): boolean {
    return ((this.#eitr[vector] as number) & spec.EITR_LLI_EN) === 0 || this.#credits.take(vector);
  }

  #send(vector: number, bit: number): void {
    this.#next[vector] = this.#after(vector);
    this.#eicr = (this.#eicr & ~(this.#eiac & bit)) >>> 0;
    if (this.#options.autoMask()) this.#eims = (this.#eims & ~(this.#eiam & bit)) >>> 0;
    this.#options.raise(vector);
  }

  /** The one interrupt: a message, and the pin until its causes are read or masked. */
  #signal(): void {
    if ((this.eicr & this.#eims) === 0) return;
    this.#next[SINGLE_VECTOR] = this.#after(SINGLE_VECTOR);
    this.#signalled = true;
    this.#showPin();
    this.#options.single?.raise();
    if (this.#options.autoMask()) this.disable(this.#eiam);
  }

  #showPin(): void {
    if (!this.#signalled) return;
    this.#signalled = this.#single && (this.eicr & this.#eims) !== 0;
    this.#options.single?.showPin(this.#signalled);
  }

  #after(vector: number): number {
    const interval = bits(this.#eitr[vector] as number, spec.EITR_INTERVAL_HI, spec.EITR_INTERVAL_LO);
    return this.#options.clock.nowNs + interval * NS_PER_US;
  }
}
