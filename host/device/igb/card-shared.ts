// What the ports of a card share: the NVM, the semaphores of their drivers, the thermal sensor, a reset of all.
import * as device from "../../../assembly/spec/igb/device.ts";
import type { Clock } from "../../core/clock.ts";
import { ArgumentError } from "../../core/errors.ts";
import { Eeprom, type EepromState } from "./eeprom.ts";
import { Flash, type FlashState } from "./flash.ts";

/** A function as FACTPS shows it. */
export interface PortPower {
  /** 0 to 3: D0 to D3hot. */
  readonly powerState: number;
  /** Software uses it: a space or bus mastering is enabled. */
  readonly active: boolean;
}

export interface CardSharedState {
  eeprom: EepromState;
  flash: FlashState;
  smbi: boolean;
  swesmbi: boolean;
  sync: number;
  temperature: number;
}

/** Where each function's bits lie in FACTPS. */
const FACTPS_PLACES: readonly number[] = [
  device.FACTPS_FUNCTION0_LO,
  device.FACTPS_FUNCTION1_LO,
  device.FACTPS_FUNCTION2_LO,
  device.FACTPS_FUNCTION3_LO,
];
const ROOM_TEMPERATURE = 45;
/** The sensor's range. */
const COLDEST = 0;
const HOTTEST = 255;

export class CardShared {
  readonly eeprom: Eeprom;
  readonly flash: Flash;
  #smbi = false;
  #swesmbi = false;
  #sync = 0;
  #temperature = ROOM_TEMPERATURE;
  readonly #ports: PortPower[] = [];
  readonly #listeners: { reset(): void; temperature(): void }[] = [];

  /** @param flash what the flash holds; undefined where none is fitted. */
  constructor(words: Uint16Array, clock: Clock, flash: Uint8Array | undefined) {
    this.eeprom = new Eeprom(words);
    this.flash = new Flash(clock, flash);
  }

  /** A port of the card, and what it does when all are reset or the temperature changes. */
  add(port: PortPower, listener: { reset(): void; temperature(): void }): void {
    this.#ports.push(port);
    this.#listeners.push(listener);
  }

  /** CTRL.DEV_RST: every port is reset. */
  resetAll(): void {
    for (const listener of this.#listeners) listener.reset();
  }

  /** A reset of the whole card: nobody holds a semaphore. */
  release(): void {
    this.#smbi = false;
    this.#swesmbi = false;
    this.#sync = 0;
  }

  /** SWSM: reading it takes SMBI. */
  readSemaphore(): number {
    const value = (this.#smbi ? device.SWSM_SMBI : 0) | (this.#swesmbi ? device.SWSM_SWESMBI : 0);
    this.#smbi = true;
    return value;
  }

  /** Software gives SMBI back, and takes or gives back SWESMBI, which no firmware contests. */
  writeSemaphore(value: number): void {
    if ((value & device.SWSM_SMBI) === 0) this.#smbi = false;
    this.#swesmbi = (value & device.SWSM_SWESMBI) !== 0;
  }

  /** SW_FW_SYNC. */
  get sync(): number {
    return this.#sync;
  }

  setSync(value: number): void {
    this.#sync = value & device.SW_FW_SYNC_MASK;
  }

  /** FACTPS. */
  get powerStates(): number {
    let value = 0;
    for (const [number, port] of this.#ports.entries()) {
      let state: number = port.active ? device.FACTPS_D0A : device.FACTPS_D0U;
      if (port.powerState !== 0) state = device.FACTPS_D3;
      value |= (state | device.FACTPS_VALID | device.FACTPS_AUX) << (FACTPS_PLACES[number] as number);
    }
    return value >>> 0;
  }

  /** Of the junction, in degrees Celsius: a whole number, 0–255. */
  get temperature(): number {
    return this.#temperature;
  }

  /** Throws ArgumentError for a temperature that the sensor cannot show. */
  set temperature(celsius: number) {
    if (!Number.isInteger(celsius) || celsius < COLDEST || celsius > HOTTEST) {
      throw new ArgumentError("temperature", celsius, `is not a whole number of degrees in ${COLDEST}–${HOTTEST}`);
    }
    this.#temperature = celsius;
    for (const listener of this.#listeners) listener.temperature();
  }

  save(): CardSharedState {
    return {
      eeprom: this.eeprom.save(),
      flash: this.flash.save(),
      smbi: this.#smbi,
      swesmbi: this.#swesmbi,
      sync: this.#sync,
      temperature: this.#temperature,
    };
  }

  restore(state: CardSharedState): void {
    this.eeprom.restore(state.eeprom);
    this.flash.restore(state.flash);
    this.#smbi = state.smbi;
    this.#swesmbi = state.swesmbi;
    this.#sync = state.sync;
    this.#temperature = state.temperature;
  }
}
