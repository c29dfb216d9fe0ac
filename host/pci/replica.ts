// The configuration space of a real function, from its dump: the same bytes, and writes that do what hardware does.
//
// What a dump does not say is decided so: a BAR is as large as the text says, or else as its address is aligned (at most
// 256 MiB, and not into the next BAR), and one that reads 0 does not exist; a register of an unknown capability is read-only; bytes that the dump
// leaves out read 0. A reset clears what software can write, except in the PCI Express and Advanced Error Reporting
// capabilities, whose defaults are not 0 and where it brings back the values of the dump.

import * as acs from "../../assembly/spec/pci/acs.ts";
import * as device from "../../assembly/spec/pci/express.ts";
import * as spec from "../../assembly/spec/pci/header.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as sriov from "../../assembly/spec/pci/sriov.ts";
import { requesterIdAbove } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { type BarKind, barRows, romRows } from "./bar.ts";
import { bit } from "./bits.ts";
import type { VfBar } from "./capabilities/sriov.ts";
import { capabilities } from "./capability.ts";
import { ConfigSpace, type RegisterRow } from "./config-space.ts";
import type { DumpedFunction } from "./dump.ts";
import { type0Header, type1Header, virtualFunctionHeader } from "./header.ts";
import { type ReplicaContext, replicaRows } from "./replica-rows.ts";

/** No guess at a BAR's size goes beyond this. */
const MAX_GUESS = 2 ** 28;
const MIN_IO = 2 ** spec.BAR_IO_ADDRESS_LO;
const MAX_IO = 256;
const MIN_MEMORY = 2 ** spec.BAR_MEMORY_ADDRESS_LO;
const MIN_VF_BAR = 0x1000;
const MAX_VF_BAR = 0x8000_0000;
const MIN_ROM = 2 ** spec.ROM_ADDRESS_LO;
const MAX_ROM = 2 ** 24;
const NOBODY = { vendorId: 0, deviceId: 0, classCode: 0 };

/** The configuration space of `dumped`. @param virtual it is a VF of another function of the dump. */
export function replicaConfig(dumped: DumpedFunction, virtual = false): ConfigSpace {
  const { bytes } = dumped;
  const whole = bytes.length > spec.CONFIG_SPACE_COMPATIBLE_SIZE;
  const config = new ConfigSpace(whole ? spec.CONFIG_SPACE_SIZE : spec.CONFIG_SPACE_COMPATIBLE_SIZE);
  for (let at = 0; at < bytes.length; at++) config.setInitial(at, 1, bytes[at] as number);
  const taken = new Uint8Array(config.size);
  const define = (rows: readonly RegisterRow[], base: number, end: number, cleared: boolean): void => {
    for (const row of rows) {
      const at = base + row.offset;
      if (at + row.width > end || taken.subarray(at, at + row.width).includes(1)) continue;
      taken.fill(1, at, at + row.width);
      const value = config.get(at, row.width);
      const software = cleared ? (row.rw ?? 0) | (row.w1c ?? 0) : 0;
      config.define([{ ...row, offset: at, reset: (value & ~software) >>> 0 }]);
      config.set(at, row.width, value);
    }
  };
  define(headerRows(config, dumped, virtual), 0, spec.HEADER_SIZE, true);
  taken.fill(1, 0, spec.HEADER_SIZE);
  const found = capabilities(config);
  const pcie = found.find((capability) => !capability.extended && capability.id === ids.CAP_EXPRESS);
  const offsetOf = (id: number): number | undefined =>
    found.find((capability) => capability.extended && capability.id === id)?.offset;
  const sriovAt = offsetOf(ids.EXT_CAP_SRIOV);
  const acsAt = offsetOf(ids.EXT_CAP_ACS);
  const context: ReplicaContext = {
    virtual,
    portType: pcie && portTypeAt(config, pcie.offset),
    acs: acsAt !== undefined && acsAt + acs.ACS_LENGTH <= config.size && config.get(acsAt + acs.ACS_CAP, 2) !== 0,
    vfBars: sriovAt === undefined ? [] : vfBars(config, sriovAt),
  };
  for (const capability of found) {
    const { offset, extended } = capability;
    const end = extended ? config.size : spec.CONFIG_SPACE_COMPATIBLE_SIZE;
    const read = (at: number, width: number): number =>
      offset + at + width <= end ? config.get(offset + at, width) : 0;
    const cleared = capability.id !== (extended ? ids.EXT_CAP_AER : ids.CAP_EXPRESS);
    define(replicaRows(capability, read, context), offset, end, cleared);
  }
  return config;
}

/** The slots of the VFs that the PFs of a dump have enabled, as `segment/requesterId`. */
export function virtualSlots(functions: readonly DumpedFunction[]): Set<string> {
  const slots = new Set<string>();
  for (const dumped of functions) {
    if (dumped.bytes.length <= spec.CONFIG_SPACE_COMPATIBLE_SIZE) continue;
    const config = replicaConfig(dumped);
    for (const { id, extended, offset } of capabilities(config)) {
      if (!extended || id !== ids.EXT_CAP_SRIOV || offset + sriov.SRIOV_LENGTH > config.size) continue;
      if (!bit(config.get(offset + sriov.SRIOV_CTL, 2), sriov.SRIOV_CTL_VF_ENABLE_LO)) continue;
      const first = dumped.requesterId + config.get(offset + sriov.SRIOV_VF_OFFSET, 2);
      const stride = config.get(offset + sriov.SRIOV_VF_STRIDE, 2);
      const count = config.get(offset + sriov.SRIOV_NUM_VFS, 2);
      for (let index = 0; index < count; index++)
        slots.add(`${dumped.segment}/${requesterIdAbove(first, stride * index)}`);
    }
  }
  return slots;
}

function portTypeAt(config: ConfigSpace, offset: number): number {
  const word = config.get(offset + device.EXPRESS_CAP, 2);
  return bits(word, device.EXPRESS_CAP_PORT_TYPE_HI, device.EXPRESS_CAP_PORT_TYPE_LO);
}

function headerRows(config: ConfigSpace, dumped: DumpedFunction, virtual: boolean): RegisterRow[] {
  if (virtual) return virtualFunctionHeader(NOBODY);
  const type = config.get(spec.HEADER_TYPE, 1);
  const layout = bits(type, spec.HEADER_TYPE_LAYOUT_HI, spec.HEADER_TYPE_LAYOUT_LO);
  if (layout === spec.HEADER_TYPE_LAYOUT_1) {
    return [
      ...type1Header(NOBODY).filter((row) => bridgeHas(config, row.offset)),
      ...bars(config, dumped, spec.TYPE1_BARS),
      ...rom(config, dumped, spec.TYPE1_EXPANSION_ROM),
    ];
  }
  if (layout !== spec.HEADER_TYPE_LAYOUT_0) return type0Header(NOBODY).filter((row) => row.offset < spec.BAR0);
  return [
    ...type0Header(NOBODY),
    ...bars(config, dumped, spec.TYPE0_BARS),
    ...rom(config, dumped, spec.TYPE0_EXPANSION_ROM),
  ];
}

/** Whether a bridge has the register: the upper halves of windows exist when the lower say so. */
function bridgeHas(config: ConfigSpace, offset: number): boolean {
  switch (offset) {
    case spec.PREFETCHABLE_BASE_UPPER:
    case spec.PREFETCHABLE_LIMIT_UPPER:
      return (
        bits(
          config.get(spec.PREFETCHABLE_BASE, 2),
          spec.MEMORY_WINDOW_CAPABILITY_HI,
          spec.MEMORY_WINDOW_CAPABILITY_LO,
        ) === spec.PREFETCHABLE_CAPABILITY_64
      );
    case spec.IO_BASE_UPPER:
    case spec.IO_LIMIT_UPPER:
      return (
        bits(config.get(spec.IO_BASE, 1), spec.IO_WINDOW_CAPABILITY_HI, spec.IO_WINDOW_CAPABILITY_LO) ===
        spec.IO_WINDOW_CAPABILITY_32
      );
    default:
      return true;
  }
}

interface SeenBar {
  index: number;
  kind: BarKind;
  prefetchable: boolean;
  /** Below 2^64, rounded beyond 2^53: only its alignment counts. */
  address: number;
}

/** The BARs among `count` registers from `base` that do not read 0. */
function seenBars(config: ConfigSpace, base: number, count: number): SeenBar[] {
  const seen: SeenBar[] = [];
  for (let index = 0; index < count; index++) {
    const low = config.get(base + index * spec.BAR_SIZE, 4);
    if (low === 0 || low === 0xffff_ffff) continue;
    if (bit(low, spec.BAR_IO_SPACE_LO)) {
      seen.push({ index, kind: "io", prefetchable: false, address: low - (low % MIN_IO) });
      continue;
    }
    const prefetchable = bit(low, spec.BAR_MEMORY_PREFETCHABLE_LO);
    const address = low - (low % MIN_MEMORY);
    const wide = bits(low, spec.BAR_MEMORY_TYPE_HI, spec.BAR_MEMORY_TYPE_LO) === spec.BAR_TYPE_64;
    if (wide && index + 1 < count) {
      const high = config.get(base + (index + 1) * spec.BAR_SIZE, 4);
      seen.push({ index, kind: "memory64", prefetchable, address: high * 2 ** 32 + address });
      index++;
    } else {
      seen.push({ index, kind: "memory32", prefetchable, address });
    }
  }
  return seen;
}

function bars(config: ConfigSpace, dumped: DumpedFunction, count: number): RegisterRow[] {
  const seen = seenBars(config, spec.BAR0, count);
  return seen.flatMap((bar) => {
    const [least, most] = bar.kind === "io" ? [MIN_IO, MAX_IO] : [MIN_MEMORY, MAX_GUESS];
    const gaps = seen
      .filter((other) => (other.kind === "io") === (bar.kind === "io") && other.address > bar.address)
      .map((other) => other.address - bar.address);
    const size = sizeOf(dumped.barSizes.get(bar.index), bar.address, least, Math.min(most, ...gaps));
    return barRows({ ...bar, size }, spec.BAR0 + bar.index * spec.BAR_SIZE);
  });
}

function vfBars(config: ConfigSpace, offset: number): VfBar[] {
  if (offset + sriov.SRIOV_LENGTH > config.size) return [];
  return seenBars(config, offset + sriov.SRIOV_VF_BAR0, sriov.SRIOV_VF_BAR_COUNT).flatMap((bar) =>
    bar.kind === "io"
      ? []
      : [
          {
            index: bar.index,
            kind: bar.kind,
            prefetchable: bar.prefetchable,
            size: sizeOf(undefined, bar.address, MIN_VF_BAR, MAX_VF_BAR),
          },
        ],
  );
}

function rom(config: ConfigSpace, dumped: DumpedFunction, offset: number): RegisterRow[] {
  const value = config.get(offset, 4);
  if (value === 0 && dumped.romSize === undefined) return [];
  return romRows(sizeOf(dumped.romSize, value - (value % MIN_ROM), MIN_ROM, MAX_ROM), offset);
}

/** The size that was said, or else the alignment of the address, within bounds. */
function sizeOf(said: number | undefined, address: number, least: number, most: number): number {
  if (said !== undefined && said >= least && Number.isInteger(Math.log2(said))) return said;
  let size = least;
  while (size * 2 <= most && address % (size * 2) === 0) size *= 2;
  return size;
}
