// What an attachment needs of the thing whose hardware the guest gets: a whole machine, or a VM of a hypervisor.
import type { MmioHandler } from "../../core/ports.ts";
import type { DeliveredInterrupt } from "../../machine/interrupt-fabric.ts";
import type { RootComplex } from "../../pci/root-complex.ts";
import type { GuestRam } from "./guest-ram.ts";

/** A window of registers of the board itself. */
export interface BoardWindow {
  base: number;
  size: number;
  handler: MmioHandler;
}

/** Where the guest finds what, in its physical addresses. */
export interface BoardLayout {
  ecam: { base: number; size: number };
  /** Where BARs may lie: what firmware and the DSDT give to PCI, around configuration space. Ascending. */
  memory: readonly { base: number; size: number }[];
}

export interface Board {
  /** Names the board in errors and states. */
  readonly kind: "machine" | "vm";
  /** The guest's RAM, where the board has it already. */
  readonly ram?: GuestRam;
  /** The guest's PCI topology, without a host bridge: the emulator has one. */
  readonly root: RootComplex;
  /** The remapping unit's registers, if the guest is to see one. */
  readonly unit: (BoardWindow & { addressWidth: number; remapsInterrupts: boolean }) | undefined;
  /**
   * Makes `ram` what devices reach at the guest's addresses. Gives how to take it back. Throws ArgumentError, with
   * nothing changed, when something else is there.
   */
  place(ram: GuestRam, layout: BoardLayout): () => void;
  /** Sends the guest's interrupts to `sink`, which records and acts later. Gives how to end that. */
  connect(sink: (interrupt: Pick<DeliveredInterrupt, "vector" | "deliveryMode">) => void): () => void;
  /** The time that has passed for the board, in nanoseconds. */
  readonly nowNs: number;
  /** When something is due without being asked, in the same time; infinity when nothing is. */
  readonly nextDeadlineNs: number;
  /** The machine was disposed of: nothing of the board may be used any more. */
  readonly disposed: boolean;
  /** Lets `ns` nanoseconds pass and devices work. Gives the frames moved. */
  run(ns: number): number;
  /** The power-up reset, when the guest's board is reset. */
  reset(): void;
  save(): object;
  restore(state: object): void;
}
