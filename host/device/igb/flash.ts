// The flash's place on the card: no chip is fitted. Its pins and its windows answer as they do then (I350 §8.4, 82576 §8.4,
// FLA): the pins are granted to one port at a time, data lines that nobody drives are ones, and writes and erases are
// over at once.
import * as device from "../../../assembly/spec/igb/device.ts";
import type { MmioHandler } from "../../core/ports.ts";
import { allOnes } from "../../pci/bits.ts";
import type { RegisterFile } from "./register-file.ts";

/** The window of a BAR or an expansion ROM onto the flash. */
export const NO_FLASH: MmioHandler = { read: (_offset, width) => allOnes(width), write: () => {} };

const NOBODY = -1;

/** Who has the flash's pins. */
export class FlashPins {
  #holder = NOBODY;

  /** Gives the pins to port `number` unless another one has them. Whether that port has them. */
  request(number: number): boolean {
    if (this.#holder === NOBODY) this.#holder = number;
    return this.#holder === number;
  }

  /** Port `number` does not want the pins, or not any more. */
  release(number: number): void {
    if (this.#holder === number) this.#holder = NOBODY;
  }

  /** The port that has the pins, −1 for none. */
  save(): number {
    return this.#holder;
  }

  restore(state: number): void {
    this.#holder = state;
  }
}

/** FLA of port `number`. */
export function hookFlash(registers: RegisterFile, pins: FlashPins, number: number): void {
  const granted = (own: number): boolean => {
    if ((own & device.FLA_REQ) !== 0) return pins.request(number);
    pins.release(number);
    return false;
  };
  registers.hook(device.FLA, {
    read: () => {
      const own = registers.get(device.FLA);
      return own | device.FLA_SO | (granted(own) ? device.FLA_GNT : 0);
    },
    write: (value) => {
      registers.store(device.FLA, value);
      granted(registers.get(device.FLA));
    },
  });
}
