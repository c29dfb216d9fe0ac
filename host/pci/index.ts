// The public surface of the PCI Express room.
export type { BarKind, BarOptions } from "./bar.ts";
export type { Capability, FoundCapability } from "./capability.ts";
export { addCapability, capabilities, findCapability, findExtendedCapability } from "./capability.ts";
export type { RegisterRow, ResetKind } from "./config-space.ts";
export { ConfigSpace } from "./config-space.ts";
export { PciFunction } from "./function.ts";
export type { Identity } from "./header.ts";
export { type0Header, type1Header, virtualFunctionHeader } from "./header.ts";
