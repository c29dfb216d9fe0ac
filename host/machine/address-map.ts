// A machine's one physical address map: RAM in the WebAssembly memory, RAM of the embedder, MMIO windows.
// It lays the map out for the module and answers for everything that is not in the module's memory.
import { MAP_MAX_REGIONS } from "../../assembly/spec/abi/memory-map.ts";
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../assembly/spec/vtd/interrupt-range.ts";
import { type Hpa, hex, PAGE_SIZE } from "../core/address.ts";
import { checkBytes, checkFunction, checkOptions } from "../core/arguments.ts";
import type { Engine } from "../core/engine.ts";
import { ArgumentError, type RegionError } from "../core/errors.ts";
import type { AccessWidth, MmioHandler, Snapshotable } from "../core/ports.ts";
import { checkStateNumber } from "../core/snapshot.ts";
import { type Backing, BufferBacking, MmioBacking, RamBacking } from "./backing.ts";
import { type ExternalRam, externalBacking } from "./external-ram.ts";
import { type MessageListener, type ModuleListener, ModuleMemory } from "./module-memory.ts";
import { RegionTable } from "./region-table.ts";

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
  index: number;
  readonly backing: Backing;
  /** Where its RAM is that the map allocated itself. */
  readonly allocated?: number | undefined;
}

/** Where the regions are and which numbers they have; what stands behind them is kept elsewhere. */
export interface AddressMapState {
  generation: number;
  /** By ascending base. */
  regions: readonly Readonly<Region>[];
}

export class AddressMap implements Snapshotable<AddressMapState> {
  /** The map in linear memory: `MemoryMap` of assembly/core. */
  readonly pointer: number;
  /** The map as the module uses it. */
  readonly module: ModuleMemory;
  readonly #engine: Engine;
  readonly #table: RegionTable;
  readonly #entries: (Entry | undefined)[] = [undefined];
  /** The regions in an embedder's buffer, by number. */
  readonly #buffers: (BufferBacking | undefined)[] = [undefined];
  #sorted: Entry[] = [];
  #last: Entry | undefined;

  constructor(engine: Engine, onMessage: MessageListener) {
    this.#engine = engine;
    this.module = new ModuleMemory(engine, { regions: this.#entries, buffers: this.#buffers, onMessage });
    this.#table = new RegionTable(engine, engine.addHost(this.module));
    this.pointer = this.#table.pointer;
  }

  /**
   * Adds RAM inside the WebAssembly memory: zeroed, or what lies at `pointer` when the caller owns it.
   * Throws ArgumentError unless base and size are multiples of 4 KiB and nothing else is there.
   */
  addRam(options: { base: Hpa; size: number; pointer?: number }): Region {
    checkOptions("options", options, ["base", "size", "pointer"]);
    this.#check(options.base, options.size);
    const { base, size } = options;
    if (options.pointer !== undefined) {
      if (options.pointer % PAGE_SIZE !== 0 || !this.#engine.ownable(options.pointer, size)) {
        throw new ArgumentError("pointer", options.pointer, "is not a page of the caller's in the WebAssembly memory");
      }
    }
    const index = this.#freeIndex(base);
    const allocated = options.pointer === undefined ? this.#engine.allocate(size, PAGE_SIZE) : undefined;
    const pointer = options.pointer ?? (allocated as number);
    return this.#add({ index, kind: "ram", base, size, backing: new RamBacking(this.#engine, pointer), allocated });
  }

  /**
   * Adds RAM that the embedder keeps: an ArrayBuffer or a WebAssembly.Memory (from `byteOffset`), or read and write
   * functions. What others write to while the machine works, threads or processes, has to be shared memory.
   * Throws ArgumentError unless base and size are multiples of 4 KiB, the buffer holds them, and nothing else is there.
   */
  addExternalRam(options: ExternalRam): Region {
    checkOptions("options", options, ["base", "size", "buffer", "byteOffset", "written", "read", "write"]);
    const { base, size } = options;
    this.#check(base, size);
    const index = this.#freeIndex(base);
    return this.#add({ index, kind: "external", base, size, backing: externalBacking(this.#engine, options) });
  }

  /** Adds a window of registers. Throws ArgumentError unless base and size are multiples of 4 KiB and nothing is there. */
  addMmio(options: { base: Hpa; size: number; handler: MmioHandler }): Region {
    checkOptions("options", options, ["base", "size", "handler"]);
    checkFunction("handler.read", options.handler?.read);
    checkFunction("handler.write", options.handler?.write);
    this.#check(options.base, options.size);
    const { base, size, handler } = options;
    return this.#add({ index: this.#freeIndex(base), kind: "mmio", base, size, backing: new MmioBacking(handler) });
  }

  /** Takes a region away, and gives back RAM that the map allocated. Throws ArgumentError when it is not here. */
  remove(region: Region): void {
    this.#engine.refuseReentry("remove");
    const entry = this.#entries[region.index];
    if (entry !== region) throw new ArgumentError("region", hex(region.base), "is not in this map");
    this.#forget(region.index);
    this.#sorted = this.#sorted.filter((other) => other !== entry);
    this.#last = undefined;
    this.#table.arrange(this.#sorted);
    if (entry.allocated !== undefined) this.#engine.release(entry.allocated, entry.size);
  }

  save(): AddressMapState {
    const regions = this.#sorted.map(({ index, kind, base, size }) => ({ index, kind, base, size }));
    return { generation: this.#table.generation, regions };
  }

  /**
   * Gives every region the number that it had when `state` was saved, which cached translations name.
   * Throws ArgumentError, with nothing changed, unless the same regions lie at the same places.
   */
  restore(state: AddressMapState): void {
    const numbers = new Set<number>();
    for (const [place, { index, kind, base, size }] of state.regions.entries()) {
      const own = this.#sorted[place];
      if (own?.base !== base || own.size !== size || own.kind !== kind) {
        throw new ArgumentError("state", `${kind} at ${hex(base)}`, "is not in this map");
      }
      if (!Number.isInteger(index) || index < 1 || index >= MAP_MAX_REGIONS || numbers.has(index)) {
        throw new ArgumentError("state", index, `is not a number for the region at ${hex(base)}`);
      }
      numbers.add(index);
    }
    const extra = this.#sorted[state.regions.length];
    if (extra !== undefined) throw new ArgumentError("state", hex(extra.base), "is not in it");
    checkStateNumber("address map", state.generation);
    for (const { index } of this.#sorted) this.#forget(index);
    for (const [place, entry] of this.#sorted.entries()) {
      entry.index = (state.regions[place] as Region).index;
      this.#write(entry);
    }
    this.#table.arrange(this.#sorted);
    this.#table.generation = state.generation;
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

  /** The region that holds the byte at `address`. */
  regionAt(address: Hpa): Region | undefined {
    return this.#at(address, 1);
  }

  /** A CPU's read of 1, 2 or 4 bytes; all-ones where nothing answers. Throws ArgumentError for another width. */
  read(address: Hpa, width: AccessWidth): number {
    checkAccess(address, width);
    const entry = this.#at(address, width);
    return entry === undefined ? ALL_ONES[width] : entry.backing.read(address - entry.base, width);
  }

  /** A CPU's write of 1, 2 or 4 bytes; lost where nothing answers. Throws ArgumentError for another width. */
  write(address: Hpa, width: AccessWidth, value: number): void {
    checkAccess(address, width);
    const entry = this.#at(address, width);
    entry?.backing.write(address - entry.base, width, value);
  }

  /** Copies from RAM without any effect elsewhere. False, with `target` as it was, unless RAM holds all of it. */
  peek(address: Hpa, target: Uint8Array): boolean {
    const entry = this.#at(address, target.length);
    if (entry === undefined || entry.kind === "mmio") return false;
    try {
      entry.backing.readBytes(address - entry.base, target);
      return true;
    } catch {
      return false;
    }
  }

  /** Copies from the map; bytes where nothing answers read all-ones. False when there were any. */
  readBytes(address: Hpa, target: Uint8Array): boolean {
    checkPlace(address);
    checkBytes("target", target);
    return this.#pieces(address, target, (entry, offset, piece) => {
      if (entry === undefined) piece.fill(0xff);
      else entry.backing.readBytes(offset, piece);
    });
  }

  /** Copies into the map; bytes where nothing answers are lost. False when there were any. */
  writeBytes(address: Hpa, source: Uint8Array): boolean {
    checkPlace(address);
    checkBytes("source", source);
    return this.#pieces(address, source, (entry, offset, piece) => entry?.backing.writeBytes(offset, piece));
  }

  /**
   * The first failure since the last call of what stands behind a region while a device used it, as a RegionError. The
   * access was refused then; what an embedder's function throws never unwinds through the module.
   */
  takeFailure(): RegionError | undefined {
    return this.module.takeFailure();
  }

  /** Who is told what the module does from now on; undefined for nobody. Must not call into the module. */
  traceTo(listener: ModuleListener | undefined): void {
    this.module.listener = listener;
    this.#table.traced = listener !== undefined;
  }

  #check(base: number, size: number): void {
    this.#engine.refuseReentry("a change of the address map");
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

  /** The lowest number that is free: whoever caches numbers drops them when the map changes. */
  #freeIndex(base: Hpa): number {
    let index = 1;
    while (this.#entries[index] !== undefined) index++;
    if (index >= MAP_MAX_REGIONS) throw new ArgumentError("base", base, `would be region ${index}: too many`);
    return index;
  }

  #add(entry: Entry): Region {
    this.#sorted = [...this.#sorted, entry].sort((one, two) => one.base - two.base);
    this.#write(entry);
    this.#table.arrange(this.#sorted);
    return entry;
  }

  /** Puts an entry under its number. */
  #write(entry: Entry): void {
    this.#entries[entry.index] = entry;
    this.#buffers[entry.index] = entry.backing instanceof BufferBacking ? entry.backing : undefined;
    this.#table.put(entry, entry.backing instanceof RamBacking ? entry.backing.pointer : undefined);
  }

  #forget(index: number): void {
    this.#entries[index] = undefined;
    this.#buffers[index] = undefined;
    this.#table.clear(index);
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

function checkPlace(address: number): void {
  if (!Number.isInteger(address)) throw new ArgumentError("address", address, "is no whole number");
}

function checkAccess(address: number, width: AccessWidth): void {
  checkPlace(address);
  if (ALL_ONES[width] === undefined) throw new ArgumentError("width", width, "is none of 1, 2, 4");
}
