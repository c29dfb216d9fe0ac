// The narrow ports through which the parts of a machine see each other.
import type { RequesterId } from "./address.ts";

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

/** A function's DMA: through the IOMMU that covers it, into the physical address map. */
export interface DmaPort {
  /** Reads `target.length` bytes. False when any byte was refused; the rest of `target` is then all-ones. */
  read(requesterId: RequesterId, addressLo: number, addressHi: number, target: Uint8Array, pasid?: number): boolean;
  /** Writes `source`. False when any byte was refused; the bytes before it were written. */
  write(requesterId: RequesterId, addressLo: number, addressHi: number, source: Uint8Array, pasid?: number): boolean;
}

/** A part of a machine whose state can be saved; `restore` takes what `save` gave, for a part built alike. */
export interface Snapshotable<State> {
  save(): State;
  restore(state: State): void;
}
