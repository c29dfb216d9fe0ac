// The port's own time, in the units of its card, from the machine's clock (I350 §7.9.3, §8.17; 82576 §7.9.3, §8.17).
import * as spec from "../../../assembly/spec/igb/time-sync.ts";
import { bits } from "../../core/bits.ts";
import { FormatError } from "../../core/errors.ts";

/** The time: two halves, and on the I350 the 32 bits below them. */
export interface TimeValue {
  high: number;
  low: number;
  rest: number;
}

/** How a card counts. */
export interface TimeUnits {
  /** 16-bit digits of the time, and how many of them are below SYSTIML. */
  digits: number;
  below: number;
  highMask: number;
  tick(timinca: number): Tick;
}

interface Tick {
  /** Nanoseconds; 0 while the time stands still. */
  ns: number;
  /** What a tick adds to SYSTIML, and then to the lowest digit, or takes from it. */
  whole: number;
  part: number;
  sign: 1 | -1;
}

export const I350_TIME: TimeUnits = {
  digits: 5,
  below: 2,
  highMask: spec.SYSTIMH_MASK_I350,
  tick: (timinca) => ({
    ns: spec.TIMINCA_TICK_NS,
    whole: spec.TIMINCA_TICK_NS,
    part: bits(timinca, spec.TIMINCA_INCVALUE_HI, spec.TIMINCA_INCVALUE_LO),
    sign: (timinca & spec.TIMINCA_ISGN) === 0 ? 1 : -1,
  }),
};

export const I82576_TIME: TimeUnits = {
  digits: 4,
  below: 0,
  highMask: 0xffff_ffff,
  tick: (timinca) => ({
    ns: spec.TIMINCA_82576_TICK_NS * bits(timinca, spec.TIMINCA_82576_PERIOD_HI, spec.TIMINCA_82576_PERIOD_LO),
    whole: bits(timinca, spec.TIMINCA_82576_VALUE_HI, spec.TIMINCA_82576_VALUE_LO),
    part: 0,
    sign: 1,
  }),
};

export interface SystemTimeState {
  digits: number[];
  lastNs: number;
}

const BASE = 0x1_0000;

export class SystemTime {
  readonly #units: TimeUnits;
  /** The lowest first. */
  readonly #digits: number[];
  #lastNs = 0;

  constructor(units: TimeUnits) {
    this.#units = units;
    this.#digits = new Array<number>(units.digits).fill(0);
  }

  /** Lets the time go on to the machine's `nowNs`, as TIMINCA says. */
  advance(nowNs: number, timinca: number, stopped: boolean): void {
    const { ns, whole, part, sign } = this.#units.tick(timinca);
    if (stopped || ns === 0) {
      this.#lastNs = nowNs;
      return;
    }
    const ticks = Math.floor((nowNs - this.#lastNs) / ns);
    if (ticks <= 0) return;
    this.#lastNs += ticks * ns;
    this.#add(ticks, whole, this.#units.below, 1);
    if (part !== 0) this.#add(ticks, part, 0, sign);
  }

  get value(): TimeValue {
    const { below } = this.#units;
    const pair = (at: number): number => ((this.#digits[at] ?? 0) + (this.#digits[at + 1] ?? 0) * BASE) >>> 0;
    return { rest: below === 0 ? 0 : pair(0), low: pair(below), high: pair(below + 2) };
  }

  setLow(value: number): void {
    this.#put(this.#units.below, value);
  }

  setHigh(value: number): void {
    this.#put(this.#units.below + 2, value & this.#units.highMask);
  }

  setRest(value: number): void {
    if (this.#units.below > 0) this.#put(0, value);
  }

  /** Adds or takes away an offset in SYSTIML's unit: 63 bits in two halves. */
  adjust(low: number, high: number, sign: 1 | -1): void {
    this.#add(1, low, this.#units.below, sign);
    this.#add(1, high, this.#units.below + 2, sign);
  }

  /** Nanoseconds until the time reaches `target`, 0 when it has, infinity when it stands still. */
  until(target: { high: number; low: number }, timinca: number, stopped: boolean): number {
    const { ns, whole } = this.#units.tick(timinca);
    const { high, low } = this.value;
    const left = (target.high - high) * BASE * BASE + (target.low - low);
    if (left <= 0) return 0;
    return stopped || ns === 0 || whole === 0 ? Number.POSITIVE_INFINITY : Math.ceil(left / whole) * ns;
  }

  reset(nowNs: number): void {
    this.#digits.fill(0);
    this.#lastNs = nowNs;
  }

  save(): SystemTimeState {
    return { digits: [...this.#digits], lastNs: this.#lastNs };
  }

  /** Throws FormatError for what is no time. */
  restore(state: SystemTimeState): void {
    const digit = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < BASE;
    if (state.digits.length !== this.#digits.length || !state.digits.every(digit)) {
      throw new FormatError("system time", "is of other digits");
    }
    for (const [at, value] of state.digits.entries()) this.#digits[at] = value;
    this.#lastNs = state.lastNs;
  }

  #put(at: number, value: number): void {
    this.#digits[at] = value & (BASE - 1);
    if (at + 1 < this.#digits.length) this.#digits[at + 1] = value >>> 16;
    this.#trim();
  }

  /** Adds `count` (up to 2^53) times `value` (32 bits) from digit `from` on, or takes it away; what is too big is lost. */
  #add(count: number, value: number, from: number, sign: 1 | -1): void {
    const counts = [0, 1, 2, 3].map((at) => Math.floor(count / BASE ** at) % BASE);
    const values = [value % BASE, Math.floor(value / BASE)];
    let carry = 0;
    for (let at = from; at < this.#digits.length; at++) {
      let sum = (this.#digits[at] as number) + carry;
      for (const [shift, digit] of values.entries()) sum += sign * digit * (counts[at - from - shift] ?? 0);
      carry = Math.floor(sum / BASE);
      this.#digits[at] = sum - carry * BASE;
    }
    this.#trim();
  }

  #trim(): void {
    const top = this.#digits.length - 1;
    if (this.#units.below > 0) this.#digits[top] = (this.#digits[top] as number) & this.#units.highMask;
  }
}
