// INTA to INTD as virtual wires (PCIe 6.0 §2.2.8.1, §6.1.2, §7.5.1.1): a function holds its pin asserted, each bridge
// passes on what is below by the devices' numbers, and the root complex shows what arrives on its bus.
import * as spec from "../../assembly/spec/pci/header.ts";
import * as msix from "../../assembly/spec/pci/msix.ts";
import { bit, flag } from "./bits.ts";
import type { PciFunction } from "./function.ts";

const PINS = 4;

export class InterruptPin {
  readonly #fn: PciFunction;
  readonly #msix: number | undefined;

  /**
   * @param places of the control registers of MSI and MSI-X, whose enables take the pin out of use
   */
  constructor(fn: PciFunction, places: { msi: number | undefined; msix: number | undefined }) {
    this.#fn = fn;
    this.#msix = places.msix;
    const { config } = fn;
    const watched = [spec.COMMAND, places.msi, places.msix].filter((place) => place !== undefined);
    for (const place of watched) {
      config.onWrite(place, 2, () => {
        if (this.#pending) fn.pinsChanged();
      });
    }
  }

  /** The pin as bit 0 (INTA) to 3 (INTD) while it is asserted on the wire, else 0. */
  get level(): number {
    const { config, msi } = this.#fn;
    const pin = config.get(spec.INTERRUPT_PIN, 1);
    if (!this.#pending || pin === 0 || pin > PINS || this.#fn.powerState !== 0) return 0;
    if (bit(config.get(spec.COMMAND, 2), spec.COMMAND_INTERRUPT_DISABLE_LO) || msi?.enabled === true) return 0;
    if (this.#msix !== undefined && bit(config.get(this.#msix, 2), msix.MSIX_CONTROL_ENABLE_LO)) return 0;
    return flag(pin - 1);
  }

  /** Whether an interrupt is pending inside the function: STATUS.Interrupt_Status, whatever the wire may show. */
  set(pending: boolean): void {
    if (pending === this.#pending) return;
    const { config } = this.#fn;
    if (pending) config.setBits(spec.STATUS, 2, flag(spec.STATUS_INTERRUPT_STATUS_LO));
    else config.clearBits(spec.STATUS, 2, flag(spec.STATUS_INTERRUPT_STATUS_LO));
    this.#fn.pinsChanged();
  }

  get #pending(): boolean {
    return bit(this.#fn.config.get(spec.STATUS, 2), spec.STATUS_INTERRUPT_STATUS_LO);
  }
}

/** The pins that functions of a bus assert, by their numbers (device × 8 + function), as the bridge above sends them on. */
export function swizzled(functions: ReadonlyMap<number, PciFunction>): number {
  let all = 0;
  for (const [number, fn] of functions) {
    const turn = (number >>> 3) % PINS;
    const pins = fn.interruptPins << turn;
    all |= (pins | (pins >>> PINS)) & (flag(PINS) - 1);
  }
  return all;
}
