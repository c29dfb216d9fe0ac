// One function in words: what it is, where its ranges lie, which capabilities it has.
import * as spec from "../../../assembly/spec/pci/header.ts";
import type { RequesterId } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import { fieldOf, maskOf } from "../../pci/capabilities/fields.ts";
import { capabilities } from "../../pci/capability.ts";
import type { ConfigSpace } from "../../pci/config-space.ts";
import { formatSlot } from "../../pci/dump.ts";
import { describeCapability } from "./capabilities.ts";
import { capabilityName, className } from "./names.ts";

/** A function to list. */
export interface Listed {
  segment: number;
  /** Bus, device and function: 16 bits. */
  requesterId: RequesterId;
  config: ConfigSpace;
  /** What a dump called it. */
  description?: string;
  /** Bytes that a dump has of it; default all. */
  length?: number;
  /** Sizes of ranges as a dump's text said them, those of BARs by index; default what `config` lets software write. */
  sizes?: KnownSizes;
}

export interface KnownSizes {
  bars: ReadonlyMap<number, number>;
  rom: number | undefined;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const sign = (value: number | boolean): string => (Number(value) === 0 ? "-" : "+");

/** Layout of the header: 0, 1, or 2 of a CardBus bridge. */
export function headerLayout(config: ConfigSpace): number {
  const type = config.get(spec.HEADER_TYPE, 1);
  return bits(type, spec.HEADER_TYPE_LAYOUT_HI, spec.HEADER_TYPE_LAYOUT_LO);
}

/** Class, IDs and revision. */
export function describe(config: ConfigSpace): string {
  const classCode = config.get(spec.CLASS_CODE, 3);
  const revision = config.get(spec.REVISION_ID, 1);
  const id = `${hex(config.get(spec.VENDOR_ID, 2), 4)}:${hex(config.get(spec.DEVICE_ID, 2), 4)}`;
  return `${className(classCode)}: ${id}${revision === 0 ? "" : ` (rev ${hex(revision, 2)})`}`;
}

/** The line of a list, and with `verbose` what the registers mean. */
export function listFunction(listed: Listed, verbose: boolean): string {
  const { segment, requesterId, config, sizes } = listed;
  const lines = [`${formatSlot(segment, requesterId)} ${listed.description ?? describe(config)}`];
  if (verbose) lines.push(...details(config, sizes).map((line) => `\t${line}`));
  return lines.map((line) => `${line}\n`).join("");
}

function details(config: ConfigSpace, sizes: KnownSizes | undefined): string[] {
  const layout = headerLayout(config);
  const lines = [`IDs: ${identity(config, layout)}`, control(config)];
  if (layout === spec.HEADER_TYPE_LAYOUT_0) {
    lines.push(...regions(config, spec.TYPE0_BARS, sizes), ...rom(config, spec.TYPE0_EXPANSION_ROM, sizes));
  } else {
    if (layout === spec.HEADER_TYPE_LAYOUT_1) lines.push(...regions(config, spec.TYPE1_BARS, sizes));
    lines.push(busNumbers(config));
    if (layout === spec.HEADER_TYPE_LAYOUT_1) {
      lines.push(...windows(config), ...rom(config, spec.TYPE1_EXPANSION_ROM, sizes));
    }
  }
  const seen = new Set<number>();
  for (const found of capabilities(config)) {
    if (seen.has(found.offset)) {
      lines.push(`Capabilities: [${hex(found.offset, 2)}] again: the list is a loop`);
      break;
    }
    seen.add(found.offset);
    const version = found.extended ? ` v${found.version}` : "";
    const text = describeCapability(config, found);
    const name = capabilityName(found.id, found.extended);
    lines.push(`Capabilities: [${hex(found.offset, 2)}${version}] ${name}${text === "" ? "" : `: ${text}`}`);
  }
  return lines;
}

function identity(config: ConfigSpace, layout: number): string {
  const own = `${hex(config.get(spec.VENDOR_ID, 2), 4)}:${hex(config.get(spec.DEVICE_ID, 2), 4)}`;
  const subsystem = `${hex(config.get(spec.SUBSYSTEM_VENDOR_ID, 2), 4)}:${hex(config.get(spec.SUBSYSTEM_ID, 2), 4)}`;
  const parts = [own, `class ${hex(config.get(spec.CLASS_CODE, 3), 6)}`];
  if (layout === spec.HEADER_TYPE_LAYOUT_0) parts.push(`subsystem ${subsystem}`);
  return parts.join(", ");
}

function control(config: ConfigSpace): string {
  const command = config.get(spec.COMMAND, 2);
  const status = config.get(spec.STATUS, 2);
  const flag = (name: string, field: Parameters<typeof fieldOf<typeof spec>>[1], word: number): string =>
    `${name}${sign(fieldOf(spec, field, word))}`;
  return [
    "Control:",
    flag("I/O", "COMMAND_IO_SPACE_ENABLE", command),
    flag("Mem", "COMMAND_MEMORY_SPACE_ENABLE", command),
    flag("BusMaster", "COMMAND_BUS_MASTER_ENABLE", command),
    flag("INTxDisable", "COMMAND_INTERRUPT_DISABLE", command),
    flag("MasterAbort", "STATUS_RECEIVED_MASTER_ABORT", status),
  ].join(" ");
}

function regions(config: ConfigSpace, count: number, sizes: KnownSizes | undefined): string[] {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const at = spec.BAR0 + index * spec.BAR_SIZE;
    const low = config.get(at, 4);
    const writable = config.writableMask(at, 4);
    if (low === 0 && writable === 0) continue;
    const sizeOf = (writableHigh: number): number =>
      sizes === undefined ? sizeOfMask(writable, writableHigh) : (sizes.bars.get(index) ?? 0);
    if (fieldOf(spec, "BAR_IO_SPACE", low) !== 0) {
      const address = (low & maskOf(spec, "BAR_IO_ADDRESS")) >>> 0;
      lines.push(`Region ${index}: I/O ports at ${hex(address, 4)}${sizeText(sizeOf(0))}`);
      continue;
    }
    const wide = fieldOf(spec, "BAR_MEMORY_TYPE", low) === spec.BAR_TYPE_64 && index + 1 < count;
    const high = wide ? config.get(at + spec.BAR_SIZE, 4) : 0;
    const address = (low & maskOf(spec, "BAR_MEMORY_ADDRESS")) >>> 0;
    const prefetchable = fieldOf(spec, "BAR_MEMORY_PREFETCHABLE", low) !== 0 ? "" : "non-";
    const size = sizeText(sizeOf(wide ? config.writableMask(at + spec.BAR_SIZE, 4) : 0));
    const where = `${high === 0 ? "" : hex(high, 0)}${hex(address, 8)}`;
    lines.push(`Region ${index}: Memory at ${where} (${wide ? 64 : 32}-bit, ${prefetchable}prefetchable)${size}`);
    if (wide) index++;
  }
  return lines;
}

function rom(config: ConfigSpace, at: number, sizes: KnownSizes | undefined): string[] {
  const value = config.get(at, 4);
  const writable = config.writableMask(at, 4) & maskOf(spec, "ROM_ADDRESS");
  if (value === 0 && writable === 0) return [];
  const address = (value & maskOf(spec, "ROM_ADDRESS")) >>> 0;
  const size = sizes === undefined ? sizeOfMask(writable >>> 0, 0) : (sizes.rom ?? 0);
  const enabled = fieldOf(spec, "ROM_ENABLE", value) === 0 ? " [disabled]" : "";
  return [`Expansion ROM at ${hex(address, 8)}${enabled}${sizeText(size)}`];
}

/** The size that a sizing write would find: the lowest address bit that can be written. */
function sizeOfMask(low: number, high: number): number {
  return low !== 0 ? (low & -low) >>> 0 : ((high & -high) >>> 0) * 2 ** 32;
}

/** Nothing where the size is not known: 0. */
function sizeText(size: number): string {
  return size === 0 ? "" : ` [size=${bytes(size)}]`;
}

function bytes(size: number): string {
  const unit = Math.min(Math.floor(Math.log2(size) / 10), 4);
  return `${size / 2 ** (10 * unit)}${["", "K", "M", "G", "T"][unit]}`;
}

function busNumbers(config: ConfigSpace): string {
  const bus = (at: number): string => hex(config.get(at, 1), 2);
  return `Bus: primary=${bus(spec.PRIMARY_BUS)}, secondary=${bus(spec.SECONDARY_BUS)}, subordinate=${bus(spec.SUBORDINATE_BUS)}`;
}

function windows(config: ConfigSpace): string[] {
  const memory = (at: number): number => fieldOf(spec, "MEMORY_WINDOW_ADDRESS", config.get(at, 2));
  const line = (name: string, base: number, limit: number, granule: number): string => {
    const range = `${hex(base * granule, 8)}-${hex(limit * granule + granule - 1, 8)}`;
    return `${name} behind bridge: ${base > limit ? "none" : range}`;
  };
  const io = (at: number, upper: number): number =>
    config.get(upper, 2) * 2 ** 4 + fieldOf(spec, "IO_WINDOW_ADDRESS", config.get(at, 1));
  const wide = (at: number, upper: number): number => config.get(upper, 4) * 2 ** 12 + memory(at);
  return [
    line("I/O", io(spec.IO_BASE, spec.IO_BASE_UPPER), io(spec.IO_LIMIT, spec.IO_LIMIT_UPPER), spec.IO_WINDOW_GRANULE),
    line("Memory", memory(spec.MEMORY_BASE), memory(spec.MEMORY_LIMIT), spec.MEMORY_WINDOW_GRANULE),
    line(
      "Prefetchable memory",
      wide(spec.PREFETCHABLE_BASE, spec.PREFETCHABLE_BASE_UPPER),
      wide(spec.PREFETCHABLE_LIMIT, spec.PREFETCHABLE_LIMIT_UPPER),
      spec.MEMORY_WINDOW_GRANULE,
    ),
  ];
}
