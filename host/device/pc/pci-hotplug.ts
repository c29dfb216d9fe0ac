// QEMU's ACPI interface of PCI hotplug for the slots of bus 0: who came, who is asked to go, who is let go.
import * as spec from "../../../assembly/spec/pc/pci-hotplug.ts";

const SLOTS = 32;

export interface PciHotplugOptions {
  /** Whether the device in a slot may go. */
  removable(slot: number): boolean;
  /** Software lets the device in a slot go. */
  eject(slot: number): void;
}

export class PciHotplug {
  readonly #options: PciHotplugOptions;
  #up = 0;
  #down = 0;
  #bus = 0;

  constructor(options: PciHotplugOptions) {
    this.#options = options;
  }

  /** A device came into a slot. */
  announce(slot: number): void {
    this.#up = (this.#up | (2 ** slot)) >>> 0;
  }

  /** The device in a slot is asked to go. */
  request(slot: number): void {
    this.#down = (this.#down | (2 ** slot)) >>> 0;
  }

  /** A port read, or undefined when the port is another's. */
  read(port: number, width: number): number | undefined {
    const offset = port - spec.HOTPLUG_BASE;
    if (offset < 0 || offset + width > spec.HOTPLUG_SIZE || width !== 4) return undefined;
    if (offset === spec.HOTPLUG_BUS) return this.#bus;
    if (this.#bus !== 0) return 0;
    if (offset === spec.HOTPLUG_UP) return this.#take("up");
    if (offset === spec.HOTPLUG_DOWN) return this.#take("down");
    return offset === spec.HOTPLUG_REMOVABLE ? this.#removable() : 0;
  }

  /** A port write; false when the port is another's. */
  write(port: number, width: number, value: number): boolean {
    const offset = port - spec.HOTPLUG_BASE;
    if (offset < 0 || offset + width > spec.HOTPLUG_SIZE || width !== 4) return false;
    if (offset === spec.HOTPLUG_BUS) this.#bus = value;
    if (offset === spec.HOTPLUG_EJECT && this.#bus === 0) {
      for (let slot = 0; slot < SLOTS; slot++) {
        const asked = ((value & this.#removable()) >>> slot) & 1;
        if (asked === 0) continue;
        this.#down = (this.#down & ~(2 ** slot)) >>> 0;
        this.#options.eject(slot);
      }
    }
    return true;
  }

  reset(): void {
    this.#up = 0;
    this.#down = 0;
    this.#bus = 0;
  }

  #take(list: "up" | "down"): number {
    const value = list === "up" ? this.#up : this.#down;
    if (list === "up") this.#up = 0;
    else this.#down = 0;
    return value;
  }

  #removable(): number {
    let slots = 0;
    for (let slot = 0; slot < SLOTS; slot++) if (this.#options.removable(slot)) slots += 2 ** slot;
    return slots;
  }
}
