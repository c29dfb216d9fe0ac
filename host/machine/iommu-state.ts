// An IOMMU unit's state as a snapshot keeps it: the bytes behind its wiring, verbatim.
import * as abi from "../../assembly/spec/abi/iommu.ts";
import {
  MAP_GENERATION,
  MAP_REGIONS,
  REGION_BASE,
  REGION_LIMIT,
  REGION_SIZE,
} from "../../assembly/spec/abi/memory-map.ts";
import { hex, join32, PAGE_SIZE } from "../core/address.ts";
import { extract } from "../core/bits.ts";
import type { Engine } from "../core/engine.ts";
import { FormatError } from "../core/errors.ts";

const SOURCE = "IOMMU state";
const PIECE = 4096;

export interface IommuState {
  /** Pieces of the unit's state that are not all zero; offsets from the unit. */
  pieces: { offset: number; bytes: Uint8Array }[];
}

/** The state of the unit at `pointer`. */
export function saveUnit(engine: Engine, pointer: number): IommuState {
  const pieces: IommuState["pieces"] = [];
  for (let offset = abi.UNIT_STATE; offset < abi.UNIT_SIZE; offset += PIECE) {
    const end = Math.min(offset + PIECE, abi.UNIT_SIZE);
    const bytes = engine.u8.slice(pointer + offset, pointer + end);
    if (bytes.some((byte) => byte !== 0)) pieces.push({ offset, bytes });
  }
  return { pieces };
}

/**
 * Puts a state back into the unit at `pointer`, whose MemoryMap is at `map`. Throws FormatError, with nothing changed,
 * unless it is that of a unit with the same registers on a map with the same regions.
 */
export function restoreUnit(engine: Engine, pointer: number, map: number, state: IommuState): void {
  const image = new Uint8Array(abi.UNIT_SIZE);
  for (const { offset, bytes } of state.pieces) {
    const fits = Number.isInteger(offset) && offset >= abi.UNIT_STATE && offset + bytes.length <= abi.UNIT_SIZE;
    if (!fits) throw new FormatError(SOURCE, `a piece at ${offset} lies outside the unit`);
    image.set(bytes, offset);
  }
  const own = engine.u8.subarray(pointer, pointer + abi.UNIT_SIZE);
  for (let offset = abi.UNIT_RW_MASKS; offset < abi.UNIT_INTERRUPT_CACHE; offset++) {
    if (image[offset] !== own[offset]) throw new FormatError(SOURCE, "is that of a unit with other registers");
  }
  // Region numbers of an earlier map are dropped before they are used.
  const generation = new DataView(image.buffer).getUint32(abi.UNIT_MAP_GENERATION, true);
  if (generation === engine.u32[(map + MAP_GENERATION) >>> 2]) {
    checkRegions(engine.u32, map, new Uint32Array(image.buffer, abi.UNIT_IOTLB, abi.IOTLB_ENTRIES * 4));
  }
  own.fill(0, abi.UNIT_REMEMBERED, abi.UNIT_STATE);
  own.set(image.subarray(abi.UNIT_STATE), abi.UNIT_STATE);
}

/** A cached translation must lead into the region that it names. */
function checkRegions(words: Uint32Array, map: number, entries: Uint32Array): void {
  const regions = words[(map + MAP_REGIONS) >>> 2] as number;
  const at = (row: number): number => join32(words[row >>> 2] as number, words[(row >>> 2) + 1] as number);
  for (let place = 0; place < entries.length; place += 4) {
    const value = entries.subarray(place + 2, place + 4);
    const row = regions + extract(value, abi.IOTLB_REGION_HI, abi.IOTLB_REGION_LO) * REGION_SIZE;
    const page = pageOf(value);
    const granted = extract(value, abi.IOTLB_GRANTED_HI, abi.IOTLB_GRANTED_LO) !== 0 && entries[place + 1] !== 0;
    if (granted && (page < at(row + REGION_BASE) || page + PAGE_SIZE - 1 > at(row + REGION_LIMIT))) {
      throw new FormatError(SOURCE, `a cached translation leads to ${hex(page)}, outside its region`);
    }
  }
}

/** The HPA of the page in an IOTLB value, 52 bits. */
function pageOf(value: ArrayLike<number>): number {
  const low = extract(value, 31, abi.IOTLB_PAGE_LO) * 2 ** abi.IOTLB_PAGE_LO;
  return extract(value, abi.IOTLB_PAGE_HI, 32) * 2 ** 32 + low;
}
