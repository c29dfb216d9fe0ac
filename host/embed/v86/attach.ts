// Attaches a board to a v86 emulator: the guest finds our functions beside the emulator's own.
import { formatBdf, type Hpa, hex, type RequesterId } from "../../core/address.ts";
import { checkFunction, checkOptions } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { MmioHandler } from "../../core/ports.ts";
import { dmarTable, mcfgTable, reservationTable } from "../../device/pc/acpi-tables.ts";
import { Machine } from "../../machine/machine.ts";
import { allOnes } from "../../pci/bits.ts";
import { ecamSize } from "../../pci/ecam.ts";
import type { Board, BoardLayout, BoardWindow } from "./board.ts";
import { EmulatorConfig, GuestConfig } from "./config.ts";
import { BLOCK_SIZE, cpuOf, type V86Cpu, type V86Emulator } from "./cpu.ts";
import { GuestRam } from "./guest-ram.ts";
import { GuestVm } from "./guest-vm.ts";
import { InterruptQueue } from "./interrupts.ts";
import { IoSpace } from "./io-space.ts";
import { machineBoard } from "./machine-board.ts";
import { type SharedWindow, takeWindow, type Window } from "./memory-windows.ts";
import { PowerPorts } from "./power-ports.ts";
import { Takeover } from "./takeover.ts";
import { Turns } from "./turns.ts";

export interface AttachOptions {
  /** Where configuration space lies in memory: a multiple of 1 MiB above RAM, 2 to 256 buses. Default b000_0000, 16. */
  ecam?: { base?: number; buses?: number };
  /** Shows the guest the machine's IOMMU unit, in a DMAR table and in memory. Default false: it stays passive. */
  iommu?: boolean;
  /** The time in milliseconds, for `counters.milliseconds`. Default: it is not measured. */
  measure?: () => number;
}

export interface AttachmentCounters {
  /** Accesses of the guest to configuration space and BARs. */
  reads: number;
  writes: number;
  /** Bytes that devices read from and wrote to the guest's RAM. */
  dmaRead: number;
  dmaWritten: number;
  /** Message-signalled interrupts that the guest's processor got, and those that met an equal one that waited. */
  interrupts: number;
  merged: number;
  /** Interrupts of kinds that v86 has not. */
  unsupported: number;
  /** Turns of the devices between two pieces of the guest's execution, and the frames that moved in them. */
  turns: number;
  frames: number;
  /** Time that the turns took; 0 without `measure`. */
  milliseconds: number;
}

const ECAM_BASE = 0xb000_0000;
const ECAM_BUSES = 16;
const MIN_BUSES = 2;
const MAX_BUSES = 256;
/** What SeaBIOS and its DSDT give to PCI: from here, or from the end of RAM on, to the I/O APIC. */
const MEMORY_BASE = 0x8000_0000;
const MEMORY_END = 0xfec0_0000;

export class Attachment {
  readonly #cpu: V86Cpu;
  readonly #board: Board;
  readonly #config: GuestConfig;
  readonly #interrupts = new InterruptQueue();
  readonly #turns: Turns;
  readonly #takeover = new Takeover();
  #attached = true;
  #reads = 0;
  #writes = 0;
  readonly #ram: GuestRam;

  /** For `attach`. */
  constructor(emulator: V86Emulator, board: Board, options: AttachOptions) {
    const cpu = cpuOf(emulator);
    this.#cpu = cpu;
    this.#board = board;
    this.#ram = board.ram ?? new GuestRam(cpu);
    const { io } = cpu;
    const before = {
      port_read8: io.port_read8.bind(io),
      port_read16: io.port_read16.bind(io),
      port_read32: io.port_read32.bind(io),
      port_write8: io.port_write8.bind(io),
      port_write16: io.port_write16.bind(io),
      port_write32: io.port_write32.bind(io),
    };
    const emulatorConfig = new EmulatorConfig(before);
    const layout = checkLayout(cpu, options);
    checkPlaces(board, emulatorConfig);
    this.#config = new GuestConfig(board.root, emulatorConfig, layout.ecam.size / ecamSize(1));
    this.#turns = new Turns(cpu, board, this.#interrupts, options.measure);
    const takeover = this.#takeover;
    try {
      takeover.onRelease(board.place(this.#ram, layout));
      takeover.onRelease(
        board.connect((interrupt) => {
          this.#interrupts.take(interrupt);
          this.#turns.hurry();
        }),
      );
      const onAccess = (write: boolean): void => this.#count(write);
      for (const [name, window] of this.#windows(layout)) takeWindow(takeover, cpu, name, window, onAccess);
      new IoSpace(board.root, this.#config, new PowerPorts(before), onAccess).take(takeover, io, before);
      this.#turns.take(takeover);
      const reboot = cpu.reboot_internal;
      takeover.replace(cpu, "reboot_internal", () => {
        board.reset();
        this.#interrupts.clear();
        reboot.call(cpu);
      });
      this.#addTables(layout);
    } catch (error) {
      takeover.release();
      throw error;
    }
  }

  get counters(): AttachmentCounters {
    const { delivered, merged, unsupported } = this.#interrupts;
    const { turns, frames, milliseconds } = this.#turns;
    return {
      reads: this.#reads,
      writes: this.#writes,
      dmaRead: this.#ram.bytesRead,
      dmaWritten: this.#ram.bytesWritten,
      interrupts: delivered,
      merged,
      unsupported,
      turns,
      frames,
      milliseconds,
    };
  }

  /** Something came from outside, such as a frame: a guest that sleeps is to look at once. */
  wake(): void {
    if (this.#attached) this.#turns.wake();
  }

  /** Gives the emulator back as it was; for its guest our functions are gone. A second call does nothing. */
  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#takeover.release();
  }

  #count(write: boolean): void {
    if (write) this.#writes++;
    else this.#reads++;
  }

  #windows({ ecam, memory }: BoardLayout): [name: string, window: Window | SharedWindow][] {
    const { root, unit } = this.#board;
    const claims = (address: number): boolean =>
      root.ranges("memory").some(({ base, size }) => address >= base && address < base + size);
    const windows: [string, Window | SharedWindow][] = [
      ["ecam", { ...ecam, handler: this.#config.ecam }],
      ...memory.map((one): [string, SharedWindow] => [
        "memory",
        { ...one, handler: root.memoryWindow(one.base as Hpa), claims },
      ]),
    ];
    if (unit !== undefined) windows.push(["iommu", blockAround(unit)]);
    return windows;
  }

  /** The firmware hands on every file of this folder as an ACPI table. */
  #addTables({ ecam }: BoardLayout): void {
    const { unit } = this.#board;
    const tables: [string, Uint8Array][] = [
      ["acpi/iovirt-mcfg", mcfgTable(ecam.base, ecam.size / ecamSize(1))],
      ["acpi/iovirt-ecam", reservationTable(ecam.base, ecam.size)],
    ];
    if (unit !== undefined) {
      tables.push(["acpi/iovirt-dmar", dmarTable(unit.base, unit.addressWidth, unit.remapsInterrupts)]);
    }
    const roms = this.#cpu.option_roms;
    for (const [name, data] of tables) {
      const rom = { name, data };
      roms.push(rom);
      this.#takeover.onRelease(() => {
        const place = roms.indexOf(rom);
        if (place >= 0) roms.splice(place, 1);
      });
    }
  }
}

/**
 * Attaches `machine`, or a VM of `createVm`, to an emulator that said `emulator-loaded`: before it runs (`autostart: false`), or after
 * `restore_state`; a guest that runs already finds the cards when it scans its buses again. `machine` is one of
 * `createMachine`.
 * Throws ArgumentError, with the emulator as it was, for an emulator that lacks something, or a machine with functions
 * where the emulator has its own.
 */
export function attach(emulator: V86Emulator, machine: Machine | GuestVm, options: AttachOptions = {}): Attachment {
  checkOptions("options", options, ["ecam", "iommu", "measure"]);
  if (options.measure !== undefined) checkFunction("measure", options.measure);
  if (machine instanceof GuestVm) return new Attachment(emulator, machine.board(cpuOf(emulator)), options);
  if (!(machine instanceof Machine)) throw new ArgumentError("machine", machine, "is neither a Machine nor a GuestVm");
  return new Attachment(emulator, machineBoard(machine, options.iommu === true), options);
}

function checkLayout(cpu: V86Cpu, { ecam = {} }: AttachOptions): BoardLayout {
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
function checkPlaces({ root, kind }: Board, emulator: EmulatorConfig): void {
  for (const number of root.bus.functions.keys()) {
    const free = emulator.freeDevices();
    if (free.includes(number >>> 3)) continue;
    throw new ArgumentError(kind, formatBdf(number as RequesterId), "is a slot where the emulator has a device");
  }
}

/** A window of whole blocks in which `inner` lies alone. */
function blockAround(inner: BoardWindow): Window {
  const start = inner.base % BLOCK_SIZE;
  const inside = (offset: number): boolean => offset >= start && offset < start + inner.size;
  const handler: MmioHandler = {
    read: (offset, width) => (inside(offset) ? inner.handler.read(offset - start, width) : allOnes(width)),
    write: (offset, width, value) => {
      if (inside(offset)) inner.handler.write(offset - start, width, value);
    },
  };
  return { base: inner.base - start, size: BLOCK_SIZE, handler };
}
