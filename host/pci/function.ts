// A function: its configuration space, its BARs, and what its enable bits and power state let through.
import * as spec from "../../assembly/spec/pci/header.ts";
import type { RequesterId } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import { type BarOptions, barBase, barRows, checkBar, checkRom, romBase, romRows } from "./bar.ts";
import { bit } from "./bits.ts";
import type { ConfigSpace, ConfigSpaceState, ResetKind } from "./config-space.ts";
import type { DecodedRange, Upstream } from "./upstream.ts";

export interface PciFunctionState {
  config: ConfigSpaceState;
  requesterId: number;
}

export interface PciFunctionOptions {
  /** A VF: its BARs and its memory enable are its PF's. */
  virtual?: boolean;
}

/** Of a VF: what its PF's SR-IOV capability decides for it. */
export interface VirtualDecoder {
  /** VF Enable and VF MSE are set, and the PF is in D0. */
  readonly memorySpaceEnabled: boolean;
  /** Base of this VF's part of VF BAR `index`, or undefined when it is out of reach. */
  barBase(index: number): number | undefined;
}

/** A function of the topology, physical or virtual. */
export class PciFunction {
  /** Names the function in snapshots and messages; unique in its machine. */
  readonly name: string;
  readonly config: ConfigSpace;
  readonly virtual: boolean;
  /** Bus, device and function as captured from configuration writes (PCIe 6.0 §2.2.6.2). Set by the bus. */
  requesterId = 0 as RequesterId;
  /** What this function is attached to. Set by the bus. */
  upstream: Upstream | undefined;
  /** Of a VF: set by its PF. */
  decoder: VirtualDecoder | undefined;
  readonly #bars: BarOptions[] = [];
  #rom: { size: number; handler: MmioHandler } | undefined;
  readonly #resetListeners: ((kind: ResetKind) => void)[] = [];
  readonly #enableListeners: (() => void)[] = [];

  /** @param config complete except for its BARs: capabilities come to life here. */
  constructor(name: string, config: ConfigSpace, options: PciFunctionOptions = {}) {
    this.name = name;
    this.config = config;
    this.virtual = options.virtual === true;
    config.onWrite(spec.COMMAND, 2, (previous) => {
      if (config.get(spec.COMMAND, 2) !== previous) this.enablesChanged();
    });
  }

  /** 1 of a bridge, 0 of everything else. */
  get headerLayout(): number {
    return bits(this.config.get(spec.HEADER_TYPE, 1), spec.HEADER_TYPE_LAYOUT_HI, spec.HEADER_TYPE_LAYOUT_LO);
  }

  get bars(): readonly BarOptions[] {
    return this.#bars;
  }

  get busMasterEnabled(): boolean {
    return bit(this.config.get(spec.COMMAND, 2), spec.COMMAND_BUS_MASTER_ENABLE_LO);
  }

  get memorySpaceEnabled(): boolean {
    if (this.virtual) return this.decoder?.memorySpaceEnabled === true;
    return bit(this.config.get(spec.COMMAND, 2), spec.COMMAND_MEMORY_SPACE_ENABLE_LO);
  }

  get ioSpaceEnabled(): boolean {
    return bit(this.config.get(spec.COMMAND, 2), spec.COMMAND_IO_SPACE_ENABLE_LO);
  }

  /**
   * Adds a base address register and what is behind it. Of a VF, the register is in its PF's SR-IOV capability.
   * Throws ArgumentError when its place is taken or its size is none that hardware could have.
   */
  addBar(options: BarOptions): void {
    checkBar(options, this.headerLayout === spec.HEADER_TYPE_LAYOUT_1 ? spec.TYPE1_BARS : spec.TYPE0_BARS);
    const last = (bar: BarOptions): number => (bar.kind === "memory64" ? bar.index + 1 : bar.index);
    if (this.#bars.some((bar) => options.index <= last(bar) && bar.index <= last(options))) {
      throw new ArgumentError("index", options.index, "is taken by another BAR");
    }
    if (this.virtual && options.kind === "io") throw new ArgumentError("kind", "io", "does not exist in a VF");
    this.#bars.push(options);
    this.#bars.sort((a, b) => a.index - b.index);
    if (this.virtual) return;
    const offset = spec.BAR0 + options.index * spec.BAR_SIZE;
    const rows = barRows(options, offset);
    this.config.define(rows);
    for (const row of rows) this.config.onWrite(row.offset, row.width, () => this.upstream?.routesChanged());
  }

  /** Adds an expansion ROM. Throws ArgumentError for a VF, a second one, or an impossible size. */
  addRom(size: number, handler: MmioHandler): void {
    checkRom(size);
    if (this.virtual || this.#rom !== undefined) throw new ArgumentError("size", size, "has no place in this function");
    this.#rom = { size, handler };
    const offset = this.#romOffset();
    this.config.define(romRows(size, offset));
    this.config.onWrite(offset, 4, () => this.upstream?.routesChanged());
  }

  /** The ranges that this function answers now. */
  decodedRanges(): DecodedRange[] {
    const ranges: DecodedRange[] = [];
    const memory = this.memorySpaceEnabled;
    const io = this.ioSpaceEnabled;
    for (const bar of this.#bars) {
      if (!(bar.kind === "io" ? io : memory)) continue;
      const base = this.virtual
        ? this.decoder?.barBase(bar.index)
        : barBase(this.config, spec.BAR0 + bar.index * spec.BAR_SIZE, bar.kind);
      if (base === undefined) continue;
      ranges.push({ space: bar.kind === "io" ? "io" : "memory", base, size: bar.size, handler: bar.handler });
    }
    if (this.#rom !== undefined && memory) {
      const base = romBase(this.config, this.#romOffset());
      if (base !== undefined) ranges.push({ space: "memory", base, ...this.#rom });
    }
    return ranges;
  }

  /** A configuration read of this function; never fails. */
  configRead(offset: number, width: AccessWidth): number {
    return this.config.read(offset, width);
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    this.config.write(offset, width, value);
  }

  /** Whether a DMA request of this function gets to the root: bus mastering here and in every bridge above. */
  requestsReachRoot(): boolean {
    return this.busMasterEnabled && this.upstream?.passesRequests(this.requesterId) === true;
  }

  /** Sends a message-signalled interrupt, unless bus mastering or a port above stops it. True when it was sent. */
  sendMessage(addressLo: number, addressHi: number, data: number): boolean {
    if (!this.requestsReachRoot()) return false;
    this.upstream?.message(this.requesterId, addressLo, addressHi, data);
    return true;
  }

  /** Resets the function: registers first, then whoever listens. */
  reset(kind: ResetKind): void {
    this.config.reset(kind);
    for (const listener of this.#resetListeners) listener(kind);
    this.enablesChanged();
  }

  /** Called after the registers were reset. */
  onReset(listener: (kind: ResetKind) => void): void {
    this.#resetListeners.push(listener);
  }

  /** Called when bus mastering, a space enable or the power state may have changed. */
  onEnableChange(listener: () => void): void {
    this.#enableListeners.push(listener);
  }

  /** Tells the listeners and whoever caches routes. */
  enablesChanged(): void {
    for (const listener of this.#enableListeners) listener();
    this.upstream?.routesChanged();
  }

  save(): PciFunctionState {
    return { config: this.config.save(), requesterId: this.requesterId };
  }

  restore(state: PciFunctionState): void {
    this.config.restore(state.config);
    this.requesterId = state.requesterId as RequesterId;
    this.enablesChanged();
  }

  #romOffset(): number {
    return this.headerLayout === spec.HEADER_TYPE_LAYOUT_1 ? spec.TYPE1_EXPANSION_ROM : spec.TYPE0_EXPANSION_ROM;
  }
}
