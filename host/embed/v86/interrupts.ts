// Interrupts for the guest's processor. They are recorded whenever devices make them, and handed over only between two
// pieces of the guest's execution: from inside one of its own accesses the emulator does not survive it.
import * as apic from "../../../assembly/spec/pc/local-apic.ts";
import { place } from "../../core/bits.ts";
import { FormatError } from "../../core/errors.ts";
import type { Snapshotable } from "../../core/ports.ts";
import type { DeliveredInterrupt } from "../../machine/interrupt-fabric.ts";
import type { V86Cpu } from "./cpu.ts";

const VECTORS = 256;

/** Vectors that wait, in the order in which they came. */
export interface InterruptQueueState {
  vectors: readonly number[];
}

export class InterruptQueue implements Snapshotable<InterruptQueueState> {
  /** Interrupts that were handed over, */
  delivered = 0;
  /** those that met one with the same vector that still waited, as in an APIC's request register, */
  merged = 0;
  /** and those of a kind that v86 has not: NMI, INIT, SMI, ExtINT. */
  unsupported = 0;
  readonly #waiting = new Set<number>();

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Records an interrupt. */
  take({ vector, deliveryMode }: Pick<DeliveredInterrupt, "vector" | "deliveryMode">): void {
    const ordinary = deliveryMode === apic.DELIVERY_FIXED || deliveryMode === apic.DELIVERY_LOWEST_PRIORITY;
    if (!ordinary || vector < apic.FIRST_INTERRUPT_VECTOR) {
      this.unsupported++;
      return;
    }
    if (this.#waiting.has(vector)) this.merged++;
    this.#waiting.add(vector);
  }

  /** Hands over what waits. Never from inside the guest's execution. */
  flush(cpu: V86Cpu): void {
    if (this.#waiting.size === 0) return;
    const self = place(apic.SHORTHAND_SELF, apic.APIC_ICR_SHORTHAND_HI, apic.APIC_ICR_SHORTHAND_LO);
    for (const vector of this.#waiting) {
      this.delivered++;
      cpu.write32((apic.LOCAL_APIC_BASE + apic.APIC_ICR_LOW) | 0, self | vector);
    }
    this.#waiting.clear();
  }

  clear(): void {
    this.#waiting.clear();
  }

  save(): InterruptQueueState {
    return { vectors: [...this.#waiting] };
  }

  /** Throws FormatError for what are no vectors. */
  restore(state: InterruptQueueState): void {
    const vectors = state?.vectors;
    if (!Array.isArray(vectors)) throw new FormatError("interrupts", "have no list of vectors");
    const wrong = vectors.find(
      (vector) => !Number.isInteger(vector) || vector < apic.FIRST_INTERRUPT_VECTOR || vector >= VECTORS,
    );
    if (wrong !== undefined) throw new FormatError("interrupts", `${wrong} is no vector`);
    this.#waiting.clear();
    for (const vector of vectors) this.#waiting.add(vector);
  }
}
