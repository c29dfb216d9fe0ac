// The module's only imports (module name "env"). The host answers for memory that is not in this
// WebAssembly.Memory: an embedder's RAM and MMIO windows. Offsets are relative to the region's base.

/** Reads `length` bytes of a host region into linear memory at `pointer`. Returns 1, or 0 when it was refused. */
export declare function hostRead(
  mapId: u32,
  region: u32,
  offsetLo: u32,
  offsetHi: u32,
  pointer: usize,
  length: u32,
): u32;

/** Writes `length` bytes of linear memory at `pointer` into a host region. Returns 1, or 0 when it was refused. */
export declare function hostWrite(
  mapId: u32,
  region: u32,
  offsetLo: u32,
  offsetHi: u32,
  pointer: usize,
  length: u32,
): u32;

/**
 * Replaces an aligned dword of a host region by `desired` if it is `expected`, in one step even where others use the
 * memory at the same time. Returns the dword as it was, or -1 when it was refused.
 */
export declare function hostExchange(
  mapId: u32,
  region: u32,
  offsetLo: u32,
  offsetHi: u32,
  expected: u32,
  desired: u32,
): f64;

/**
 * Performs `count` transfers (spec/abi/memory-map) in order. A refused one is marked and skipped, and so are those of the
 * same queue behind it. Returns how many were done.
 */
export declare function hostTransfer(mapId: u32, list: usize, count: u32): u32;

/**
 * Fetches the headers of `count` frames (spec/abi/delivery), in order, up to the first one that is refused. Returns how
 * many came.
 */
export declare function hostHeaders(mapId: u32, list: usize, count: u32): u32;

/**
 * Delivers `count` frames (spec/abi/delivery) in order, each for itself, and says in each what was refused. `written` is
 * dword 2 of the receive descriptors. Returns how many had nothing refused.
 */
export declare function hostDeliver(mapId: u32, list: usize, count: u32, written: u32): u32;

/**
 * Moves `count` frames of one flow (spec/abi/flow) in order, up to the first that is of another. Returns how many came;
 * the others are as they were.
 */
export declare function hostFlow(mapId: u32, list: usize, count: u32): u32;

/** A 4-byte DMA write into the interrupt address range: an interrupt request (VT-d 5.10 §5.1). */
export declare function hostMessage(mapId: u32, requesterId: u32, addressLo: u32, addressHi: u32, data: u32): void;

/**
 * In strict mode: `unit` answered a DMA request for ACCESS_ bits `access` with an HPA, or refused it with `reason`, not 0.
 * `pasid` is PASID_PRESENT and a PASID, or 0; `stale` are USE_ bits (spec/abi/strict).
 */
export declare function hostUse(
  mapId: u32,
  unit: usize,
  requesterId: u32,
  pasid: u32,
  iovaLo: u32,
  iovaHi: u32,
  access: u32,
  hpaLo: u32,
  hpaHi: u32,
  reason: u32,
  stale: u32,
): void;

/** In strict mode: `unit` used the cached interrupt entry `index`, four dwords. */
export declare function hostUseEntry(
  mapId: u32,
  unit: usize,
  requesterId: u32,
  index: u32,
  word0: u32,
  word1: u32,
  word2: u32,
  word3: u32,
): void;

/** Something happened that a listener may want to know (spec/abi/trace.ts): only while `MemoryMap.traced` is set. */
export declare function hostTrace(
  mapId: u32,
  kind: u32,
  requesterId: u32,
  addressLo: u32,
  addressHi: u32,
  detail: u32,
): void;
