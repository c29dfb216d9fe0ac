// Base address registers: what sizing reads, where a range lies (PCIe 6.0 §7.5.1.2.1, §7.5.1.2.4).
import * as spec from "../../assembly/spec/pci/header.ts";
import { TWO_32 } from "../core/address.ts";
import { checkChoice, checkFlag, checkFunction, checkOptions } from "../core/arguments.ts";
import { mask, place } from "../core/bits.ts";
import { ArgumentError } from "../core/errors.ts";
import type { MmioHandler } from "../core/ports.ts";
import { bit, flag } from "./bits.ts";
import type { ConfigSpace, RegisterRow } from "./config-space.ts";

export type BarKind = "memory32" | "memory64" | "io";

export interface BarOptions {
  /** Which register: 0–5, in a bridge 0–1. A 64-bit BAR takes the next one too. */
  index: number;
  kind: BarKind;
  prefetchable?: boolean;
  /** Bytes: a power of two, at least 16 of memory, 4 to 256 of I/O. */
  size: number;
  /** Sees naturally aligned accesses only, offsets from the BAR's base. */
  handler: MmioHandler;
}

/** Addresses end here: 52 bits, as wide as any host's. */
const MAX_ADDRESS = 2 ** 52;
const MEMORY_MIN = 2 ** spec.BAR_MEMORY_ADDRESS_LO;
const IO_MIN = 2 ** spec.BAR_IO_ADDRESS_LO;
const IO_MAX = 256;
const MEMORY_ADDRESS = mask(spec.BAR_MEMORY_ADDRESS_HI, spec.BAR_MEMORY_ADDRESS_LO);
const IO_ADDRESS = mask(spec.BAR_IO_ADDRESS_HI, spec.BAR_IO_ADDRESS_LO);
const ROM_ADDRESS = mask(spec.ROM_ADDRESS_HI, spec.ROM_ADDRESS_LO);
const ROM_MIN = 2 ** spec.ROM_ADDRESS_LO;

/** Throws ArgumentError unless `options` describes a BAR that hardware could have. */
export function checkBar(options: BarOptions, registers: number): void {
  checkOptions("options", options, ["index", "kind", "prefetchable", "size", "handler"]);
  const { index, kind, prefetchable, size, handler } = options;
  checkChoice("kind", kind, ["memory32", "memory64", "io"] satisfies BarKind[]);
  if (prefetchable !== undefined) checkFlag("prefetchable", prefetchable);
  checkHandler(handler);
  const last = kind === "memory64" ? index + 1 : index;
  if (!Number.isInteger(index) || index < 0 || last >= registers) {
    throw new ArgumentError("index", index, `is not a place for a ${kind} BAR among ${registers} registers`);
  }
  const least = kind === "io" ? IO_MIN : MEMORY_MIN;
  const most = kind === "io" ? IO_MAX : kind === "memory32" ? TWO_32 / 2 : MAX_ADDRESS / 2;
  if (!isPowerOfTwo(size) || size < least || size > most) {
    throw new ArgumentError("size", size, `is not a power of two from ${least} to ${most}`);
  }
  if (kind === "io" && prefetchable === true) {
    throw new ArgumentError("prefetchable", true, "is not a property of I/O space");
  }
}

function checkHandler(handler: MmioHandler): void {
  if (typeof handler !== "object" || handler === null) throw new ArgumentError("handler", handler, "is no MmioHandler");
  for (const name of ["read", "write"] as const) checkFunction(`handler.${name}`, handler[name]);
}

/** The register (or the two registers) of a BAR at `offset`. */
export function barRows(options: Pick<BarOptions, "kind" | "prefetchable" | "size">, offset: number): RegisterRow[] {
  const { kind, size } = options;
  if (kind === "io") {
    const rw = (~(size - 1) & IO_ADDRESS) >>> 0;
    return [{ offset, width: 4, reset: flag(spec.BAR_IO_SPACE_LO), rw }];
  }
  const type = kind === "memory64" ? spec.BAR_TYPE_64 : spec.BAR_TYPE_32;
  const flags =
    place(type, spec.BAR_MEMORY_TYPE_HI, spec.BAR_MEMORY_TYPE_LO) |
    (options.prefetchable === true ? flag(spec.BAR_MEMORY_PREFETCHABLE_LO) : 0);
  const low = size >= TWO_32 ? 0 : (~(size - 1) & MEMORY_ADDRESS) >>> 0;
  const rows: RegisterRow[] = [{ offset, width: 4, reset: flags, rw: low }];
  if (kind === "memory64") {
    const high = size > TWO_32 ? ~(size / TWO_32 - 1) >>> 0 : 0xffff_ffff;
    rows.push({ offset: offset + spec.BAR_SIZE, width: 4, rw: high });
  }
  return rows;
}

/** Base of the BAR at `offset`, or undefined when it lies beyond 52 bits, where nothing can reach it. */
export function barBase(config: ConfigSpace, offset: number, kind: BarKind): number | undefined {
  const low = config.get(offset, 4);
  if (kind === "io") return (low & IO_ADDRESS) >>> 0;
  const base = (low & MEMORY_ADDRESS) >>> 0;
  if (kind === "memory32") return base;
  const address = config.get(offset + spec.BAR_SIZE, 4) * TWO_32 + base;
  return address < MAX_ADDRESS ? address : undefined;
}

/** Throws ArgumentError unless `size` is one that an expansion ROM can have: a power of two, 2 KiB to 16 MiB. */
export function checkRom(size: number): void {
  if (!isPowerOfTwo(size) || size < ROM_MIN || size > 2 ** 24) {
    throw new ArgumentError("size", size, "is not a power of two from 2 KiB to 16 MiB");
  }
}

/** The expansion ROM register at `offset`. */
export function romRows(size: number, offset: number): RegisterRow[] {
  return [{ offset, width: 4, rw: ((~(size - 1) & ROM_ADDRESS) | flag(spec.ROM_ENABLE_LO)) >>> 0 }];
}

/** Base of the expansion ROM, or undefined while its enable bit is clear. */
export function romBase(config: ConfigSpace, offset: number): number | undefined {
  const value = config.get(offset, 4);
  return bit(value, spec.ROM_ENABLE_LO) ? (value & ROM_ADDRESS) >>> 0 : undefined;
}

function isPowerOfTwo(size: number): boolean {
  return Number.isSafeInteger(size) && size > 0 && Number.isInteger(Math.log2(size));
}
