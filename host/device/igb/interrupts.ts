// The extended interrupt registers of one function: causes, masks, automatic clearing and masking, throttling
// (I350 §7.3, §8.8; 82576 §7.3, §8.8). Which cause is which bit is its owner's matter.
import {
  EITR_CNT_INGR,
  EITR_INTERVAL_HI,
  EITR_INTERVAL_LO,
  EITR_LLI_EN,
} from "../../../assembly/spec/igb/interrupt.ts";
import { bits, mask } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { RegisterFile } from "./register-file.ts";

const EITR_MASK = (mask(EITR_INTERVAL_HI, EITR_INTERVAL_LO) | EITR_LLI_EN) >>> 0;
const NS_PER_US = 1000;

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
}

export interface InterruptOptions {
  vectors: number;
  clock: Clock;
  /** Sends the vector's message. */
  raise(vector: number): void;
  /** The interval of a vector is over for which `claim` said no. */
  due?(vector: number): void;
  /** Called when a message has to wait for its interval: `tick` is due until `waiting` is false again. */
  onWait?(): void;
  /** GPIE.EIAME: sending a message masks what EIAM names. */
  autoMask(): boolean;
}

export class InterruptBlock {
  readonly #options: InterruptOptions;
  readonly #all: number;
  #eicr = 0;
  #eims = 0;
  #eiac = 0;
  #eiam = 0;
  #waiting = 0;
  readonly #eitr: number[];
  readonly #next: number[];

  constructor(options: InterruptOptions) {
    this.#options = options;
    this.#all = mask(options.vectors - 1, 0);
    this.#eitr = new Array<number>(options.vectors).fill(0);
    this.#next = new Array<number>(options.vectors).fill(0);
  }

  /** Causes, without the effects of reading the register. */
  get eicr(): number {
    return this.#eicr;
  }

  get eims(): number {
    return this.#eims;
  }

  get eiac(): number {
    return this.#eiac;
  }

  get eiam(): number {
    return this.#eiam;
  }

  /** Sets causes (EICS, or the device). Those that are enabled send their message, or wait for their interval. */
  set(causes: number): void {
    const before = this.#eicr & this.#eims;
    this.#eicr = (this.#eicr | (causes & this.#all)) >>> 0;
    this.#rose(before);
  }

  /** A read of EICR: clears it, and masks what EIAM names (I350 §7.3.4.2). */
  readCauses(): number {
    const value = this.#eicr;
    this.#eicr = 0;
    this.#waiting = 0;
    if (this.#options.autoMask()) this.#eims = (this.#eims & ~this.#eiam) >>> 0;
    return value;
  }

  /** A write of EICR: clears the bits written. */
  clear(causes: number): void {
    this.#eicr = (this.#eicr & ~causes) >>> 0;
    this.#waiting = (this.#waiting & ~causes) >>> 0;
  }

  /** EIMS: enables vectors; those with a cause send their message. */
  enable(vectors: number): void {
    const before = this.#eicr & this.#eims;
    this.#eims = (this.#eims | (vectors & this.#all)) >>> 0;
    this.#rose(before);
  }

  /** EIMC. */
  disable(vectors: number): void {
    this.#eims = (this.#eims & ~vectors) >>> 0;
  }

  setAutoClear(vectors: number): void {
    this.#eiac = (vectors & this.#all) >>> 0;
  }

  setAutoMask(vectors: number): void {
    this.#eiam = (vectors & this.#all) >>> 0;
  }

  throttle(vector: number): number {
    return this.#eitr[vector] ?? 0;
  }

  /** EITR: the interval; it starts anew unless CNT_INGR says otherwise. */
  setThrottle(vector: number, value: number): void {
    this.#eitr[vector] = (value & EITR_MASK) >>> 0;
    if ((value & EITR_CNT_INGR) === 0) this.#next[vector] = Math.min(this.#next[vector] ?? 0, this.#after(vector));
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
      if ((this.#eicr & this.#eims & bit) !== 0) this.#send(vector, bit);
      else this.#options.due?.(vector);
    }
  }

  /**
   * Whether an interrupt of another kind than the vector's message may be signalled now; its interval begins then. If
   * not, `due` is called when it may.
   */
  claim(vector: number): boolean {
    if (this.#options.clock.nowNs < (this.#next[vector] as number)) {
      this.#waiting = (this.#waiting | (1 << vector)) >>> 0;
      this.#options.onWait?.();
      return false;
    }
    this.#next[vector] = this.#after(vector);
    return true;
  }

  reset(): void {
    this.#eicr = 0;
    this.#eims = 0;
    this.#eiac = 0;
    this.#eiam = 0;
    this.#waiting = 0;
    this.#eitr.fill(0);
    this.#next.fill(0);
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
    };
  }

  restore(state: InterruptState): void {
    this.#eicr = state.eicr;
    this.#eims = state.eims;
    this.#eiac = state.eiac;
    this.#eiam = state.eiam;
    this.#waiting = state.waiting;
    if (this.waiting) this.#options.onWait?.();
    for (let vector = 0; vector < this.#eitr.length; vector++) {
      this.#eitr[vector] = state.eitr[vector] ?? 0;
      this.#next[vector] = state.next[vector] ?? 0;
    }
  }

  #rose(before: number): void {
    let rising = (this.#eicr & this.#eims & ~before) >>> 0;
    while (rising !== 0) {
      const vector = 31 - Math.clz32(rising & -rising);
      const bit = (1 << vector) >>> 0;
      rising = (rising & ~bit) >>> 0;
      if (this.#options.clock.nowNs < (this.#next[vector] as number)) {
        this.#waiting = (this.#waiting | bit) >>> 0;
        this.#options.onWait?.();
      } else this.#send(vector, bit);
    }
  }

  #send(vector: number, bit: number): void {
    this.#next[vector] = this.#after(vector);
    this.#eicr = (this.#eicr & ~(this.#eiac & bit)) >>> 0;
    if (this.#options.autoMask()) this.#eims = (this.#eims & ~(this.#eiam & bit)) >>> 0;
    this.#options.raise(vector);
  }

  #after(vector: number): number {
    const interval = bits(this.#eitr[vector] as number, EITR_INTERVAL_HI, EITR_INTERVAL_LO);
    return this.#options.clock.nowNs + interval * NS_PER_US;
  }
}

/** Where the six registers of a block lie in a BAR. */
export interface InterruptRegisters {
  eics: number;
  eims: number;
  eimc: number;
  eiac: number;
  eiam: number;
  eicr: number;
}

/** Puts a block's registers behind a BAR. */
export function hookInterrupts(file: RegisterFile, block: InterruptBlock, at: InterruptRegisters): void {
  // I350 §8.8.4, §8.8.6: what sets causes shows them, and what clears the mask shows it, with no effect of reading.
  file.hook(at.eics, { read: () => block.eicr, write: (value) => block.set(value) });
  file.hook(at.eims, { read: () => block.eims, write: (value) => block.enable(value) });
  file.hook(at.eimc, { read: () => block.eims, write: (value) => block.disable(value) });
  file.hook(at.eiac, { read: () => block.eiac, write: (value) => block.setAutoClear(value) });
  file.hook(at.eiam, { read: () => block.eiam, write: (value) => block.setAutoMask(value) });
  file.hook(at.eicr, { read: () => block.readCauses(), write: (value) => block.clear(value) });
}
