// The guest's I/O space: configuration ports and our I/O BARs are ours, everything else is the emulator's.
import * as config from "../../../assembly/spec/pci/config-access.ts";
import type { AccessWidth } from "../../core/ports.ts";
import { allOnes } from "../../pci/bits.ts";
import type { RootComplex } from "../../pci/root-complex.ts";
import type { GuestConfig } from "./config.ts";
import type { V86Io } from "./cpu.ts";
import type { PowerPorts } from "./power-ports.ts";
import type { Takeover } from "./takeover.ts";

const CONFIG_LAST = config.CONFIG_DATA + config.CONFIG_DATA_PORTS - 1;
/** Below lie the devices of the PC itself; bridges forward I/O in units of as much. */
const FIRST_BAR_PORT = 0x1000;

export class IoSpace {
  readonly #root: RootComplex;
  readonly #config: GuestConfig;
  readonly #power: PowerPorts;
  /** Called for each access of ours. */
  readonly #onAccess: (write: boolean) => void;

  constructor(root: RootComplex, guestConfig: GuestConfig, power: PowerPorts, onAccess: (write: boolean) => void) {
    this.#root = root;
    this.#config = guestConfig;
    this.#power = power;
    this.#onAccess = onAccess;
  }

  /** Puts itself between the guest and `io`, whose accesses `before` are. */
  take(takeover: Takeover, io: V86Io, before: V86Io): void {
    const reader =
      (width: AccessWidth, otherwise: (port: number) => number) =>
      (port: number): number => {
        const value = this.#read(port, width);
        if (value === undefined) return otherwise(port);
        return width === 4 ? value | 0 : value;
      };
    const writer =
      (width: AccessWidth, otherwise: (port: number, value: number) => void) =>
      (port: number, value: number): void => {
        if (!this.#write(port, width, width === 4 ? value >>> 0 : value)) otherwise(port, value);
      };
    takeover.replace(io, "port_read8", reader(1, before.port_read8));
    takeover.replace(io, "port_read16", reader(2, before.port_read16));
    takeover.replace(io, "port_read32", reader(4, before.port_read32));
    takeover.replace(io, "port_write8", writer(1, before.port_write8));
    takeover.replace(io, "port_write16", writer(2, before.port_write16));
    takeover.replace(io, "port_write32", writer(4, before.port_write32));
  }

  #read(port: number, width: AccessWidth): number | undefined {
    if (port >= config.CONFIG_ADDRESS && port <= CONFIG_LAST) {
      const value = this.#config.ports.read(port, width);
      if (value === undefined) return port < config.CONFIG_DATA ? undefined : allOnes(width);
      this.#onAccess(false);
      return value;
    }
    const power = this.#power.read(port, width);
    if (power !== undefined) return power;
    if (!this.#claims(port)) return undefined;
    this.#onAccess(false);
    return this.#root.ioRead(port, width);
  }

  /** False when the port is the emulator's. */
  #write(port: number, width: AccessWidth, value: number): boolean {
    if (port >= config.CONFIG_ADDRESS && port <= CONFIG_LAST) {
      // Narrow writes beside the address are other registers of the chipset: the reset control.
      if (!this.#config.ports.write(port, width, value)) return port >= config.CONFIG_DATA;
      this.#onAccess(true);
      return true;
    }
    if (this.#power.write(port, width, value)) return true;
    if (!this.#claims(port)) return false;
    this.#onAccess(true);
    this.#root.ioWrite(port, width, value);
    return true;
  }

  #claims(port: number): boolean {
    if (port < FIRST_BAR_PORT) return false;
    return this.#root.ranges("io").some(({ base, size }) => port >= base && port < base + size);
  }
}
