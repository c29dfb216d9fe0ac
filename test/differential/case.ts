// A case: steps that both partners perform, as plain JSON, so that one can be kept and replayed.
import { CAP_REG } from "../../assembly/spec/vtd/capability.ts";
import { CCMD_REG } from "../../assembly/spec/vtd/context-command.ts";
import {
  FEADDR_REG,
  FECTL_REG,
  FEDATA_REG,
  FEUADDR_REG,
  IEADDR_REG,
  IECTL_REG,
  IEDATA_REG,
  IEUADDR_REG,
} from "../../assembly/spec/vtd/event.ts";
import { ECAP_REG } from "../../assembly/spec/vtd/extended-capability.ts";
import { FSTS_REG } from "../../assembly/spec/vtd/fault-status.ts";
import { GCMD_REG, GSTS_REG } from "../../assembly/spec/vtd/global.ts";
import { IRTA_REG } from "../../assembly/spec/vtd/interrupt-table-address.ts";
import { ICS_REG, IQA_REG, IQH_REG, IQT_REG } from "../../assembly/spec/vtd/invalidation-queue.ts";
import { RTADDR_REG } from "../../assembly/spec/vtd/root-table-address.ts";

export type RegisterName =
  | ("CAP" | "ECAP" | "GCMD" | "GSTS" | "RTADDR" | "CCMD" | "FSTS" | "FECTL" | "FEDATA" | "FEADDR" | "FEUADDR")
  | ("IQH" | "IQT" | "IQA" | "ICS" | "IECTL" | "IEDATA" | "IEADDR" | "IEUADDR" | "IRTA" | "IVA" | "IOTLB");

/** Registers by name: offset and bytes. IVA and IOTLB lie where ECAP_REG.IRO says, FRCD where CAP_REG.FRO says. */
export const REGISTERS: Readonly<Record<RegisterName, readonly [offset: number, bytes: 4 | 8]>> = {
  CAP: [CAP_REG, 8],
  ECAP: [ECAP_REG, 8],
  GCMD: [GCMD_REG, 4],
  GSTS: [GSTS_REG, 4],
  RTADDR: [RTADDR_REG, 8],
  CCMD: [CCMD_REG, 8],
  FSTS: [FSTS_REG, 4],
  FECTL: [FECTL_REG, 4],
  FEDATA: [FEDATA_REG, 4],
  FEADDR: [FEADDR_REG, 4],
  FEUADDR: [FEUADDR_REG, 4],
  IQH: [IQH_REG, 8],
  IQT: [IQT_REG, 8],
  IQA: [IQA_REG, 8],
  ICS: [ICS_REG, 4],
  IECTL: [IECTL_REG, 4],
  IEDATA: [IEDATA_REG, 4],
  IEADDR: [IEADDR_REG, 4],
  IEUADDR: [IEUADDR_REG, 4],
  IRTA: [IRTA_REG, 8],
  IVA: [0, 8],
  IOTLB: [8, 8],
};

/** A 64-bit number in JSON: "0x" and digits. */
export type Hex = `0x${string}`;

/** A DMA device of the test machine: 0 to 3 are `edu` functions, "probe" is `iommu-testdev`. */
export type EduNumber = 0 | 1 | 2 | 3;

/** `needed`: without this step the case would ask for what VT-d leaves open, such as the use of a stale entry. */
export type Step =
  /** 64-bit words into memory, ascending from `at`. */
  | { op: "words"; at: Hex; words: Hex[]; needed?: true }
  /** A register written whole. */
  | { op: "register"; name: RegisterName; value: Hex; needed?: true }
  /** DMA out of slot `slot` of the device's buffer to `iova`, or from there into the slot; at most SLOT_SIZE bytes. */
  | { op: "dma"; direction: "write" | "read"; device: EduNumber; iova: Hex; length: number; slot: number }
  /** iommu-testdev writes its pattern to `iova` and looks for it at `hpa`. */
  | { op: "probe"; iova: Hex; hpa: Hex; length: number }
  /** The device's MSI, with this address and 16-bit data. */
  | { op: "message"; device: EduNumber; address: Hex; data: number }
  /** Fault status and the fault record; `clear` clears them afterwards. */
  | { op: "faults"; clear: boolean }
  /** Registers, read whole. */
  | { op: "read"; names: RegisterName[] }
  /** Bytes of memory. */
  | { op: "memory"; at: Hex; length: number };

export interface Case {
  /** The kind of case: a generator's name. */
  kind: string;
  /** The properties of the unit: a key of PLATFORMS. */
  platform: string;
  steps: Step[];
}

/** What a step showed. Steps that only write show nothing. */
export type Outcome =
  | undefined
  | { kind: "faults"; status: number; record: FaultOutcome | undefined }
  | { kind: "registers"; values: Record<string, Hex> }
  | { kind: "memory"; hex: string }
  | { kind: "probe"; result: number }
  /** What the read DMAs of a device left in its buffer, by slot; taken when the case is over. */
  | { kind: "buffer"; device: EduNumber; slots: Record<number, string> }
  /** Words of the target window that are no longer what they were before the case. */
  | { kind: "landed"; words: Record<Hex, Hex> }
  /** What became of the interrupt requests, in order, null for a blocked one; and the unit's own interrupts. */
  | { kind: "interrupts"; messages: (InterruptOutcome | null)[]; events: InterruptOutcome[] };

/** A fault recording register, its fields as VT-d 5.10 §11.4.7.6 names them. */
export interface FaultOutcome {
  reason: number;
  sourceId: number;
  /** FI as it stands in the register: the page of a DMA fault, the index of an interrupt fault in its top bits. */
  information: Hex;
  type: number;
  pasidPresent: boolean;
  pasid: number;
}

/** An interrupt that remapping let pass, as a processor takes it. */
export interface InterruptOutcome {
  destination: number;
  logical: boolean;
  redirectionHint: boolean;
  vector: number;
  deliveryMode: number;
  level: boolean;
}

export function hex(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}
