// A bridge: root port, switch upstream or downstream port. What it forwards down (configuration by bus numbers, memory
// and I/O by windows), what it lets up, and resets of what is below it (PCIe 6.0 §7.5.1.3, §6.6.1).
import * as aer from "../../assembly/spec/pci/aer.ts";
import * as express from "../../assembly/spec/pci/express.ts";
import * as spec from "../../assembly/spec/pci/header.ts";
import { busOf, deviceFunctionOf, type RequesterId, TWO_32 } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError, FormatError } from "../core/errors.ts";
import { AccessControl } from "./acs.ts";
import { bit, flag } from "./bits.ts";
import { PciBus } from "./bus.ts";
import type { ConfigSpace, ResetKind } from "./config-space.ts";
import { PciFunction } from "./function.ts";
import { swizzled } from "./interrupt-pin.ts";
import { clip, type Window } from "./routes.ts";
import { type RootRequest, tlpHeader } from "./tlp.ts";
import type { DecodedRange, ErrorSeverity, Upstream } from "./upstream.ts";

const ISA_BLOCK = 0x400;
const ISA_OPEN = 0x100;
const ISA_END = 0x1_0000;

export class Bridge extends PciFunction implements Upstream {
  /** The bus below. */
  readonly bus: PciBus;
  readonly #access: AccessControl;
  #linkUp = true;
  #ranges: DecodedRange[] | undefined;

  /** @param config of a type 1 header with its capabilities. Throws ArgumentError for another header. */
  constructor(name: string, config: ConfigSpace) {
    super(name, config);
    if (this.headerLayout !== spec.HEADER_TYPE_LAYOUT_1) {
      throw new ArgumentError("config", name, "has no bridge's header");
    }
    this.bus = new PciBus(this, this.express?.isDownstreamPort === true);
    this.#access = new AccessControl(this);
    this.addPart("link", {
      save: () => this.#linkUp,
      restore: (up: boolean) => {
        if (typeof up !== "boolean") throw new FormatError(name, `${up} is no state of a link`);
        this.#linkUp = up;
      },
    });
    this.express?.watchPowerEvents((except) => this.findPowerEvent(except));
    const watch = (from: number, to: number, observer: (previous: number) => void): void => {
      for (let offset = from; offset < to; offset += 4) config.onWrite(offset, 4, observer);
    };
    watch(spec.PRIMARY_BUS, spec.SECONDARY_LATENCY_TIMER, () => this.routesChanged());
    watch(spec.IO_BASE, spec.IO_LIMIT_UPPER, () => this.routesChanged());
    config.onWrite(spec.BRIDGE_CONTROL, 2, (previous) => {
      this.routesChanged();
      if (this.#inReset && !bit(previous, spec.BRIDGE_CONTROL_SECONDARY_BUS_RESET_LO)) this.bus.reset("hot");
    });
  }

  get secondaryBus(): number {
    return this.config.get(spec.SECONDARY_BUS, 1);
  }

  get subordinateBus(): number {
    return this.config.get(spec.SUBORDINATE_BUS, 1);
  }

  /** Whether requests cross: the link is up and enabled, nothing below is held in reset, the bridge is in D0. */
  get forwards(): boolean {
    return this.#linkUp && !this.#inReset && this.powerState === 0 && this.express?.linkDisabled !== true;
  }

  /**
   * Puts a function on the bus below. Below a root or downstream port, device is 0 and ARI allows functions to 255.
   * Throws ArgumentError for a place that is none or taken.
   */
  attach(fn: PciFunction, device: number, functionNumber: number): void {
    fn.capture(this.bus.attach(fn, device, functionNumber) as RequesterId);
  }

  /** Takes a function off. Throws ArgumentError when it is not on the bus below. */
  detach(fn: PciFunction): void {
    this.bus.detach(fn);
  }

  /** The link goes down, as when a card is pulled: what was below is gone for software (PCIe 6.0 §6.7.2.2). */
  linkDown(): void {
    if (!this.#linkUp) return;
    this.#linkUp = false;
    this.requestsChanged();
    this.express?.showLink(false);
    this.errors.uncorrectable(aer.UE_SURPRISE_DOWN_LO);
    this.routesChanged();
  }

  /** The link comes up again; what is below starts from a reset. */
  linkTrained(): void {
    if (this.#linkUp) return;
    this.#linkUp = true;
    this.requestsChanged();
    this.express?.showLink(true);
    this.bus.reset("hot");
    this.routesChanged();
  }

  /** The function that a configuration request for `requesterId` reaches; the caller knows that its bus is below. */
  route(requesterId: number): PciFunction | undefined {
    const found = this.forwards ? this.#route(requesterId) : undefined;
    if (found === undefined) {
      this.config.setBits(spec.SECONDARY_STATUS, 2, flag(spec.STATUS_RECEIVED_MASTER_ABORT_LO));
    }
    return found;
  }

  /** Whether configuration requests for `bus` go through this bridge. */
  covers(bus: number): boolean {
    return bus !== 0 && bus >= this.secondaryBus && bus <= this.subordinateBus;
  }

  /** Memory windows that are open: non-prefetchable and prefetchable. */
  memoryWindows(): Window[] {
    if (!this.memorySpaceEnabled) return [];
    const { config } = this;
    const plain = window(
      granules(config.get(spec.MEMORY_BASE, 2)),
      granules(config.get(spec.MEMORY_LIMIT, 2)),
      spec.MEMORY_WINDOW_GRANULE,
    );
    const prefetchable = window(
      granules(config.get(spec.PREFETCHABLE_BASE, 2)) + config.get(spec.PREFETCHABLE_BASE_UPPER, 4) * TWO_32,
      granules(config.get(spec.PREFETCHABLE_LIMIT, 2)) + config.get(spec.PREFETCHABLE_LIMIT_UPPER, 4) * TWO_32,
      spec.MEMORY_WINDOW_GRANULE,
    );
    return [...plain, ...prefetchable];
  }

  /** I/O windows that are open; ISA Enable cuts one into pieces. */
  ioWindows(): Window[] {
    if (!this.ioSpaceEnabled) return [];
    const { config } = this;
    const edge = (low: number, upper: number): number =>
      bits(config.get(low, 1), spec.IO_WINDOW_ADDRESS_HI, spec.IO_WINDOW_ADDRESS_LO) * spec.IO_WINDOW_GRANULE +
      config.get(upper, 2) * ISA_END;
    const [whole] = window(
      edge(spec.IO_BASE, spec.IO_BASE_UPPER),
      edge(spec.IO_LIMIT, spec.IO_LIMIT_UPPER),
      spec.IO_WINDOW_GRANULE,
    );
    if (whole === undefined) return [];
    if (!bit(config.get(spec.BRIDGE_CONTROL, 2), spec.BRIDGE_CONTROL_ISA_ENABLE_LO)) return [whole];
    const windows: Window[] = [];
    for (let base = whole.base; base < Math.min(whole.end, ISA_END); base += ISA_BLOCK) {
      windows.push({ base, end: base + ISA_OPEN });
    }
    if (whole.end > ISA_END) windows.push({ base: Math.max(whole.base, ISA_END), end: whole.end });
    return windows;
  }

  override get interruptPins(): number {
    return super.interruptPins | (this.forwards ? swizzled(this.bus.functions) : 0);
  }

  override decodedRanges(): DecodedRange[] {
    this.#ranges ??= this.#decode();
    return this.#ranges;
  }

  /** Whether a request for `address` is forwarded down. */
  forwardsAddress(space: "memory" | "io", address: number): boolean {
    if (this.powerState !== 0) return false;
    const windows = space === "io" ? this.ioWindows() : this.memoryWindows();
    return windows.some((one) => address >= one.base && address < one.end);
  }

  /** Lets whoever refuses `request`, which this bridge forwards and nothing below claims, log it (§2.3.1). */
  refuse(request: RootRequest): void {
    if (!request.write || request.space === "io") {
      this.config.setBits(spec.SECONDARY_STATUS, 2, flag(spec.STATUS_RECEIVED_MASTER_ABORT_LO));
    }
    const below = this.forwards ? [...this.bus.functions.values()] : [];
    const next = below.find((fn) => fn instanceof Bridge && fn.forwardsAddress(request.space, request.address));
    if (next !== undefined) {
      (next as Bridge).refuse(request);
      return;
    }
    const details = { header: tlpHeader(request), nonPosted: !request.write || request.space === "io" };
    const link = this.express?.isDownstreamPort === true;
    // Every function of the device below a link logs what is not about one of them (§6.2.4).
    const refusing = link && below.length > 0 ? below : [this];
    for (const fn of refusing) fn.errors.uncorrectable(aer.UE_UNSUPPORTED_REQUEST_LO, details);
  }

  override reset(kind: ResetKind): void {
    super.reset(kind);
    if (kind !== "flr") this.bus.reset(kind === "cold" ? "cold" : "hot");
  }

  passesRequests(requesterId: RequesterId, typed = false): boolean {
    if (!this.forwards || !this.busMasterEnabled) return false;
    if (!this.#access.admits(requesterId, typed)) return false;
    return this.upstream?.passesRequests(requesterId, typed) === true;
  }

  message(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): void {
    this.upstream?.message(requesterId, addressLo, addressHi, data);
  }

  errorMessage(requesterId: RequesterId, severity: ErrorSeverity): void {
    if (!this.forwards) return;
    const { config } = this;
    if (severity !== "correctable") {
      config.setBits(spec.SECONDARY_STATUS, 2, flag(spec.STATUS_SIGNALED_SYSTEM_ERROR_LO));
    }
    if (!bit(config.get(spec.BRIDGE_CONTROL, 2), spec.BRIDGE_CONTROL_SERR_ENABLE_LO)) return;
    if (severity !== "correctable" && bit(config.get(spec.COMMAND, 2), spec.COMMAND_SERR_ENABLE_LO)) {
      config.setBits(spec.STATUS, 2, flag(spec.STATUS_SIGNALED_SYSTEM_ERROR_LO));
    }
    if (this.express?.portType === express.PORT_TYPE_ROOT_PORT) this.errors.receive(requesterId, severity);
    else this.upstream?.errorMessage(requesterId, severity);
  }

  powerEvent(requesterId: RequesterId): void {
    if (!this.forwards) return;
    if (this.express?.portType === express.PORT_TYPE_ROOT_PORT) this.express.receivePowerEvent(requesterId);
    else this.upstream?.powerEvent?.(requesterId);
  }

  /** A function below, `except` for one, whose power management event is still noted. */
  findPowerEvent(except: number): RequesterId | undefined {
    for (const fn of this.bus.functions.values()) {
      if (fn.requesterId !== except && fn.power?.eventPending === true) return fn.requesterId;
      const below = fn instanceof Bridge ? fn.findPowerEvent(except) : undefined;
      if (below !== undefined) return below;
    }
    return undefined;
  }

  /** Every change below passes here on its way up, so that only what changed is decoded anew. */
  override routesChanged(): void {
    this.#ranges = undefined;
    super.routesChanged();
  }

  /** Secondary Bus Reset is held. */
  get #inReset(): boolean {
    return bit(this.config.get(spec.BRIDGE_CONTROL, 2), spec.BRIDGE_CONTROL_SECONDARY_BUS_RESET_LO);
  }

  #decode(): DecodedRange[] {
    const ranges = super.decodedRanges();
    if (!this.forwards) return ranges;
    const memory = this.memoryWindows();
    const io = this.ioWindows();
    for (const range of this.bus.decodedRanges()) ranges.push(...clip(range, range.space === "io" ? io : memory));
    return ranges;
  }

  #route(requesterId: number): PciFunction | undefined {
    const bus = busOf(requesterId);
    if (bus === this.secondaryBus) {
      const number = deviceFunctionOf(requesterId);
      // §7.3.1: without ARI Forwarding a link has device 0 only; the port itself refuses the others.
      const link = this.express?.isDownstreamPort === true;
      if (link && number > 7 && this.express?.ariForwarding !== true) return undefined;
      const fn = this.bus.functions.get(number);
      if (fn !== undefined) return fn;
    } else {
      for (const fn of this.bus.functions.values()) {
        if (fn instanceof Bridge && fn.powerState === 0 && fn.covers(bus)) return fn.route(requesterId);
      }
    }
    return this.bus.findVirtual(requesterId);
  }
}

/** The address whose bits 31:20 a window register holds. */
function granules(register: number): number {
  const number = bits(register, spec.MEMORY_WINDOW_ADDRESS_HI, spec.MEMORY_WINDOW_ADDRESS_LO);
  return number * spec.MEMORY_WINDOW_GRANULE;
}

/** The window from `base` to the end of the granule at `limit`, none when limit is below base. */
function window(base: number, limit: number, granule: number): Window[] {
  return limit < base ? [] : [{ base, end: limit + granule }];
}
