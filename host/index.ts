// The package's public surface.
export { ACCESS_EXECUTE, ACCESS_PRIVILEGED, ACCESS_READ, ACCESS_WRITE } from "../assembly/spec/abi/iommu.ts";
export * from "./core/address.ts";
export { Clock } from "./core/clock.ts";
export { Engine, type EngineOptions, type HostMemory } from "./core/engine.ts";
export { ArgumentError, DisposedError, FormatError, ReentryError, RegionError } from "./core/errors.ts";
export type {
  AccessWidth,
  DmaPort,
  GuestPlatform,
  GuestRam,
  MessagePort,
  MmioHandler,
  Snapshotable,
} from "./core/ports.ts";
export { decodeSnapshot, encodeSnapshot } from "./core/snapshot.ts";
export { Trace, type TraceEvent, type TraceListener } from "./core/trace.ts";
export { CopyEngine, type CopyEngineOptions } from "./device/copy-engine/engine.ts";
export { Edu, type EduOptions } from "./device/edu/edu.ts";
export type { Endpoint, EndpointPorts } from "./device/endpoint.ts";
export { IgbCard, type IgbCardName, type IgbCardOptions } from "./device/igb/card.ts";
export type { Link, LinkPartner } from "./device/igb/phy/link.ts";
export { IgbPort } from "./device/igb/port.ts";
export type { Uplink } from "./device/igb/uplink.ts";
export type { VfLink, VfLinks } from "./device/igb/vf-links.ts";
export { IommuTestdev } from "./device/iommu-testdev/iommu-testdev.ts";
export type { CapturedFrame } from "./embed/pcap/frame.ts";
export { readCapture } from "./embed/pcap/read.ts";
export type { CaptureTime } from "./embed/pcap/time.ts";
export { captureHeader, captureRecord } from "./embed/pcap/write.ts";
export { pcapngHeader, pcapngPacket } from "./embed/pcap/write-pcapng.ts";
export { CaptureEnd, type CaptureEndOptions } from "./embed/wire/capture-end.ts";
export type { ByteStream } from "./embed/wire/net-stream.ts";
export { StreamEnd } from "./embed/wire/stream-end.ts";
export { AssignedFunction, type AssignedFunctionState } from "./hypervisor/assigned-function.ts";
export { Hypervisor, type HypervisorState } from "./hypervisor/hypervisor.ts";
export type { AssignOptions, HypervisorOptions, VmOptions } from "./hypervisor/options.ts";
export {
  type Activity,
  VirtualProcessor,
  type VirtualProcessorState,
  type VirtualProcessorStatistics,
} from "./hypervisor/virtual-processor.ts";
export { Vm } from "./hypervisor/vm.ts";
export { AddressMap, type AddressMapState, type Region } from "./machine/address-map.ts";
export type { BufferSource, RamFunctions } from "./machine/backing.ts";
export type { Cable, CableOptions, CableState, CableTap, EndStatistics } from "./machine/cable/cable.ts";
export type { Cables } from "./machine/cable/cables.ts";
export type { CableEnd, CableLine } from "./machine/cable/end.ts";
export { FunctionEnd, type FunctionEndOptions } from "./machine/cable/function-end.ts";
export type { Slot } from "./machine/endpoints.ts";
export type {
  ExplainedCache,
  ExplainedField,
  ExplainedStep,
  ExplainInterruptRequest,
  ExplainRequest,
  Explanation,
  Halves,
  InterruptVerdict,
  Refusal,
  Verdict,
} from "./machine/explain/types.ts";
export { decodeFault, type FaultRecord, faultAddress, faultText } from "./machine/fault.ts";
export {
  type IommuCapabilities,
  type IommuOptions,
  type PresetName,
  presets,
  type QemuIommuProperties,
  qemuCapabilities,
} from "./machine/iommu-capabilities.ts";
export {
  type EventMessage,
  IOMMU_BLOCK_SIZE,
  type IommuState,
  type IommuStatistics,
  IommuUnit,
  type PostedInterrupt,
  type RemappedInterrupt,
  type RemapResult,
  type TranslateResult,
} from "./machine/iommu-unit.ts";
export type { BoardOptions, CardOptions, DeviceOptions, MachineOptions, MachineState } from "./machine/machine.ts";
export { Machine } from "./machine/machine.ts";
export type { MessageListener } from "./machine/module-memory.ts";
export type { MissingInvalidation, StaleListener, StaleUse } from "./machine/strict/types.ts";
export * from "./pci/index.ts";
