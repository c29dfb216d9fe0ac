// Two faults of v86's ACPI hardware that make Linux eject slots: general purpose events are not cleared by writing 1, and
// the ports of PCI hotplug are not there and read as if every slot had an event.
import * as hotplug from "../../../assembly/spec/pc/pci-hotplug.ts";
import * as spec from "../../../assembly/spec/pc/piix4-power.ts";
import type { AccessWidth } from "../../core/ports.ts";
import { PciHotplug } from "../../device/pc/pci-hotplug.ts";
import type { V86Io } from "./cpu.ts";

const BYTE = 8;

export class PowerPorts {
  readonly #io: V86Io;
  /** No slot of bus 0 comes or goes. */
  readonly #hotplug = new PciHotplug({ removable: () => false, eject: () => undefined });

  /** @param io the emulator's accesses as they were. */
  constructor(io: V86Io) {
    this.#io = io;
  }

  /** Undefined when the port is another's. */
  read(port: number, width: AccessWidth): number | undefined {
    if (port < hotplug.HOTPLUG_BASE || port >= hotplug.HOTPLUG_BASE + hotplug.HOTPLUG_SIZE) return undefined;
    return this.#hotplug.read(port, width) ?? 0;
  }

  /** False when the port is another's. */
  write(port: number, width: AccessWidth, value: number): boolean {
    if (port >= hotplug.HOTPLUG_BASE && port < hotplug.HOTPLUG_BASE + hotplug.HOTPLUG_SIZE) {
      this.#hotplug.write(port, width, value);
      return true;
    }
    if (port < spec.GPE0_BASE || port >= spec.GPE0_BASE + spec.GPE0_SIZE) return false;
    for (let at = 0; at < width; at++) this.#writeEvent(port + at, (value >>> (BYTE * at)) & 0xff);
    return true;
  }

  #writeEvent(port: number, value: number): void {
    const status = port < spec.GPE0_BASE + spec.GPE0_STATUS_SIZE;
    this.#io.port_write8(port, status ? this.#io.port_read8(port) & ~value : value);
  }
}
