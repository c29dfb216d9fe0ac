// Switches a unit's strict mode on and off, and hands on what its checker finds.
import * as abi from "../../../assembly/spec/abi/iommu.ts";
import type { Engine } from "../../core/engine.ts";
import type { AddressMap } from "../address-map.ts";
import { peekOf } from "../explain/peek.ts";
import { viewUnit } from "../explain/unit-view.ts";
import type { IommuCapabilities } from "../iommu-capabilities.ts";
import { StrictChecker } from "./checker.ts";
import type { StaleListener } from "./types.ts";

const WORD = 32;
const VALID = 2 ** (abi.IOTLB_VALID_LO - WORD);

export class StrictMode {
  readonly #engine: Engine;
  readonly #map: AddressMap;
  readonly #unit: number;
  readonly #capabilities: Readonly<IommuCapabilities>;
  readonly #listeners: StaleListener[] = [];
  #checker: StrictChecker | undefined;

  /** @param unit the unit in linear memory. */
  constructor(engine: Engine, map: AddressMap, unit: number, capabilities: Readonly<IommuCapabilities>) {
    this.#engine = engine;
    this.#map = map;
    this.#unit = unit;
    this.#capabilities = capabilities;
  }

  get on(): boolean {
    return this.#checker !== undefined;
  }

  switch(on: boolean): void {
    if (on === this.on) return;
    const { hostAddressWidth } = this.#capabilities;
    const view = () => viewUnit(this.#engine, this.#unit, hostAddressWidth);
    this.#checker = on ? new StrictChecker(view, peekOf(this.#map), this.#capabilities) : undefined;
    this.#map.module.watchUses(this.#unit, this.#checker);
    this.apply();
  }

  listen(listener: StaleListener): void {
    this.#listeners.push(listener);
  }

  /** Tells the unit: due after its state was replaced. */
  apply(): void {
    this.#tell(this.on);
  }

  /** Looks at the unit as it would be without. */
  without<Result>(look: () => Result): Result {
    this.#tell(false);
    try {
      return look();
    } finally {
      this.apply();
    }
  }

  #tell(on: boolean): void {
    const words = this.#engine.u32;
    const strict = (this.#unit + abi.UNIT_STRICT) >>> 2;
    if (words[strict] === Number(on)) return;
    words[strict] = Number(on);
    const first = (this.#unit + abi.UNIT_IOTLB) >>> 2;
    const step = abi.IOTLB_ENTRY_SIZE >>> 2;
    for (let entry = first; entry < first + abi.IOTLB_ENTRIES * step; entry += step) {
      const high = words[entry + 1] as number;
      if (!on && ((words[entry + 2] as number) | (words[entry + 3] as number)) === 0) continue;
      // A line that was not valid is not to become so.
      if (on && high < VALID) words.fill(0, entry + 2, entry + 4);
      words[entry + 1] = on ? (high & ~VALID) >>> 0 : (high | VALID) >>> 0;
    }
  }

  /** Tells the listeners what was found since the last time. */
  deliver(): void {
    for (const use of this.#checker?.take() ?? []) for (const listener of this.#listeners) listener(use);
  }
}
