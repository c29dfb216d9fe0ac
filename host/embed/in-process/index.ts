// A small guest: what software in a VM can do, and drivers for the card's PF and VFs.
export { FrameReader, MAX_FRAME, MIN_FRAME, TaggedFrame, type TaggedFrameOptions } from "./frame.ts";
export { Guest, type GuestOptions, Registers } from "./guest.ts";
export { BROADCAST, formatMac, MAC_LENGTH, macAt, multicastHash } from "./mac.ts";
export { HostileVf } from "./misbehave.ts";
export { Msix } from "./msix.ts";
export { IgbPfDriver, type IgbPfOptions, isIgbPf } from "./pf-driver.ts";
export { type FoundBar, type FoundCapability, type FoundFunction, probe, probeFunction } from "./probe.ts";
export { type ReceiveHandler, RxRing } from "./rx-ring.ts";
export { VirtualFunctions } from "./sriov.ts";
export { TxRing } from "./tx-ring.ts";
export { IgbVfDriver, type IgbVfOptions, isIgbVf } from "./vf-driver.ts";
