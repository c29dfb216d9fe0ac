// Ports CF8h and CFCh as QEMU's chipsets have them. Deviation from PCI Local Bus 3.0 §3.2.2.3.2: bits 1:0 of the address
// are kept and count like those of the data port, on which QEMU's test programs rely.
import * as spec from "../../../assembly/spec/pci/config-access.ts";
import type { RequesterId } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import type { AccessWidth } from "../../core/ports.ts";
import type { ConfigAccess } from "../../pci/index.ts";

export class PcConfigPorts {
  readonly #access: ConfigAccess;
  #address = 0;

  constructor(access: ConfigAccess) {
    this.#access = access;
  }

  /** A port read, or undefined when the port is another's or configuration is not addressed. */
  read(port: number, width: AccessWidth): number | undefined {
    if (port === spec.CONFIG_ADDRESS && width === 4) return this.#address;
    if (!this.#hits(port)) return undefined;
    return this.#access.configRead(this.#target, this.#register(port), width);
  }

  /** A port write; false when the port is another's or configuration is not addressed. */
  write(port: number, width: AccessWidth, value: number): boolean {
    if (port === spec.CONFIG_ADDRESS && width === 4) {
      this.#address = value >>> 0;
      return true;
    }
    if (!this.#hits(port)) return false;
    this.#access.configWrite(this.#target, this.#register(port), width, value);
    return true;
  }

  reset(): void {
    this.#address = 0;
  }

  #hits(port: number): boolean {
    const inside = port >= spec.CONFIG_DATA && port < spec.CONFIG_DATA + spec.CONFIG_DATA_PORTS;
    return inside && bits(this.#address, spec.CONFIG_ADDRESS_ENABLE_HI, spec.CONFIG_ADDRESS_ENABLE_LO) === 1;
  }

  get #target(): RequesterId {
    return bits(this.#address, spec.CONFIG_ADDRESS_BUS_HI, spec.CONFIG_ADDRESS_FUNCTION_LO) as RequesterId;
  }

  #register(port: number): number {
    return (
      bits(this.#address, spec.CONFIG_ADDRESS_REGISTER_HI, spec.CONFIG_ADDRESS_ZERO_LO) | (port - spec.CONFIG_DATA)
    );
  }
}
