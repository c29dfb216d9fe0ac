// Placing what enumeration found: windows of bridges around the BARs below them, from the innermost out.
import * as spec from "../../assembly/spec/pci/header.ts";
import * as sriov from "../../assembly/spec/pci/sriov.ts";
import type { RequesterId } from "../core/address.ts";
import { TWO_32 } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { pack, placeWithin, type Resource } from "./allocate.ts";
import { flag } from "./bits.ts";
import type { ConfigAccess } from "./ecam.ts";
import { type FoundBar, type FoundFunction, writeBar } from "./probe.ts";

export interface AddressRange {
  base: number;
  /** Bytes. */
  size: number;
}

/** Where the root complex takes requests: what enumeration may give away. */
export interface ResourceWindows {
  /** Below 4 GiB. */
  memory: AddressRange;
  /** For 64-bit prefetchable BARs; without it they go to `memory`. */
  prefetchable?: AddressRange;
  io?: AddressRange;
}

interface Needs {
  memory: Resource[];
  prefetchable: Resource[];
  io: Resource[];
}

/** Places BARs and windows and enables decoding of everything that has its place. */
export function assign(access: ConfigAccess, functions: readonly FoundFunction[], windows: ResourceWindows): void {
  const needs = needsOf(access, functions, windows.prefetchable !== undefined);
  placeWithin(needs.memory, windows.memory.base, windows.memory.size);
  if (windows.prefetchable !== undefined) {
    placeWithin(needs.prefetchable, windows.prefetchable.base, windows.prefetchable.size);
  }
  if (windows.io !== undefined) placeWithin(needs.io, windows.io.base, windows.io.size);
  enable(access, functions);
}

function needsOf(access: ConfigAccess, functions: readonly FoundFunction[], wide: boolean): Needs {
  const needs: Needs = { memory: [], prefetchable: [], io: [] };
  for (const fn of functions) {
    for (const bar of fn.bars) {
      const offset = spec.BAR0 + bar.index * spec.BAR_SIZE;
      add(needs, bar, wide, bar.size, () => writeBar(access, fn.requesterId, offset, bar));
    }
    for (const bar of fn.sriov?.bars ?? []) {
      const offset = (fn.sriov?.offset ?? 0) + sriov.SRIOV_VF_BAR0 + bar.index * spec.BAR_SIZE;
      const all = bar.size * Math.max(fn.sriov?.totalVfs ?? 0, 1);
      add(needs, bar, wide, all, () => writeBar(access, fn.requesterId, offset, bar));
    }
    if (fn.rom !== undefined) {
      const { rom } = fn;
      const offset = fn.bridge === undefined ? spec.TYPE0_EXPANSION_ROM : spec.TYPE1_EXPANSION_ROM;
      add(needs, rom, wide, rom.size, () => writeBar(access, fn.requesterId, offset, rom));
    }
    if (fn.bridge !== undefined) addBridge(access, needs, fn, wide);
  }
  return needs;
}

function add(needs: Needs, bar: FoundBar, wide: boolean, size: number, write: () => void): void {
  const kind =
    bar.kind === "io" ? "io" : wide && bar.prefetchable && bar.kind === "memory64" ? "prefetchable" : "memory";
  needs[kind].push({
    size,
    alignment: bar.size,
    place: (base) => {
      bar.address = base;
      write();
    },
  });
}

/** Closes the windows of a bridge, and asks for as much as what is below it needs. */
function addBridge(access: ConfigAccess, needs: Needs, fn: FoundFunction, wide: boolean): void {
  const id = fn.requesterId;
  const prefetchableType = access.configRead(id, spec.PREFETCHABLE_BASE, 2);
  const canWide =
    wide &&
    bits(prefetchableType, spec.MEMORY_WINDOW_CAPABILITY_HI, spec.MEMORY_WINDOW_CAPABILITY_LO) ===
      spec.PREFETCHABLE_CAPABILITY_64;
  const below = needsOf(access, fn.bridge?.children ?? [], canWide);
  for (const write of [writeMemoryWindow, writePrefetchableWindow, writeIoWindow]) write(access, id, undefined);
  const windowed = (
    resources: readonly Resource[],
    granule: number,
    write: (access: ConfigAccess, id: RequesterId, range: AddressRange | undefined) => void,
  ): Resource[] =>
    pack(resources, granule).map((packed) => ({
      ...packed,
      place: (base) => {
        write(access, id, { base, size: packed.size });
        packed.place(base);
      },
    }));
  needs.memory.push(...windowed(below.memory, spec.MEMORY_WINDOW_GRANULE, writeMemoryWindow));
  needs.prefetchable.push(...windowed(below.prefetchable, spec.MEMORY_WINDOW_GRANULE, writePrefetchableWindow));
  needs.io.push(...windowed(below.io, spec.IO_WINDOW_GRANULE, writeIoWindow));
}

/** The register of a memory window's edge: address bits 31:20 in place. */
function edge(address: number): number {
  const granules = Math.floor((address % TWO_32) / spec.MEMORY_WINDOW_GRANULE);
  return granules << spec.MEMORY_WINDOW_ADDRESS_LO;
}

/** A base above its limit closes a window. */
const CLOSED: AddressRange = {
  base: TWO_32 - spec.MEMORY_WINDOW_GRANULE,
  size: 2 * spec.MEMORY_WINDOW_GRANULE - TWO_32,
};

function writeMemoryWindow(access: ConfigAccess, id: RequesterId, range: AddressRange = CLOSED): void {
  access.configWrite(id, spec.MEMORY_BASE, 2, edge(range.base));
  access.configWrite(id, spec.MEMORY_LIMIT, 2, edge(range.base + range.size - 1));
}

function writePrefetchableWindow(access: ConfigAccess, id: RequesterId, range: AddressRange = CLOSED): void {
  const limit = range.base + range.size - 1;
  access.configWrite(id, spec.PREFETCHABLE_BASE, 2, edge(range.base));
  access.configWrite(id, spec.PREFETCHABLE_LIMIT, 2, edge(limit));
  access.configWrite(id, spec.PREFETCHABLE_BASE_UPPER, 4, Math.floor(range.base / TWO_32));
  access.configWrite(id, spec.PREFETCHABLE_LIMIT_UPPER, 4, Math.floor(limit / TWO_32));
}

const CLOSED_IO: AddressRange = { base: 0xf000, size: 0x1000 - 0xf000 };
const IO_16 = 0x1_0000;

function writeIoWindow(access: ConfigAccess, id: RequesterId, range: AddressRange = CLOSED_IO): void {
  const limit = range.base + range.size - 1;
  const low = (address: number): number =>
    Math.floor((address % IO_16) / spec.IO_WINDOW_GRANULE) << spec.IO_WINDOW_ADDRESS_LO;
  access.configWrite(id, spec.IO_BASE, 1, low(range.base));
  access.configWrite(id, spec.IO_LIMIT, 1, low(limit));
  access.configWrite(id, spec.IO_BASE_UPPER, 2, Math.floor(range.base / IO_16));
  access.configWrite(id, spec.IO_LIMIT_UPPER, 2, Math.floor(limit / IO_16));
}

/** Decoding of functions whose BARs all have a place; bridges forward both ways. Errors of probing are cleared. */
function enable(access: ConfigAccess, functions: readonly FoundFunction[]): void {
  for (const fn of functions) {
    const id = fn.requesterId;
    let command = access.configRead(id, spec.COMMAND, 2);
    const placed = (io: boolean): boolean =>
      fn.bars.every((bar) => (bar.kind === "io") !== io || bar.address !== undefined);
    const isBridge = fn.bridge !== undefined;
    const has = (io: boolean): boolean => isBridge || fn.bars.some((bar) => (bar.kind === "io") === io);
    if (has(true) && placed(true)) command |= flag(spec.COMMAND_IO_SPACE_ENABLE_LO);
    if (has(false) && placed(false)) command |= flag(spec.COMMAND_MEMORY_SPACE_ENABLE_LO);
    if (isBridge) command |= flag(spec.COMMAND_BUS_MASTER_ENABLE_LO);
    access.configWrite(id, spec.COMMAND, 2, command);
    if (fn.bridge === undefined) continue;
    access.configWrite(id, spec.SECONDARY_STATUS, 2, 0xffff);
    enable(access, fn.bridge.children);
  }
}
