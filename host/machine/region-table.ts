// The address map as the module sees it: rows by region number, numbers by base, in linear memory.
import * as abi from "../../assembly/spec/abi/memory-map.ts";
import { hi32, lo32, PAGE_SIZE } from "../core/address.ts";
import type { Engine } from "../core/engine.ts";

const KINDS = { ram: abi.REGION_KIND_RAM, external: abi.REGION_KIND_EXTERNAL, mmio: abi.REGION_KIND_MMIO };

/** One row. */
export interface RegionRow {
  index: number;
  kind: "ram" | "external" | "mmio";
  base: number;
  size: number;
}

export class RegionTable {
  /** `MemoryMap` of assembly/core. */
  readonly pointer: number;
  readonly #engine: Engine;
  readonly #rows: number;
  readonly #order: number;

  constructor(engine: Engine, mapId: number) {
    this.#engine = engine;
    this.pointer = engine.allocate(abi.MAP_SIZE, 64);
    this.#rows = engine.allocate(abi.MAP_MAX_REGIONS * abi.REGION_SIZE, 64);
    this.#order = engine.allocate(abi.MAP_MAX_REGIONS * 2, 64);
    const scratch = engine.allocate(abi.MAP_SCRATCH_SIZE, PAGE_SIZE);
    this.#set(abi.MAP_ID, mapId);
    this.#set(abi.MAP_REGIONS, this.#rows);
    this.#set(abi.MAP_ORDER, this.#order);
    this.#set(abi.MAP_SCRATCH, scratch);
  }

  /** Changes whenever `arrange` is called: whoever caches region numbers compares it. */
  get generation(): number {
    return this.#engine.u32[(this.pointer + abi.MAP_GENERATION) >>> 2] as number;
  }

  set generation(value: number) {
    this.#set(abi.MAP_GENERATION, value);
  }

  /** Whether the module calls hostTrace. */
  set traced(on: boolean) {
    this.#set(abi.MAP_TRACED, Number(on));
  }

  /** Writes a row; RAM in linear memory lies at `pointer`. */
  put({ index, kind, base, size }: RegionRow, pointer: number | undefined): void {
    const words = this.#engine.u32;
    const row = this.#row(index);
    const limit = base + size - 1;
    words[(row + abi.REGION_BASE) >>> 2] = lo32(base);
    words[((row + abi.REGION_BASE) >>> 2) + 1] = hi32(base);
    words[(row + abi.REGION_LIMIT) >>> 2] = lo32(limit);
    words[((row + abi.REGION_LIMIT) >>> 2) + 1] = hi32(limit);
    words[(row + abi.REGION_DELTA) >>> 2] = pointer === undefined ? 0 : (pointer - lo32(base)) >>> 0;
    words[(row + abi.REGION_KIND) >>> 2] = KINDS[kind];
  }

  /** Nothing answers in the region with this number any more. */
  clear(index: number): void {
    this.#engine.u32[(this.#row(index) + abi.REGION_KIND) >>> 2] = abi.REGION_KIND_NONE;
  }

  /** Says which regions there are, by ascending base. */
  arrange(regions: readonly RegionRow[]): void {
    const halves = new Uint16Array(this.#engine.memory.buffer);
    for (const [place, { index }] of regions.entries()) halves[(this.#order >>> 1) + place] = index;
    this.#set(abi.MAP_COUNT, regions.length);
    this.generation = (this.generation + 1) >>> 0;
  }

  #row(index: number): number {
    return this.#rows + index * abi.REGION_SIZE;
  }

  #set(offset: number, value: number): void {
    this.#engine.u32[(this.pointer + offset) >>> 2] = value;
  }
}
