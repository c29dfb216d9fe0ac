// The MSI capability: which vector a function may use, masking, pending bits (PCIe 6.0 §6.1.4, §7.7.1).
import * as spec from "../../assembly/spec/pci/msi.ts";
import { bits } from "../core/bits.ts";
import { bit, flag } from "./bits.ts";
import type { ConfigSpace } from "./config-space.ts";
import type { PciFunction } from "./function.ts";

/** Bytes of the MSI capability at `offset`, by its address size and per-vector masking. */
export function msiLength(config: ConfigSpace, offset: number): number {
  const control = config.get(offset + spec.MSI_CONTROL, 2);
  const wide = bit(control, spec.MSI_CONTROL_ADDRESS64_LO);
  if (bit(control, spec.MSI_CONTROL_PER_VECTOR_MASKING_LO)) {
    return wide ? spec.MSI_LENGTH_64_MASKED : spec.MSI_LENGTH_32_MASKED;
  }
  return wide ? spec.MSI_LENGTH_64 : spec.MSI_LENGTH_32;
}

export class Msi {
  readonly #fn: PciFunction;
  readonly #offset: number;
  readonly #wide: boolean;
  readonly #maskable: boolean;

  /** @param offset of the capability. */
  constructor(fn: PciFunction, offset: number) {
    this.#fn = fn;
    this.#offset = offset;
    const control = fn.config.get(offset + spec.MSI_CONTROL, 2);
    this.#wide = bit(control, spec.MSI_CONTROL_ADDRESS64_LO);
    this.#maskable = bit(control, spec.MSI_CONTROL_PER_VECTOR_MASKING_LO);
    if (this.#maskable) fn.config.onWrite(this.#at(spec.MSI_MASK_32, spec.MSI_MASK_64), 4, () => this.#flush());
  }

  get enabled(): boolean {
    return bit(this.#control, spec.MSI_CONTROL_ENABLE_LO);
  }

  /** Sends vector `vector`, folded into those that software allotted; a masked one becomes pending. */
  raise(vector: number): void {
    if (!this.enabled) return;
    const allotted = 2 ** bits(this.#control, spec.MSI_CONTROL_MULTIPLE_ENABLE_HI, spec.MSI_CONTROL_MULTIPLE_ENABLE_LO);
    const number = vector % Math.min(allotted, 32);
    const { config } = this.#fn;
    if (this.#maskable && bit(config.get(this.#at(spec.MSI_MASK_32, spec.MSI_MASK_64), 4), number)) {
      config.setBits(this.#at(spec.MSI_PENDING_32, spec.MSI_PENDING_64), 4, flag(number));
      return;
    }
    const extended = bit(this.#control, spec.MSI_CONTROL_EXTENDED_DATA_ENABLE_LO);
    const data = config.get(this.#at(spec.MSI_DATA_32, spec.MSI_DATA_64), extended ? 4 : 2);
    const upper = this.#wide ? config.get(this.#offset + spec.MSI_ADDRESS_UPPER, 4) : 0;
    const lower = config.get(this.#offset + spec.MSI_ADDRESS_LOWER, 4);
    const folded = Math.floor(data / allotted) * allotted + number;
    this.#fn.sendMessage(lower, upper, folded);
  }

  #flush(): void {
    const { config } = this.#fn;
    const at = this.#at(spec.MSI_PENDING_32, spec.MSI_PENDING_64);
    const ready = config.get(at, 4) & ~config.get(this.#at(spec.MSI_MASK_32, spec.MSI_MASK_64), 4);
    for (let vector = 0; vector < 32; vector++) {
      if (!bit(ready, vector)) continue;
      config.clearBits(at, 4, flag(vector));
      this.raise(vector);
    }
  }

  get #control(): number {
    return this.#fn.config.get(this.#offset + spec.MSI_CONTROL, 2);
  }

  #at(narrow: number, wide: number): number {
    return this.#offset + (this.#wide ? wide : narrow);
  }
}
