// What the module tells of while it runs, kept until it has returned: a listener that fails must not unwind through it.
import { ACCESS_WRITE } from "../../assembly/spec/abi/iommu.ts";
import * as abi from "../../assembly/spec/abi/trace.ts";
import { GRANULARITY_DOMAIN, GRANULARITY_GLOBAL } from "../../assembly/spec/vtd/descriptors.ts";
import { bits } from "../core/bits.ts";
import type { Trace, TraceEvent } from "../core/trace.ts";

const CACHES = new Map<number, "contexts" | "translations" | "interrupts">([
  [abi.TRACE_CONTEXTS, "contexts"],
  [abi.TRACE_TRANSLATIONS, "translations"],
  [abi.TRACE_INTERRUPT_ENTRIES, "interrupts"],
]);

function decode(kind: number, id: number, addressLo: number, addressHi: number, detail: number): TraceEvent {
  const cache = CACHES.get(kind);
  if (cache === undefined) {
    const write = (bits(detail, abi.TRACE_ACCESS_HI, abi.TRACE_ACCESS_LO) & ACCESS_WRITE) !== 0;
    const reason = bits(detail, abi.TRACE_REASON_HI, abi.TRACE_REASON_LO);
    return { kind: "dma-refused", requesterId: id, addressLo, addressHi, access: write ? "write" : "read", reason };
  }
  const granularity = bits(detail, abi.TRACE_GRANULARITY_HI, abi.TRACE_GRANULARITY_LO);
  const scope = granularity === GRANULARITY_GLOBAL ? "all" : granularity === GRANULARITY_DOMAIN ? "domain" : "one";
  return { kind: "invalidation", cache, scope, id, addressLo, addressHi };
}

export class ModuleTrace {
  #kept: TraceEvent[] = [];

  /** Keeps an event of the module. */
  readonly keep = (kind: number, id: number, addressLo: number, addressHi: number, detail: number): void => {
    this.#kept.push(decode(kind, id, addressLo, addressHi, detail));
  };

  /** Hands over what was kept; due when the module has returned. */
  flush(trace: Trace): void {
    if (this.#kept.length === 0) return;
    const kept = this.#kept;
    this.#kept = [];
    for (const event of kept) trace.listener?.(event);
  }
}
