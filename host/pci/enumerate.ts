// Finding a machine's functions and giving them bus numbers and addresses, as firmware does: configuration cycles only.
// It ends on any configuration space: a bus number is given once, a list is walked as far as it could fit.
import * as ari from "../../assembly/spec/pci/ari.ts";
import * as express from "../../assembly/spec/pci/express.ts";
import * as spec from "../../assembly/spec/pci/header.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as sriov from "../../assembly/spec/pci/sriov.ts";
import { busOf, deviceFunctionOf, onBus } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { assign, type ResourceWindows } from "./assign.ts";
import { bit, flag } from "./bits.ts";
import type { ConfigAccess } from "./ecam.ts";
import { type FoundFunction, headerLayout, probe } from "./probe.ts";

export interface EnumerateOptions {
  /** Use ARI where a port and the device below it can; default true. */
  ari?: boolean;
  /** The highest bus number to give; default 255. */
  lastBus?: number;
}

/**
 * Walks the buses from bus 0, numbers them (with room for the VFs of every PF below the port above it), sizes and
 * places BARs and VF BARs, opens the windows of bridges and enables decoding. A BAR that fits into no window keeps
 * address undefined, and its function's decoding stays off. Returns the functions on bus 0, those behind bridges inside.
 */
export function enumerate(
  access: ConfigAccess,
  windows: ResourceWindows,
  options: EnumerateOptions = {},
): FoundFunction[] {
  const walk = new Walk(access, options);
  const found = walk.scan(0, undefined);
  assign(access, found, windows);
  return found;
}

/** All functions of a tree that `enumerate` returned, parents before children. */
export function flatten(functions: readonly FoundFunction[]): FoundFunction[] {
  return functions.flatMap((fn) => [fn, ...flatten(fn.bridge?.children ?? [])]);
}

class Walk {
  readonly #access: ConfigAccess;
  readonly #ari: boolean;
  readonly #lastBus: number;
  /** The highest bus number given so far. */
  #highest = 0;

  constructor(access: ConfigAccess, options: EnumerateOptions) {
    this.#access = access;
    this.#ari = options.ari ?? true;
    this.#lastBus = options.lastBus ?? 255;
  }

  /** What is on `bus`, the secondary bus of `port` (undefined of bus 0), bridges' buses included. */
  scan(bus: number, port: FoundFunction | undefined): FoundFunction[] {
    const found: FoundFunction[] = [];
    const link = port !== undefined && this.#isDownstreamPort(port);
    if (link) this.#setAriForwarding(port, false);
    for (let device = 0; device < (link ? 1 : 32); device++) {
      const first = probe(this.#access, onBus(bus, device * 8));
      if (first === undefined) continue;
      found.push(first);
      const useAri =
        link && this.#ari && first.extendedCapabilities.has(ids.EXT_CAP_ARI) && this.#setAriForwarding(port, true);
      for (const number of this.#others(first, useAri)) {
        const fn = probe(this.#access, onBus(bus, number));
        if (fn !== undefined) found.push(fn);
      }
      if (useAri) this.#setAriHierarchy(found);
    }
    for (const fn of found) this.#highest = Math.max(this.#highest, Math.min(this.#lastVfBus(fn), this.#lastBus));
    for (const fn of found) this.#descend(fn);
    return found;
  }

  /** Numbers of the other functions of a device, as requester IDs without the bus. */
  #others(first: FoundFunction, useAri: boolean): Iterable<number> {
    if (useAri) return this.#ariNumbers(first);
    const type = this.#access.configRead(first.requesterId, spec.HEADER_TYPE, 1);
    if (!bit(type, spec.HEADER_TYPE_MULTI_FUNCTION_LO)) return [];
    const number = deviceFunctionOf(first.requesterId);
    return [1, 2, 3, 4, 5, 6, 7].map((functionNumber) => number + functionNumber);
  }

  /** ARI: each function names the next, always a higher one (PCIe 6.0 §7.8.8.2). */
  *#ariNumbers(first: FoundFunction): Iterable<number> {
    let current = first.requesterId;
    let offset = first.extendedCapabilities.get(ids.EXT_CAP_ARI);
    while (offset !== undefined) {
      const capability = this.#access.configRead(current, offset + ari.ARI_CAP, 2);
      const next = bits(capability, ari.ARI_CAP_NEXT_FUNCTION_HI, ari.ARI_CAP_NEXT_FUNCTION_LO);
      if (next <= deviceFunctionOf(current)) return;
      yield next;
      current = onBus(busOf(current), next);
      offset = probe(this.#access, current)?.extendedCapabilities.get(ids.EXT_CAP_ARI);
    }
  }

  /** Gives the bus below a bridge the next number, walks it, and closes its range. */
  #descend(fn: FoundFunction): void {
    const { bridge, requesterId } = fn;
    if (bridge === undefined) return;
    const write = (offset: number, value: number): void => this.#access.configWrite(requesterId, offset, 1, value);
    write(spec.PRIMARY_BUS, busOf(requesterId));
    if (this.#highest >= this.#lastBus || headerLayout(this.#access, requesterId) !== spec.HEADER_TYPE_LAYOUT_1) {
      write(spec.SECONDARY_BUS, 0);
      write(spec.SUBORDINATE_BUS, 0);
      return;
    }
    this.#highest++;
    bridge.secondaryBus = this.#highest;
    write(spec.SECONDARY_BUS, bridge.secondaryBus);
    write(spec.SUBORDINATE_BUS, this.#lastBus);
    bridge.children = this.scan(bridge.secondaryBus, fn);
    bridge.subordinateBus = this.#highest;
    write(spec.SUBORDINATE_BUS, bridge.subordinateBus);
  }

  /** The highest bus that VFs of `fn` can be on: with all of TotalVFs, whatever offset and stride that gives. */
  #lastVfBus(fn: FoundFunction): number {
    const bus = busOf(fn.requesterId);
    if (fn.sriov === undefined || fn.sriov.totalVfs === 0) return bus;
    const { offset, totalVfs } = fn.sriov;
    this.#access.configWrite(fn.requesterId, offset + sriov.SRIOV_NUM_VFS, 2, totalVfs);
    const first = this.#access.configRead(fn.requesterId, offset + sriov.SRIOV_VF_OFFSET, 2);
    const stride = this.#access.configRead(fn.requesterId, offset + sriov.SRIOV_VF_STRIDE, 2);
    this.#access.configWrite(fn.requesterId, offset + sriov.SRIOV_NUM_VFS, 2, 0);
    return busOf(fn.requesterId + first + stride * (totalVfs - 1));
  }

  #isDownstreamPort(port: FoundFunction): boolean {
    const offset = port.capabilities.get(ids.CAP_EXPRESS);
    if (offset === undefined) return false;
    const capability = this.#access.configRead(port.requesterId, offset + express.EXPRESS_CAP, 2);
    const type = bits(capability, express.EXPRESS_CAP_PORT_TYPE_HI, express.EXPRESS_CAP_PORT_TYPE_LO);
    return type === express.PORT_TYPE_ROOT_PORT || type === express.PORT_TYPE_SWITCH_DOWNSTREAM;
  }

  /** Sets or clears ARI Forwarding Enable; false when the port has none. */
  #setAriForwarding(port: FoundFunction, enable: boolean): boolean {
    const offset = port.capabilities.get(ids.CAP_EXPRESS);
    if (offset === undefined) return false;
    const capability = this.#access.configRead(port.requesterId, offset + express.DEVCAP2, 4);
    if (!bit(capability, express.DEVCAP2_ARI_FORWARDING_LO)) return false;
    const control = this.#access.configRead(port.requesterId, offset + express.DEVCTL2, 2);
    const forwarding = flag(express.DEVCTL2_ARI_FORWARDING_LO);
    const value = enable ? control | forwarding : control & ~forwarding;
    this.#access.configWrite(port.requesterId, offset + express.DEVCTL2, 2, value);
    return true;
  }

  /** Tells the lowest-numbered PF of a device that the hierarchy can do ARI (§9.3.3.3.5). */
  #setAriHierarchy(functions: readonly FoundFunction[]): void {
    const first = functions.find((fn) => fn.sriov !== undefined);
    if (first?.sriov === undefined) return;
    const at = first.sriov.offset + sriov.SRIOV_CTL;
    this.#access.configWrite(first.requesterId, at, 2, flag(sriov.SRIOV_CTL_ARI_CAPABLE_LO));
  }
}
