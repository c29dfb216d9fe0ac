// The port's four LEDs as LEDCTL has them lit (I350 §8.2.9, 82576 §8.2.9). Deviation: a frame counts as activity for 200
// ms, the longer of the two periods in which an LED blinks.
import * as abi from "../../../assembly/spec/abi/port.ts";
import * as led from "../../../assembly/spec/igb/led.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { Link } from "./phy/link.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";

export type Led = "off" | "on" | "blinking";

export interface LedsOptions {
  registers: RegisterFile;
  state: PortState;
  clock: Clock;
  link(): Link | undefined;
  /** The partner's PAUSE frames hold the transmitter. */
  paused(): boolean;
}

/** When frames were last seen, in nanoseconds; −1 for never: any on the wire, and those that no filter dropped. */
export interface LedsState {
  activeNs: number;
  passedNs: number;
}

const ACTIVITY_NS = 200_000_000;
const NEVER: LedsState = { activeNs: -1, passedNs: -1 };

export class Leds {
  readonly #options: LedsOptions;
  #last: LedsState = NEVER;
  #ingress = 0;
  #egress = 0;
  #delivered = 0;

  constructor(options: LedsOptions) {
    this.#options = options;
  }

  /** LED 0 first. */
  get shown(): Led[] {
    const control = this.#options.registers.get(led.LEDCTL);
    return Array.from({ length: led.LEDS }, (_, number) => this.#show(control >>> (number * led.LED_BITS)));
  }

  /** After frames moved. */
  watch(): void {
    const { state, clock } = this.#options;
    const ingress = state.get(abi.COUNT_INGRESS);
    const egress = state.get(abi.COUNT_EGRESS);
    const delivered = state.get(abi.COUNT_DELIVERED);
    const sent = egress !== this.#egress;
    if (sent || ingress !== this.#ingress) {
      const passed = sent || delivered !== this.#delivered;
      this.#last = { activeNs: clock.nowNs, passedNs: passed ? clock.nowNs : this.#last.passedNs };
    }
    this.#ingress = ingress;
    this.#egress = egress;
    this.#delivered = delivered;
  }

  /** After the counters were reset. */
  reset(): void {
    this.restore(NEVER);
  }

  save(): LedsState {
    return { ...this.#last };
  }

  /** To be called after the port's counters were restored. */
  restore(state: LedsState): void {
    this.watch();
    this.#last = { activeNs: state.activeNs, passedNs: state.passedNs };
  }

  #show(control: number): Led {
    const lit = this.#asserted(bits(control, led.LED_MODE_HI, led.LED_MODE_LO)) !== ((control & led.LED_IVRT) !== 0);
    if (!lit) return "off";
    return (control & led.LED_BLINK) !== 0 ? "blinking" : "on";
  }

  #asserted(mode: number): boolean {
    const link = this.#options.link();
    const up = link !== undefined;
    const { activeNs, passedNs } = this.#last;
    switch (mode) {
      case led.LED_MODE_LINK_10_1000:
        return link?.speed === 10 || link?.speed === 1000;
      case led.LED_MODE_LINK_100_1000:
        return link?.speed === 100 || link?.speed === 1000;
      case led.LED_MODE_LINK_UP:
        return up;
      case led.LED_MODE_FILTER_ACTIVITY:
        return up && this.#recent(passedNs);
      case led.LED_MODE_LINK_ACTIVITY:
        return up && !this.#recent(activeNs);
      case led.LED_MODE_LINK_10:
        return link?.speed === 10;
      case led.LED_MODE_LINK_100:
        return link?.speed === 100;
      case led.LED_MODE_LINK_1000:
        return link?.speed === 1000;
      case led.LED_MODE_FULL_DUPLEX:
        return link?.fullDuplex === true;
      case led.LED_MODE_ACTIVITY:
        return up && this.#recent(activeNs);
      case led.LED_MODE_PAUSED:
        return this.#options.paused();
      case led.LED_MODE_LED_ON:
        return true;
      default:
        return false;
    }
  }

  #recent(ns: number): boolean {
    return ns >= 0 && this.#options.clock.nowNs - ns < ACTIVITY_NS;
  }
}
