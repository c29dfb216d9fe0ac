// Access Control Services at a downstream port: source validation and translation blocking of what comes from below
// (PCIe 6.0 §6.12.1.1).
// Redirection has nothing to decide here: every request of a function goes up to the root complex.
import * as acs from "../../assembly/spec/pci/acs.ts";
import * as aer from "../../assembly/spec/pci/aer.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import { busOf, type RequesterId } from "../core/address.ts";
import { bit } from "./bits.ts";
import type { Bridge } from "./bridge.ts";
import { findExtendedCapability } from "./capability.ts";

export class AccessControl {
  readonly #port: Bridge;
  readonly #offset: number | undefined;

  constructor(port: Bridge) {
    this.#port = port;
    this.#offset = findExtendedCapability(port.config, ids.EXT_CAP_ACS);
  }

  /**
   * Whether a request that claims to be from `requesterId` may enter the port; a refused one is an ACS violation.
   * `typed`: its Address Type is not "untranslated".
   */
  admits(requesterId: RequesterId, typed: boolean): boolean {
    if (this.#offset === undefined) return true;
    const control = this.#port.config.get(this.#offset + acs.ACS_CTL, 2);
    const blocked = typed && bit(control, acs.ACS_CTL_TRANSLATION_BLOCKING_LO);
    if (!blocked && !bit(control, acs.ACS_CTL_SOURCE_VALIDATION_LO)) return true;
    const bus = busOf(requesterId);
    if (!blocked && bus >= this.#port.secondaryBus && bus <= this.#port.subordinateBus) return true;
    this.#port.errors.uncorrectable(aer.UE_ACS_VIOLATION_LO);
    return false;
  }
}
