// Configuration mechanism #1: an address at port CF8h, data at CFCh (PCI Local Bus 3.0 §3.2.2.3.2).
import * as spec from "../../assembly/spec/pci/config-access.ts";
import type { RequesterId } from "../core/address.ts";
import { bits, mask } from "../core/bits.ts";
import type { AccessWidth } from "../core/ports.ts";
import { checkStateNumber } from "../core/snapshot.ts";
import { bit } from "./bits.ts";
import type { ConfigAccess } from "./ecam.ts";

const LATCHED = ~(
  mask(spec.CONFIG_ADDRESS_ZERO_HI, spec.CONFIG_ADDRESS_ZERO_LO) |
  mask(spec.CONFIG_ADDRESS_RESERVED24_HI, spec.CONFIG_ADDRESS_RESERVED24_LO)
);

export class ConfigPorts {
  readonly #access: ConfigAccess;
  #address = 0;

  constructor(access: ConfigAccess) {
    this.#access = access;
  }

  /** A port read, or undefined when the access is not one of configuration and belongs to I/O space. */
  read(port: number, width: AccessWidth): number | undefined {
    if (port === spec.CONFIG_ADDRESS && width === 4) return this.#address;
    if (!this.#hits(port, width)) return undefined;
    return this.#access.configRead(this.#target, this.#register + (port - spec.CONFIG_DATA), width);
  }

  /** A port write. False when the access belongs to I/O space. */
  write(port: number, width: AccessWidth, value: number): boolean {
    if (port === spec.CONFIG_ADDRESS && width === 4) {
      this.#address = (value & LATCHED) >>> 0;
      return true;
    }
    if (!this.#hits(port, width)) return false;
    this.#access.configWrite(this.#target, this.#register + (port - spec.CONFIG_DATA), width, value);
    return true;
  }

  save(): number {
    return this.#address;
  }

  restore(state: number): void {
    checkStateNumber("CONFIG_ADDRESS", state);
    this.#address = state;
  }

  #hits(port: number, width: number): boolean {
    const inside = port >= spec.CONFIG_DATA && port + width <= spec.CONFIG_DATA + spec.CONFIG_DATA_PORTS;
    return inside && bit(this.#address, spec.CONFIG_ADDRESS_ENABLE_LO);
  }

  /** Bus, device and function of the address lie side by side, as in a requester ID. */
  get #target(): RequesterId {
    return bits(this.#address, spec.CONFIG_ADDRESS_BUS_HI, spec.CONFIG_ADDRESS_FUNCTION_LO) as RequesterId;
  }

  get #register(): number {
    return bits(this.#address, spec.CONFIG_ADDRESS_REGISTER_HI, spec.CONFIG_ADDRESS_REGISTER_LO) * 4;
  }
}
