// The module's exports as TypeScript sees them: one interface per room of `assembly/`, in the order of
// `assembly/index.ts`. A test holds the names against the built module.

export interface MemoryMapExports {
  /** The number of the region that answers at an HPA, 0 for none. */
  mapFind(map: number, hpaLo: number, hpaHi: number): number;
}

export interface IommuExports {
  /** Bytes of a unit; align it to 64. */
  iommuSize(): number;
  /** Makes a unit of zeroed memory with its register tables laid out. */
  iommuInit(unit: number, map: number, hostAddressWidth: number): void;
  iommuReset(unit: number): void;
  /** The HPA of one access, or minus the reason of its refusal. `pasid`: see PASID_PRESENT of spec/abi/iommu.ts. */
  iommuTranslate(
    unit: number,
    requesterId: number,
    pasid: number,
    iovaLo: number,
    iovaHi: number,
    access: number,
  ): number;
  /** Translates a list of u64 addresses. Returns how many were not refused. */
  iommuTranslateBatch(
    unit: number,
    requesterId: number,
    access: number,
    list: number,
    out: number,
    count: number,
  ): number;
  /** Walks the tables for a list of u64 addresses past all caches; the requester's context must be cached. */
  iommuWalkBatch(unit: number, requesterId: number, access: number, list: number, out: number, count: number): number;
  /** Reads by DMA to `pointer`. Returns 1, or 0 when any of it was refused. */
  iommuDmaRead(
    unit: number,
    requesterId: number,
    pasid: number,
    iovaLo: number,
    iovaHi: number,
    pointer: number,
    length: number,
  ): number;
  iommuDmaWrite(
    unit: number,
    requesterId: number,
    pasid: number,
    iovaLo: number,
    iovaHi: number,
    pointer: number,
    length: number,
  ): number;
  /** The dword at `offset` of the register block. */
  iommuRead32(unit: number, offset: number): number;
  /** Writes those bytes of a dword whose bits in `mask` are set. */
  iommuWrite32(unit: number, offset: number, value: number, mask: number): void;
  /** Lets the invalidation queue go on for a bounded time. Returns 1 when some of it is left. */
  iommuWork(unit: number): number;
}

export interface AtsExports {
  /** A translation request, `readOnly` 1 for NW: leaves 8 bytes at `out`, returns a COMPLETION_ status. */
  iommuTranslationRequest(
    unit: number,
    requesterId: number,
    pasid: number,
    iovaLo: number,
    iovaHi: number,
    readOnly: number,
    out: number,
  ): number;
  /** A translated read to `pointer`. Returns 1, or 0 when any of it was refused. */
  iommuTranslatedRead(
    unit: number,
    requesterId: number,
    hpaLo: number,
    hpaHi: number,
    pointer: number,
    length: number,
  ): number;
  iommuTranslatedWrite(
    unit: number,
    requesterId: number,
    hpaLo: number,
    hpaHi: number,
    pointer: number,
    length: number,
  ): number;
  /** An Invalidate Completion message: ITag vector and completion count. */
  iommuInvalidationCompletion(unit: number, requesterId: number, tags: number, count: number): void;
  /** The host has sent `count` messages of the ring at UNIT_ATS. */
  iommuMessagesSent(unit: number, count: number): void;
  iommuExpireInvalidations(unit: number, nowNs: number): void;
  /** A Page Request message: the code of a response that is to be sent, or RESPONSE_NONE. */
  iommuPageRequest(unit: number, requesterId: number, pasid: number, bodyLo: number, bodyHi: number): number;
}

export interface SriovExports {
  /** Works out what the port's filter and switch registers mean; due after every change of one. */
  portUpdate(port: number): void;
  /** Moves at most `budget` frames. Returns how many; fewer means that nothing is left to do. */
  portService(port: number, budget: number): number;
  /** When a transmit queue that waits for its rate limit may send, in nanoseconds; infinity when none waits. */
  portDeadline(port: number): number;
}

export interface InterruptExports {
  /** Decides an interrupt request: one of REMAP_, with the interrupt or what was posted at `out`. */
  iommuRemap(unit: number, requesterId: number, address: number, data: number, out: number): number;
}

export interface WasmExports extends MemoryMapExports, IommuExports, AtsExports, InterruptExports, SriovExports {}
