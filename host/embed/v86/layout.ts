// Where the guest finds our things in its physical addresses, and the tables by which its firmware says so.
import { deviceOf, formatBdf, hex, type RequesterId } from "../../core/address.ts";
import { checkOptions } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { dmarTable, mcfgTable, reservationTable } from "../../device/pc/acpi-tables.ts";
import { ecamSize } from "../../pci/ecam.ts";
import type { Board, BoardLayout } from "./board.ts";
import type { EmulatorConfig } from "./config.ts";
import { BLOCK_SIZE, type V86Cpu } from "./cpu.ts";
import type { Takeover } from "./takeover.ts";

export interface EcamOptions {
  /** A multiple of 1 MiB above RAM. Default b000_0000. */
  base?: number;
  /** 2 to 256. Default 16. */
  buses?: number;
}

const ECAM_BASE = 0xb000_0000;
const ECAM_BUSES = 16;
const MIN_BUSES = 2;
const MAX_BUSES = 256;
/** What SeaBIOS and its DSDT give to PCI: from here, or from the end of RAM on, to the I/O APIC. */
const MEMORY_BASE = 0x8000_0000;
const MEMORY_END = 0xfec0_0000;

/** Throws ArgumentError for a place of configuration space that is none. */
export function checkLayout(cpu: V86Cpu, ecam: EcamOptions = {}): BoardLayout {
  checkOptions("ecam", ecam, ["base", "buses"]);
  const { base = ECAM_BASE, buses = ECAM_BUSES } = ecam;
  if (!Number.isInteger(buses) || buses < MIN_BUSES || buses > MAX_BUSES) {
    throw new ArgumentError("buses", buses, `is not in ${MIN_BUSES}–${MAX_BUSES}`);
  }
  const size = ecamSize(buses);
  const ram = Math.ceil((cpu.memory_size[0] as number) / BLOCK_SIZE) * BLOCK_SIZE;
  if (!Number.isInteger(base) || base % ecamSize(1) !== 0 || base < ram || base + size > MEMORY_END) {
    throw new ArgumentError(
      "base",
      base,
      `is no place for ${buses} MiB between RAM (${hex(ram)}) and ${hex(MEMORY_END)}`,
    );
  }
  const start = Math.max(ram, MEMORY_BASE);
  const pieces = [
    { base: start, size: base - start },
    { base: Math.max(base + size, start), size: MEMORY_END - Math.max(base + size, start) },
  ];
  return { ecam: { base, size }, memory: pieces.filter((piece) => piece.size > 0) };
}

/** Throws ArgumentError for a function of ours where the emulator has one. */
export function checkPlaces({ root, kind }: Board, emulator: EmulatorConfig): void {
  const free = emulator.freeDevices();
  for (const number of root.bus.functions.keys()) {
    if (free.includes(deviceOf(number))) continue;
    throw new ArgumentError(kind, formatBdf(number as RequesterId), "is a slot where the emulator has a device");
  }
}

/** The firmware hands on every file of the folder acpi as a table, if the guest has yet to start. */
export function addTables(takeover: Takeover, cpu: V86Cpu, { unit }: Board, { ecam }: BoardLayout): void {
  const tables: [string, Uint8Array][] = [
    ["acpi/iovirt-mcfg", mcfgTable(ecam.base, ecam.size / ecamSize(1))],
    ["acpi/iovirt-ecam", reservationTable(ecam.base, ecam.size)],
  ];
  if (unit !== undefined) {
    tables.push(["acpi/iovirt-dmar", dmarTable(unit.base, unit.addressWidth, unit.remapsInterrupts)]);
  }
  const roms = cpu.option_roms;
  for (const [name, data] of tables) {
    const rom = { name, data };
    roms.push(rom);
    takeover.onRelease(() => {
      const place = roms.indexOf(rom);
      if (place >= 0) roms.splice(place, 1);
    });
  }
}
