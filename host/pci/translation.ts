// What a function's ATS, PASID and Page Request capabilities let it do (PCIe 6.0 §10.5.1, §7.8.9, §10.5.2).
import * as atsSpec from "../../assembly/spec/pci/ats.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as pasidSpec from "../../assembly/spec/pci/pasid.ts";
import * as priSpec from "../../assembly/spec/pci/pri.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import { bit, flag } from "./bits.ts";
import { findExtendedCapability } from "./capability.ts";
import type { PciFunction } from "./function.ts";

function place(fn: PciFunction, id: number, name: string): number {
  const offset = findExtendedCapability(fn.config, id);
  if (offset === undefined) throw new ArgumentError("fn", fn.name, `has no ${name} capability`);
  return offset;
}

export class AddressTranslation {
  readonly #fn: PciFunction;
  readonly #offset: number;
  #enabled: boolean;

  /**
   * @param onChange called when software enabled or disabled ATS, and after resets.
   * Throws ArgumentError for a function without the capability.
   */
  constructor(fn: PciFunction, onChange: (enabled: boolean) => void) {
    this.#fn = fn;
    this.#offset = place(fn, ids.EXT_CAP_ATS, "ATS");
    this.#enabled = this.enabled;
    const look = (): void => {
      if (this.enabled === this.#enabled) return;
      this.#enabled = this.enabled;
      onChange(this.enabled);
    };
    fn.config.onWrite(this.#offset + atsSpec.ATS_CTL, 2, look);
    fn.onReset(look);
  }

  /** Translation requests may be made, and translations cached. */
  get enabled(): boolean {
    return bit(this.#control, atsSpec.ATS_CTL_ENABLE_LO);
  }

  /** STU: log2 of the pages of 4 KiB that a translation or an invalidation covers at least. */
  get smallestUnit(): number {
    return bits(this.#control, atsSpec.ATS_CTL_STU_HI, atsSpec.ATS_CTL_STU_LO);
  }

  /** After a restore: what the registers say now is nothing new. */
  restored(): void {
    this.#enabled = this.enabled;
  }

  get #control(): number {
    return this.#fn.config.get(this.#offset + atsSpec.ATS_CTL, 2);
  }
}

export class AddressSpaces {
  readonly #fn: PciFunction;
  readonly #offset: number;

  /** Throws ArgumentError for a function without a PASID capability. */
  constructor(fn: PciFunction) {
    this.#fn = fn;
    this.#offset = place(fn, ids.EXT_CAP_PASID, "PASID");
  }

  /** Whether requests may carry `pasid`. */
  allows(pasid: number): boolean {
    const capability = this.#fn.config.get(this.#offset + pasidSpec.PASID_CAP, 2);
    const width = bits(capability, pasidSpec.PASID_CAP_MAX_WIDTH_HI, pasidSpec.PASID_CAP_MAX_WIDTH_LO);
    return bit(this.#control, pasidSpec.PASID_CTL_ENABLE_LO) && pasid < 2 ** width;
  }

  /** Whether requests may ask for privileged mode. */
  get privileged(): boolean {
    return bit(this.#control, pasidSpec.PASID_CTL_PRIVILEGED_LO);
  }

  get #control(): number {
    return this.#fn.config.get(this.#offset + pasidSpec.PASID_CTL, 2);
  }
}

export class PageRequests {
  readonly #fn: PciFunction;
  readonly #offset: number;

  /**
   * @param onReset called when software resets the interface: outstanding requests are forgotten.
   * @param outstanding tells how many requests await a response.
   * Throws ArgumentError for a function without a Page Request capability.
   */
  constructor(fn: PciFunction, onReset: () => void, outstanding: () => number) {
    this.#fn = fn;
    this.#offset = place(fn, ids.EXT_CAP_PRI, "Page Request");
    const { config } = fn;
    const control = this.#offset + priSpec.PRI_CTL;
    config.onWrite(control, 2, () => {
      const reset = bit(config.get(control, 2), priSpec.PRI_CTL_RESET_LO);
      config.clearBits(control, 2, flag(priSpec.PRI_CTL_RESET_LO));
      if (reset && !this.#enabled) onReset();
      this.settle(outstanding());
    });
  }

  /** New requests may be issued: enabled, and no response said failure. */
  get open(): boolean {
    return this.#enabled && !bit(this.#status, priSpec.PRI_STA_RESPONSE_FAILURE_LO);
  }

  /** Requests that may be outstanding at a time, as software allots them. */
  get allocation(): number {
    const { config } = this.#fn;
    return Math.min(
      config.get(this.#offset + priSpec.PRI_ALLOCATION, 4),
      config.get(this.#offset + priSpec.PRI_CAPACITY, 4),
    );
  }

  /** Responses to requests with PASID must carry it. */
  get pasidRequired(): boolean {
    return bit(this.#status, priSpec.PRI_STA_PASID_REQUIRED_LO);
  }

  /** A response said Response Failure. */
  failed(): void {
    this.#set(priSpec.PRI_STA_RESPONSE_FAILURE_LO);
  }

  /** A response came for no outstanding group. */
  unexpected(): void {
    this.#set(priSpec.PRI_STA_UNEXPECTED_GROUP_LO);
  }

  /** Shows in STOPPED whether a disabled interface has answers to all of its requests. */
  settle(outstanding: number): void {
    const status = this.#offset + priSpec.PRI_STA;
    if (!this.#enabled && outstanding === 0) this.#set(priSpec.PRI_STA_STOPPED_LO);
    else this.#fn.config.clearBits(status, 2, flag(priSpec.PRI_STA_STOPPED_LO));
  }

  #set(bitNumber: number): void {
    this.#fn.config.setBits(this.#offset + priSpec.PRI_STA, 2, flag(bitNumber));
  }

  get #enabled(): boolean {
    return bit(this.#fn.config.get(this.#offset + priSpec.PRI_CTL, 2), priSpec.PRI_CTL_ENABLE_LO);
  }

  get #status(): number {
    return this.#fn.config.get(this.#offset + priSpec.PRI_STA, 2);
  }
}
