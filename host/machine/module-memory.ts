// What the module asks of an address map: memory that is not the module's, interrupt requests, and what it tells.
import { INTERRUPT_RANGE_BASE } from "../../assembly/spec/vtd/interrupt-range.ts";
import type { Hpa } from "../core/address.ts";
import type { DmaUse, Engine, HostMemory } from "../core/engine.ts";
import { RegionError } from "../core/errors.ts";
import type { Backing, BufferBacking } from "./backing.ts";
import { Deliveries } from "./deliveries.ts";
import { Flows } from "./flows.ts";
import { Transfers } from "./transfers.ts";

/** Who is told what `assembly/spec/abi/trace.ts` lists, while the module runs. */
export type ModuleListener = (
  kind: number,
  requesterId: number,
  addressLo: number,
  addressHi: number,
  detail: number,
) => void;

/** Who is shown the uses of a unit's caches. */
export interface UseWatcher {
  use(use: DmaUse): void;
  useEntry(requesterId: number, index: number, words: Uint32Array): void;
}

/** Who is told of interrupt requests that functions make by DMA. */
export type MessageListener = (requesterId: number, addressLo: number, addressHi: number, data: number) => void;

/** What the module reaches of a region. */
export interface ModuleRegion {
  readonly kind: "ram" | "external" | "mmio";
  readonly base: Hpa;
  readonly backing: Backing;
}

/** The map's own lists, by region number, as they are at any time. */
export interface ModuleMemoryParts {
  regions: readonly (ModuleRegion | undefined)[];
  /** The regions in an embedder's buffer. */
  buffers: readonly (BufferBacking | undefined)[];
  onMessage: MessageListener;
}

export class ModuleMemory implements HostMemory {
  /** Who is told what the module does; it is asked to only while the map says so. */
  listener: ModuleListener | undefined;
  readonly #regions: readonly (ModuleRegion | undefined)[];
  readonly #onMessage: MessageListener;
  readonly #transfers: Transfers;
  readonly #deliveries: Deliveries;
  readonly #flows: Flows;
  readonly #strict = new Map<number, UseWatcher>();
  #failure: RegionError | undefined;

  constructor(engine: Engine, { regions, buffers, onMessage }: ModuleMemoryParts) {
    this.#regions = regions;
    this.#onMessage = onMessage;
    this.#transfers = new Transfers(engine, {
      buffers,
      find: (region) => this.#regions[region]?.backing,
      attempt: (region, access) => this.#attempt(region, access),
    });
    this.#deliveries = new Deliveries(engine, this.#transfers);
    this.#flows = new Flows(engine, this.#transfers);
  }

  /** The first failure since the last call of what stands behind a region. */
  takeFailure(): RegionError | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  hostRead(region: number, offset: number, target: Uint8Array): boolean {
    return this.#attempt(region, ({ backing }) => backing.readBytes(offset, target));
  }

  hostWrite(region: number, offset: number, source: Uint8Array): boolean {
    return this.#attempt(region, ({ backing }) => backing.writeBytes(offset, source));
  }

  hostExchange(region: number, offset: number, expected: number, desired: number): number {
    let found = -1;
    this.#attempt(region, ({ backing }) => {
      found = backing.exchange(offset, expected, desired);
    });
    return found;
  }

  hostTransfer(list: number, count: number): number {
    return this.#transfers.run(list, count);
  }

  hostHeaders(list: number, count: number): number {
    return this.#deliveries.headers(list, count);
  }

  hostDeliver(list: number, count: number, written: number): number {
    return this.#deliveries.deliver(list, count, written);
  }

  hostFlow(list: number, count: number): number {
    return this.#flows.move(list, count);
  }

  hostUse(unit: number, use: DmaUse): void {
    this.#strict.get(unit)?.use(use);
  }

  hostUseEntry(unit: number, requesterId: number, index: number, words: Uint32Array): void {
    this.#strict.get(unit)?.useEntry(requesterId, index, words);
  }

  /** Who is shown what the unit at `unit` uses of its caches, in strict mode; must not call into the module. */
  watchUses(unit: number, watcher: UseWatcher | undefined): void {
    if (watcher === undefined) this.#strict.delete(unit);
    else this.#strict.set(unit, watcher);
  }

  /** An access on which what stands behind the region may throw: it is refused then, and the first of its errors kept. */
  #attempt(region: number, access: (region: ModuleRegion) => void): boolean {
    const entry = this.#regions[region];
    if (entry === undefined) return false;
    try {
      access(entry);
      return true;
    } catch (error) {
      this.#failure ??= new RegionError(entry.kind, entry.base, error);
      return false;
    }
  }

  hostMessage(requesterId: number, addressLo: number, addressHi: number, data: number): void {
    try {
      this.#onMessage(requesterId, addressLo, addressHi, data);
    } catch (error) {
      this.#failure ??= new RegionError("interrupt", INTERRUPT_RANGE_BASE, error);
    }
  }

  hostTrace(kind: number, requesterId: number, addressLo: number, addressHi: number, detail: number): void {
    this.listener?.(kind, requesterId, addressLo, addressHi, detail);
  }
}
