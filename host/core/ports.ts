// The narrow ports through which the parts of a machine see each other.
import type { Gpa, RequesterId } from "./address.ts";

/** Bytes of one register access; wider ones are split by whoever makes them, low half first. */
export type AccessWidth = 1 | 2 | 4;

/** Registers behind a BAR or an MMIO window. Offsets are from its base; values are unsigned. */
export interface MmioHandler {
  read(offset: number, width: AccessWidth): number;
  write(offset: number, width: AccessWidth, value: number): void;
}

/** Where a function's message-signalled interrupts go: a 4-byte memory write (PCIe 6.0 §6.1.4). */
export interface MessagePort {
  message(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): void;
}

/** The PASID TLP prefix of a request (PCIe 6.0 §6.20.1): a PASID of 20 bits, or that and what is asked for with it. */
export type PasidPrefix = number | { pasid: number; execute?: boolean; privileged?: boolean };

/** A function's DMA: through the IOMMU that covers it, into the physical address map. */
export interface DmaPort {
  /** Reads `target.length` bytes. False when any byte was refused; the rest of `target` is then all-ones. */
  read(
    requesterId: RequesterId,
    addressLo: number,
    addressHi: number,
    target: Uint8Array,
    pasid?: PasidPrefix,
  ): boolean;
  /** Writes `source`. False when any byte was refused; the bytes before it were written. */
  write(
    requesterId: RequesterId,
    addressLo: number,
    addressHi: number,
    source: Uint8Array,
    pasid?: PasidPrefix,
  ): boolean;
}

/** What the root complex answers a translation request (PCIe 6.0 §10.2.3): completion status and data, two halves. */
export interface TranslationCompletion {
  /** A COMPLETION_ number; without success the data is 0. */
  status: number;
  lo: number;
  hi: number;
}

export interface TranslationOptions {
  /** 20 bits; undefined for a request without PASID. */
  pasid?: number | undefined;
  /** NW: the device will only read. */
  noWrite?: boolean;
  /** Privileged-mode access; only with PASID, as `execute`. */
  privileged?: boolean;
  execute?: boolean;
}

/** A Page Request message (PCIe 6.0 §10.4.1). Neither read nor write, and last: a Stop Marker. */
export interface PageRequest {
  addressLo: number;
  addressHi: number;
  /** Page request group index, 9 bits. */
  group: number;
  last: boolean;
  read: boolean;
  write: boolean;
  pasid?: number | undefined;
  privileged?: boolean;
  execute?: boolean;
}

/** What a function with a device TLB sends to the root complex besides ordinary DMA. */
export interface TranslationPort {
  translate(
    requesterId: RequesterId,
    addressLo: number,
    addressHi: number,
    options?: TranslationOptions,
  ): TranslationCompletion;
  /** As DmaPort's, at a translated address. */
  readTranslated(requesterId: RequesterId, addressLo: number, addressHi: number, target: Uint8Array): boolean;
  writeTranslated(requesterId: RequesterId, addressLo: number, addressHi: number, source: Uint8Array): boolean;
  /** An Invalidate Completion: the ITag vector, and how many completions the requests of these ITags get, 1 to 8. */
  invalidated(requesterId: RequesterId, tags: number, count: number): void;
  requestPage(requesterId: RequesterId, request: PageRequest): void;
}

/** An Invalidate Request message (PCIe 6.0 §10.3.1). */
export interface InvalidateRequest {
  /** 0 to 31. */
  tag: number;
  pasid: number | undefined;
  /** The message's body, two halves: address, S, Global Invalidate. */
  lo: number;
  hi: number;
}

/** A PRG Response message (PCIe 6.0 §10.4.2). */
export interface PageGroupResponse {
  /** Page request group index, 9 bits. */
  group: number;
  /** A RESPONSE_ number. */
  code: number;
  pasid: number | undefined;
}

/** What the root complex sends to a function with a device TLB. */
export interface TranslationListener {
  invalidate(request: InvalidateRequest): void;
  respond(response: PageGroupResponse): void;
}

/** A part of a machine whose state can be saved; `restore` takes what `save` gave, for a part built alike. */
export interface Snapshotable<State> {
  save(): State;
  restore(state: State): void;
}

/** The RAM of one guest. Every method throws RangeError outside it: a guest's code cannot address more. */
export interface GuestRam {
  /** Bytes, from guest-physical 0. */
  readonly size: number;
  read32(address: Gpa): number;
  write32(address: Gpa, value: number): void;
  readBytes(address: Gpa, target: Uint8Array): void;
  writeBytes(address: Gpa, source: Uint8Array): void;
}

/** What software in a VM (or on the bare machine) can do, and no more. */
export interface GuestPlatform {
  readonly ram: GuestRam;
  /** A configuration read of the function at `requesterId` as this guest numbers it; all-ones where nothing is. */
  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number;
  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void;
  mmioRead(address: Gpa, width: AccessWidth): number;
  mmioWrite(address: Gpa, width: AccessWidth, value: number): void;
  /** The address and data that the function at `requesterId` must write to interrupt this guest with `vector` (16–254). */
  messageFor(vector: number, requesterId: RequesterId): { addressLo: number; addressHi: number; data: number };
  /** Installs the handler of an interrupt vector (16–254). It runs between two of the guest's own steps. */
  onInterrupt(vector: number, handler: () => void): void;
  /** Lets `ns` nanoseconds pass, as a delay loop does: devices work meanwhile, interrupts arrive. */
  wait(ns: number): void;
  /**
   * Stops the processor until it has handled an interrupt, as HLT does, for `ns` nanoseconds at most. False when none
   * came. Absent where only `wait` is to be had.
   */
  halt?(ns: number): boolean;
  /** What the processor does while none of the guest's code runs: "poll", as at first, or "halt" until an interrupt. */
  idle?(how: "poll" | "halt"): void;
}
