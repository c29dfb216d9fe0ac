// What a port is built from, and what it saves.
import type { Clock } from "../../core/clock.ts";
import type { Engine } from "../../core/engine.ts";
import type { Trace } from "../../core/trace.ts";
import type { PciFunctionState, Sriov } from "../../pci/index.ts";
import type { CardProfile } from "./card.ts";
import type { CardShared } from "./card-shared.ts";
import type { MailboxState } from "./mailbox.ts";
import type { PeripheralsState } from "./peripherals.ts";
import type { PfInterruptState } from "./pf-interrupts.ts";
import type { PortStateSnapshot } from "./port-state.ts";
import type { RegisterFileState } from "./register-file.ts";
import type { VfLink } from "./vf-links.ts";
import type { VirtualFunctionState } from "./virtual-function.ts";

export interface IgbPortState {
  pf: PciFunctionState;
  registers: RegisterFileState;
  interrupts: PfInterruptState;
  mailboxes: MailboxState;
  statistics: [number, number][];
  peripherals: PeripheralsState;
  vfLinks: readonly VfLink[];
  /** Frames missed, as far as the PF was told. */
  missed: number;
  vfs: { fn: PciFunctionState; device: VirtualFunctionState }[];
  port: PortStateSnapshot;
}

export interface IgbPortOptions {
  engine: Engine;
  /** The machine's address map and the IOMMU unit that covers the card, in linear memory. */
  map: number;
  unit: number;
  clock: Clock;
  profile: CardProfile;
  /** Which port of how many. */
  number: number;
  ports: number;
  /** MAC address of the card's port 0, and the card's serial number. */
  cardMac: Uint8Array;
  serial: Uint8Array | undefined;
  /** A flash is fitted. */
  flash: boolean;
  shared: CardShared;
  /** PORT_SCRATCH_SIZE bytes in linear memory, which the card's ports share. */
  scratch: number;
  /** Bytes of each of the two frame rings to and from the wire. */
  uplinkBytes: number;
  trace: Trace | undefined;
  /** SR-IOV of the card's first port. */
  leader: Sriov | undefined;
  name: string;
}
