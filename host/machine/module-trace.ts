// What the module tells of while it runs, kept until it has returned: a listener that fails must not unwind through it.
import { ACCESS_WRITE } from "../../assembly/spec/abi/iommu.ts";
import * as abi from "../../assembly/spec/abi/trace.ts";
import { GRANULARITY_DOMAIN, GRANULARITY_FINE, GRANULARITY_GLOBAL } from "../../assembly/spec/vtd/descriptors.ts";
import { bits } from "../core/bits.ts";
import type { Trace, TraceEvent } from "../core/trace.ts";

type Invalidation = Extract<TraceEvent, { kind: "invalidation" }>;

const SCOPES = new Map<number, Invalidation["scope"]>([
  [GRANULARITY_GLOBAL, "all"],
  [GRANULARITY_DOMAIN, "domain"],
  [GRANULARITY_FINE, "one"],
  [abi.TRACE_GRANULARITY_PASID, "pasid"],
]);

const CACHES = new Map<number, Invalidation["cache"]>([
  [abi.TRACE_CONTEXTS, "contexts"],
  [abi.TRACE_TRANSLATIONS, "translations"],
  [abi.TRACE_INTERRUPT_ENTRIES, "interrupts"],
  [abi.TRACE_PASIDS, "pasids"],
  [abi.TRACE_SPACES, "spaces"],
]);

function decode(kind: number, id: number, addressLo: number, addressHi: number, detail: number): TraceEvent {
  const cache = CACHES.get(kind);
  if (cache === undefined) {
    const write = (bits(detail, abi.TRACE_ACCESS_HI, abi.TRACE_ACCESS_LO) & ACCESS_WRITE) !== 0;
    const reason = bits(detail, abi.TRACE_REASON_HI, abi.TRACE_REASON_LO);
    return { kind: "dma-refused", requesterId: id, addressLo, addressHi, access: write ? "write" : "read", reason };
  }
  const granularity = bits(detail, abi.TRACE_GRANULARITY_HI, abi.TRACE_GRANULARITY_LO);
  const scope = SCOPES.get(granularity) as Invalidation["scope"];
  const event: Invalidation = { kind: "invalidation", cache, scope, id, addressLo, addressHi };
  const named = scope === "pasid" || (cache === "spaces" && scope === "one");
  return named ? { ...event, pasid: bits(detail, abi.TRACE_PASID_HI, abi.TRACE_PASID_LO) } : event;
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
