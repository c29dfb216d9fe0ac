// A machine: the only place where engine, memory, IOMMU, PCI topology and devices are wired together.
import { INTERRUPT_RANGE_BASE, INTERRUPT_RANGE_LIMIT } from "../../assembly/spec/vtd/interrupt-range.ts";
import { type Hpa, join32 } from "../core/address.ts";
import { checkFunction } from "../core/arguments.ts";
import { Clock, checkSpan } from "../core/clock.ts";
import { Engine } from "../core/engine.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Snapshotable } from "../core/ports.ts";
import { applyOrUndo, checkKind, firstDifference } from "../core/snapshot.ts";
import { Trace } from "../core/trace.ts";
import type { CopyEngine } from "../device/copy-engine/engine.ts";
import type { Endpoint } from "../device/endpoint.ts";
import type { IgbCard, IgbCardState } from "../device/igb/card.ts";
import type { IgbPort } from "../device/igb/port.ts";
import type { PciFunction } from "../pci/function.ts";
import { RootComplex, type RootComplexState } from "../pci/root-complex.ts";
import { AddressMap, type AddressMapState } from "./address-map.ts";
import type { CableState } from "./cable/cable.ts";
import { Cables } from "./cable/cables.ts";
import { Endpoints, type Slot } from "./endpoints.ts";
import { Interrupts, type InterruptsState } from "./interrupts.ts";
import { type EventMessage, type IommuState, IommuUnit } from "./iommu-unit.ts";
import * as layout from "./layout.ts";
import { cardShape, checkEngine, checkMachine, type MachineOptions } from "./machine-options.ts";
import { type MemoryImage, restoreMemory, saveMemory } from "./memory-image.ts";
import { ModuleTrace } from "./module-trace.ts";
import { Slots } from "./slots.ts";
import { Turns } from "./turns.ts";

export type { BoardOptions, CardOptions, DeviceOptions, MachineOptions } from "./machine-options.ts";

export interface MachineState {
  /** What the machine was built of: its cards and its unit's capabilities. */
  shape: string;
  clock: number;
  map: AddressMapState;
  ram: readonly { base: number; image: MemoryImage }[];
  iommu: IommuState;
  pci: RootComplexState;
  cards: readonly IgbCardState[];
  endpoints: readonly unknown[];
  interrupts: InterruptsState;
  cables: readonly CableState[];
}

export class Machine implements Snapshotable<MachineState> {
  readonly engine: Engine;
  readonly clock: Clock = new Clock();
  /** What joins the ports to each other and to the world. */
  readonly cables: Cables = new Cables(this.clock, (call) => this.engine.refuseReentry(call));
  readonly trace: Trace = new Trace((on) => this.#watchModule(on));
  readonly interrupts: Interrupts;
  readonly map: AddressMap;
  readonly iommu: IommuUnit;
  readonly root: RootComplex;
  readonly cards: readonly IgbCard[];
  /** What `devices` of the options named, in that order. */
  readonly devices: readonly CopyEngine[];
  readonly #endpoints: Endpoints;
  readonly #shape: string;
  readonly #turns: Turns;

  private constructor(engine: Engine, options: MachineOptions) {
    const { ram, board, cards, devices, iommu } = checkMachine(options);
    this.engine = engine;
    this.interrupts = new Interrupts(this.trace);
    this.map = new AddressMap(engine, (...message) => this.interrupts.queue(...message));
    this.iommu = new IommuUnit(engine, this.map, iommu);
    this.#shape = JSON.stringify({ cards: cards.map(cardShape), devices, iommu: this.iommu.capabilities });
    this.iommu.onEvent((message) => this.#unitMessage(message));
    this.iommu.onStale(({ requesterId, iova, cached, actual, missing }) =>
      this.trace.listener?.({ kind: "stale", requesterId, iova, cached, actual, missing: missing.text }),
    );
    this.interrupts.connect(this.iommu);
    this.root = new RootComplex({
      messages: this.interrupts,
      ...(board?.hostBridge === undefined ? {} : { hostBridge: board.hostBridge }),
    });
    this.iommu.ats.connect({
      clock: this.clock,
      find: (requesterId) => this.root.functionAt(requesterId)?.translationListener,
    });
    this.#endpoints = new Endpoints(this.root, (fn) => this.#watchResets(fn));
    if (board === undefined) this.#place(ram);
    const { clock, trace, root, map } = this;
    const watch = (fn: PciFunction): void => this.#watchResets(fn);
    const slots = new Slots(
      { engine, map, iommu: this.iommu, clock, trace, root, endpoints: this.#endpoints, watch },
      board?.slots,
    );
    this.cards = cards.map((card, index) => slots.addCard(card, index));
    this.devices = devices.map((_, index) => slots.addDevice(index));
    this.#turns = new Turns({
      clock,
      cards: this.cards,
      endpoints: this.#endpoints,
      cables: this.cables,
      iommu: this.iommu,
      interrupts: this.interrupts,
    });
  }

  /** Builds a machine. Throws ArgumentError, with nothing left behind, for options that no machine could have. */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    checkEngine(options);
    const engine = (options.engine ?? (await Engine.create())).lease();
    try {
      return new Machine(engine, options);
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /**
   * Gives back the machine's part of the engine: its RAM, cards and unit, where other machines may then lie. Nothing of
   * it may be used any more: what reaches the module or its memory throws DisposedError. A second call does nothing.
   */
  dispose(): void {
    if (this.engine.closed) return;
    this.engine.refuseReentry("dispose");
    this.trace.listener = undefined;
    this.cables.pull();
    this.engine.close();
  }

  /** Every port of every card, in the order of the cards. */
  get ports(): IgbPort[] {
    return this.cards.flatMap((card) => [...card.ports]);
  }

  /**
   * Lets `ns` nanoseconds pass: devices do what they were told to, interrupts arrive when they are due.
   * Work is bounded by the number of ports and of moments at which something is due. Returns the frames moved.
   * Time stops at the first moment at which `until` says so; it must change nothing.
   * Throws ArgumentError, with nothing done, unless `ns` is a whole number, 0 or more.
   * Throws ArgumentError, with time stopped there, for a device or a cable's end whose deadline is no moment, and for a
   * device that does nothing for a thousand turns while its deadline stays in the past.
   * Throws RegionError afterwards, when all that is done, if memory of the embedder failed since the last time;
   * ReentryError when one of its functions calls this.
   */
  run(ns = 0, until?: () => boolean): number {
    this.engine.refuseReentry("run");
    checkSpan(ns);
    if (until !== undefined) checkFunction("until", until);
    const moved = this.#turns.run(this.clock.nowNs + ns, until);
    const failure = this.map.takeFailure();
    if (failure !== undefined) throw failure;
    return moved;
  }

  /** Puts a device into a slot. Throws ArgumentError, with nothing changed, for a place that is none or taken. */
  plug(endpoint: Endpoint, slot: Slot): void {
    this.engine.refuseReentry("plug");
    this.#endpoints.plug(endpoint, slot);
  }

  /** Takes a device out of its slot. Throws ArgumentError when it is in none. */
  unplug(endpoint: Endpoint): void {
    this.engine.refuseReentry("unplug");
    this.#endpoints.unplug(endpoint);
  }

  /** When something is due without being asked, in the clock's nanoseconds; infinity when nothing is. */
  get nextDeadlineNs(): number {
    return this.#turns.nextDeadlineNs;
  }

  /** The reset of a power-up: every function and the IOMMU unit start anew. RAM and time stay as they are. */
  reset(): void {
    this.engine.refuseReentry("reset");
    this.root.reset("cold");
    this.iommu.reset();
    this.interrupts.reset();
  }

  /** The state of every part. RAM outside the WebAssembly memory is its owner's to save. */
  save(): MachineState {
    this.engine.refuseReentry("save");
    return {
      shape: this.#shape,
      clock: this.clock.save(),
      map: this.map.save(),
      ram: this.map.wasmRam().map(({ base, size, pointer }) => ({
        base,
        image: saveMemory(this.engine.u8.subarray(pointer, pointer + size)),
      })),
      iommu: this.iommu.save(),
      pci: this.root.save(),
      cards: this.cards.map((card) => card.save()),
      endpoints: this.#endpoints.save(),
      interrupts: this.interrupts.save(),
      cables: this.cables.save(),
    };
  }

  /**
   * Puts back what `save` gave, into a machine built with the same options and the same RAM.
   * Throws ArgumentError or FormatError, with nothing changed, for the state of another one.
   */
  restore(state: MachineState): void {
    const before = this.save();
    applyOrUndo(
      () => this.#apply(state),
      () => this.#apply(before),
    );
  }

  #apply(state: MachineState): void {
    checkKind("machine", state, "shape");
    if (state.shape !== this.#shape) throw this.#another(state.shape);
    const ram = this.map.wasmRam();
    if (ram.length !== state.ram.length || state.cards.length !== this.cards.length) {
      throw new ArgumentError(
        "state",
        `${state.ram.length} RAM regions, ${state.cards.length} cards`,
        "is of another machine",
      );
    }
    for (const [place, { base, size }] of ram.entries()) {
      const saved = state.ram[place];
      if (saved?.base !== base || saved.image.size !== size) {
        throw new ArgumentError("state", `RAM at ${saved?.base}`, "is of another machine");
      }
    }
    for (const [place, { size, pointer }] of ram.entries()) {
      const saved = state.ram[place] as { image: MemoryImage };
      restoreMemory(this.engine.u8.subarray(pointer, pointer + size), saved.image);
    }
    this.map.restore(state.map);
    this.clock.restore(state.clock);
    this.root.restore(state.pci);
    for (const [place, card] of this.cards.entries()) card.restore(state.cards[place] as IgbCardState);
    this.#endpoints.restore(state.endpoints);
    this.iommu.restore(state.iommu);
    this.interrupts.restore(state.interrupts);
    this.cables.restore(state.cables);
    for (const port of this.ports) port.announce();
  }

  #another(shape: string): ArgumentError {
    const where = firstDifference(JSON.parse(shape), JSON.parse(this.#shape));
    return new ArgumentError("state", where, "is of another machine");
  }

  /** A server's address map. */
  #place(ram: number): void {
    const { MMIO32_BASE, MMIO32_SIZE, MMIO64_BASE, MMIO64_SIZE } = layout;
    this.map.addRam({ base: layout.HOST_RAM_BASE, size: ram });
    this.map.addMmio({ base: layout.IOMMU_BASE, size: layout.IOMMU_SIZE, handler: this.iommu.mmio });
    this.map.addMmio({ base: layout.ECAM_BASE, size: layout.ECAM_SIZE, handler: this.root.ecam });
    this.map.addMmio({ base: MMIO32_BASE, size: MMIO32_SIZE, handler: this.root.memoryWindow(MMIO32_BASE) });
    this.map.addMmio({ base: MMIO64_BASE, size: MMIO64_SIZE, handler: this.root.memoryWindow(MMIO64_BASE) });
  }

  /** What the module does is told only while somebody listens. */
  #watchModule(on: boolean): void {
    const events = new ModuleTrace();
    this.map.traceTo(on ? events.keep : undefined);
    this.iommu.onReturn(on ? () => events.flush(this.trace) : undefined);
  }

  #watchResets(fn: PciFunction): void {
    fn.onReset((reset) => this.trace.listener?.({ kind: "reset", requesterId: fn.requesterId, reset }));
  }

  /** A unit's own message: an interrupt request, or, where it addresses memory, a write of its data. */
  #unitMessage(message: EventMessage): void {
    const { addressLo, addressHi, data } = message;
    if (addressLo >= INTERRUPT_RANGE_BASE && addressLo <= INTERRUPT_RANGE_LIMIT) {
      this.interrupts.unitMessage(message);
      return;
    }
    const address = join32(addressLo, addressHi) as Hpa;
    const region = this.map.regionAt(address);
    if (region !== undefined && region.kind !== "mmio") this.map.write(address, 4, data);
  }
}
