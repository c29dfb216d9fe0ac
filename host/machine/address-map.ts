// A machine's one physical address map: RAM in the WebAssembly memory, RAM of the embedder, MMIO windows.
// It lays the map out for the module and answers for everything that is not in the module's memory.
import {
  MAP_COUNT,
  MAP_GENERATION,
  MAP_ID,
  MAP_MAX_REGIONS,
  MAP_ORDER,
  MAP_REGIONS,
  MAP_SCRATCH,
  MAP_SCRATCH_SIZE,
  MAP_SIZE,
  REGION_BASE,
  REGION_DELTA,
  REGION_KIND,
  REGION_KIND_EXTERNAL,
  REGION_KIND_MMIO,
  REGION_KIND_NONE,
  REGION_KIND_RAM,
  REGION_LIMIT,
  REGION_SIZE,
} from "../../assembly/spec/abi/memory-map.ts";
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../assembly/spec/vtd/interrupt-range.ts";
import { type Hpa, hex, hi32, lo32, PAGE_SIZE } from "../core/address.ts";
import type { Engine, HostMemory } from "../core/engine.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import { type Backing, BufferBacking, FunctionBacking, MmioBacking, RamBacking, type RamFunctions } from "./backing.ts";
import { runTransfers } from "./transfers.ts";

const ALL_ONES: Record<AccessWidth, number> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };
const MAX_PHYSICAL = 2 ** 52;

/** One region of the map. */
export interface Region {
  /** Its number in the module's table, 1 to 2047; 0 stands for "nothing there". */
  readonly index: number;
  readonly kind: "ram" | "external" | "mmio";
  readonly base: Hpa;
  /** Bytes. */
  readonly size: number;
}

interface Entry extends Region {
  readonly backing: Backing;
}

/** Who is told of interrupt requests that functions make by DMA. */
export type MessageListener = (requesterId: number, addressLo: number, addressHi: number, data: number) => void;

export class AddressMap implements HostMemory {
  /** The map in linear memory: `MemoryMap` of assembly/core. */
  readonly pointer: number;
  readonly #engine: Engine;
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #onMessage: MessageListener;
  #sorted: Entry[] = [];
  #last: Entry | undefined;

  constructor(engine: Engine, onMessage: MessageListener) {
    this.#engine = engine;
    this.#onMessage = onMessage;
    this.pointer = engine.allocate(MAP_SIZE, 64);
    const regions = engine.allocate(MAP_MAX_REGIONS * REGION_SIZE, 64);
    const order = engine.allocate(MAP_MAX_REGIONS * 2, 64);
    const scratch = engine.allocate(MAP_SCRATCH_SIZE, PAGE_SIZE);
    this.#set(MAP_ID, engine.addHost(this));
    this.#set(MAP_REGIONS, regions);
    this.#set(MAP_ORDER, order);
    this.#set(MAP_SCRATCH, scratch);
  }

  /**
   * Adds RAM inside the WebAssembly memory: zeroed, or what lies at `pointer` when the caller owns it.
   * Throws ArgumentError unless base and size are multiples of 4 KiB and nothing else is there.
   */
  addRam(options: { base: Hpa; size: number; pointer?: number }): Region {
    this.#check(options.base, options.size);
    const pointer = options.pointer ?? this.#engine.allocate(options.size, PAGE_SIZE);
    if (pointer % PAGE_SIZE !== 0 || pointer + options.size > this.#engine.memory.buffer.byteLength) {
      throw new ArgumentError("pointer", pointer, "is not a page in the WebAssembly memory");
    }
    const backing = new RamBacking(this.#engine, pointer);
    return this.#add("ram", REGION_KIND_RAM, options.base, options.size, backing, (pointer - lo32(options.base)) >>> 0);
  }

  /**
   * Adds RAM that the embedder keeps: an ArrayBuffer (from `byteOffset`) or read and write functions.
   * Throws ArgumentError unless base and size are multiples of 4 KiB, the buffer holds them, and nothing else is there.
   */
  addExternalRam(
    options: { base: Hpa; size: number } & ({ buffer: ArrayBufferLike; byteOffset?: number } | RamFunctions),
  ): Region {
    this.#check(options.base, options.size);
    if (!("buffer" in options)) {
      const backing = new FunctionBacking(options);
      return this.#add("external", REGION_KIND_EXTERNAL, options.base, options.size, backing, 0);
    }
    const byteOffset = options.byteOffset ?? 0;
    if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % 8 !== 0) {
      throw new ArgumentError("byteOffset", byteOffset, "is not a multiple of 8");
    }
    if (byteOffset + options.size > options.buffer.byteLength) {
      throw new ArgumentError("size", options.size, `is more than the buffer has (${options.buffer.byteLength} bytes)`);
    }
    const backing = new BufferBacking(options.buffer, byteOffset, options.size);
    return this.#add("external", REGION_KIND_EXTERNAL, options.base, options.size, backing, 0);
  }

  /** Adds a window of registers. Throws ArgumentError unless base and size are multiples of 4 KiB and nothing is there. */
  addMmio(options: { base: Hpa; size: number; handler: MmioHandler }): Region {
    this.#check(options.base, options.size);
    const backing = new MmioBacking(options.handler);
    return this.#add("mmio", REGION_KIND_MMIO, options.base, options.size, backing, 0);
  }

  /** Takes a region away: what cached translations still lead there then meets nothing. */
  remove(region: Region): void {
    const entry = this.#entries[region.index];
    if (entry !== region) throw new ArgumentError("region", hex(region.base), "is not in this map");
    this.#entries[region.index] = undefined;
    this.#sorted = this.#sorted.filter((other) => other !== entry);
    this.#last = undefined;
    this.#engine.u32[(this.#row(region.index) + REGION_KIND) >>> 2] = REGION_KIND_NONE;
    this.#writeOrder();
  }

  /** The RAM in the WebAssembly memory, by ascending base: `size` bytes at `pointer` of it. */
  wasmRam(): { base: Hpa; size: number; pointer: number }[] {
    return this.#sorted.flatMap(({ base, size, backing }) =>
      backing instanceof RamBacking ? [{ base, size, pointer: backing.pointer }] : [],
    );
  }

  /** The regions by ascending base. */
  regions(): readonly Region[] {
    return this.#sorted;
  }

  /** A CPU's read of 1, 2 or 4 bytes; all-ones where nothing answers. */
  read(address: Hpa, width: AccessWidth): number {
    const entry = this.#at(address, width);
    return entry === undefined ? ALL_ONES[width] : entry.backing.read(address - entry.base, width);
  }

  /** A CPU's write of 1, 2 or 4 bytes; lost where nothing answers. */
  write(address: Hpa, width: AccessWidth, value: number): void {
    const entry = this.#at(address, width);
    entry?.backing.write(address - entry.base, width, value);
  }

  /** Copies from the map; bytes where nothing answers read all-ones. False when there were any. */
  readBytes(address: Hpa, target: Uint8Array): boolean {
    return this.#pieces(address, target, (entry, offset, piece) => {
      if (entry === undefined) piece.fill(0xff);
      else entry.backing.readBytes(offset, piece);
    });
  }

  /** Copies into the map; bytes where nothing answers are lost. False when there were any. */
  writeBytes(address: Hpa, source: Uint8Array): boolean {
    return this.#pieces(address, source, (entry, offset, piece) => entry?.backing.writeBytes(offset, piece));
  }

  hostRead(region: number, offset: number, target: Uint8Array): boolean {
    const entry = this.#entries[region];
    entry?.backing.readBytes(offset, target);
    return entry !== undefined;
  }

  hostWrite(region: number, offset: number, source: Uint8Array): boolean {
    const entry = this.#entries[region];
    entry?.backing.writeBytes(offset, source);
    return entry !== undefined;
  }

  hostTransfer(list: number, count: number): number {
    return runTransfers(this.#engine, list, count, (region) => this.#entries[region]?.backing);
  }

  hostMessage(requesterId: number, addressLo: number, addressHi: number, data: number): void {
    this.#onMessage(requesterId, addressLo, addressHi, data);
  }

  #check(base: number, size: number): void {
    if (!Number.isInteger(base) || base < 0 || base % PAGE_SIZE !== 0) {
      throw new ArgumentError("base", base, "is not a multiple of 4 KiB");
    }
    if (!Number.isInteger(size) || size <= 0 || size % PAGE_SIZE !== 0 || base + size > MAX_PHYSICAL) {
      throw new ArgumentError("size", size, "is not a multiple of 4 KiB within 52 bits");
    }
    const limit = base + size - 1;
    if (base <= INTERRUPT_RANGE_LIMIT && limit >= INTERRUPT_RANGE_BASE) {
      throw new ArgumentError("base", base, `overlaps the interrupt range at ${hex(INTERRUPT_RANGE_BASE)}`);
    }
    const other = this.#sorted.find((entry) => entry.base <= limit && base < entry.base + entry.size);
    if (other !== undefined) {
      throw new ArgumentError("base", base, `overlaps the ${other.kind} region at ${hex(other.base)}`);
    }
  }

  #add(kind: Region["kind"], code: number, base: Hpa, size: number, backing: Backing, delta: number): Region {
    // A number is never given twice: a stale translation may still name a region that was removed.
    const index = this.#entries.length;
    if (index >= MAP_MAX_REGIONS) throw new ArgumentError("base", base, `would be region ${index}: too many`);
    const entry: Entry = { index, kind, base, size, backing };
    this.#entries[index] = entry;
    this.#sorted = [...this.#sorted, entry].sort((one, two) => one.base - two.base);
    const words = this.#engine.u32;
    const row = this.#row(index);
    const limit = base + size - 1;
    words[(row + REGION_BASE) >>> 2] = lo32(base);
    words[((row + REGION_BASE) >>> 2) + 1] = hi32(base);
    words[(row + REGION_LIMIT) >>> 2] = lo32(limit);
    words[((row + REGION_LIMIT) >>> 2) + 1] = hi32(limit);
    words[(row + REGION_DELTA) >>> 2] = delta;
    words[(row + REGION_KIND) >>> 2] = code;
    this.#writeOrder();
    return entry;
  }

  #writeOrder(): void {
    const order = (this.#engine.u32[(this.pointer + MAP_ORDER) >>> 2] as number) >>> 1;
    const halves = new Uint16Array(this.#engine.memory.buffer);
    for (const [place, entry] of this.#sorted.entries()) halves[order + place] = entry.index;
    this.#set(MAP_COUNT, this.#sorted.length);
    const generation = this.pointer + MAP_GENERATION;
    this.#set(MAP_GENERATION, ((this.#engine.u32[generation >>> 2] as number) + 1) >>> 0);
  }

  #row(index: number): number {
    return (this.#engine.u32[(this.pointer + MAP_REGIONS) >>> 2] as number) + index * REGION_SIZE;
  }

  #set(offset: number, value: number): void {
    this.#engine.u32[(this.pointer + offset) >>> 2] = value;
  }

  #at(address: number, width: number): Entry | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.base && address + width <= last.base + last.size) return last;
    const entry = this.#sorted.find((other) => address >= other.base && address < other.base + other.size);
    if (entry === undefined || address + width > entry.base + entry.size) return undefined;
    this.#last = entry;
    return entry;
  }

  #pieces(
    address: number,
    bytes: Uint8Array,
    act: (entry: Entry | undefined, offset: number, piece: Uint8Array) => void,
  ): boolean {
    const whole = this.#at(address, bytes.length);
    if (whole !== undefined) {
      act(whole, address - whole.base, bytes);
      return true;
    }
    let all = true;
    let done = 0;
    while (done < bytes.length) {
      const place = address + done;
      const entry = this.#at(place, 1);
      const next = this.#sorted.find((other) => other.base > place);
      const end = entry !== undefined ? entry.base + entry.size : (next?.base ?? Number.POSITIVE_INFINITY);
      const length = Math.min(bytes.length - done, end - place);
      act(entry, entry === undefined ? 0 : place - entry.base, bytes.subarray(done, done + length));
      all &&= entry !== undefined;
      done += length;
    }
    return all;
  }
}
