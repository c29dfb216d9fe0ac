// A VF as its own driver sees it: registers, three interrupt vectors, its side of the mailbox (I350 §8.26).
import { IVAR_ENTRY_BITS, IVAR_VALID } from "../../../assembly/spec/igb/interrupt.ts";
import { MAILBOX_WORDS } from "../../../assembly/spec/igb/mailbox.ts";
import * as spec from "../../../assembly/spec/igb/vf.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import type { MsixTable, PciFunction } from "../../pci/index.ts";
import { hookInterrupts } from "./interrupt-registers.ts";
import { InterruptBlock, type InterruptState } from "./interrupts.ts";
import type { Mailboxes } from "./mailbox.ts";
import type { PortState } from "./port-state.ts";
import { hookQueues } from "./queues.ts";
import { RegisterFile, type RegisterFileState } from "./register-file.ts";
import { vfRows } from "./registers-vf.ts";

export interface VirtualFunctionState {
  registers: RegisterFileState;
  interrupts: InterruptState;
}

export interface VirtualFunctionOptions {
  index: number;
  /** Queues of each direction that the port has. */
  queues: number;
  fn: PciFunction;
  msix: MsixTable;
  clock: Clock;
  state: PortState;
  mailboxes: Mailboxes;
  /** STATUS of the port, as far as a VF sees it. */
  status(): number;
  /** Free-running timer in microseconds. */
  timer(): number;
  /** GPIE.EIAME and GPIE.LL_Interval of the PF. */
  autoMask(): boolean;
  creditInterval(): number;
  /** A message of the VF waits for its interval to end. */
  onWait(): void;
  /** The VF reset itself. */
  onReset(): void;
}

export class VirtualFunction {
  readonly fn: PciFunction;
  readonly registers: RegisterFile;
  readonly interrupts: InterruptBlock;
  readonly #options: VirtualFunctionOptions;

  constructor(options: VirtualFunctionOptions) {
    this.#options = options;
    this.fn = options.fn;
    this.registers = new RegisterFile(options.state, spec.VF_BAR0_SIZE, vfRows(options.index, options.queues));
    this.interrupts = new InterruptBlock({
      vectors: spec.VF_VECTORS,
      clock: options.clock,
      raise: (vector) => options.msix.raise(vector),
      onWait: () => options.onWait(),
      autoMask: () => options.autoMask(),
      creditInterval: () => options.creditInterval(),
    });
    this.#hook();
  }

  /** A cause of one of the VF's queues: `which` counts the VF's own queues, 0 or 1. `immediate`: it is not throttled. */
  queueCause(which: number, transmit: boolean, immediate: boolean): void {
    const entry = 2 * which + (transmit ? 1 : 0);
    this.#cause(bits(this.registers.get(spec.VTIVAR) >>> (entry * IVAR_ENTRY_BITS), IVAR_ENTRY_BITS - 1, 0), immediate);
  }

  /** The PF wrote to the mailbox. */
  mailboxCause(): void {
    this.#cause(this.registers.get(spec.VTIVAR_MISC), false);
  }

  /** Registers and queues as after power-on. */
  reset(): void {
    this.registers.reset();
    this.interrupts.reset();
  }

  /** Shows the interrupt registers and the reset to the PF, in its mirror of the VF. */
  mirror(registers: RegisterFile, reset: () => void): void {
    const { interrupts } = this;
    const base = spec.PF_VF_MIRROR + this.#options.index * spec.PF_VF_MIRROR_STRIDE;
    registers.hook(base + spec.PVTCTRL, {
      read: () => 0,
      write: (value) => {
        if ((value & spec.VTCTRL_RST) !== 0) reset();
      },
    });
    const at = (offset: number): number => base + offset;
    hookInterrupts(registers, interrupts, {
      eics: at(spec.PVTEICS),
      eims: at(spec.PVTEIMS),
      eimc: at(spec.PVTEIMC),
      eiac: at(spec.PVTEIAC),
      eiam: at(spec.PVTEIAM),
      eicr: at(spec.PVTEICR),
    });
  }

  save(): VirtualFunctionState {
    return { registers: this.registers.save(), interrupts: this.interrupts.save() };
  }

  restore(state: VirtualFunctionState): void {
    this.registers.restore(state.registers);
    this.interrupts.restore(state.interrupts);
  }

  #cause(entry: number, immediate: boolean): void {
    if ((entry & IVAR_VALID) === 0) return;
    const cause = 1 << bits(entry, spec.VTIVAR_INT_ALLOC_HI, spec.VTIVAR_INT_ALLOC_LO);
    this.interrupts.set(cause, immediate ? cause : 0);
  }

  #hook(): void {
    const { registers, interrupts } = this;
    const { index, mailboxes, state, queues } = this.#options;
    registers.hook(spec.VTCTRL, {
      write: (value) => {
        if ((value & spec.VTCTRL_RST) !== 0) this.#options.onReset();
      },
    });
    registers.hook(spec.VTSTATUS, { read: () => this.#options.status() });
    registers.hook(spec.VTFRTIMER, { read: () => this.#options.timer() });
    registers.hook(spec.V2PMAILBOX, {
      read: () => mailboxes.readVf(index),
      write: (value) => mailboxes.writeVf(index, value),
    });
    registers.hook(
      spec.VF_VMBMEM,
      {
        read: (word) => mailboxes.readWord(index, word),
        write: (value, word) => mailboxes.writeWord(index, word, value),
      },
      MAILBOX_WORDS,
    );
    hookInterrupts(registers, interrupts, {
      eics: spec.VTEICS,
      eims: spec.VTEIMS,
      eimc: spec.VTEIMC,
      eiac: spec.VTEIAC,
      eiam: spec.VTEIAM,
      eicr: spec.VTEICR,
    });
    registers.hook(
      spec.VTEITR,
      {
        read: (vector) => interrupts.throttle(vector),
        write: (value, vector) => interrupts.setThrottle(vector, value),
      },
      spec.VF_VECTORS,
    );
    hookQueues(registers, state, { first: index, count: queues / POOLS, step: POOLS, alias: true });
  }
}
