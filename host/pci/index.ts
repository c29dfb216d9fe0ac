// The public surface of the PCI Express room.

export type { AddressRange, ResourceWindows } from "./assign.ts";
export type { BarKind, BarOptions } from "./bar.ts";
export { Bridge } from "./bridge.ts";
export { acsCapability } from "./capabilities/acs.ts";
export { type AerOptions, aerCapability } from "./capabilities/aer.ts";
export { ariCapability } from "./capabilities/ari.ts";
export { atsCapability } from "./capabilities/ats.ts";
export { deviceSerialNumberCapability, type SerialNumber } from "./capabilities/device-serial-number.ts";
export { type ExpressOptions, expressCapability } from "./capabilities/express.ts";
export { ltrCapability } from "./capabilities/ltr.ts";
export { msiCapability } from "./capabilities/msi.ts";
export { type MsixOptions as MsixCapabilityOptions, msixCapability } from "./capabilities/msix.ts";
export { pasidCapability } from "./capabilities/pasid.ts";
export { powerManagementCapability } from "./capabilities/power-management.ts";
export { priCapability } from "./capabilities/pri.ts";
export { subsystemCapability } from "./capabilities/subsystem.ts";
export { tphCapability } from "./capabilities/tph.ts";
export type { Capability, FoundCapability } from "./capability.ts";
export { addCapability, capabilities, findCapability, findExtendedCapability } from "./capability.ts";
export type { RegisterRow, ResetKind } from "./config-space.ts";
export { ConfigSpace } from "./config-space.ts";
export type { ConfigAccess } from "./ecam.ts";
export { ecamSize } from "./ecam.ts";
export type { EnumerateOptions } from "./enumerate.ts";
export { enumerate, flatten } from "./enumerate.ts";
export type { ErrorDetails } from "./errors.ts";
export type { PciFunctionOptions, PciFunctionState } from "./function.ts";
export { PciFunction } from "./function.ts";
export type { Identity } from "./header.ts";
export { type0Header, type1Header, virtualFunctionHeader } from "./header.ts";
export { Msi } from "./msi.ts";
export type { MsixOptions } from "./msix.ts";
export { MsixTable } from "./msix.ts";
export type { PortOptions } from "./port-profiles.ts";
export {
  hostBridgeProfile,
  rootPortProfile,
  switchDownstreamProfile,
  switchUpstreamProfile,
} from "./port-profiles.ts";
export type { FoundBar, FoundBridge, FoundFunction, FoundSriov } from "./probe.ts";
export { probe } from "./probe.ts";
export type { BarProfile, FunctionProfile, PlacedCapability } from "./profile.ts";
export { profileConfig } from "./profile.ts";
export type { RootComplexOptions, RootComplexState } from "./root-complex.ts";
export { RootComplex } from "./root-complex.ts";
export type { SriovOptions } from "./sriov.ts";
export { Sriov } from "./sriov.ts";
export type { RootRequest, TlpHeader } from "./tlp.ts";
export type { TreeEntry } from "./topology.ts";
export { functionsByPath } from "./topology.ts";
export type { DecodedRange, ErrorSeverity, Upstream } from "./upstream.ts";
