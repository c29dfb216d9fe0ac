// What software learns of one function by configuration cycles: identity, capabilities, sizes of its BARs.
import * as spec from "../../assembly/spec/pci/header.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as sriov from "../../assembly/spec/pci/sriov.ts";
import { type RequesterId, TWO_32 } from "../core/address.ts";
import { bits, mask } from "../core/bits.ts";
import type { BarKind } from "./bar.ts";
import { bit, flag } from "./bits.ts";
import type { ConfigAccess } from "./ecam.ts";

/** A BAR that sizing found. */
export interface FoundBar {
  index: number;
  kind: BarKind;
  prefetchable: boolean;
  /** Bytes; of a VF BAR, of one VF's part. */
  size: number;
  /** Where it was placed; undefined when no window had room. */
  address: number | undefined;
}

/** A function as software sees it. */
export interface FoundFunction {
  requesterId: RequesterId;
  vendorId: number;
  deviceId: number;
  revision: number;
  /** Base class, sub-class, programming interface. */
  classCode: number;
  bars: FoundBar[];
  rom: FoundBar | undefined;
  /** Offsets by capability ID, the first of each. */
  capabilities: Map<number, number>;
  extendedCapabilities: Map<number, number>;
  /** Of a PF with SR-IOV. */
  sriov: FoundSriov | undefined;
  /** Of a bridge. */
  bridge: FoundBridge | undefined;
}

export interface FoundSriov {
  offset: number;
  totalVfs: number;
  vfDeviceId: number;
  bars: FoundBar[];
}

export interface FoundBridge {
  secondaryBus: number;
  subordinateBus: number;
  children: FoundFunction[];
}

const POINTER = mask(spec.CAPABILITIES_POINTER_ADDRESS_HI, spec.CAPABILITIES_POINTER_ADDRESS_LO);
const DECODE = flag(spec.COMMAND_IO_SPACE_ENABLE_LO) | flag(spec.COMMAND_MEMORY_SPACE_ENABLE_LO);
/** No list is longer than its space has dwords. */
const MOST_CAPABILITIES = (spec.CONFIG_SPACE_COMPATIBLE_SIZE - spec.HEADER_SIZE) / 4;
const MOST_EXTENDED = (spec.CONFIG_SPACE_SIZE - ids.EXT_CAP_BASE) / 4;
const HIGHEST_BIT = 31;

/** What is at `requesterId`, or undefined. Decoding is off afterwards, and BARs hold no address. */
export function probe(access: ConfigAccess, requesterId: RequesterId): FoundFunction | undefined {
  const vendorId = access.configRead(requesterId, spec.VENDOR_ID, 2);
  if (vendorId === spec.VENDOR_ID_NONE || vendorId === 0) return undefined;
  const command = access.configRead(requesterId, spec.COMMAND, 2);
  access.configWrite(requesterId, spec.COMMAND, 2, command & ~DECODE);
  const layout = headerLayout(access, requesterId);
  const isBridge = layout === spec.HEADER_TYPE_LAYOUT_1;
  const classAndRevision = access.configRead(requesterId, spec.REVISION_ID, 4);
  const extendedCapabilities = readExtendedCapabilities(access, requesterId);
  const romOffset = isBridge ? spec.TYPE1_EXPANSION_ROM : spec.TYPE0_EXPANSION_ROM;
  const known = isBridge || layout === spec.HEADER_TYPE_LAYOUT_0;
  return {
    requesterId,
    vendorId,
    deviceId: access.configRead(requesterId, spec.DEVICE_ID, 2),
    revision: classAndRevision & 0xff,
    classCode: classAndRevision >>> 8,
    bars: known ? sizeBars(access, requesterId, spec.BAR0, isBridge ? spec.TYPE1_BARS : spec.TYPE0_BARS) : [],
    rom: known ? sizeRom(access, requesterId, romOffset) : undefined,
    capabilities: readCapabilities(access, requesterId),
    extendedCapabilities,
    sriov: probeSriov(access, requesterId, extendedCapabilities.get(ids.EXT_CAP_SRIOV)),
    bridge: isBridge ? { secondaryBus: 0, subordinateBus: 0, children: [] } : undefined,
  };
}

/** The header's layout: 0 of a function, 1 of a bridge. */
export function headerLayout(access: ConfigAccess, requesterId: RequesterId): number {
  const type = access.configRead(requesterId, spec.HEADER_TYPE, 1);
  return bits(type, spec.HEADER_TYPE_LAYOUT_HI, spec.HEADER_TYPE_LAYOUT_LO);
}

/** Writes the address of a BAR into its register, or two. */
export function writeBar(access: ConfigAccess, requesterId: RequesterId, offset: number, bar: FoundBar): void {
  const address = bar.address ?? 0;
  access.configWrite(requesterId, offset, 4, address >>> 0);
  if (bar.kind !== "memory64") return;
  access.configWrite(requesterId, offset + spec.BAR_SIZE, 4, Math.floor(address / TWO_32));
}

function probeSriov(access: ConfigAccess, id: RequesterId, offset: number | undefined): FoundSriov | undefined {
  if (offset === undefined) return undefined;
  access.configWrite(id, offset + sriov.SRIOV_CTL, 2, 0);
  return {
    offset,
    totalVfs: access.configRead(id, offset + sriov.SRIOV_TOTAL_VFS, 2),
    vfDeviceId: access.configRead(id, offset + sriov.SRIOV_VF_DEVICE_ID, 2),
    bars: sizeBars(access, id, offset + sriov.SRIOV_VF_BAR0, sriov.SRIOV_VF_BAR_COUNT),
  };
}

function sizeBars(access: ConfigAccess, id: RequesterId, first: number, count: number): FoundBar[] {
  const bars: FoundBar[] = [];
  for (let index = 0; index < count; index++) {
    const offset = first + index * spec.BAR_SIZE;
    const low = onesOf(access, id, offset);
    if (low === 0) continue;
    if (bit(low, spec.BAR_IO_SPACE_LO)) {
      const size = lowestBit(low & mask(spec.BAR_IO_ADDRESS_HI, spec.BAR_IO_ADDRESS_LO));
      if (size > 0) bars.push({ index, kind: "io", prefetchable: false, size, address: undefined });
      continue;
    }
    const prefetchable = bit(low, spec.BAR_MEMORY_PREFETCHABLE_LO);
    const lowSize = lowestBit(low & mask(spec.BAR_MEMORY_ADDRESS_HI, spec.BAR_MEMORY_ADDRESS_LO));
    const wide = bits(low, spec.BAR_MEMORY_TYPE_HI, spec.BAR_MEMORY_TYPE_LO) === spec.BAR_TYPE_64;
    if (wide && index + 1 < count) {
      const high = lowestBit(onesOf(access, id, offset + spec.BAR_SIZE)) * TWO_32;
      const size = lowSize > 0 ? lowSize : high;
      if (size > 0) bars.push({ index, kind: "memory64", prefetchable, size, address: undefined });
      index++;
    } else if (lowSize > 0) {
      bars.push({ index, kind: "memory32", prefetchable, size: lowSize, address: undefined });
    }
  }
  return bars;
}

function sizeRom(access: ConfigAccess, id: RequesterId, offset: number): FoundBar | undefined {
  access.configWrite(id, offset, 4, mask(spec.ROM_ADDRESS_HI, spec.ROM_ADDRESS_LO));
  const size = lowestBit(access.configRead(id, offset, 4) & mask(spec.ROM_ADDRESS_HI, spec.ROM_ADDRESS_LO));
  access.configWrite(id, offset, 4, 0);
  return size > 0 ? { index: 0, kind: "memory32", prefetchable: false, size, address: undefined } : undefined;
}

/** What a register reads after all-ones were written to it, which is then left with zeros. */
function onesOf(access: ConfigAccess, id: RequesterId, offset: number): number {
  access.configWrite(id, offset, 4, 0xffff_ffff);
  const value = access.configRead(id, offset, 4);
  access.configWrite(id, offset, 4, 0);
  return value;
}

function lowestBit(value: number): number {
  if (value === 0) return 0;
  return 2 ** (HIGHEST_BIT - Math.clz32(value & -value));
}

function readCapabilities(access: ConfigAccess, id: RequesterId): Map<number, number> {
  const found = new Map<number, number>();
  if (!bit(access.configRead(id, spec.STATUS, 2), spec.STATUS_CAPABILITIES_LIST_LO)) return found;
  let offset = access.configRead(id, spec.CAPABILITIES_POINTER, 1) & POINTER;
  for (let i = 0; i < MOST_CAPABILITIES && offset >= spec.HEADER_SIZE; i++) {
    const header = access.configRead(id, offset, 2);
    const capability = bits(header, ids.CAP_HEADER_ID_HI, ids.CAP_HEADER_ID_LO);
    if (!found.has(capability)) found.set(capability, offset);
    offset = bits(header, ids.CAP_HEADER_NEXT_HI, ids.CAP_HEADER_NEXT_LO) & POINTER;
  }
  return found;
}

function readExtendedCapabilities(access: ConfigAccess, id: RequesterId): Map<number, number> {
  const found = new Map<number, number>();
  let offset: number = ids.EXT_CAP_BASE;
  for (let i = 0; i < MOST_EXTENDED && offset >= ids.EXT_CAP_BASE; i++) {
    const header = access.configRead(id, offset, 4);
    if (header === 0 || header === 0xffff_ffff) break;
    const capability = bits(header, ids.EXT_CAP_HEADER_ID_HI, ids.EXT_CAP_HEADER_ID_LO);
    if (!found.has(capability)) found.set(capability, offset);
    offset = bits(header, ids.EXT_CAP_HEADER_NEXT_HI, ids.EXT_CAP_HEADER_NEXT_LO) & ~3;
  }
  return found;
}
