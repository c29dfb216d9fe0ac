// The public surface of the PCI Express room.
export type { BarKind, BarOptions } from "./bar.ts";
export type { Capability, FoundCapability } from "./capability.ts";
export { addCapability, capabilities, findCapability, findExtendedCapability } from "./capability.ts";
export type { RegisterRow, ResetKind } from "./config-space.ts";
export { ConfigSpace } from "./config-space.ts";
export type { ErrorDetails } from "./errors.ts";
export type { PciFunctionState } from "./function.ts";
export { PciFunction } from "./function.ts";
export type { Identity } from "./header.ts";
export { type0Header, type1Header, virtualFunctionHeader } from "./header.ts";
export { Msi } from "./msi.ts";
export type { MsixOptions } from "./msix.ts";
export { MsixTable } from "./msix.ts";
export type { SriovOptions } from "./sriov.ts";
export { Sriov } from "./sriov.ts";
export type { ErrorSeverity, Upstream } from "./upstream.ts";
