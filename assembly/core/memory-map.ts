// A machine's physical address map as the module sees it: which region answers at an HPA, and copies
// to and from it. Whether a requester may touch the address is decided before, in iommu/.

import {
  MAP_COUNT,
  MAP_GENERATION,
  MAP_ORDER,
  MAP_REGIONS,
  MAP_SCRATCH,
  MAP_TRACED,
  REGION_DELTA,
  REGION_KIND,
  REGION_KIND_MMIO,
  REGION_KIND_NONE,
  REGION_KIND_RAM,
  REGION_LIMIT,
  REGION_SIZE,
} from "../spec/abi/memory-map";
import { hostExchange, hostRead, hostWrite } from "./env";

const REFUSED: f64 = -1;

/** One region of the map; region 0 is where nothing answers. */
@unmanaged
export class Region {
  base: u64;
  limit: u64;
  delta: u32;
  kind: u32;
  reserved: u64;

  /** Whether all of `length` bytes at `hpa` lie in this region. */
  @inline holds(hpa: u64, length: u32): bool {
    return hpa >= this.base && hpa <= this.limit && <u64>length <= this.limit - hpa + 1;
  }

  /** The place in linear memory of `hpa`, which must lie in this region of kind RAM. */
  @inline pointer(hpa: u64): usize {
    return <usize>(<u32>hpa + this.delta);
  }
}

@unmanaged
export class MemoryMap {
  mapId: u32;
  count: u32;
  regions: usize;
  order: usize;
  scratch: usize;
  generation: u32;
  traced: u32;
  reserved1: u32;

  @inline region(index: u32): Region {
    return changetype<Region>(this.regions + <usize>index * REGION_SIZE);
  }

  /** The number of the region that holds `hpa`, 0 when nothing answers there. */
  find(hpa: u64): u32 {
    let low: u32 = 0;
    let high: u32 = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const index = <u32>load<u16>(this.order + ((<usize>middle) << 1));
      const region = this.region(index);
      if (hpa > region.limit) low = middle + 1;
      else if (hpa < region.base) high = middle;
      else return index;
    }
    return 0;
  }

  /**
   * Copies `length` bytes at `hpa` to `pointer`; they must not cross the region's end. False when nothing answers.
   * Registers (MMIO) are read as the bus would: only for lengths of 1, 2 or 4, aligned.
   */
  read(index: u32, hpa: u64, pointer: usize, length: u32): bool {
    const region = this.region(index);
    const kind = region.kind;
    if (kind == REGION_KIND_NONE || !region.holds(hpa, length)) return false;
    if (kind == REGION_KIND_RAM) {
      memory.copy(pointer, region.pointer(hpa), length);
      return true;
    }
    const offset = hpa - region.base;
    return hostRead(this.mapId, index, <u32>offset, <u32>(offset >> 32), pointer, length) != 0;
  }

  /** Copies `length` bytes at `pointer` to `hpa`; otherwise as `read`. */
  write(index: u32, hpa: u64, pointer: usize, length: u32): bool {
    const region = this.region(index);
    const kind = region.kind;
    if (kind == REGION_KIND_NONE || !region.holds(hpa, length)) return false;
    if (kind == REGION_KIND_RAM) {
      memory.copy(region.pointer(hpa), pointer, length);
      return true;
    }
    const offset = hpa - region.base;
    return hostWrite(this.mapId, index, <u32>offset, <u32>(offset >> 32), pointer, length) != 0;
  }

  /**
   * Replaces the aligned dword at `hpa` by `desired` if it is `expected`, in one step. The dword as it was, or -1 when
   * no memory answers.
   */
  exchange(index: u32, hpa: u64, expected: u32, desired: u32): f64 {
    const region = this.region(index);
    const kind = region.kind;
    if (kind == REGION_KIND_NONE || kind == REGION_KIND_MMIO) return REFUSED;
    if (kind == REGION_KIND_RAM) {
      // Nobody else runs on this memory meanwhile.
      const found = load<u32>(region.pointer(hpa));
      if (found == expected) store<u32>(region.pointer(hpa), desired);
      return found;
    }
    const offset = hpa - region.base;
    return hostExchange(this.mapId, index, <u32>offset, <u32>(offset >> 32), expected, desired);
  }
}

if (offsetof<MemoryMap>("count") != MAP_COUNT) ERROR("MAP_COUNT");
if (offsetof<MemoryMap>("regions") != MAP_REGIONS) ERROR("MAP_REGIONS");
if (offsetof<MemoryMap>("order") != MAP_ORDER) ERROR("MAP_ORDER");
if (offsetof<MemoryMap>("scratch") != MAP_SCRATCH) ERROR("MAP_SCRATCH");
if (offsetof<MemoryMap>("generation") != MAP_GENERATION) ERROR("MAP_GENERATION");
if (offsetof<MemoryMap>("traced") != MAP_TRACED) ERROR("MAP_TRACED");
if (offsetof<Region>("limit") != REGION_LIMIT) ERROR("REGION_LIMIT");
if (offsetof<Region>("delta") != REGION_DELTA) ERROR("REGION_DELTA");
if (offsetof<Region>("kind") != REGION_KIND) ERROR("REGION_KIND");
if (offsetof<Region>() != REGION_SIZE) ERROR("REGION_SIZE");
