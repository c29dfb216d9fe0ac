// What the demonstration takes and what it gives: the same in a terminal, in a page and in a test.
import type { StaleUse } from "../machine/strict/types.ts";

/** How the demonstration runs; every member has a default. */
export interface DemoOptions {
  /** Virtual machines, one virtual function each; 1–128, default 8. */
  vms?: number;
  /** Ethernet frames that the VMs and the uplink send to each other. */
  frames?: number;
  /** Seed of every random choice; the same seed gives the same traffic. 0–2^32-1. */
  seed?: number;
  /** Ethernet frames, without their check sequence, that arrive at the card's uplink besides. */
  replay?: readonly Uint8Array[];
  /** Called with every frame that leaves by the uplink; the array is valid during the call. `timeNs` is the machine's. */
  capture?: (frame: Uint8Array, timeNs: number) => void;
}

/** Who watches the demonstration run. */
export interface DemoObserver {
  /** `done` of `total` steps of the phase `what` are over. */
  progress?(done: number, total: number, what: string): void;
  /** With it the machine runs in strict mode: a cache was used that memory does not bear out. */
  stale?(use: StaleUse): void;
}

/** One claim, held against what was observed. */
export interface DemoCheck {
  /** The claim's name: `probe`, `delivery`, `interrupt-posting`, `interrupt-remapping`, `isolation`, `snapshot`, `revocation` at least. */
  name: string;
  /** The claim in one sentence. */
  claim: string;
  ok: boolean;
  /** What was counted or seen, by name. */
  figures: Record<string, number | string | boolean>;
}

/** A refused DMA or interrupt, decoded from its fault record. */
export interface DemoFault {
  reason: string;
  /** The requester as `bb:dd.f`. */
  requesterId: string;
  /** The I/O virtual address, `0x…`; of an interrupt, the remapping entry that it named. */
  iova: string;
}

/** What `iovirt demo --json` prints, and the topology. */
export interface DemoResult {
  vms: number;
  checks: DemoCheck[];
  frames: {
    sent: number;
    delivered: number;
    bytes: number;
    /** Delivered frames per second of wall clock; the guests' software and the checks of each frame are included. */
    perSecond: number;
    nsPerFrame: number;
  };
  dma: {
    translations: number;
    /** 0–1. */
    iotlbHitRate: number;
    faults: DemoFault[];
  };
  /**
   * `delivered` counts those that reached a processor or a VM's descriptor, `posted` the latter, `coalesced` those of
   * them that a notification on its way covered, `wakeUps` VMs that were woken. `blocked` counts the foreign and forged
   * ones and those of a function that was taken away.
   */
  interrupts: {
    raised: number;
    delivered: number;
    blocked: number;
    misrouted: number;
    posted: number;
    coalesced: number;
    wakeUps: number;
  };
  /** The machine's PCI tree as text, one line a function. Not part of the JSON. */
  topology: string;
}

/** Runs the whole demonstration. Throws ArgumentError for an option out of range. */
export type RunDemo = (options?: DemoOptions, observer?: DemoObserver) => Promise<DemoResult>;
