// IEEE 1588 of a port: its registers, target times, time stamps of frames (I350 §7.9, §8.17; 82576 §7.9, §8.17).
import {
  PORT_STAMPED,
  PORT_SYSTIM,
  PORT_TSYNCRXCTL,
  PORT_TSYNCTXCTL,
  STAMPED_RX,
  STAMPED_TX,
} from "../../../assembly/spec/abi/port-offload.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import * as spec from "../../../assembly/spec/igb/time-sync.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";
import { SystemTime, type SystemTimeState, type TimeUnits, type TimeValue } from "./system-time.ts";

export interface TimeSyncState {
  time: SystemTimeState;
  latched: TimeValue;
}

export interface TimeSyncOptions {
  units: TimeUnits;
  /** TSICR and TSIM are there, and SYSTIMR, whose reading latches (I350); without it SYSTIML's does. */
  interrupts: boolean;
  clock: Clock;
  registers: RegisterFile;
  state: PortState;
  /** TSICR has a cause that TSIM enables. */
  interrupt(): void;
}

/** Target times and auxiliary time stamps: two alike. */
const TARGETS = [
  { enable: spec.TSAUXC_EN_TT0, low: spec.TRGTTIML0, high: spec.TRGTTIMH0, cause: spec.TSICR_TT0 },
  { enable: spec.TSAUXC_EN_TT1, low: spec.TRGTTIML1, high: spec.TRGTTIMH1, cause: spec.TSICR_TT1 },
] as const;
const STAMPS = [
  {
    sample: spec.TSAUXC_SAMP_AUT0,
    taken: spec.TSAUXC_AUTT0,
    low: spec.AUXSTMPL0,
    high: spec.AUXSTMPH0,
    cause: spec.TSICR_AUTT0,
  },
  {
    sample: spec.TSAUXC_SAMP_AUT1,
    taken: spec.TSAUXC_AUTT1,
    low: spec.AUXSTMPL1,
    high: spec.AUXSTMPH1,
    cause: spec.TSICR_AUTT1,
  },
] as const;
/** Where the levels of the software-defined pins are: register and bit. */
const PINS = [
  [device.CTRL, device.CTRL_SDP0_DATA],
  [device.CTRL, device.CTRL_SDP1_DATA],
  [device.CTRL_EXT, device.CTRL_EXT_SDP2_DATA],
  [device.CTRL_EXT, device.CTRL_EXT_SDP3_DATA],
] as const;
const NEVER = Number.POSITIVE_INFINITY;
const ZERO: TimeValue = { high: 0, low: 0, rest: 0 };

export class TimeSync {
  readonly #options: TimeSyncOptions;
  readonly #time: SystemTime;
  #latched: TimeValue = ZERO;
  #deadlineNs = NEVER;
  /** There is such a time: asked in every turn, and faster than a comparison with it. */
  #armed = false;

  constructor(options: TimeSyncOptions) {
    this.#options = options;
    this.#time = new SystemTime(options.units);
  }

  /** When a target time comes, in the machine's nanoseconds. */
  get deadlineNs(): number {
    return this.#deadlineNs;
  }

  /** Before frames move: the time that they are stamped with, where any are. */
  show(): void {
    const { state } = this.#options;
    const stamps = state.get(PORT_TSYNCRXCTL) & spec.TSYNCRXCTL_EN;
    if ((stamps | (state.get(PORT_TSYNCTXCTL) & spec.TSYNCTXCTL_EN)) === 0) return;
    const { low, high } = this.#now();
    state.set(PORT_SYSTIM, low);
    state.set(PORT_SYSTIM + 4, high);
  }

  /** After frames moved: the stamps that were taken. */
  collect(): void {
    const { state } = this.#options;
    const stamped = state.get(PORT_STAMPED);
    if (stamped === 0) return;
    state.set(PORT_STAMPED, 0);
    let causes = 0;
    if ((stamped & STAMPED_TX) !== 0) causes |= spec.TSICR_TXTS;
    if ((stamped & STAMPED_RX) !== 0) causes |= spec.TSICR_RXTS;
    this.#raise(causes);
  }

  /** Whatever target time has come. */
  tick(): void {
    if (!this.#armed || this.#options.clock.nowNs < this.#deadlineNs) return;
    const { registers } = this.#options;
    const now = this.#now();
    const enabled = registers.get(spec.TSAUXC);
    for (const [index, { enable, low, high, cause }] of TARGETS.entries()) {
      if ((enabled & enable) === 0) continue;
      const target = { high: registers.get(high), low: registers.get(low) };
      if (now.high < target.high || (now.high === target.high && now.low < target.low)) continue;
      registers.set(spec.TSAUXC, (registers.get(spec.TSAUXC) & ~enable) >>> 0);
      this.#toggle(index);
      this.#raise(cause);
    }
    this.#schedule();
  }

  reset(): void {
    this.#time.reset(this.#options.clock.nowNs);
    this.#latched = ZERO;
    this.#deadlineNs = NEVER;
    this.#armed = false;
  }

  /** To be called before the state of the data path is saved, which it brings to the present time. */
  save(): TimeSyncState {
    this.show();
    return { time: this.#time.save(), latched: { ...this.#latched } };
  }

  /** To be called after the registers were restored. */
  restore(state: TimeSyncState): void {
    this.#time.restore(state.time);
    this.#latched = { ...state.latched };
    this.#schedule();
  }

  hook(): void {
    const { registers, interrupts, units } = this.#options;
    const change = (set: (value: number) => void): ((value: number) => void) => {
      return (value) => {
        this.#now();
        set(value);
        this.#schedule();
      };
    };
    registers.hook(spec.SYSTIML, {
      read: () => {
        if (!interrupts) this.#latched = this.#now();
        return this.#latched.low;
      },
      write: change((value) => this.#time.setLow(value)),
    });
    registers.hook(spec.SYSTIMH, {
      read: () => this.#latched.high,
      write: change((value) => this.#time.setHigh(value)),
    });
    registers.hook(spec.TIMINCA, { write: change((value) => registers.store(spec.TIMINCA, value)) });
    registers.hook(spec.TIMADJH, {
      write: change((value) => {
        registers.store(spec.TIMADJH, value);
        const sign = (value & spec.TIMADJH_SIGN) === 0 ? 1 : -1;
        const high = (value & ~spec.TIMADJH_SIGN & units.highMask) >>> 0;
        this.#time.adjust(registers.get(spec.TIMADJL), high, sign);
        this.#raise(spec.TSICR_TADJ);
      }),
    });
    registers.hook(spec.TSAUXC, { write: change((value) => this.#control(value)) });
    for (const { low, high } of TARGETS) {
      for (const offset of [low, high]) {
        registers.hook(offset, { write: change((value) => registers.store(offset, value)) });
      }
    }
    for (const { taken, high } of STAMPS) {
      registers.hook(high, { read: () => this.#taken(spec.TSAUXC, taken, high) });
    }
    registers.hook(spec.TXSTMPH, {
      read: () => this.#taken(spec.TSYNCTXCTL, spec.TSYNCTXCTL_VALID, spec.TXSTMPH),
    });
    registers.hook(spec.RXSTMPH, {
      read: () => this.#taken(spec.TSYNCRXCTL, spec.TSYNCRXCTL_VALID, spec.RXSTMPH),
    });
    if (!interrupts) return;
    registers.hook(spec.SYSTIMR, {
      read: () => {
        this.#latched = this.#now();
        return this.#latched.rest;
      },
      write: change((value) => this.#time.setRest(value)),
    });
    registers.hook(spec.TSIM, {
      write: (value) => {
        registers.store(spec.TSIM, value);
        this.#raise(0);
      },
    });
  }

  /** The time as it is now. */
  #now(): TimeValue {
    const { clock, registers } = this.#options;
    this.#time.advance(clock.nowNs, registers.get(spec.TIMINCA), this.#stopped);
    return this.#time.value;
  }

  get #stopped(): boolean {
    return (this.#options.registers.get(spec.TSAUXC) & spec.TSAUXC_DISABLE) !== 0;
  }

  /** Reading a high half frees the stamp. */
  #taken(control: number, valid: number, high: number): number {
    const { registers } = this.#options;
    registers.set(control, (registers.get(control) & ~valid) >>> 0);
    return registers.get(high);
  }

  /** TSAUXC. */
  #control(value: number): void {
    const { registers } = this.#options;
    registers.store(spec.TSAUXC, value);
    for (const { sample, taken, low, high, cause } of STAMPS) {
      if ((value & sample) === 0) continue;
      const now = this.#time.value;
      registers.set(low, now.low);
      registers.set(high, now.high);
      registers.set(spec.TSAUXC, (registers.get(spec.TSAUXC) | taken) >>> 0);
      this.#raise(cause);
    }
  }

  /** Sets causes in TSICR; ICR shows whether one of them is enabled. */
  #raise(causes: number): void {
    const { registers, interrupts, interrupt } = this.#options;
    if (!interrupts) return;
    const all = registers.get(spec.TSICR) | causes;
    registers.set(spec.TSICR, all);
    if ((all & registers.get(spec.TSIM)) !== 0) interrupt();
  }

  /** The pins that show target time `index` change their level. */
  #toggle(index: number): void {
    const { registers } = this.#options;
    const choice = registers.get(spec.TSSDP);
    for (const [pin, [register, level]] of PINS.entries()) {
      const own = choice >>> (pin * spec.TSSDP_STRIDE);
      if ((own & spec.TSSDP_EN) === 0 || bits(own, spec.TSSDP_SEL_HI, spec.TSSDP_SEL_LO) !== index) continue;
      registers.set(register, (registers.get(register) ^ level) >>> 0);
    }
  }

  #schedule(): void {
    const { registers, clock } = this.#options;
    const enabled = registers.get(spec.TSAUXC);
    this.#deadlineNs = NEVER;
    for (const { enable, low, high } of TARGETS) {
      if ((enabled & enable) === 0) continue;
      const target = { high: registers.get(high), low: registers.get(low) };
      const left = this.#time.until(target, registers.get(spec.TIMINCA), this.#stopped);
      this.#deadlineNs = Math.min(this.#deadlineNs, clock.nowNs + left);
    }
    this.#armed = this.#deadlineNs !== NEVER;
  }
}
