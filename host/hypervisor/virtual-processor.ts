// A VM's processor as the hypervisor schedules it, and how interrupts reach it (VT-d 5.10 §5.2.5).
//
//   running    NV = active vector    the processor itself moves requests to the virtual APIC: no exit
//   halted     NV = wake-up vector   the hypervisor is told, and enters the VM again
//   preempted  SN, wake-up vector    requests wait in the descriptor; an urgent one wakes as above
//
// Without posting, each interrupt arrives at the hypervisor, which injects it.
import type { Hpa } from "../core/address.ts";
import { FormatError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import type { DeliveredInterrupt, InterruptSink } from "../machine/interrupt-fabric.ts";
import type { Notification, PostedDescriptor } from "./posted-descriptor.ts";
import { Processor, type ProcessorState } from "./processor.ts";

/** The hypervisor's own vectors on every processor: notifications for a VM that runs, and for one that does not. */
export const ACTIVE_VECTOR = 0xf2;
export const WAKE_UP_VECTOR = 0xf1;

const ACTIVE: Notification = { vector: ACTIVE_VECTOR, suppressed: false };
const WAKE_UP: Notification = { vector: WAKE_UP_VECTOR, suppressed: false };
const URGENT_ONLY: Notification = { vector: WAKE_UP_VECTOR, suppressed: true };

export type Activity = "running" | "halted" | "preempted";

/** Counts of how a VM's interrupts reached it. */
export interface VirtualProcessorStatistics {
  /** Requests that the processor took from the descriptor while the VM ran, without an exit. */
  posted: number;
  /** Requests that were taken from the descriptor when the VM was entered again or left. */
  collected: number;
  /** Notifications that the processor took while the VM ran. */
  notifications: number;
  /** Notifications and interrupts by which the VM was woken. */
  wakeUps: number;
  /** Notifications that came for nothing: a crossing of the VM's own change of activity. */
  spurious: number;
  /** Interrupts that the hypervisor injected: each one an exit. */
  injected: number;
}

export interface VirtualProcessorState {
  processor: ProcessorState;
  /** Address of the descriptor, null without posting. */
  descriptor: number | null;
  halted: boolean;
  preempted: boolean;
  idle: "poll" | "halt";
  /** Notifications that the physical processor has not taken yet. */
  notified: boolean;
  wakeUp: boolean;
  statistics: VirtualProcessorStatistics;
}

const NOTHING: VirtualProcessorStatistics = {
  posted: 0,
  collected: 0,
  notifications: 0,
  wakeUps: 0,
  spurious: 0,
  injected: 0,
};

export class VirtualProcessor implements Snapshotable<VirtualProcessorState> {
  /** What the VM's software sees: its APIC's requests, and its handlers. */
  readonly processor: Processor = new Processor();
  /** What the VM does when none of its handlers runs. */
  idle: "poll" | "halt" = "poll";
  readonly statistics: VirtualProcessorStatistics = { ...NOTHING };
  /** Where its interrupts are posted; undefined without posting. */
  readonly descriptor: PostedDescriptor | undefined;
  #halted = false;
  #preempted = false;
  /** The physical processor's requests of the two vectors. */
  #notified = false;
  #wakeUp = false;
  /** How many of the VM's own steps are under way: it is not idle. */
  #steps = 0;

  constructor(descriptor: PostedDescriptor | undefined) {
    this.descriptor = descriptor;
  }

  /** Makes a new descriptor ready for a VM that runs on the processor with `apicId`. */
  reset(apicId: number, wide: boolean): void {
    this.descriptor?.reset(apicId, wide, ACTIVE);
  }

  get activity(): Activity {
    if (this.#preempted) return "preempted";
    return this.#halted ? "halted" : "running";
  }

  /** Whether `dispatch` has something to do. */
  get due(): boolean {
    if (this.#notified || this.#wakeUp) return true;
    return this.activity === "running" && this.processor.waiting && !this.processor.busy;
  }

  /** The physical processor's input: it records, and acts in `dispatch`. */
  readonly take: InterruptSink = (interrupt: DeliveredInterrupt): void => {
    if (this.descriptor !== undefined && interrupt.deliveryMode === 0) {
      if (interrupt.vector === ACTIVE_VECTOR) {
        this.#notified = true;
        return;
      }
      if (interrupt.vector === WAKE_UP_VECTOR) {
        this.#wakeUp = true;
        return;
      }
    }
    this.processor.take(interrupt);
    this.statistics.injected++;
    if (!this.#halted || !this.processor.waiting) return;
    this.statistics.wakeUps++;
    this.wake();
  };

  /** Takes notifications, and lets the VM handle its interrupts if it runs. False when it had none to handle. */
  dispatch(): boolean {
    if (this.#wakeUp) this.#onWakeUp();
    if (this.#notified) this.#onNotification();
    if (this.activity !== "running") return false;
    if (this.processor.dispatch()) return true;
    if (this.idle === "halt" && this.#steps === 0 && !this.processor.busy) this.halt();
    return false;
  }

  /** Runs a step of the VM's own software, in which it is not idle. */
  step<Result>(run: () => Result): Result {
    this.#steps++;
    try {
      return run();
    } finally {
      this.#steps--;
    }
  }

  /** The VM's software executes HLT: it stops unless an interrupt waits. */
  halt(): void {
    if (this.#preempted || this.#halted || this.processor.waiting) return;
    this.#halted = true;
    // A request that was notified to the running VM would wake nobody.
    if (this.descriptor?.direct(WAKE_UP) === true) this.wake();
  }

  /** The VM goes on, if it was halted. */
  wake(): void {
    if (!this.#halted) return;
    this.#halted = false;
    this.#enter();
  }

  /** The hypervisor takes the physical processor away: interrupts wait, but for urgent ones. */
  preempt(): void {
    if (this.#preempted) return;
    this.#preempted = true;
    this.descriptor?.direct(URGENT_ONLY);
    this.#collect();
  }

  /** The hypervisor gives it back. */
  resume(): void {
    if (!this.#preempted) return;
    this.#preempted = false;
    this.#enter();
  }

  save(): VirtualProcessorState {
    return {
      processor: this.processor.save(),
      descriptor: this.descriptor?.address ?? null,
      halted: this.#halted,
      preempted: this.#preempted,
      idle: this.idle,
      notified: this.#notified,
      wakeUp: this.#wakeUp,
      statistics: { ...this.statistics },
    };
  }

  /** Puts back all but the descriptor, which lies in the machine's RAM. Throws FormatError for what is no such state. */
  restore(state: VirtualProcessorState): void {
    const statistics = { ...NOTHING };
    for (const name of Object.keys(NOTHING) as (keyof VirtualProcessorStatistics)[]) {
      statistics[name] = state.statistics[name];
      if (!Number.isSafeInteger(statistics[name])) throw new FormatError("virtual processor", `${name} is no count`);
    }
    if (state.idle !== "poll" && state.idle !== "halt") {
      throw new FormatError("virtual processor", `${String(state.idle)} is neither poll nor halt`);
    }
    this.processor.restore(state.processor);
    this.#halted = state.halted === true;
    this.#preempted = state.preempted === true;
    this.idle = state.idle;
    this.#notified = state.notified === true;
    this.#wakeUp = state.wakeUp === true;
    Object.assign(this.statistics, statistics);
  }

  /** The wake-up handler of the hypervisor: an urgent request ends a preemption. */
  #onWakeUp(): void {
    this.#wakeUp = false;
    if (this.activity === "running" || this.descriptor?.outstanding !== true) {
      this.statistics.spurious++;
      return;
    }
    this.statistics.wakeUps++;
    this.#preempted = false;
    this.#halted = false;
    this.#enter();
  }

  /** What the processor does with the active vector while the VM runs; otherwise the hypervisor sees it. */
  #onNotification(): void {
    this.#notified = false;
    if (this.activity !== "running") {
      this.statistics.spurious++;
      return;
    }
    this.statistics.notifications++;
    this.statistics.posted += this.descriptor?.take(this.#request) ?? 0;
  }

  /**
   * Enters the VM in its new activity, with what was posted before: what is not notified any more once ON was cleared
   * is collected, each time.
   */
  #enter(): void {
    if (this.#preempted) return;
    this.descriptor?.direct(this.#halted ? WAKE_UP : ACTIVE);
    this.#collect();
    if (!this.#halted || !this.processor.waiting) return;
    this.wake();
  }

  #collect(): void {
    this.statistics.collected += this.descriptor?.collect(this.#request) ?? 0;
  }

  readonly #request = (vector: number): void => this.processor.request(vector);
}

/** The address of a saved descriptor. Throws FormatError when it is none. */
export function savedDescriptor({ descriptor }: VirtualProcessorState): Hpa | undefined {
  if (descriptor === null) return undefined;
  if (!Number.isSafeInteger(descriptor) || descriptor < 0) {
    throw new FormatError("virtual processor", `${String(descriptor)} is no descriptor's address`);
  }
  return descriptor as Hpa;
}
