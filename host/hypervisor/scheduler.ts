// Lets time pass for the machine and for all software on it: who has an interrupt handles it.
import { checkSpan } from "../core/clock.ts";
import type { Machine } from "../machine/machine.ts";
import type { Processor } from "./processor.ts";
import type { VirtualProcessor } from "./virtual-processor.ts";

/** Interrupts that are handled before time moves on: more than any guest needs, fewer than a storm. */
const MAX_DISPATCH_ROUNDS = 64;
/** Interrupts of others during which a halted VM waits for one of its own; then the rest of its time passes at once. */
const MAX_HALT_TURNS = 4096;

/** Whose software it is. */
export interface Processors {
  administrator(): Processor;
  /** Those that exist now. */
  vms(): Iterable<{ readonly vcpu: VirtualProcessor }>;
}

export class Scheduler {
  readonly #machine: Machine;
  readonly #processors: Processors;

  constructor(machine: Machine, processors: Processors) {
    this.#machine = machine;
    this.#processors = processors;
  }

  /** Lets `ns` nanoseconds pass, and then everybody handles interrupts, in bounded rounds. Returns the frames moved. */
  run(ns: number): number {
    return this.#machine.run(ns) + this.#settle();
  }

  /**
   * HLT under a timer of `ns`: the VM's processor stops until it has handled an interrupt; everybody else goes on.
   * False when it was the timer. Throws ArgumentError unless `ns` is a whole number, 0 or more.
   */
  halt(vcpu: VirtualProcessor, ns: number): boolean {
    checkSpan(ns);
    const { clock } = this.#machine;
    const end = clock.nowNs + ns;
    const { processor } = vcpu;
    const before = processor.handled;
    vcpu.halt();
    for (let turn = 0; turn < MAX_HALT_TURNS && processor.handled === before; turn++) {
      this.#machine.run(end - clock.nowNs, () => this.#due());
      this.#settle();
      if (clock.nowNs >= end) break;
    }
    if (processor.handled === before) this.run(end - clock.nowNs);
    vcpu.wake();
    return processor.handled !== before;
  }

  /** Whether software has an interrupt to take. */
  #due(): boolean {
    const administrator = this.#processors.administrator();
    if (administrator.waiting && !administrator.busy) return true;
    for (const { vcpu } of this.#processors.vms()) if (vcpu.due) return true;
    return false;
  }

  #settle(): number {
    let moved = 0;
    for (let round = 0; round < MAX_DISPATCH_ROUNDS && this.#dispatch(); round++) moved += this.#machine.run();
    return moved;
  }

  #dispatch(): boolean {
    let any = this.#processors.administrator().dispatch();
    for (const { vcpu } of this.#processors.vms()) any = vcpu.dispatch() || any;
    return any;
  }
}
