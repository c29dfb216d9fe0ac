// What a PF and its VFs know of each other.
import type { PciFunction } from "./function.ts";

/** Of a VF: what its PF's SR-IOV capability decides for it. */
export interface VirtualDecoder {
  /** The VF exists, VF MSE is set, and the PF is in D0. */
  readonly memorySpaceEnabled: boolean;
  /** The VF exists, and the PF is in D0. */
  readonly present: boolean;
  readonly pf: PciFunction;
  /** Base of this VF's part of VF BAR `index`, or undefined when it is out of reach. */
  barBase(index: number): number | undefined;
}

/** Of a PF: its VFs. */
export interface VirtualFunctions {
  readonly allVfs: readonly PciFunction[];
  /** Those that exist now. */
  readonly vfs: readonly PciFunction[];
  find(requesterId: number): PciFunction | undefined;
  /** The PF's requester ID changed. */
  captured(): void;
  /** The PF's registers were restored. */
  restored(): void;
}
