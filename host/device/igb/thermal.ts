// The card's thermal sensor as a port shows it and acts on it (I350 §8.2.25 to §8.2.29).
import * as spec from "../../../assembly/spec/igb/thermal.ts";
import { bits, place } from "../../core/bits.ts";
import type { CardShared } from "./card-shared.ts";
import type { RegisterFile } from "./register-file.ts";

export class ThermalSensor {
  readonly #registers: RegisterFile;
  readonly #shared: CardShared;

  constructor(registers: RegisterFile, shared: CardShared) {
    this.#registers = registers;
    this.#shared = shared;
  }

  /** What the temperature does to the PHY: off from the high threshold on, kept from 1000 Mb/s from the middle one on. */
  get effect(): "off" | "slow" | undefined {
    if (this.#reached(spec.THHIGHTC)) return "off";
    return this.#reached(spec.THMIDTC) ? "slow" : undefined;
  }

  /** Notes in THSTAT what the temperature does now. */
  sense(): void {
    const { effect } = this;
    if (effect === undefined) return;
    const event = effect === "off" ? spec.THSTAT_PWR_DOWN : spec.THSTAT_LINK_THROTTLE;
    this.#registers.set(spec.THSTAT, this.#registers.get(spec.THSTAT) | event);
  }

  hook(): void {
    const temperature = (): number =>
      (place(this.#shared.temperature, spec.THMJT_TEMPERATURE_HI, spec.THMJT_TEMPERATURE_LO) | spec.THMJT_VALID) >>> 0;
    this.#registers.hook(spec.THMJT, { read: temperature, write: () => {} });
  }

  /** A threshold of 0, as a card without a sensor has it, is none. */
  #reached(register: number): boolean {
    const threshold = bits(this.#registers.get(register), spec.THTC_TEMPERATURE_HI, spec.THTC_TEMPERATURE_LO);
    return threshold !== 0 && this.#shared.temperature >= threshold;
  }
}
