// The two lists of capabilities: linking them when a function is built, walking them as software does.
import * as spec from "../../assembly/spec/pci/header.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import { checkFlag, checkOptions, checkUnsigned } from "../core/arguments.ts";
import { bits, mask, place, replace } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import { bit, flag } from "./bits.ts";
import { ConfigSpace, checkRows, type RegisterRow } from "./config-space.ts";

/** One capability as data. */
export interface Capability {
  /** Capability ID (8 bits) or Extended Capability ID (16 bits). */
  readonly id: number;
  /** Of an extended capability; default 1. */
  readonly version?: number;
  /** In the list that begins at 100h. */
  readonly extended: boolean;
  /** Bytes, header included. */
  readonly length: number;
  /** Registers, offsets from the capability's start; the header's ID, version and next pointer are not among them. */
  readonly rows: readonly RegisterRow[];
}

/** A capability that a walk found. */
export interface FoundCapability {
  readonly id: number;
  readonly version: number;
  readonly extended: boolean;
  readonly offset: number;
}

/** Pointers of both lists have two reserved low bits. */
const POINTER = mask(spec.CAPABILITIES_POINTER_ADDRESS_HI, spec.CAPABILITIES_POINTER_ADDRESS_LO);
const NEXT = ids.CAP_HEADER_NEXT_LO / 8;
/** As many capabilities as can lie side by side: no list, however it is tied, is walked further. */
const MOST_COMPATIBLE = (spec.CONFIG_SPACE_COMPATIBLE_SIZE - spec.HEADER_SIZE) / 4;
const MOST_EXTENDED = (spec.CONFIG_SPACE_SIZE - ids.EXT_CAP_BASE) / 4;

/**
 * Places `capability` at `offset` and links it behind the last one of its list, so that the order of the calls is the
 * order of the list. The extended list begins at 100h.
 * Throws ArgumentError, with nothing changed, where it does not fit.
 */
export function addCapability(config: ConfigSpace, offset: number, capability: Capability): void {
  if (!(config instanceof ConfigSpace)) throw new ArgumentError("config", config, "is no ConfigSpace");
  checkCapability(capability);
  const lowest = capability.extended ? ids.EXT_CAP_BASE : spec.HEADER_SIZE;
  const end = capability.extended ? config.size : spec.CONFIG_SPACE_COMPATIBLE_SIZE;
  if (!Number.isInteger(offset) || offset % 4 !== 0 || offset < lowest || offset + capability.length > end) {
    throw new ArgumentError("offset", offset, `does not hold a capability of ${capability.length} bytes`);
  }
  const last = capabilities(config).findLast((found) => found.extended === capability.extended);
  if (capability.extended && last === undefined && offset !== ids.EXT_CAP_BASE) {
    throw new ArgumentError("offset", offset, "is not where the first extended capability must be (0x100)");
  }
  for (const row of capability.rows) {
    if (row.offset < 0 || row.offset + row.width > capability.length) {
      throw new ArgumentError("offset", row.offset, `is outside its capability of ${capability.length} bytes`);
    }
  }
  config.claim(offset, capability.length);
  config.define(capability.rows, offset);
  if (capability.extended) {
    const header =
      place(capability.id, ids.EXT_CAP_HEADER_ID_HI, ids.EXT_CAP_HEADER_ID_LO) |
      place(capability.version ?? 1, ids.EXT_CAP_HEADER_VERSION_HI, ids.EXT_CAP_HEADER_VERSION_LO);
    config.setInitial(offset, 4, header);
    if (last !== undefined) {
      const next = place(offset, ids.EXT_CAP_HEADER_NEXT_HI, ids.EXT_CAP_HEADER_NEXT_LO);
      config.setInitial(last.offset, 4, config.get(last.offset, 4) | next);
    }
    return;
  }
  config.setInitial(offset, 2, place(capability.id, ids.CAP_HEADER_ID_HI, ids.CAP_HEADER_ID_LO));
  if (last !== undefined) {
    config.setInitial(last.offset + NEXT, 1, offset);
  } else {
    config.setInitial(spec.CAPABILITIES_POINTER, 1, offset);
    config.setInitial(spec.STATUS, 2, config.get(spec.STATUS, 2) | flag(spec.STATUS_CAPABILITIES_LIST_LO));
  }
}

function checkCapability(capability: Capability): void {
  checkOptions("capability", capability, ["id", "version", "extended", "length", "rows"]);
  const { id, version = 1, extended, length, rows } = capability;
  checkFlag("extended", extended);
  checkUnsigned("id", id, extended ? 16 : 8);
  checkUnsigned("version", version, 4);
  if (!Number.isInteger(length) || length < 1) throw new ArgumentError("length", length, "is no number of bytes");
  checkRows(rows);
}

/** Every capability of both lists, in the lists' order. Ends on any list, even one tied into a knot. */
export function capabilities(config: ConfigSpace): FoundCapability[] {
  const found: FoundCapability[] = [];
  if (bit(config.get(spec.STATUS, 2), spec.STATUS_CAPABILITIES_LIST_LO)) {
    let offset = config.get(spec.CAPABILITIES_POINTER, 1) & POINTER;
    for (let i = 0; i < MOST_COMPATIBLE && offset >= spec.HEADER_SIZE; i++) {
      found.push({ id: config.get(offset, 1), version: 0, extended: false, offset });
      offset = config.get(offset + NEXT, 1) & POINTER;
    }
  }
  if (config.size < spec.CONFIG_SPACE_SIZE) return found;
  let offset: number = ids.EXT_CAP_BASE;
  for (let i = 0; i < MOST_EXTENDED && offset >= ids.EXT_CAP_BASE; i++) {
    const header = config.get(offset, 4);
    if (header === 0 || header === 0xffff_ffff) break;
    found.push({
      id: bits(header, ids.EXT_CAP_HEADER_ID_HI, ids.EXT_CAP_HEADER_ID_LO),
      version: bits(header, ids.EXT_CAP_HEADER_VERSION_HI, ids.EXT_CAP_HEADER_VERSION_LO),
      extended: true,
      offset,
    });
    offset = bits(header, ids.EXT_CAP_HEADER_NEXT_HI, ids.EXT_CAP_HEADER_NEXT_LO) & ~3;
  }
  return found;
}

/** Offset of the first capability with this ID in the list at 34h, or undefined. */
export function findCapability(config: ConfigSpace, id: number): number | undefined {
  return capabilities(config).find((found) => !found.extended && found.id === id)?.offset;
}

/** Offset of the first extended capability with this ID, or undefined. */
export function findExtendedCapability(config: ConfigSpace, id: number): number | undefined {
  return capabilities(config).find((found) => found.extended && found.id === id)?.offset;
}

/**
 * Takes the capabilities with this ID out of their list, for a space that is shown to somebody else: the pointers lead
 * past them. An extended capability at 100h, which the list begins with, becomes a null capability (PCIe 6.0 §7.9.28).
 */
export function hideCapability(config: ConfigSpace, id: number, extended: boolean): void {
  const list = capabilities(config).filter((found) => found.extended === extended);
  let last: FoundCapability | undefined;
  for (const [index, found] of list.entries()) {
    if (found.id !== id) {
      last = found;
      continue;
    }
    const next = list[index + 1]?.offset ?? 0;
    if (!extended) {
      config.setInitial(last === undefined ? spec.CAPABILITIES_POINTER : last.offset + NEXT, 1, next);
      continue;
    }
    const holder = last?.offset ?? found.offset;
    const header = last === undefined ? 0 : config.get(holder, 4);
    config.setInitial(holder, 4, replace(header, next, ids.EXT_CAP_HEADER_NEXT_HI, ids.EXT_CAP_HEADER_NEXT_LO));
  }
}
