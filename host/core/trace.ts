// The one port through which a machine's events can be watched. Costs one comparison while nobody listens.
import { checkFunction } from "./arguments.ts";

export type TraceEvent =
  /** An interrupt went to a processor: a function's, as remapping let it pass. */
  | { kind: "interrupt"; requesterId: number; destination: number; vector: number }
  /** An interrupt was posted: `vector` was set in the descriptor at this address of the host. */
  | {
      kind: "interrupt-posted";
      requesterId: number;
      descriptor: number;
      vector: number;
      /** Whom the notification went to; undefined when none was due. */
      notified: { destination: number; vector: number } | undefined;
    }
  | {
      kind: "interrupt-refused";
      requesterId: number;
      addressLo: number;
      addressHi: number;
      data: number;
      /** A fault reason of VT-d 5.10 §7.1.3 or §5.1.4.1. */
      reason: number;
    }
  /** The IOMMU refused a DMA request, at this address. */
  | {
      kind: "dma-refused";
      requesterId: number;
      addressLo: number;
      addressHi: number;
      access: "read" | "write";
      reason: number;
    }
  /** In strict mode: the IOMMU used what it had cached and memory does not say any more; `missing` in one line. */
  | {
      kind: "stale";
      requesterId: number;
      /** The request's address, `0x…`; undefined for an interrupt. */
      iova: string | undefined;
      cached: string;
      actual: string;
      missing: string;
    }
  /** The IOMMU dropped what it had cached. */
  | {
      kind: "invalidation";
      cache: "contexts" | "translations" | "interrupts" | "pasids" | "spaces";
      scope: "all" | "domain" | "pasid" | "one";
      /** Domain-id, or the first index of interrupt entries. */
      id: number;
      /** Of one page its address, of one device its source-id. */
      addressLo: number;
      addressHi: number;
      /** Of the scope "pasid", and of pages of a "spaces" invalidation. */
      pasid?: number;
    }
  /** `vm` is "administrator" for the software that drives the PFs. */
  | { kind: "config"; vm: string; requesterId: number; offset: number; width: number; write: boolean; value: number }
  | { kind: "mmio"; vm: string; address: number; width: number; write: boolean; value: number }
  | { kind: "assign" | "revoke"; vm: string; requesterId: number }
  | { kind: "reset"; requesterId: number; reset: "cold" | "hot" | "flr" | "pm" }
  /** A descriptor queue (numbered in its port) was taken out of service for what its driver put into it. */
  | {
      kind: "queue-stopped";
      requesterId: number;
      direction: "receive" | "transmit";
      queue: number;
      reason: StopReason;
    }
  /** Frames of a transmit queue (numbered in its port) were dropped: their source or VLAN is not the sender's. */
  | { kind: "forged"; requesterId: number; queue: number }
  /** A frame came from the wire of a port, or left for it. */
  | { kind: "frame"; requesterId: number; direction: "in" | "out"; length: number };

/**
 * Why a queue was stopped: its ring has no length; head or tail lie beyond it; ring or buffer are not to be reached; a
 * descriptor makes no sense; a frame was forged, is too long, has no end, or its offloads cannot be done.
 */
export type StopReason =
  | "length"
  | "index"
  | "ring"
  | "buffer"
  | "descriptor"
  | "forged"
  | "size"
  | "unended"
  | "offload";

/** Called with every event, outside the module. Must not call into the machine. */
export type TraceListener = (event: TraceEvent) => void;

export class Trace {
  #listener: TraceListener | undefined;
  readonly #onSwitch: (on: boolean) => void;

  /** @param onSwitch called when somebody begins or ceases to listen. */
  constructor(onSwitch: (on: boolean) => void = () => {}) {
    this.#onSwitch = onSwitch;
  }

  /** Who is told of events as they happen; undefined when nobody listens. */
  get listener(): TraceListener | undefined {
    return this.#listener;
  }

  /** Throws ArgumentError, with nothing changed, for what is no function. */
  set listener(listener: TraceListener | undefined) {
    if (listener !== undefined) checkFunction("listener", listener);
    const before = this.#listener;
    this.#listener = listener;
    if ((before === undefined) !== (listener === undefined)) this.#onSwitch(listener !== undefined);
  }
}
