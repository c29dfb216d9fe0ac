// The PF's interrupts: ICR with its mask, and how causes become those of the extended registers: vectors with
// GPIE.Multiple_MSIX, else causes of one interrupt, MSI, MSI-X or a pin (I350 §7.3, 82576 §7.3).
import * as spec from "../../../assembly/spec/igb/interrupt.ts";
import { bits, mask } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { InterruptBlock, type InterruptState } from "./interrupts.ts";
import type { RegisterFile } from "./register-file.ts";

export interface PfInterruptState {
  icr: number;
  ims: number;
  count: number;
  block: InterruptState;
}

export interface PfInterruptOptions {
  registers: RegisterFile;
  clock: Clock;
  /** IVAR rows hold queues n and n + 8 (82576) instead of 2n and 2n + 1 (I350). */
  columnMajor: boolean;
  /** Queues of each direction, and causes of queues that the one interrupt tells apart. */
  queues: number;
  /** MSI-X vectors of the function. */
  vectors: number;
  /** Every VF's, to which GPIE applies too. */
  vfs(): readonly InterruptBlock[];
  /** Sends an MSI-X message. */
  raise(vector: number): void;
  /** A message waits for its interval to end. */
  onWait(): void;
  /** Signals the one interrupt of a driver that uses no MSI-X mode. */
  raiseSingle(): void;
  /** Asserts or deasserts the pin of that interrupt. */
  showPin(asserted: boolean): void;
}

export class PfInterrupts {
  readonly block: InterruptBlock;
  readonly #options: PfInterruptOptions;
  /** EICR's causes of queues without MSI-X mode. */
  readonly #queueCauses: number;
  #icr = 0;
  #ims = 0;
  #count = 0;

  constructor(options: PfInterruptOptions) {
    this.#options = options;
    this.#queueCauses = mask(options.queues - 1, 0);
    const { registers } = options;
    this.block = new InterruptBlock({
      vectors: spec.EITR_COUNT,
      clock: options.clock,
      raise: (vector) => {
        if (vector >= options.vectors) return;
        this.#count = (this.#count + 1) >>> 0;
        options.raise(vector);
      },
      single: {
        causes: (this.#queueCauses | spec.EICR_TCP_TIMER | spec.EICR_OTHER) >>> 0,
        enabled: spec.EICR_OTHER,
        raise: () => {
          this.#count = (this.#count + 1) >>> 0;
          options.raiseSingle();
        },
        showPin: (asserted) => options.showPin(asserted),
      },
      onWait: () => options.onWait(),
      autoMask: () => this.autoMask,
      creditInterval: () => this.creditInterval,
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

  /** GPIE.LL_Interval. */
  get creditInterval(): number {
    return bits(this.#options.registers.get(spec.GPIE), spec.GPIE_LL_INTERVAL_HI, spec.GPIE_LL_INTERVAL_LO);
  }

  /** GPIE.Multiple_MSIX. */
  get msix(): boolean {
    return (this.#options.registers.get(spec.GPIE) & spec.GPIE_MULTIPLE_MSIX) !== 0;
  }

  /** A cause of queue `queue`. `immediate`: it is not throttled. */
  queueCause(queue: number, transmit: boolean, immediate: boolean): void {
    const cause = this.#allocated(this.#queueEntry(queue, transmit));
    if (this.msix) this.block.set(cause, immediate ? cause : 0);
    else this.#set(transmit ? spec.ICR_TXDW : spec.ICR_RXDW, cause & this.#queueCauses, immediate);
  }

  /** The TCP timer is over. */
  timerCause(): void {
    const entry = this.#options.registers.get(spec.IVAR_MISC) >>> spec.IVAR_MISC_TCP_TIMER_LO;
    this.block.set(this.msix ? this.#allocated(entry) : spec.EICR_TCP_TIMER);
  }

  /** Sets causes in ICR. */
  set(causes: number): void {
    this.#set(causes, 0, false);
  }

  reset(): void {
    this.#icr = 0;
    this.#ims = 0;
    this.block.reset();
  }

  save(): PfInterruptState {
    return { icr: this.#icr, ims: this.#ims, count: this.#count, block: this.block.save() };
  }

  /** To be called after the registers were restored. */
  restore(state: PfInterruptState): void {
    this.#icr = state.icr;
    this.#ims = state.ims;
    this.#count = state.count;
    this.block.single = !this.msix;
    this.block.restore(state.block);
  }

  #queueEntry(queue: number, transmit: boolean): number {
    const { columnMajor, registers } = this.#options;
    const across = Math.floor(queue / spec.IVAR_QUEUES_PER_ROW);
    const row = columnMajor ? queue % spec.IVAR_COUNT : across;
    const column = columnMajor ? Math.floor(queue / spec.IVAR_COUNT) : queue % spec.IVAR_QUEUES_PER_ROW;
    const entry = column * spec.IVAR_ENTRIES_PER_QUEUE + (transmit ? 1 : 0);
    return registers.get(spec.IVAR + row * spec.IVAR_SIZE) >>> (entry * spec.IVAR_ENTRY_BITS);
  }

  /** The bit of EICR that an entry of IVAR stands for; none unless it is valid. */
  #allocated(entry: number): number {
    if ((entry & spec.IVAR_VALID) === 0) return 0;
    return 2 ** bits(entry, spec.IVAR_INT_ALLOC_HI, spec.IVAR_INT_ALLOC_LO);
  }

  #set(causes: number, extended: number, immediate: boolean): void {
    const before = this.#icr & this.#ims;
    this.#icr = (this.#icr | (causes & ~spec.ICR_INTA)) >>> 0;
    this.#rose(before, extended, immediate);
  }

  /** Enabled causes of ICR that rose, and `extended` ones, become causes of EICR. */
  #rose(before: number, extended = 0, immediate = false): void {
    const other = (this.#icr & this.#ims & ~before) === 0 ? 0 : this.#other;
    // An immediate cause that is there already may wait still.
    const urgent = immediate ? extended | spec.EICR_OTHER : 0;
    if ((other | extended | urgent) !== 0) this.block.set((other | extended) >>> 0, urgent, this.msix ? 0 : other);
  }

  /** The cause that stands for those of ICR. */
  get #other(): number {
    if (!this.msix) return spec.EICR_OTHER;
    return this.#allocated(this.#options.registers.get(spec.IVAR_MISC) >>> spec.IVAR_MISC_OTHER_LO);
  }

  /** Causes of ICR went, or were masked: the one that stands for them goes with the last of them. */
  #fell(): void {
    if (!this.msix && (this.#icr & this.#ims) === 0) this.block.withdraw(spec.EICR_OTHER);
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
    this.#fell();
    return value;
  }

  #hook(registers: RegisterFile): void {
    const { block } = this;
    registers.hook(spec.ICR, {
      read: () => this.#readIcr(),
      write: (value) => {
        this.#icr = (this.#icr & ~value) >>> 0;
        this.#fell();
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
        this.#fell();
      },
    });
    registers.hook(spec.GPIE, {
      write: (value) => {
        for (const each of [block, ...this.#options.vfs()]) each.settleCredits();
        registers.store(spec.GPIE, value);
        block.single = !this.msix;
      },
    });
    registers.hook(
      spec.EITR,
      { read: (vector) => block.throttle(vector), write: (value, vector) => block.setThrottle(vector, value) },
      spec.EITR_COUNT,
    );
  }
}
