// The three interrupts of a VF's driver: one for its transmit queue, one for its receive queue, one for all else.
import { EITR_CNT_INGR, EITR_INTERVAL_LO, IVAR_ENTRY_BITS, IVAR_VALID } from "../../../assembly/spec/igb/interrupt.ts";
import { VTEIAC, VTEIAM, VTEICR, VTEIMC, VTEIMS, VTEITR, VTIVAR, VTIVAR_MISC } from "../../../assembly/spec/igb/vf.ts";
import type { Guest, Registers } from "./guest.ts";

const TX_VECTOR = 0;
const RX_VECTOR = 1;
const OTHER_VECTOR = 2;
const ALL_BITS = (1 << TX_VECTOR) | (1 << RX_VECTOR) | (1 << OTHER_VECTOR);

export interface VfInterruptHandlers {
  tx(): void;
  rx(): void;
  other(): void;
}

export class VfInterrupts {
  /** The guest's vectors, by MSI-X entry. */
  readonly vectors: readonly number[];
  /** Interrupts taken. */
  readonly counts = { tx: 0, rx: 0, other: 0 };
  readonly #registers: Registers;

  /** Each handler is called with its interrupt counted; the interrupt is enabled again after it. */
  constructor(guest: Guest, registers: Registers, handlers: VfInterruptHandlers) {
    this.#registers = registers;
    const vector = (entry: number, name: keyof VfInterruptHandlers): number =>
      guest.allocateVector(() => {
        this.counts[name]++;
        handlers[name]();
        registers.write(VTEIMS, 1 << entry);
      });
    this.vectors = [vector(TX_VECTOR, "tx"), vector(RX_VECTOR, "rx"), vector(OTHER_VECTOR, "other")];
  }

  /** Ties causes to vectors; `interval` is the least time between two interrupts of a ring in microseconds. */
  configure(interval: number): void {
    const registers = this.#registers;
    const throttle = (interval << EITR_INTERVAL_LO) | EITR_CNT_INGR;
    registers.write(VTEITR + TX_VECTOR * 4, throttle);
    registers.write(VTEITR + RX_VECTOR * 4, throttle);
    const rx = RX_VECTOR | IVAR_VALID;
    const tx = TX_VECTOR | IVAR_VALID;
    registers.write(VTIVAR, rx | (tx << IVAR_ENTRY_BITS));
    registers.write(VTIVAR_MISC, OTHER_VECTOR | IVAR_VALID);
  }

  /** Forgets what is pending and lets all three pass. */
  enable(): void {
    const registers = this.#registers;
    registers.read(VTEICR);
    registers.write(VTEIAC, ALL_BITS);
    registers.write(VTEIAM, ALL_BITS);
    registers.write(VTEIMS, ALL_BITS);
  }

  disable(): void {
    this.#registers.write(VTEIMC, ALL_BITS);
  }
}
