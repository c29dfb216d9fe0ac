// The power management capability: which writes change the state, and what leaving D3hot does.
import * as pm from "../../assembly/spec/pci/power-management.ts";
import { bits, mask, replace } from "../core/bits.ts";
import { bit, flag } from "./bits.ts";
import type { PciFunction } from "./function.ts";

const HI = pm.PMCSR_POWER_STATE_HI;
const LO = pm.PMCSR_POWER_STATE_LO;

export class PowerManagement {
  readonly #fn: PciFunction;
  readonly #offset: number;

  /** @param offset of the capability. */
  constructor(fn: PciFunction, offset: number) {
    this.#fn = fn;
    this.#offset = offset;
    fn.config.onWrite(offset + pm.PMCSR, 2, (previous) => this.#written(previous));
  }

  /** 0 to 3: D0, D1, D2, D3hot. */
  get state(): number {
    return bits(this.#fn.config.get(this.#offset + pm.PMCSR, 2), HI, LO);
  }

  /** Whether an event was noted, PME_Status, which software clears. */
  get eventNoted(): boolean {
    return bit(this.#fn.config.get(this.#offset + pm.PMCSR, 2), pm.PMCSR_PME_STATUS_LO);
  }

  /** Whether an event is noted that software wants to hear of. */
  get eventPending(): boolean {
    const status = this.#fn.config.get(this.#offset + pm.PMCSR, 2);
    return bit(status, pm.PMCSR_PME_STATUS_LO) && bit(status, pm.PMCSR_PME_ENABLE_LO);
  }

  /** A power management event (PCIe 6.0 §5.3.3): noted where this state has them, and sent while software enables it. */
  signalEvent(): void {
    const { config } = this.#fn;
    const support = bits(config.get(this.#offset + pm.PMC, 2), pm.PMC_PME_SUPPORT_HI, pm.PMC_PME_SUPPORT_LO);
    if (!bit(support, this.state)) return;
    const before = this.eventPending;
    config.setBits(this.#offset + pm.PMCSR, 2, flag(pm.PMCSR_PME_STATUS_LO));
    if (!before && this.eventPending) this.#fn.upstream?.powerEvent?.(this.#fn.requesterId);
  }

  /** Forgets a noted event, as software does by writing 1. */
  clearEvent(): void {
    this.#fn.config.clearBits(this.#offset + pm.PMCSR, 2, flag(pm.PMCSR_PME_STATUS_LO));
  }

  #written(previous: number): void {
    const { config } = this.#fn;
    const at = this.#offset + pm.PMCSR;
    const before = bits(previous, HI, LO);
    const after = this.state;
    if (after === before) return;
    const capabilities = config.get(this.#offset + pm.PMC, 2);
    // PCIe 6.0 §7.5.2.2: a write of an unsupported state completes, and the state stays; D1 and D2 are left only
    // for a deeper state or for D0.
    const unsupported =
      (after === pm.POWER_STATE_D1 && !bit(capabilities, pm.PMC_D1_LO)) ||
      (after === pm.POWER_STATE_D2 && !bit(capabilities, pm.PMC_D2_LO)) ||
      (after !== pm.POWER_STATE_D0 && after < before);
    if (unsupported) {
      config.set(at, 2, replace(config.get(at, 2), before, HI, LO) & mask(pm.PMCSR_WIDTH - 1, 0));
      return;
    }
    const keeps = bit(config.get(at, 2), pm.PMCSR_NO_SOFT_RESET_LO);
    if (before === pm.POWER_STATE_D3HOT && after === pm.POWER_STATE_D0 && !keeps) this.#fn.reset("pm");
    else this.#fn.enablesChanged();
  }
}
