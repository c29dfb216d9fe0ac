// The PF's interrupts: ICR with its mask, and how causes become vectors (I350 §7.3, 82576 §7.3).
import * as spec from "../../../assembly/spec/igb/interrupt.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { hookInterrupts, InterruptBlock, type InterruptState } from "./interrupts.ts";
import type { RegisterFile } from "./register-file.ts";

export interface PfInterruptState {
  icr: number;
  ims: number;
  signalled: boolean;
  count: number;
  block: InterruptState;
}

export interface PfInterruptOptions {
  registers: RegisterFile;
  clock: Clock;
  /** IVAR rows hold queues n and n + 8 (82576) instead of 2n and 2n + 1 (I350). */
  columnMajor: boolean;
  /** MSI-X vectors of the function. */
  vectors: number;
  /** Sends an MSI-X message. */
  raise(vector: number): void;
  /** A message waits for its interval to end. */
  onWait(): void;
  /** Signals the one interrupt of a driver that uses no MSI-X mode. */
  raiseSingle(): void;
  /** Asserts or deasserts the pin of that interrupt. */
  showPin(asserted: boolean): void;
}

/** EITR 0 holds for the one interrupt of a driver without MSI-X mode (I350 §7.3.2). */
const SINGLE_VECTOR = 0;

export class PfInterrupts {
  readonly block: InterruptBlock;
  readonly #options: PfInterruptOptions;
  #icr = 0;
  #ims = 0;
  /** The one interrupt was signalled, and its causes are still there. */
  #signalled = false;
  #count = 0;

  constructor(options: PfInterruptOptions) {
    this.#options = options;
    const { registers } = options;
    this.block = new InterruptBlock({
      vectors: spec.EITR_COUNT,
      clock: options.clock,
      raise: (vector) => {
        if (vector >= options.vectors) return;
        this.#count = (this.#count + 1) >>> 0;
        options.raise(vector);
      },
      onWait: () => options.onWait(),
      due: (vector) => {
        if (vector === SINGLE_VECTOR) this.#signal();
      },
      autoMask: () => this.autoMask,
    });
    this.#hook(registers);
  }

  /** Interrupts that were signalled, modulo 2^32. */
  get signalled(): number {
    return this.#count;
  }

  /** GPIE.EIAME. */
  get autoMask(): boolean {
    return (this.#options.registers.get(spec.GPIE) & spec.GPIE_EIAME) !== 0;
  }

  get #msix(): boolean {
    return (this.#options.registers.get(spec.GPIE) & spec.GPIE_MULTIPLE_MSIX) !== 0;
  }

  /** A cause of queue `queue`. */
  queueCause(queue: number, transmit: boolean): void {
    if (!this.#msix) {
      this.set(transmit ? spec.ICR_TXDW : spec.ICR_RXDW);
      return;
    }
    const { columnMajor, registers } = this.#options;
    const across = Math.floor(queue / spec.IVAR_QUEUES_PER_ROW);
    const row = columnMajor ? queue % spec.IVAR_COUNT : across;
    const column = columnMajor ? Math.floor(queue / spec.IVAR_COUNT) : queue % spec.IVAR_QUEUES_PER_ROW;
    const entry = column * spec.IVAR_ENTRIES_PER_QUEUE + (transmit ? 1 : 0);
    this.#vector(registers.get(spec.IVAR + row * spec.IVAR_SIZE) >>> (entry * spec.IVAR_ENTRY_BITS));
  }

  /** The TCP timer is over. */
  timerCause(): void {
    if (!this.#msix) return;
    this.#vector(this.#options.registers.get(spec.IVAR_MISC) >>> spec.IVAR_MISC_TCP_TIMER_LO);
  }

  /** Sets causes in ICR. */
  set(causes: number): void {
    const before = this.#icr & this.#ims;
    this.#icr = (this.#icr | (causes & ~spec.ICR_INTA)) >>> 0;
    this.#rose(before);
  }

  reset(): void {
    this.#icr = 0;
    this.#ims = 0;
    this.#showPin();
    this.block.reset();
  }

  save(): PfInterruptState {
    return { icr: this.#icr, ims: this.#ims, signalled: this.#signalled, count: this.#count, block: this.block.save() };
  }

  restore(state: PfInterruptState): void {
    this.#icr = state.icr;
    this.#ims = state.ims;
    this.#signalled = state.signalled;
    this.#count = state.count;
    this.block.restore(state.block);
  }

  #vector(entry: number): void {
    if ((entry & spec.IVAR_VALID) === 0) return;
    this.block.set(2 ** bits(entry, spec.IVAR_INT_ALLOC_HI, spec.IVAR_INT_ALLOC_LO));
  }

  #rose(before: number): void {
    if ((this.#icr & this.#ims & ~before) === 0) return;
    if (this.#msix) this.#vector(this.#options.registers.get(spec.IVAR_MISC) >>> spec.IVAR_MISC_OTHER_LO);
    else if (this.block.claim(SINGLE_VECTOR)) this.#signal();
  }

  /** The one interrupt of a driver without MSI-X mode: a message, and the pin until its causes are read or masked. */
  #signal(): void {
    if (this.#msix || (this.#icr & this.#ims) === 0) return;
    this.#signalled = true;
    this.#count = (this.#count + 1) >>> 0;
    this.#showPin();
    this.#options.raiseSingle();
  }

  #showPin(): void {
    if (!this.#signalled) return;
    this.#signalled = (this.#icr & this.#ims) !== 0;
    this.#options.showPin(this.#signalled);
  }

  /** ICR as it is. */
  get #shown(): number {
    return (this.#icr | ((this.#icr & this.#ims) !== 0 ? spec.ICR_INTA : 0)) >>> 0;
  }

  #readIcr(): number {
    const asserted = (this.#icr & this.#ims) !== 0;
    const value = this.#shown;
    const { registers } = this.#options;
    const always = (registers.get(spec.GPIE) & spec.GPIE_NSICR) !== 0;
    if (always || asserted || this.#ims === 0) this.#icr = 0;
    if (always || asserted) this.#ims = (this.#ims & ~registers.get(spec.IAM)) >>> 0;
    this.#showPin();
    return value;
  }

  #hook(registers: RegisterFile): void {
    const { block } = this;
    registers.hook(spec.ICR, {
      read: () => this.#readIcr(),
      write: (value) => {
        this.#icr = (this.#icr & ~value) >>> 0;
        this.#showPin();
      },
    });
    registers.hook(spec.ICS, { read: () => this.#shown, write: (value) => this.set(value) });
    registers.hook(spec.IMS, {
      read: () => this.#ims,
      write: (value) => {
        const before = this.#icr & this.#ims;
        this.#ims = (this.#ims | value) >>> 0;
        this.#rose(before);
      },
    });
    registers.hook(spec.IMC, {
      read: () => this.#ims,
      write: (value) => {
        this.#ims = (this.#ims & ~value) >>> 0;
        this.#showPin();
      },
    });
    hookInterrupts(registers, block, {
      eics: spec.EICS,
      eims: spec.EIMS,
      eimc: spec.EIMC,
      eiac: spec.EIAC,
      eiam: spec.EIAM,
      eicr: spec.EICR,
    });
    registers.hook(
      spec.EITR,
      { read: (vector) => block.throttle(vector), write: (value, vector) => block.setThrottle(vector, value) },
      spec.EITR_COUNT,
    );
  }
}
