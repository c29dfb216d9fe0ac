// A small guest: what software in a VM can do, and drivers for the card's PF and VFs.
export { type Copy, CopyEngineDriver, type CopyQueue, isCopyEngine } from "./copy-engine-driver.ts";
export { FrameReader, MAX_FRAME, MIN_FRAME, TaggedFrame, type TaggedFrameOptions } from "./frame.ts";
export { DEFAULT_WINDOWS, Guest, type GuestOptions, Registers } from "./guest.ts";
export { BROADCAST, formatMac, MAC_LENGTH, macAt, multicastHash } from "./mac.ts";
export { HostileVf } from "./misbehave.ts";
export { Msix } from "./msix.ts";
export { IgbPfDriver, type IgbPfOptions, type IgbPfState, isIgbPf } from "./pf-driver.ts";
export { type CardKind, PoolFilters } from "./pf-filters.ts";
export { type FoundBar, type FoundCapability, type FoundFunction, probe, probeFunction } from "./probe.ts";
export { type ReceiveHandler, RxRing, type RxRingOptions, type RxRingState } from "./rx-ring.ts";
export {
  type PageFault,
  SharedAddressing,
  type SharedAddressingOptions,
  type WantedPage,
} from "./shared-addressing.ts";
export { VirtualFunctions } from "./sriov.ts";
export { TxRing, type TxRingState } from "./tx-ring.ts";
export { IgbVfDriver, type IgbVfOptions, type IgbVfState, isIgbVf } from "./vf-driver.ts";
export { VfMailbox, type VfMailboxState } from "./vf-mailbox.ts";
export { VfRequests, type VfRequestsState } from "./vf-requests.ts";
export { VfServer, type VfServerState } from "./vf-server.ts";
export { type VfCounts, VfStatistics, type VfStatisticsState } from "./vf-statistics.ts";
