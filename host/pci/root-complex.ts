// The root complex of one segment: bus 0, the ways to configuration space, routing of memory and I/O requests.
import * as spec from "../../assembly/spec/pci/header.ts";
import { busOf, deviceFunctionOf, type Hpa, onBus, type RequesterId } from "../core/address.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, MessagePort, MmioHandler } from "../core/ports.ts";
import { allOnes, flag } from "./bits.ts";
import { Bridge } from "./bridge.ts";
import { PciBus } from "./bus.ts";
import { ConfigPorts } from "./config-ports.ts";
import { type ConfigAccess, ecam } from "./ecam.ts";
import { PciFunction, type PciFunctionState } from "./function.ts";
import { swizzled } from "./interrupt-pin.ts";
import { hostBridgeProfile } from "./port-profiles.ts";
import { profileConfig } from "./profile.ts";
import { RouteTable, readAligned, writeAligned } from "./routes.ts";
import type { RootRequest } from "./tlp.ts";
import { functionsByPath } from "./topology.ts";
import type { DecodedRange, ErrorSeverity, Upstream } from "./upstream.ts";

export interface RootComplexOptions {
  /** PCI segment group, 0–65535, or a number above that Linux gave as a domain, 32 bits; default 0. */
  segment?: number;
  /** Number of the root bus, 0–255; default 0. Servers have several root buses in a segment. */
  rootBus?: number;
  /** Where interrupts of functions go. */
  messages: MessagePort;
  /** Buses that the ECAM window covers, 1–256; default 256. */
  ecamBuses?: number;
  /** The function at 00:00.0; null leaves the place free. Default: `hostBridgeProfile`. */
  hostBridge?: PciFunction | null;
}

export interface RootComplexState {
  functions: Record<string, PciFunctionState>;
  configAddress: number;
}

export class RootComplex implements Upstream, ConfigAccess {
  readonly segment: number;
  readonly rootBus: number;
  /** The root bus. */
  readonly bus: PciBus;
  /** The window of configuration space, offsets from the segment's bus 0. */
  readonly ecam: MmioHandler;
  readonly #ports: ConfigPorts;
  readonly #messages: MessagePort;
  readonly #found = new Map<number, PciFunction>();
  readonly #pinListeners = new Set<() => void>();
  #memory: RouteTable | undefined;
  #io: RouteTable | undefined;

  /** Throws ArgumentError for a segment or a number of buses that is none. */
  constructor(options: RootComplexOptions) {
    const { segment = 0, rootBus = 0, ecamBuses = 256, hostBridge } = options;
    if (!Number.isInteger(segment) || segment < 0 || segment > 0xffff_ffff) {
      throw new ArgumentError("segment", segment, "is not in 0–2^32-1");
    }
    if (!Number.isInteger(rootBus) || rootBus < 0 || rootBus > 255) {
      throw new ArgumentError("rootBus", rootBus, "is not in 0–255");
    }
    if (!Number.isInteger(ecamBuses) || ecamBuses < 1 || ecamBuses > 256) {
      throw new ArgumentError("ecamBuses", ecamBuses, "is not in 1–256");
    }
    this.segment = segment;
    this.rootBus = rootBus;
    this.#messages = options.messages;
    this.bus = new PciBus(this, false);
    this.ecam = ecam(this, ecamBuses);
    this.#ports = new ConfigPorts(this);
    if (hostBridge !== null) {
      this.attach(hostBridge ?? new PciFunction("host-bridge", profileConfig(hostBridgeProfile())), 0, 0);
    }
  }

  /** Puts a function on the root bus. Throws ArgumentError for a place that is none or taken. */
  attach(fn: PciFunction, device: number, functionNumber: number): void {
    fn.capture(onBus(this.rootBus, this.bus.attach(fn, device, functionNumber)));
  }

  /** Takes a function off the root bus. Throws ArgumentError when it is not there. */
  detach(fn: PciFunction): void {
    this.bus.detach(fn);
  }

  /** A configuration read of the function at `requesterId`; all-ones where nothing is. */
  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number {
    const fn = this.functionAt(requesterId);
    return fn === undefined ? allOnes(width) : fn.configRead(offset, width);
  }

  /** A configuration write; a function captures its bus number from those that reach it (PCIe 6.0 §2.2.6.2). */
  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void {
    const fn = this.functionAt(requesterId);
    if (fn === undefined) return;
    fn.capture(requesterId);
    fn.configWrite(offset, width, value);
  }

  /** The function that a configuration request reaches. */
  functionAt(requesterId: number): PciFunction | undefined {
    const known = this.#found.get(requesterId);
    if (known !== undefined) return known;
    const found = this.#route(requesterId);
    if (found !== undefined) this.#found.set(requesterId, found);
    return found;
  }

  /** A memory read. Nothing there: all-ones, and who refused it has logged an Unsupported Request. */
  memoryRead(address: Hpa, width: AccessWidth): number {
    const range = this.#memoryTable().find(address);
    if (range === undefined || address + width > range.base + range.size)
      return this.#edgeRead("memory", address, width);
    return readAligned(range.handler, address - range.origin, width);
  }

  memoryWrite(address: Hpa, width: AccessWidth, value: number): void {
    const range = this.#memoryTable().find(address);
    if (range === undefined || address + width > range.base + range.size) {
      this.#edgeWrite("memory", address, width, value);
    } else {
      writeAligned(range.handler, address - range.origin, width, value);
    }
  }

  /** A port read: the configuration ports, then I/O BARs. */
  ioRead(port: number, width: AccessWidth): number {
    const config = this.#ports.read(port, width);
    if (config !== undefined) return config;
    const range = this.#ioTable().find(port);
    if (range === undefined || port + width > range.base + range.size) return this.#edgeRead("io", port, width);
    return readAligned(range.handler, port - range.origin, width);
  }

  ioWrite(port: number, width: AccessWidth, value: number): void {
    if (this.#ports.write(port, width, value)) return;
    const range = this.#ioTable().find(port);
    if (range === undefined || port + width > range.base + range.size) this.#edgeWrite("io", port, width, value);
    else writeAligned(range.handler, port - range.origin, width, value);
  }

  /** Ports CF8h and CFCh alone: undefined and false for accesses that are not theirs. */
  get configPorts(): Pick<ConfigPorts, "read" | "write"> {
    return this.#ports;
  }

  /** A piece of the memory space that begins at `base`, for an address map's MMIO window. */
  memoryWindow(base: Hpa): MmioHandler {
    return {
      read: (offset, width) => this.memoryRead((base + offset) as Hpa, width),
      write: (offset, width, value) => this.memoryWrite((base + offset) as Hpa, width, value),
    };
  }

  /** All functions that are attached, VFs that exist included, parents before children. */
  functions(): PciFunction[] {
    return [...functionsByPath(this.bus).values()].filter((entry) => entry.present).map((entry) => entry.fn);
  }

  /** Memory and I/O ranges that are reachable now, disjoint and ascending. */
  ranges(space: "memory" | "io"): readonly DecodedRange[] {
    return (space === "io" ? this.#ioTable() : this.#memoryTable()).ranges;
  }

  /**
   * INTA (bit 0) to INTD (bit 3) of device `device` (0–31) on the root bus, as it and what is behind it assert them: which
   * input of an interrupt controller a pin is wired to, its board decides.
   */
  interruptPins(device: number): number {
    const functions = [...this.bus.functions].filter(([number]) => number >>> 3 === device);
    return swizzled(new Map(functions.map(([number, fn]) => [number & 7, fn])));
  }

  /** Calls `listener` whenever what `interruptPins` says may have changed. Gives how to end that. */
  onInterruptPins(listener: () => void): () => void {
    this.#pinListeners.add(listener);
    return () => this.#pinListeners.delete(listener);
  }

  /** A cold or hot reset of everything. */
  reset(kind: "cold" | "hot"): void {
    this.bus.reset(kind);
    for (const [number, fn] of this.bus.functions) fn.capture(onBus(this.rootBus, number));
    this.#ports.restore(0);
  }

  save(): RootComplexState {
    const functions: Record<string, PciFunctionState> = {};
    for (const [path, { fn }] of functionsByPath(this.bus)) functions[path] = fn.save();
    return { functions, configAddress: this.#ports.save() };
  }

  /** Throws ArgumentError when the state is of another topology; it is then left as it was. */
  restore(state: RootComplexState): void {
    const own = functionsByPath(this.bus);
    for (const path of new Set([...own.keys(), ...Object.keys(state.functions)])) {
      if (!own.has(path) || !(path in state.functions)) {
        throw new ArgumentError("state", path, "is not in both the snapshot and the topology");
      }
    }
    const before = this.save();
    try {
      this.#restoreFunctions(state);
    } catch (error) {
      this.#restoreFunctions(before);
      throw error;
    }
  }

  passesRequests(): boolean {
    return true;
  }

  requestsVersion(): number {
    return 0;
  }

  message(requesterId: RequesterId, addressLo: number, addressHi: number, data: number): void {
    this.#messages.message(requesterId, addressLo, addressHi, data);
  }

  /** Errors of functions on bus 0 have no collector. */
  errorMessage(_requesterId: RequesterId, _severity: ErrorSeverity): void {}

  pinsChanged(): void {
    for (const listener of this.#pinListeners) listener();
  }

  routesChanged(): void {
    this.#found.clear();
    this.#memory = undefined;
    this.#io = undefined;
    this.pinsChanged();
  }

  #restoreFunctions(state: RootComplexState): void {
    for (const [path, { fn }] of functionsByPath(this.bus)) fn.restore(state.functions[path] as PciFunctionState);
    this.#ports.restore(state.configAddress);
    this.routesChanged();
  }

  #route(requesterId: number): PciFunction | undefined {
    const bus = busOf(requesterId);
    if (bus === this.rootBus) {
      const fn = this.bus.functions.get(deviceFunctionOf(requesterId));
      if (fn !== undefined) return fn;
    } else {
      for (const fn of this.bus.functions.values()) {
        if (fn instanceof Bridge && fn.covers(bus)) return fn.route(requesterId);
      }
    }
    return this.bus.findVirtual(requesterId);
  }

  #memoryTable(): RouteTable {
    this.#memory ??= this.#routes("memory");
    return this.#memory;
  }

  #ioTable(): RouteTable {
    this.#io ??= this.#routes("io");
    return this.#io;
  }

  #routes(space: "memory" | "io"): RouteTable {
    return new RouteTable(this.bus.decodedRanges().filter((range) => range.space === space));
  }

  /** An access that does not lie in one range: byte by byte, and refused where nothing answers. */
  #edgeRead(space: "memory" | "io", address: number, width: AccessWidth): number {
    let value = 0;
    let refused = false;
    for (let i = width - 1; i >= 0; i--) {
      const range = this.#find(space, address + i);
      const byte = range === undefined ? 0xff : range.handler.read(address + i - range.origin, 1) & 0xff;
      refused ||= range === undefined;
      value = (value << 8) | byte;
    }
    if (refused) this.#refuse({ space, address, width, write: false });
    return value >>> 0;
  }

  #edgeWrite(space: "memory" | "io", address: number, width: AccessWidth, value: number): void {
    let refused = false;
    for (let i = 0; i < width; i++) {
      const range = this.#find(space, address + i);
      if (range !== undefined) range.handler.write(address + i - range.origin, 1, (value >>> (8 * i)) & 0xff);
      refused ||= range === undefined;
    }
    if (refused) this.#refuse({ space, address, width, write: true });
  }

  /** Afresh for each byte: the write before it may have moved a BAR. */
  #find(space: "memory" | "io", address: number): DecodedRange | undefined {
    return (space === "io" ? this.#ioTable() : this.#memoryTable()).find(address);
  }

  #refuse(request: RootRequest): void {
    for (const fn of this.bus.functions.values()) {
      if (fn instanceof Bridge && fn.forwardsAddress(request.space, request.address)) {
        fn.refuse(request);
        return;
      }
    }
    const hostBridge = this.bus.functions.get(0);
    hostBridge?.config.setBits(spec.STATUS, 2, flag(spec.STATUS_RECEIVED_MASTER_ABORT_LO));
  }
}
