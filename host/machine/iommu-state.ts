// An IOMMU unit's state as a snapshot keeps it: the bytes behind its wiring, verbatim.
import * as ats from "../../assembly/spec/abi/ats.ts";
import * as abi from "../../assembly/spec/abi/iommu.ts";
import {
  MAP_GENERATION,
  MAP_REGIONS,
  REGION_BASE,
  REGION_LIMIT,
  REGION_SIZE,
} from "../../assembly/spec/abi/memory-map.ts";
import * as message from "../../assembly/spec/pci/ats-messages.ts";
import * as cap from "../../assembly/spec/vtd/capability.ts";
import { DESCRIPTOR_SIZE } from "../../assembly/spec/vtd/descriptors.ts";
import * as gsts from "../../assembly/spec/vtd/global.ts";
import * as queue from "../../assembly/spec/vtd/invalidation-queue.ts";
import { hex, join32, PAGE_SIZE } from "../core/address.ts";
import { bits, extract, isZero, mask } from "../core/bits.ts";
import type { Engine } from "../core/engine.ts";
import { FormatError } from "../core/errors.ts";

const SOURCE = "IOMMU state";
const PIECE = 4096;
const EVENTS: number = abi.EVENT_FAULT | abi.EVENT_INVALIDATION | abi.EVENT_PAGE_REQUEST;
/** Stretches that are the same in every state of a unit: what it can do. */
const FIXED: readonly (readonly [from: number, to: number])[] = [
  [abi.UNIT_DERIVED, abi.UNIT_USED],
  [abi.UNIT_DERIVED_MASKS, abi.UNIT_BUSES],
  [abi.UNIT_DERIVED_FORMAT, abi.UNIT_SCALABLE],
  [abi.UNIT_DERIVED_SCALABLE, abi.UNIT_SCALARS_END],
  [abi.UNIT_REGISTERS + cap.VER_REG, abi.UNIT_REGISTERS + gsts.GCMD_REG],
  [abi.UNIT_RW_MASKS, abi.UNIT_INTERRUPT_CACHE],
];

export interface IommuState {
  /** Pieces of the unit's state that are not all zero; offsets from the unit. */
  pieces: { offset: number; bytes: Uint8Array }[];
}

/** The state of the unit at `pointer`, whose MemoryMap is at `map`. */
export function saveUnit(engine: Engine, pointer: number, map: number): IommuState {
  const image = engine.u8.slice(pointer, pointer + abi.UNIT_SIZE);
  const words = new Uint32Array(image.buffer);
  dropOutdated(engine, map, words);
  const pieces: IommuState["pieces"] = [];
  for (let offset = abi.UNIT_STATE; offset < abi.UNIT_SIZE; offset += PIECE) {
    const end = Math.min(offset + PIECE, abi.UNIT_SIZE);
    if (!isZero(words, offset >>> 2, end >>> 2)) pieces.push({ offset, bytes: image.slice(offset, end) });
  }
  return { pieces };
}

/** Empties an IOTLB with the region numbers of another map, which the unit would do before it uses them. */
function dropOutdated(engine: Engine, map: number, words: Uint32Array): void {
  if (words[abi.UNIT_MAP_GENERATION >>> 2] === engine.u32[(map + MAP_GENERATION) >>> 2]) return;
  words.fill(0, abi.UNIT_IOTLB >>> 2, (abi.UNIT_IOTLB + abi.IOTLB_ENTRIES * abi.IOTLB_ENTRY_SIZE) >>> 2);
  words[abi.UNIT_USED >>> 2] = 0;
}

/**
 * Puts a state back into the unit at `pointer`, whose MemoryMap is at `map`. Throws FormatError, with nothing changed,
 * unless it is that of a unit with the same registers on a map with the same regions.
 */
export function restoreUnit(engine: Engine, pointer: number, map: number, state: IommuState): void {
  const image = new Uint8Array(abi.UNIT_SIZE);
  if (!Array.isArray(state?.pieces)) throw new FormatError(SOURCE, "has no pieces");
  for (const piece of state.pieces as unknown[]) {
    const { offset, bytes } = (piece ?? {}) as { offset?: unknown; bytes?: unknown };
    if (typeof offset !== "number" || !Number.isInteger(offset) || !(bytes instanceof Uint8Array)) {
      throw new FormatError(SOURCE, `a piece at ${String(offset)} is none`);
    }
    if (offset < abi.UNIT_STATE || offset + bytes.length > abi.UNIT_SIZE) {
      throw new FormatError(SOURCE, `a piece at ${offset} lies outside the unit`);
    }
    image.set(bytes, offset);
  }
  const own = engine.u8.subarray(pointer, pointer + abi.UNIT_SIZE);
  for (const [from, to] of FIXED) {
    for (let offset = from; offset < to; offset++) {
      if (image[offset] !== own[offset]) throw new FormatError(SOURCE, "is that of a unit with other capabilities");
    }
  }
  const words = new Uint32Array(image.buffer);
  checkScalars(words);
  checkUsed(words);
  checkMessages(words);
  dropOutdated(engine, map, words);
  checkRegions(engine.u32, map, new Uint32Array(image.buffer, abi.UNIT_IOTLB, abi.IOTLB_ENTRIES * 4));
  own.fill(0, abi.UNIT_REMEMBERED, abi.UNIT_STATE);
  own.set(image.subarray(abi.UNIT_STATE), abi.UNIT_STATE);
}

/** Scalars that repeat a register, or have a range. */
function checkScalars(words: Uint32Array): void {
  const at = (offset: number): number => words[offset >>> 2] as number;
  const register = (offset: number): number => at(abi.UNIT_REGISTERS + offset);
  const status = register(gsts.GSTS_REG);
  const capability = words.subarray((abi.UNIT_REGISTERS + cap.CAP_REG) >>> 2);
  const records = extract(capability, cap.CAP_NFR_HI, cap.CAP_NFR_LO);
  const ranges: [string, number, number, number][] = [
    ["translating", abi.UNIT_TRANSLATING, ...exactly(bits(status, gsts.GSTS_TES_HI, gsts.GSTS_TES_LO))],
    ["remapping", abi.UNIT_REMAPPING, ...exactly(bits(status, gsts.GSTS_IRES_HI, gsts.GSTS_IRES_LO))],
    ["contextGeneration", abi.UNIT_CONTEXT_GENERATION, 1, abi.CONTEXT_GENERATION_MAX],
    ["faultIndex", abi.UNIT_FAULT_INDEX, 0, records],
    ["messageCount", abi.UNIT_ATS + ats.ATS_MESSAGE_COUNT, 0, ats.ATS_MESSAGE_LIMIT],
    ["messageFirst", abi.UNIT_ATS + ats.ATS_MESSAGE_FIRST, 0, ats.ATS_MESSAGE_LIMIT - 1],
    ["addressType", abi.UNIT_ATS + ats.ATS_ADDRESS_TYPE, 0, 0],
    ["queueWaits", abi.UNIT_ATS + ats.ATS_QUEUE_WAITS, 0, 1],
    ["tableError", abi.UNIT_TABLE_ERROR, 0, 1],
    ["iotlbUsed", abi.UNIT_USED, 0, 1],
    ["pagingUsed", abi.UNIT_USED + 4, 0, 1],
    ["pasidsUsed", abi.UNIT_PASIDS_USED, 0, 1],
    ["strict", abi.UNIT_STRICT, ...exactly(0)],
    ["scalableGeneration", abi.UNIT_SCALABLE, 1, 0xffff_ffff],
    ["events", abi.UNIT_EVENTS, 0, EVENTS],
  ];
  for (const [name, offset, least, most] of ranges) {
    const value = at(offset);
    if (value < least || value > most) throw new FormatError(SOURCE, `${name} ${value} is not in ${least}–${most}`);
  }
  const head = register(queue.IQH_REG);
  if (head % DESCRIPTOR_SIZE !== 0) throw new FormatError(SOURCE, `IQH_REG ${hex(head)} is within a descriptor`);
}

/** A cache that counts as empty is passed over when it is to be emptied. */
function checkUsed(words: Uint32Array): void {
  const { PAGING_CACHE_ENTRY_SIZE, PAGING_CACHE_ENTRIES, PAGING_CACHE_UPPER_ENTRIES } = abi;
  const lower = 2 * PAGING_CACHE_ENTRIES * PAGING_CACHE_ENTRY_SIZE;
  const upper = 2 * PAGING_CACHE_UPPER_ENTRIES * PAGING_CACHE_ENTRY_SIZE;
  const caches: [string, used: number, offset: number, bytes: number][] = [
    ["IOTLB", abi.UNIT_USED, abi.UNIT_IOTLB, abi.IOTLB_ENTRIES * abi.IOTLB_ENTRY_SIZE],
    ["paging-structure cache", abi.UNIT_USED + 4, abi.UNIT_PAGING_CACHE_1G, lower],
    ["paging-structure cache", abi.UNIT_USED + 4, abi.UNIT_PAGING_CACHE_512G, upper],
    ["PASID cache", abi.UNIT_PASIDS_USED, abi.UNIT_PASID_CACHE, abi.PASID_CACHE_ENTRIES * abi.PASID_CACHE_ENTRY_SIZE],
  ];
  for (const [name, used, offset, bytes] of caches) {
    if (words[used >>> 2] !== 0) continue;
    if (!isZero(words, offset >>> 2, (offset + bytes) >>> 2)) {
      throw new FormatError(SOURCE, `the ${name} counts as empty and is not`);
    }
  }
}

/** Messages that wait must be ones that can be sent, and invalidations those of functions. */
function checkMessages(words: Uint32Array): void {
  const at = (offset: number): number => words[(abi.UNIT_ATS + offset) >>> 2] as number;
  for (let waits = 0; waits < at(ats.ATS_MESSAGE_COUNT); waits++) {
    const place = (at(ats.ATS_MESSAGE_FIRST) + waits) % ats.ATS_MESSAGE_LIMIT;
    const field = (offset: number): number => at(ats.ATS_MESSAGES + place * ats.ATS_MESSAGE_SIZE + offset);
    const kind = field(ats.ATS_MESSAGE_KIND);
    const code = field(ats.ATS_MESSAGE_CODE);
    const response = kind === ats.ATS_GROUP_RESPONSE;
    if (!response && kind !== ats.ATS_INVALIDATE) throw new FormatError(SOURCE, `message ${waits} is of kind ${kind}`);
    if (code > (response ? message.RESPONSE_FAILURE : message.INVALIDATE_TAGS - 1)) {
      throw new FormatError(SOURCE, `message ${waits} has ${response ? "response code" : "ITag"} ${code}`);
    }
    checkRequester(field(ats.ATS_MESSAGE_REQUESTER));
    const group = field(ats.ATS_MESSAGE_BODY);
    if (response && group > mask(message.PAGE_REQUEST_GROUP_HI - message.PAGE_REQUEST_GROUP_LO, 0)) {
      throw new FormatError(SOURCE, `message ${waits} is for page request group ${group}`);
    }
  }
  for (let tag = 0; tag < message.INVALIDATE_TAGS; tag++) {
    checkRequester(at(ats.ATS_INVALIDATIONS + tag * ats.ATS_INVALIDATION_SIZE + ats.ATS_INVALIDATION_REQUESTER));
  }
}

function checkRequester(requesterId: number): void {
  if (requesterId >= abi.CONTEXT_CACHE_ENTRIES) throw new FormatError(SOURCE, `${hex(requesterId)} is no requester ID`);
}

function exactly(value: number): [number, number] {
  return [value, value];
}

/** A cached translation must lead into the region that it names, whatever its tag: strict mode completes tags. */
function checkRegions(words: Uint32Array, map: number, entries: Uint32Array): void {
  const regions = words[(map + MAP_REGIONS) >>> 2] as number;
  const at = (row: number): number => join32(words[row >>> 2] as number, words[(row >>> 2) + 1] as number);
  for (let place = 0; place < entries.length; place += 4) {
    if (isZero(entries, place + 2, place + 4)) continue;
    const value = entries.subarray(place + 2, place + 4);
    const row = regions + extract(value, abi.IOTLB_REGION_HI, abi.IOTLB_REGION_LO) * REGION_SIZE;
    const page = pageOf(value);
    const granted = extract(value, abi.IOTLB_GRANTED_HI, abi.IOTLB_GRANTED_LO) !== 0;
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
