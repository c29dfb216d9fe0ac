// The module's exports as TypeScript sees them: one interface per room of `assembly/`, in the order of
// `assembly/index.ts`. A test holds the names against the built module.

export interface MemoryMapExports {
  /** The number of the region that answers at an HPA, 0 for none. */
  mapFind(map: number, hpaLo: number, hpaHi: number): number;
}

export interface WasmExports extends MemoryMapExports {}
