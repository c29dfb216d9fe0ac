// What a function sees above it: the port or the root complex whose bus it is on.
import type { RequesterId } from "../core/address.ts";
import type { MmioHandler } from "../core/ports.ts";

/** Severity of an error message (PCIe 6.0 §2.2.8.3). */
export type ErrorSeverity = "correctable" | "non-fatal" | "fatal";

export interface Upstream {
  /**
   * Whether a memory request from `requesterId` gets from this bus to the root (bus mastering, link, ACS). `typed`: one
   * whose Address Type is not "untranslated".
   */
  passesRequests(requesterId: RequesterId, typed?: boolean): boolean;
  /**
   * Changes whenever what `passesRequests` says may have changed; without it, or while it is NaN, whoever wants to know
   * has to ask each time.
   */
  requestsVersion?(): number;
  /** Delivers an interrupt that a request carries; the caller has asked `passesRequests`. */
  message(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): void;
  /** Passes ERR_COR, ERR_NONFATAL or ERR_FATAL up to the root port. */
  errorMessage(requesterId: RequesterId, severity: ErrorSeverity): void;
  /** Passes PM_PME up to the root port (PCIe 6.0 §2.2.8.2). */
  powerEvent?(requesterId: RequesterId): void;
  /** `interruptPins` of something below may have changed. */
  pinsChanged?(): void;
  /** A BAR, a window or an enable bit changed: routes that were cached are stale. */
  routesChanged(): void;
}

/** An address range that a function answers. */
export interface DecodedRange {
  readonly space: "memory" | "io";
  readonly base: number;
  readonly size: number;
  /** Address of the handler's offset 0: the BAR's base, which a bridge's window may have cut off. */
  readonly origin: number;
  readonly handler: MmioHandler;
}
