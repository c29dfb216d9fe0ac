// What a machine asks of a device: its functions, its turns, its state.
import type { Hpa } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { DmaPort, Snapshotable } from "../core/ports.ts";
import type { PciFunction } from "../pci/function.ts";

/**
 * A device, for `machine.plug`. Registers behind its BARs are read and written at any moment: a doorbell marks work, and
 * `service` does it, in the machine's turns. DMA goes through `machine.iommu.dma` under the function's requester ID, and
 * only while `requestsReachRoot()` of the function says so; interrupts are raised with a `MsixTable` or `fn.msi`.
 */
export interface Endpoint extends Snapshotable<unknown> {
  /** The physical functions in order of their numbers. */
  readonly functions: readonly PciFunction[];
  /** Does what is due, at most `budget` frames or requests of it, at every moment at which the machine works. Returns how many. */
  service(budget: number): number;
  /**
   * When something is due without being asked, a whole number of the machine's nanoseconds; infinity when nothing is.
   * `service` does what is due, so that this is no moment of the past for long: a run ends with an error at a device that
   * is late for a thousand turns and does nothing.
   */
  readonly nextDeadlineNs: number;
  /** What is in the device, its functions' `save()` among it: objects, arrays, texts, numbers, booleans and Uint8Arrays. */
  save(): unknown;
}

/** What a small endpoint sees of the machine. */
export interface EndpointPorts {
  clock: Clock;
  dma: DmaPort;
  /** The physical address map as a processor sees it. False when a byte of it answers nothing. */
  readMemory(address: Hpa, target: Uint8Array): boolean;
}
