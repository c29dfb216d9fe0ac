// A function: its configuration space, its BARs, and what its enable bits and power state let through.
import * as spec from "../../assembly/spec/pci/header.ts";
import type { RequesterId } from "../core/address.ts";
import { checkFunction, checkOptions, checkText } from "../core/arguments.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, MmioHandler, Snapshotable, TranslationListener } from "../core/ports.ts";
import { checkStateNumber } from "../core/snapshot.ts";
import type { BarOptions } from "./bar.ts";
import { BaseAddresses } from "./base-addresses.ts";
import { behavioursOf } from "./behaviours.ts";
import { bit, flag } from "./bits.ts";
import { ConfigSpace, type ConfigSpaceState, type ResetKind } from "./config-space.ts";
import type { ErrorReporting } from "./errors.ts";
import type { Express } from "./express.ts";
import type { InterruptPin } from "./interrupt-pin.ts";
import type { Msi } from "./msi.ts";
import type { PowerManagement } from "./power.ts";
import type { DecodedRange, Upstream } from "./upstream.ts";
import type { VirtualDecoder, VirtualFunctions } from "./virtual-functions.ts";

const MAX_REQUESTER_ID = 0xffff;

/** Bits of COMMAND that open ranges; bus mastering moves none. */
const DECODE = flag(spec.COMMAND_IO_SPACE_ENABLE_LO) | flag(spec.COMMAND_MEMORY_SPACE_ENABLE_LO);

export interface PciFunctionState {
  config: ConfigSpaceState;
  requesterId: number;
  /** By name, what parts of the function saved: an MSI-X table, VFs. */
  parts: Record<string, unknown>;
}

export interface PciFunctionOptions {
  /** A VF: its BARs and its memory enable are its PF's. */
  virtual?: boolean;
}

/** A function of the topology, physical or virtual. */
export class PciFunction {
  /** Names the function in snapshots and messages; unique in its machine. */
  readonly name: string;
  readonly config: ConfigSpace;
  readonly virtual: boolean;
  /** Of a VF: set by its PF. */
  decoder: VirtualDecoder | undefined;
  readonly power: PowerManagement | undefined;
  readonly express: Express | undefined;
  readonly msi: Msi | undefined;
  readonly errors: ErrorReporting;
  readonly #pin: InterruptPin;
  #requesterId = 0 as RequesterId;
  #upstream: Upstream | undefined;
  #virtualFunctions: VirtualFunctions | undefined;
  #interrupts: ((vector: number) => void) | undefined;
  #translation: TranslationListener | undefined;
  readonly #parts = new Map<string, Snapshotable<unknown>>();
  readonly #baseAddresses = new BaseAddresses(this);
  readonly #resetListeners: ((kind: ResetKind) => void)[] = [];
  readonly #enableListeners: (() => void)[] = [];
  readonly #requesterListeners: (() => void)[] = [];

  /**
   * @param config complete except for its BARs: capabilities come to life here.
   * Throws ArgumentError for a name that is none and a space without a header.
   */
  constructor(name: string, config: ConfigSpace, options: PciFunctionOptions = {}) {
    checkText("name", name);
    if (!(config instanceof ConfigSpace)) throw new ArgumentError("config", config, "is no ConfigSpace");
    if (config.writableMask(spec.COMMAND, 2) === 0) throw new ArgumentError("config", config, "has no header");
    checkOptions("options", options, ["virtual"]);
    this.name = name;
    this.config = config;
    this.virtual = options.virtual === true;
    config.onWrite(spec.COMMAND, 2, (previous) => {
      const changed = config.get(spec.COMMAND, 2) ^ previous;
      if ((changed & DECODE) !== 0) this.enablesChanged();
      else if (changed !== 0) this.#tell();
    });
    const { power, express, msi, errors, pin } = behavioursOf(this);
    this.power = power;
    this.express = express;
    this.msi = msi;
    this.errors = errors;
    this.#pin = pin;
  }

  /** Bus, device and function as captured from configuration writes (PCIe 6.0 §2.2.6.2). */
  get requesterId(): RequesterId {
    return this.#requesterId;
  }

  /** What this function is attached to. A VF is where its PF is. */
  get upstream(): Upstream | undefined {
    return this.virtual ? this.decoder?.pf.upstream : this.#upstream;
  }

  /** For the bus that the function is put on or taken from. */
  set upstream(upstream: Upstream | undefined) {
    this.#upstream = upstream;
    this.config.noteChange();
  }

  /** VFs of this PF. */
  get virtualFunctions(): VirtualFunctions | undefined {
    return this.#virtualFunctions;
  }

  /** 0 to 3: D0, D1, D2, D3hot. */
  get powerState(): number {
    return this.power?.state ?? 0;
  }

  /** 1 of a bridge, 0 of everything else. */
  get headerLayout(): number {
    return bits(this.config.get(spec.HEADER_TYPE, 1), spec.HEADER_TYPE_LAYOUT_HI, spec.HEADER_TYPE_LAYOUT_LO);
  }

  get bars(): readonly BarOptions[] {
    return this.#baseAddresses.bars;
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
    this.#baseAddresses.addBar(options);
  }

  /** Adds an expansion ROM. Throws ArgumentError for a VF, a second one, or an impossible size. */
  addRom(size: number, handler: MmioHandler): void {
    this.#baseAddresses.addRom(size, handler);
  }

  /** The ranges that this function answers now. */
  decodedRanges(): DecodedRange[] {
    return this.powerState === 0 ? this.#baseAddresses.ranges() : [];
  }

  /** A configuration read of this function; never fails. */
  configRead(offset: number, width: AccessWidth): number {
    return this.config.read(offset, width);
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    this.config.write(offset, width, value);
  }

  /**
   * Whether a DMA request of this function gets to the root: D0 and bus mastering here and in every bridge above.
   * `typed`: a translation request or a translated request, which ACS may block.
   */
  requestsReachRoot(typed = false): boolean {
    if (!this.busMasterEnabled || this.powerState !== 0) return false;
    if (this.virtual && this.decoder?.present !== true) return false;
    return this.upstream?.passesRequests(this.#requesterId, typed) === true;
  }

  /**
   * Changes whenever the requester ID or what `requestsReachRoot` says may have changed, of a PF that of one of its VFs
   * too; of a VF, together with its PF's. NaN when nobody can tell.
   */
  requestsVersion(): number {
    const own = this.config.version;
    return this.virtual ? own : own + (this.#upstream?.requestsVersion?.() ?? Number.NaN);
  }

  /** For what decides about requests and is not in the configuration space: it changed. */
  protected requestsChanged(): void {
    this.config.noteChange();
  }

  /** Sends a message-signalled interrupt, unless bus mastering or a port above stops it. True when it was sent. */
  sendMessage(addressLo: number, addressHi: number, data: number): boolean {
    if (!this.requestsReachRoot()) return false;
    this.upstream?.message(this.#requesterId, addressLo, addressHi, data);
    return true;
  }

  /** Signals an interrupt of the function itself: MSI-X when software enabled it, else MSI. */
  raiseInterrupt(vector: number): void {
    this.#interrupts?.(vector);
    this.msi?.raise(vector);
  }

  /** INTx: an interrupt is pending, or none; the wire follows unless software disabled it or uses MSI or MSI-X. */
  setInterruptPending(pending: boolean): void {
    this.#pin.set(pending);
  }

  /** INTA (bit 0) to INTD (bit 3) as the function asserts them, of a bridge what is below too. */
  get interruptPins(): number {
    return this.#pin.level;
  }

  /** Tells whoever is above that `interruptPins` may have changed. */
  pinsChanged(): void {
    this.upstream?.pinsChanged?.();
  }

  /** Lets `raiseInterrupt` use an MSI-X table. */
  useInterrupts(raise: (vector: number) => void): void {
    this.#interrupts = raise;
  }

  /** Takes the requester ID that a configuration write carried. For the bus. */
  capture(requesterId: RequesterId): void {
    if (requesterId === this.#requesterId) return;
    this.#requesterId = requesterId;
    this.config.noteChange();
    this.#virtualFunctions?.captured();
    this.upstream?.routesChanged();
    for (const listener of this.#requesterListeners) listener();
  }

  /** Called after the function took another requester ID. */
  onRequesterIdChange(listener: () => void): void {
    checkFunction("listener", listener);
    this.#requesterListeners.push(listener);
  }

  /** Lets `listener` have the ATS and page request messages that the root complex sends to this function. */
  listenToTranslation(listener: TranslationListener): void {
    this.#translation = listener;
  }

  /** Who takes ATS and page request messages; undefined: nobody, they are unsupported requests. */
  get translationListener(): TranslationListener | undefined {
    return this.#translation;
  }

  /** For the SR-IOV capability: these are the function's VFs. */
  attachVirtualFunctions(functions: VirtualFunctions): void {
    this.#virtualFunctions = functions;
  }

  /** Makes `part` a part of this function's snapshot. Throws ArgumentError when the name is taken. */
  addPart<State>(name: string, part: Snapshotable<State>): void {
    if (this.#parts.has(name)) throw new ArgumentError("name", name, "is a part of this function already");
    this.#parts.set(name, part as Snapshotable<unknown>);
  }

  /** Resets the function: registers first, then whoever listens. */
  reset(kind: ResetKind): void {
    this.config.reset(kind);
    for (const listener of this.#resetListeners) listener(kind);
    this.enablesChanged();
  }

  /** Called after the registers were reset. */
  onReset(listener: (kind: ResetKind) => void): void {
    checkFunction("listener", listener);
    this.#resetListeners.push(listener);
  }

  /** Called when bus mastering, a space enable or the power state may have changed. */
  onEnableChange(listener: () => void): void {
    checkFunction("listener", listener);
    this.#enableListeners.push(listener);
  }

  /** Tells the listeners and whoever caches routes. */
  enablesChanged(): void {
    this.#tell();
    this.routesChanged();
  }

  /** Tells whoever caches what this function answers that it is stale. */
  routesChanged(): void {
    this.upstream?.routesChanged();
  }

  save(): PciFunctionState {
    const parts: Record<string, unknown> = {};
    for (const [name, part] of this.#parts) parts[name] = part.save();
    return { config: this.config.save(), requesterId: this.#requesterId, parts };
  }

  /** Throws ArgumentError when the state is of a function with other parts, FormatError for one that is none. */
  restore(state: PciFunctionState): void {
    checkStateNumber(this.name, state.requesterId, MAX_REQUESTER_ID);
    for (const name of this.#parts.keys()) {
      if (!(name in state.parts)) throw new ArgumentError("state", name, "is missing");
    }
    this.config.restore(state.config);
    this.#requesterId = state.requesterId as RequesterId;
    this.config.noteChange();
    for (const [name, part] of this.#parts) part.restore(state.parts[name]);
    this.#virtualFunctions?.restored();
    this.enablesChanged();
  }

  #tell(): void {
    for (const listener of this.#enableListeners) listener();
  }
}
