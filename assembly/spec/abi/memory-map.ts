// How a machine's physical address map lies in linear memory. The host writes it, assembly/core reads it.
//
//   map ── +0 mapId ─ +4 count ─ +8 regions ─ +12 order ─ +16 scratch
//                                  │            └─ u16 × count: region numbers by ascending base, none overlap
//                                  └─ region 0 (nothing there) │ region 1 │ region 2 │ ...

/** Bytes of the map's header. */
export const MAP_SIZE: u32 = 32;
export const MAP_ID: u32 = 0;
/** Entries of `order`: the regions where something answers; region 0 is not among them. */
export const MAP_COUNT: u32 = 4;
export const MAP_REGIONS: u32 = 8;
export const MAP_ORDER: u32 = 12;
/** A page that the module may use while it works on one guest access. */
export const MAP_SCRATCH: u32 = 16;
/** A number that changes whenever a region comes or goes: whoever caches region numbers compares it. */
export const MAP_GENERATION: u32 = 20;
/** Not 0 while somebody wants to be told by hostTrace. */
export const MAP_TRACED: u32 = 24;
export const MAP_SCRATCH_SIZE: u32 = 65536;

/** A region's number must fit the 11 bits that a cached translation has for it. */
export const MAP_MAX_REGIONS: u32 = 2048;

/** Bytes of one region row: base u64, limit u64 (last byte), delta u32, kind u32, reserved u64. */
export const REGION_SIZE: u32 = 32;
export const REGION_BASE: u32 = 0;
export const REGION_LIMIT: u32 = 8;
/** RAM inside this memory lies at `u32(hpa) + delta` (modulo 2^32). */
export const REGION_DELTA: u32 = 16;
export const REGION_KIND: u32 = 20;

/** Nothing answers: reads abort, writes vanish. */
export const REGION_KIND_NONE: u32 = 0;
/** RAM in this WebAssembly.Memory. */
export const REGION_KIND_RAM: u32 = 1;
/** RAM that the host reaches: an ArrayBuffer or functions. */
export const REGION_KIND_EXTERNAL: u32 = 2;
/** Registers of a device. */
export const REGION_KIND_MMIO: u32 = 3;

/**
 * One entry of a transfer list: source u64, target u64, length u32, source region u32, target region u32, owner u32.
 * Addresses are offsets in their region, or pointers for TRANSFER_POINTER.
 */
export const TRANSFER_SIZE: u32 = 32;
export const TRANSFER_SOURCE: u32 = 0;
export const TRANSFER_TARGET: u32 = 8;
export const TRANSFER_LENGTH: u32 = 16;
export const TRANSFER_SOURCE_REGION: u32 = 20;
export const TRANSFER_TARGET_REGION: u32 = 24;
/**
 * For whoever made the list, but that the lowest bits are a queue's cause: the host sets TRANSFER_REFUSED in it when it did
 * not do the transfer, which it does for none of the queue's that follow a refused one.
 */
export const TRANSFER_OWNER: u32 = 28;
export const TRANSFER_OWNER_CAUSE_HI: u32 = 4;
export const TRANSFER_OWNER_CAUSE_LO: u32 = 0;
export const TRANSFER_REFUSED: u32 = 0x8000_0000;
/** In place of a region number, which are below: the address is a pointer into linear memory. */
export const TRANSFER_POINTER: u32 = 2048;
