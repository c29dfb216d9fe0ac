// What software learns of the hardware by config cycles: functions, their IDs, BARs and capabilities. Bus numbers
// and addresses are taken as firmware left them; `host/pci/enumerate.ts` is that firmware.
import {
  BAR_IO_ADDRESS_HI,
  BAR_IO_ADDRESS_LO,
  BAR_IO_SPACE_LO,
  BAR_MEMORY_ADDRESS_HI,
  BAR_MEMORY_ADDRESS_LO,
  BAR_MEMORY_PREFETCHABLE_LO,
  BAR_MEMORY_TYPE_HI,
  BAR_MEMORY_TYPE_LO,
  BAR_SIZE,
  BAR_TYPE_64,
  BAR0,
  CAPABILITIES_POINTER,
  CAPABILITIES_POINTER_ADDRESS_HI,
  CAPABILITIES_POINTER_ADDRESS_LO,
  CLASS_CODE,
  COMMAND,
  COMMAND_IO_SPACE_ENABLE_LO,
  COMMAND_MEMORY_SPACE_ENABLE_LO,
  DEVICE_ID,
  HEADER_SIZE,
  HEADER_TYPE,
  HEADER_TYPE_LAYOUT_1,
  HEADER_TYPE_LAYOUT_HI,
  HEADER_TYPE_LAYOUT_LO,
  HEADER_TYPE_MULTI_FUNCTION_LO,
  SECONDARY_BUS,
  STATUS,
  STATUS_CAPABILITIES_LIST_LO,
  SUBORDINATE_BUS,
  TYPE0_BARS,
  TYPE1_BARS,
  VENDOR_ID,
  VENDOR_ID_NONE,
} from "../../../assembly/spec/pci/header.ts";
import {
  CAP_HEADER_ID_HI,
  CAP_HEADER_ID_LO,
  CAP_HEADER_NEXT_HI,
  CAP_HEADER_NEXT_LO,
  EXT_CAP_BASE,
  EXT_CAP_HEADER_ID_HI,
  EXT_CAP_HEADER_ID_LO,
  EXT_CAP_HEADER_NEXT_HI,
  EXT_CAP_HEADER_NEXT_LO,
  EXT_CAP_HEADER_VERSION_HI,
  EXT_CAP_HEADER_VERSION_LO,
} from "../../../assembly/spec/pci/ids.ts";
import { type Gpa, join32, type RequesterId, requesterId as requesterIdOf } from "../../core/address.ts";
import { bits, mask } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AccessWidth } from "../../core/ports.ts";

/** Config cycles as a guest makes them. */
export interface ConfigCycles {
  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number;
  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void;
}

export interface FoundBar {
  /** 0–5; a 64-bit BAR takes two and is listed once. */
  readonly index: number;
  readonly kind: "memory32" | "memory64" | "io";
  readonly prefetchable: boolean;
  readonly address: Gpa;
  /** Bytes. */
  readonly size: number;
}

export interface FoundCapability {
  readonly id: number;
  readonly extended: boolean;
  /** Of an extended capability; 0 otherwise. */
  readonly version: number;
  readonly offset: number;
}

export interface FoundFunction {
  readonly requesterId: RequesterId;
  readonly vendorId: number;
  readonly deviceId: number;
  /** Base class, sub-class, programming interface: 24 bits. */
  readonly classCode: number;
  readonly bridge: boolean;
  readonly bars: readonly FoundBar[];
  readonly capabilities: readonly FoundCapability[];
}

const FUNCTIONS = 8;
const DEVICES = 32;
const BUSES = 256;
const MAX_CAPABILITIES = 64;
const ALL_ONES = 0xffff_ffff;
const BAR_IO_FLAGS = ~mask(BAR_IO_ADDRESS_HI, BAR_IO_ADDRESS_LO);
const DECODES = (1 << COMMAND_MEMORY_SPACE_ENABLE_LO) | (1 << COMMAND_IO_SPACE_ENABLE_LO);
const MEMORY_ADDRESS = mask(BAR_MEMORY_ADDRESS_HI, BAR_MEMORY_ADDRESS_LO);
const NEXT_ADDRESS = mask(CAPABILITIES_POINTER_ADDRESS_HI, CAPABILITIES_POINTER_ADDRESS_LO);

/** Every function on `bus` and behind its bridges. */
export function probe(cycles: ConfigCycles, bus = 0): FoundFunction[] {
  const found: FoundFunction[] = [];
  const seen = new Set<number>();
  const queue = [bus];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (let device = 0; device < DEVICES; device++) {
      let functions = 1;
      for (let number = 0; number < functions; number++) {
        const requesterId = requesterIdOf(next, device, number);
        const one = probeFunction(cycles, requesterId);
        if (number === 0 && one !== undefined) {
          const type = cycles.configRead(requesterId, HEADER_TYPE, 1);
          if (bits(type, HEADER_TYPE_MULTI_FUNCTION_LO, HEADER_TYPE_MULTI_FUNCTION_LO) === 1) functions = FUNCTIONS;
        }
        if (one === undefined) continue;
        found.push(one);
        if (!one.bridge) continue;
        const secondary = cycles.configRead(requesterId, SECONDARY_BUS, 1);
        const subordinate = cycles.configRead(requesterId, SUBORDINATE_BUS, 1);
        if (secondary > next && secondary <= subordinate && secondary < BUSES) queue.push(secondary);
      }
    }
  }
  return found.sort((a, b) => a.requesterId - b.requesterId);
}

/**
 * Where BAR 0 of a function lies that a driver can drive.
 * Throws ArgumentError when `device` is no function that was found, is not `known`, or has no such BAR.
 * @param what completes "is no …".
 */
export function registersOf(device: FoundFunction, known: (device: FoundFunction) => boolean, what: string): Gpa {
  const found = Array.isArray((device as FoundFunction | undefined)?.bars);
  const bar = found && known(device) ? device.bars.find((one) => one.index === 0) : undefined;
  if (bar === undefined) {
    throw new ArgumentError("device", found ? device.deviceId : device, `is no ${what} with registers in BAR 0`);
  }
  return bar.address;
}

/** The function at `requesterId`, undefined when none answers. Sizes its BARs with its decoders off. */
export function probeFunction(cycles: ConfigCycles, requesterId: RequesterId): FoundFunction | undefined {
  const vendorId = cycles.configRead(requesterId, VENDOR_ID, 2);
  if (vendorId === VENDOR_ID_NONE) return undefined;
  const type = cycles.configRead(requesterId, HEADER_TYPE, 1);
  const bridge = bits(type, HEADER_TYPE_LAYOUT_HI, HEADER_TYPE_LAYOUT_LO) === HEADER_TYPE_LAYOUT_1;
  return {
    requesterId,
    vendorId,
    deviceId: cycles.configRead(requesterId, DEVICE_ID, 2),
    classCode: cycles.configRead(requesterId, CLASS_CODE, 1) | (cycles.configRead(requesterId, CLASS_CODE + 1, 2) << 8),
    bridge,
    bars: probeBars(cycles, requesterId, bridge ? TYPE1_BARS : TYPE0_BARS),
    capabilities: probeCapabilities(cycles, requesterId),
  };
}

function probeBars(cycles: ConfigCycles, requesterId: RequesterId, count: number): FoundBar[] {
  const command = cycles.configRead(requesterId, COMMAND, 2);
  cycles.configWrite(requesterId, COMMAND, 2, command & ~DECODES);
  const found = sizeBars(cycles, requesterId, BAR0, count);
  cycles.configWrite(requesterId, COMMAND, 2, command);
  return found;
}

/** The `count` BARs from config offset `base` on (also an SR-IOV capability's): sized, and left as they were. */
export function sizeBars(cycles: ConfigCycles, requesterId: RequesterId, base: number, count: number): FoundBar[] {
  const found: FoundBar[] = [];
  const size = (offset: number): { value: number; writable: number } => {
    const value = cycles.configRead(requesterId, offset, 4);
    cycles.configWrite(requesterId, offset, 4, ALL_ONES);
    const writable = cycles.configRead(requesterId, offset, 4);
    cycles.configWrite(requesterId, offset, 4, value);
    return { value, writable };
  };
  for (let index = 0; index < count; index++) {
    const offset = base + index * BAR_SIZE;
    const low = size(offset);
    if (low.writable === 0) continue;
    if (bits(low.writable, BAR_IO_SPACE_LO, BAR_IO_SPACE_LO) === 1) {
      const writable = low.writable & ~BAR_IO_FLAGS;
      const address = (low.value & ~BAR_IO_FLAGS) as Gpa;
      found.push({ index, kind: "io", prefetchable: false, address, size: (writable & -writable) >>> 0 });
      continue;
    }
    const prefetchable = bits(low.writable, BAR_MEMORY_PREFETCHABLE_LO, BAR_MEMORY_PREFETCHABLE_LO) === 1;
    const wide = bits(low.writable, BAR_MEMORY_TYPE_HI, BAR_MEMORY_TYPE_LO) === BAR_TYPE_64;
    const high = wide && index + 1 < count ? size(offset + BAR_SIZE) : { value: 0, writable: ALL_ONES };
    const below = (low.writable & MEMORY_ADDRESS) >>> 0;
    const bytes = below !== 0 ? (below & -below) >>> 0 : ((high.writable & -high.writable) >>> 0) * 2 ** 32;
    const address = join32(low.value & MEMORY_ADDRESS, high.value) as Gpa;
    found.push({ index, kind: wide ? "memory64" : "memory32", prefetchable, address, size: bytes });
    if (wide) index++;
  }
  return found;
}

/** Both lists of capabilities, in their order. Ends even on a list that is tied into a knot. */
export function probeCapabilities(cycles: ConfigCycles, requesterId: RequesterId): FoundCapability[] {
  const found: FoundCapability[] = [];
  const status = cycles.configRead(requesterId, STATUS, 2);
  if (bits(status, STATUS_CAPABILITIES_LIST_LO, STATUS_CAPABILITIES_LIST_LO) === 1) {
    let offset = cycles.configRead(requesterId, CAPABILITIES_POINTER, 1) & NEXT_ADDRESS;
    for (let count = 0; count < MAX_CAPABILITIES && offset >= HEADER_SIZE; count++) {
      const header = cycles.configRead(requesterId, offset, 2);
      const id = bits(header, CAP_HEADER_ID_HI, CAP_HEADER_ID_LO);
      found.push({ id, extended: false, version: 0, offset });
      offset = bits(header, CAP_HEADER_NEXT_HI, CAP_HEADER_NEXT_LO) & NEXT_ADDRESS;
    }
  }
  let offset: number = EXT_CAP_BASE;
  for (let count = 0; count < MAX_CAPABILITIES && offset >= EXT_CAP_BASE; count++) {
    const header = cycles.configRead(requesterId, offset, 4);
    if (header === 0 || header === ALL_ONES) break;
    found.push({
      id: bits(header, EXT_CAP_HEADER_ID_HI, EXT_CAP_HEADER_ID_LO),
      extended: true,
      version: bits(header, EXT_CAP_HEADER_VERSION_HI, EXT_CAP_HEADER_VERSION_LO),
      offset,
    });
    offset = bits(header, EXT_CAP_HEADER_NEXT_HI, EXT_CAP_HEADER_NEXT_LO) & ~3;
  }
  return found;
}
