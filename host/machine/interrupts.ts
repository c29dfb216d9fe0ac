// What becomes of a message-signalled interrupt: through the IOMMU's remapping, then to a processor.
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../assembly/spec/vtd/interrupt-range.ts";
import type { RequesterId } from "../core/address.ts";
import { FormatError } from "../core/errors.ts";
import type { MessagePort, Snapshotable } from "../core/ports.ts";
import type { Trace } from "../core/trace.ts";
import { compatibilityInterrupt, InterruptFabric, unitInterrupt } from "./interrupt-fabric.ts";
import type { EventMessage, IommuUnit, PostedInterrupt } from "./iommu-unit.ts";

export interface InterruptCounts {
  /** Interrupt requests that functions made. */
  raised: number;
  /** Those that a processor took. */
  delivered: number;
  /** Those that remapping refused. */
  blocked: number;
  /** Those that were let through to a destination where no processor is, and notifications to such a one. */
  lost: number;
  /** Those that were recorded in a posted-interrupt descriptor, */
  posted: number;
  /** of them: with a notification to a processor, */
  notified: number;
  /** without, because one was outstanding (ON), */
  coalesced: number;
  /** without, because they are suppressed (SN). */
  suppressed: number;
}

const NO_INTERRUPTS: InterruptCounts = {
  raised: 0,
  delivered: 0,
  blocked: 0,
  lost: 0,
  posted: 0,
  notified: 0,
  coalesced: 0,
  suppressed: 0,
};

interface Message {
  requesterId: number;
  addressLo: number;
  addressHi: number;
  data: number;
}

export interface InterruptsState {
  counts: InterruptCounts;
  queued: readonly Message[];
}

export class Interrupts implements MessagePort, Snapshotable<InterruptsState> {
  readonly fabric: InterruptFabric = new InterruptFabric();
  readonly counts: InterruptCounts = { ...NO_INTERRUPTS };
  readonly #trace: Trace;
  #unit: IommuUnit | undefined;
  #queued: Message[] = [];

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** Names the unit that every message passes. */
  connect(unit: IommuUnit): void {
    this.#unit = unit;
  }

  /** A 4-byte memory write of a function: an interrupt request in the interrupt range, elsewhere an ordinary DMA write. */
  message(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): void {
    const unit = this.#unit as IommuUnit;
    if (addressHi !== 0 || addressLo < INTERRUPT_RANGE_BASE || addressLo > INTERRUPT_RANGE_LIMIT) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, data, true);
      unit.dma.write(requesterId, addressLo, addressHi, bytes);
      return;
    }
    this.counts.raised++;
    const result = unit.remap(requesterId, addressLo, addressHi, data);
    if (result.kind === "refused") {
      this.counts.blocked++;
      this.#trace.listener?.({
        kind: "interrupt-refused",
        requesterId,
        addressLo,
        addressHi,
        data,
        reason: result.reason,
      });
      return;
    }
    if (result.kind === "posted") {
      this.#notify(requesterId, result.posted);
      return;
    }
    const interrupt = result.kind === "deliver" ? result.interrupt : compatibilityInterrupt(addressLo, data);
    const { destination, vector } = interrupt;
    this.#trace.listener?.({ kind: "interrupt", requesterId, destination, vector });
    if (this.fabric.deliver(interrupt) > 0) this.counts.delivered++;
    else this.counts.lost++;
  }

  /** Sends the notification of a posted interrupt, if one is due. */
  #notify(requesterId: RequesterId, { descriptor, vector, outcome, notification }: PostedInterrupt): void {
    const { counts } = this;
    counts.posted++;
    const listener = this.#trace.listener;
    if (listener !== undefined) {
      const notified = notification && { destination: notification.destination, vector: notification.vector };
      listener({ kind: "interrupt-posted", requesterId, descriptor, vector, notified });
    }
    if (outcome === "outstanding") counts.coalesced++;
    if (outcome === "suppressed") counts.suppressed++;
    if (notification === undefined) return;
    counts.notified++;
    if (this.fabric.deliver(notification) === 0) counts.lost++;
  }

  /** An interrupt request of the IOMMU itself: it is not remapped (VT-d 5.10 §5.1.7). */
  unitMessage(message: EventMessage): void {
    const unit = this.#unit as IommuUnit;
    this.fabric.deliver(unitInterrupt(message, unit.extendedDestinations));
  }

  /** Keeps a message that arrives while the module runs, until `flush`. */
  queue(requesterId: number, addressLo: number, addressHi: number, data: number): void {
    this.#queued.push({ requesterId, addressLo, addressHi, data });
  }

  /** Sends what was queued. */
  flush(): void {
    if (this.#queued.length === 0) return;
    const queued = this.#queued;
    this.#queued = [];
    for (const { requesterId, addressLo, addressHi, data } of queued) {
      this.message(requesterId as RequesterId, addressLo, addressHi, data);
    }
  }

  /** Forgets what was queued. */
  reset(): void {
    this.#queued = [];
  }

  save(): InterruptsState {
    return { counts: { ...this.counts }, queued: this.#queued.map((message) => ({ ...message })) };
  }

  /** Throws FormatError, with nothing changed, for counts or messages that are none. */
  restore(state: InterruptsState): void {
    const counts = { ...NO_INTERRUPTS };
    for (const name of Object.keys(NO_INTERRUPTS) as (keyof InterruptCounts)[]) counts[name] = state.counts[name];
    const queued = state.queued.map(({ requesterId, addressLo, addressHi, data }) => {
      return { requesterId, addressLo, addressHi, data };
    });
    const numbers = [...Object.values(counts), ...queued.flatMap((message) => Object.values(message))];
    const wrong = numbers.find((value) => !Number.isSafeInteger(value) || value < 0);
    if (wrong !== undefined || numbers.includes(undefined as never)) {
      throw new FormatError("interrupts", `${wrong} is no count, nor part of a message`);
    }
    Object.assign(this.counts, counts);
    this.#queued = queued;
  }
}
