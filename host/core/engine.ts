// One instance of the WebAssembly module on one memory, and the arena in which machines lay out their state.
import { Arena } from "./arena.ts";
import { checkOptions } from "./arguments.ts";
import { ArgumentError, DisposedError, ReentryError } from "./errors.ts";
import type { WasmExports } from "./exports.ts";
import { instantiate } from "./loader.ts";

const WASM_PAGE = 65536;
const MAX_WASM_PAGES = 65536;

type Seven = [number, number, number, number, number, number, number];

/** How a unit answered one DMA request. */
export interface DmaUse {
  requesterId: number;
  /** PASID_PRESENT and a PASID, or 0. */
  pasid: number;
  iovaLo: number;
  iovaHi: number;
  /** ACCESS_ bits. */
  access: number;
  hpaLo: number;
  hpaHi: number;
  /** Why it was refused, or 0. */
  reason: number;
  /** USE_ bits. */
  stale: number;
}

/** Who answers when the module reaches memory outside its own: one per address map. */
export interface HostMemory {
  /** Reads from `offset` of region `region` into `target`. False when refused. */
  hostRead(region: number, offset: number, target: Uint8Array): boolean;
  /** Writes `source` to `offset` of region `region`. False when refused. */
  hostWrite(region: number, offset: number, source: Uint8Array): boolean;
  /**
   * Replaces the aligned dword at `offset` of region `region` by `desired` if it is `expected`, in one step even where
   * others use the memory at the same time. The dword as it was, or -1 when refused.
   */
  hostExchange(region: number, offset: number, expected: number, desired: number): number;
  /**
   * Performs the transfers at `list` (see `assembly/spec/abi/memory-map.ts`), marks those that are refused, and returns
   * how many were done. Nothing here may throw: what embedders' functions throw is a refusal.
   */
  hostTransfer(list: number, count: number): number;
  /** Fetches headers of frames at `list` (see `assembly/spec/abi/delivery.ts`). Returns how many came. */
  hostHeaders(list: number, count: number): number;
  /**
   * Delivers the frames at `list`, notes in each what was refused, and returns for how many nothing was. `written` is
   * dword 2 of their receive descriptors.
   */
  hostDeliver(list: number, count: number, written: number): number;
  /** Moves frames of one flow at `list` (see `assembly/spec/abi/flow.ts`). Returns how many of the first came. */
  hostFlow(list: number, count: number): number;
  /** In strict mode: what the unit at `unit` answered a DMA request (see `assembly/core/env.ts`). */
  hostUse(unit: number, request: DmaUse): void;
  /** In strict mode: the unit used the cached interrupt entry `index`, four dwords. */
  hostUseEntry(unit: number, requesterId: number, index: number, words: Uint32Array): void;
  /** An interrupt request that a function made by DMA. Must not call back into the module before it returns. */
  hostMessage(requesterId: number, addressLo: number, addressHi: number, data: number): void;
  /** Something that the module tells of while the map asks for it (`assembly/spec/abi/trace.ts`). The same holds. */
  hostTrace(kind: number, requesterId: number, addressLo: number, addressHi: number, detail: number): void;
}

export interface EngineOptions {
  /** The module: its bytes, or compiled. Default: the package's own. */
  module?: WebAssembly.Module | BufferSource;
  /** The memory to live in, for instance another emulator's. Default: a new one that grows as needed. */
  memory?: WebAssembly.Memory;
  /** First byte of `memory` that the engine may use; default 64 KiB. With `memory`, its current end. */
  arenaBase?: number;
}

/** Throws ArgumentError unless `module` is a module or its bytes. */
function checkModule(module: unknown): void {
  // By their names: they may be of another realm.
  const name = Object.prototype.toString.call(module);
  if (name === "[object WebAssembly.Module]" || name === "[object ArrayBuffer]" || ArrayBuffer.isView(module)) return;
  throw new ArgumentError("module", module, "is neither a WebAssembly.Module nor its bytes");
}

/** What belongs to the instance, whoever of its leases is asked. */
interface Instance {
  readonly wasm: WasmExports;
  /** By mapId; undefined where an address map is gone. */
  readonly hosts: (HostMemory | undefined)[];
  readonly arena: Arena;
  /** Whether the memory is another emulator's too. */
  readonly shared: boolean;
  /** The function of the embedder that is running. */
  away: string | undefined;
}

/** An instance of the module. Machines on one engine share its memory, at most 4 GiB; each keeps its own state. */
export class Engine {
  readonly memory: WebAssembly.Memory;
  readonly #instance: Instance;
  readonly #wasm: WasmExports;
  /** What was allocated by this lease and is out: bytes by place. */
  readonly #pieces = new Map<number, number>();
  /** Address maps of this lease. */
  readonly #mapIds: number[] = [];
  #closed = false;
  #u8: Uint8Array;
  #u32: Uint32Array;
  #f64: Float64Array;

  private constructor(memory: WebAssembly.Memory, instance: Instance) {
    this.memory = memory;
    this.#instance = instance;
    this.#wasm = instance.wasm;
    this.#u8 = new Uint8Array(memory.buffer);
    this.#u32 = new Uint32Array(memory.buffer);
    this.#f64 = new Float64Array(memory.buffer);
  }

  /**
   * Instantiates the module. Throws ArgumentError for unknown options, for a module that is another one's or none, for a shared
   * memory, and when `arenaBase` is not in `memory` or not aligned to 16.
   */
  static async create(options: EngineOptions = {}): Promise<Engine> {
    checkOptions("options", options, ["module", "memory", "arenaBase"]);
    if (options.memory !== undefined && !(options.memory instanceof WebAssembly.Memory)) {
      throw new ArgumentError("memory", options.memory, "is not a WebAssembly.Memory");
    }
    if (options.module !== undefined) checkModule(options.module);
    if (Object.prototype.toString.call(options.memory?.buffer) === "[object SharedArrayBuffer]") {
      throw new ArgumentError("memory", options.memory, "is shared: the module takes one that is not");
    }
    const memory = options.memory ?? new WebAssembly.Memory({ initial: 1, maximum: MAX_WASM_PAGES });
    const { arenaBase = memory.buffer.byteLength } = options;
    if (
      !Number.isInteger(arenaBase) ||
      arenaBase < 16 ||
      arenaBase % 16 !== 0 ||
      arenaBase > memory.buffer.byteLength
    ) {
      throw new ArgumentError("arenaBase", arenaBase, "is not an aligned place in the memory");
    }
    const hosts: (HostMemory | undefined)[] = [];
    let engine: Engine | undefined;
    const bytes = (pointer: number, length: number): Uint8Array =>
      (engine as Engine).u8.subarray(pointer >>> 0, (pointer >>> 0) + length);
    const env = {
      memory,
      hostRead: (id: number, region: number, lo: number, hi: number, pointer: number, length: number): number =>
        (hosts[id] as HostMemory).hostRead(region, (hi >>> 0) * 2 ** 32 + (lo >>> 0), bytes(pointer, length)) ? 1 : 0,
      hostWrite: (id: number, region: number, lo: number, hi: number, pointer: number, length: number): number =>
        (hosts[id] as HostMemory).hostWrite(region, (hi >>> 0) * 2 ** 32 + (lo >>> 0), bytes(pointer, length)) ? 1 : 0,
      hostExchange: (id: number, region: number, lo: number, hi: number, expected: number, desired: number): number =>
        (hosts[id] as HostMemory).hostExchange(
          region,
          (hi >>> 0) * 2 ** 32 + (lo >>> 0),
          expected >>> 0,
          desired >>> 0,
        ),
      hostTransfer: (id: number, list: number, count: number): number =>
        (hosts[id] as HostMemory).hostTransfer(list >>> 0, count),
      hostHeaders: (id: number, list: number, count: number): number =>
        (hosts[id] as HostMemory).hostHeaders(list >>> 0, count),
      hostDeliver: (id: number, list: number, count: number, written: number): number =>
        (hosts[id] as HostMemory).hostDeliver(list >>> 0, count, written >>> 0),
      hostFlow: (id: number, list: number, count: number): number =>
        (hosts[id] as HostMemory).hostFlow(list >>> 0, count),
      hostUse: (id: number, unit: number, requesterId: number, pasid: number, ...rest: number[]): void => {
        const [iovaLo, iovaHi, access, hpaLo, hpaHi, reason, stale] = Uint32Array.from(rest) as unknown as Seven;
        const use = { requesterId, pasid: pasid >>> 0, iovaLo, iovaHi, access, hpaLo, hpaHi, reason, stale };
        (hosts[id] as HostMemory).hostUse(unit >>> 0, use);
      },
      hostUseEntry: (id: number, unit: number, requesterId: number, index: number, ...words: number[]): void =>
        (hosts[id] as HostMemory).hostUseEntry(unit >>> 0, requesterId, index, Uint32Array.from(words)),
      hostMessage: (id: number, requesterId: number, lo: number, hi: number, data: number): void =>
        (hosts[id] as HostMemory).hostMessage(requesterId, lo >>> 0, hi >>> 0, data >>> 0),
      hostTrace: (id: number, kind: number, requesterId: number, lo: number, hi: number, detail: number): void =>
        (hosts[id] as HostMemory).hostTrace(kind, requesterId, lo >>> 0, hi >>> 0, detail),
    };
    const module = options.module ?? (await packagedModule());
    // The instance's own exports: the loader's wrappers would spread the arguments of every call.
    const { instance } = await instantiate(module as WebAssembly.Module, { env }).catch((error: unknown) => {
      if (options.module === undefined) throw error;
      throw new ArgumentError("module", options.module, `is none: ${(error as Error).message}`);
    });
    if (typeof (instance.exports as Partial<WasmExports>).iommuSize !== "function") {
      throw new ArgumentError("module", module, "is another program's");
    }
    engine = new Engine(memory, {
      wasm: instance.exports as unknown as WasmExports,
      hosts,
      arena: new Arena(arenaBase),
      shared: options.memory !== undefined,
      away: undefined,
    });
    return engine.lease();
  }

  /** The same instance for one user of it, whose share `close` gives back. */
  lease(): Engine {
    this.refuseReentry("lease");
    return new Engine(this.memory, this.#instance);
  }

  /**
   * Gives back everything that was allocated by this lease. What works by it throws DisposedError from then on; other
   * leases are not concerned.
   */
  close(): void {
    if (this.#closed) return;
    this.refuseReentry("close");
    for (const [pointer, bytes] of this.#pieces) this.#instance.arena.release(pointer, bytes);
    this.#pieces.clear();
    for (const mapId of this.#mapIds) this.#instance.hosts[mapId] = undefined;
    this.#closed = true;
    // A view without length asks for a new one, and is refused.
    this.#u8 = new Uint8Array();
    this.#u32 = new Uint32Array();
    this.#f64 = new Float64Array();
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The module's exports. Throws ReentryError while a function of the embedder runs, DisposedError once closed. */
  get wasm(): WasmExports {
    if (this.#closed || this.#instance.away !== undefined) this.refuseReentry("the module");
    return this.#wasm;
  }

  /** Runs a function of the embedder, for errors `name`. Until it returns nothing may change the machines here. */
  callOut(name: string, run: () => void): void {
    const before = this.#instance.away;
    this.#instance.away = name;
    try {
      run();
    } finally {
      this.#instance.away = before;
    }
  }

  /**
   * Throws ReentryError, which says that `call` was called, while a function of the embedder runs; DisposedError once
   * this is closed.
   */
  refuseReentry(call: string): void {
    if (this.#closed) throw new DisposedError(call);
    const { away } = this.#instance;
    if (away !== undefined) throw new ReentryError(call, away);
  }

  // `memory.buffer` takes some 20 ns to ask for, so the views ask themselves: growing the memory detaches them, and a
  // detached view has no length. (Shared memory would not detach; the module imports none.)

  /** The memory's bytes. Valid until the memory grows: fetch it anew after any allocation. */
  get u8(): Uint8Array {
    if (this.#u8.length === 0) this.#refresh();
    return this.#u8;
  }

  /** The memory as u32 words, index = pointer / 4. Valid until the memory grows. */
  get u32(): Uint32Array {
    if (this.#u32.length === 0) this.#refresh();
    return this.#u32;
  }

  /** The memory as f64 words, index = pointer / 8. Valid until the memory grows. */
  get f64(): Float64Array {
    if (this.#f64.length === 0) this.#refresh();
    return this.#f64;
  }

  #refresh(): void {
    if (this.#closed) throw new DisposedError("memory");
    const { buffer } = this.memory;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#f64 = new Float64Array(buffer);
  }

  /**
   * A zeroed piece of the arena that stays until `release`, at a multiple of `alignment`, a power of two.
   * Throws ArgumentError when the memory cannot grow that far (4 GiB at most).
   */
  allocate(bytes: number, alignment = 64): number {
    if (this.#closed) throw new DisposedError("allocate");
    if (!Number.isInteger(bytes) || bytes <= 0) throw new ArgumentError("bytes", bytes, "is not a size");
    if (!Number.isInteger(Math.log2(alignment)) || alignment < 1) {
      throw new ArgumentError("alignment", alignment, "is not a power of two");
    }
    const pointer = this.#instance.arena.find(bytes, alignment);
    const end = pointer + bytes;
    // What the memory grows by is zero already; what was there may be another's leavings.
    const used = Math.min(end, this.memory.buffer.byteLength);
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / WASM_PAGE);
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch {
        throw new ArgumentError("bytes", bytes, "does not fit: the WebAssembly memory cannot grow that far");
      }
    }
    this.#instance.arena.take(pointer, bytes);
    this.#pieces.set(pointer, bytes);
    if (pointer < used) this.u8.fill(0, pointer, used);
    return pointer;
  }

  /**
   * Takes back what `allocate` gave for as many bytes; later pieces may lie there. The memory does not shrink.
   * Throws ArgumentError for anything else.
   */
  release(pointer: number, bytes: number): void {
    if (this.#pieces.get(pointer) !== bytes) throw new ArgumentError("pointer", pointer, "is no piece of this size");
    this.#instance.arena.release(pointer, bytes);
    this.#pieces.delete(pointer);
  }

  /**
   * Whether a caller can own these bytes: they lie in one piece that `allocate` gave, or outside the arena of a memory
   * that is not the engine's alone.
   */
  ownable(pointer: number, bytes: number): boolean {
    const end = pointer + bytes;
    if (!Number.isInteger(end) || pointer < 0 || end > this.memory.buffer.byteLength) return false;
    if (this.#instance.arena.holds(pointer, bytes)) return true;
    const { arena, shared } = this.#instance;
    return shared && (end <= arena.base || pointer >= arena.end);
  }

  /** Registers who answers for an address map's outside memory; the result is its mapId. */
  addHost(host: HostMemory): number {
    const { hosts } = this.#instance;
    const free = hosts.indexOf(undefined);
    const mapId = free < 0 ? hosts.length : free;
    hosts[mapId] = host;
    this.#mapIds.push(mapId);
    return mapId;
  }
}

let packaged: Promise<WebAssembly.Module> | undefined;

/** The package's own module, compiled once. Node reads the file, a browser streams it. */
function packagedModule(): Promise<WebAssembly.Module> {
  packaged ??= (async () => {
    const url = new URL("../../build/iovirt.wasm", import.meta.url);
    if (url.protocol === "file:") {
      const specifier = "node:fs/promises";
      const { readFile } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as {
        readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
      };
      return WebAssembly.compile(await readFile(url));
    }
    return WebAssembly.compileStreaming(fetch(url));
  })();
  return packaged;
}
