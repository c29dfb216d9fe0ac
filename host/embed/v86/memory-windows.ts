// Who answers outside the guest's RAM: configuration space and our BARs in the emulator's table of blocks. The emulator
// makes of a 16-bit access two of 8 bits, of one of 64 bits two of 32.
import { hex } from "../../core/address.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { MmioHandler } from "../../core/ports.ts";
import { BLOCK_SIZE, type MemoryReader, type MemoryWriter, type V86Cpu } from "./cpu.ts";
import type { Takeover } from "./takeover.ts";

/** Between the I/O APIC and the local APIC, where a PC has nothing. */
const UNMAPPED = 0xfed8_0000;

/** A range of the guest's physical addresses, whole blocks, that one handler answers by the offset from its base. */
export interface Window {
  base: number;
  size: number;
  handler: MmioHandler;
}

/** A window into which the emulator may have put something of its own: it answers where `claims` says no. */
export interface SharedWindow extends Window {
  claims(address: number): boolean;
}

type Handlers = [MemoryReader, MemoryReader, MemoryWriter, MemoryWriter];
type Entry = Handlers[number];
const TABLES = ["memory_map_read8", "memory_map_read32", "memory_map_write8", "memory_map_write32"] as const;

/**
 * Puts windows into the table; `name` is for errors. Throws ArgumentError where the emulator has something of its own
 * in one that is not shared. `onAccess` is called before each access.
 */
export function takeWindow(
  takeover: Takeover,
  cpu: V86Cpu,
  name: string,
  window: Window | SharedWindow,
  onAccess: (write: boolean) => void,
): void {
  const first = blockOf(window.base);
  const end = blockOf(window.base + window.size);
  const free = cpu.memory_map_read8[blockOf(UNMAPPED)];
  const before = TABLES.map((table) => cpu[table].slice(first, end));
  const taken = [...Array(end - first).keys()].filter((place) => before[0]?.[place] !== free);
  if (taken.length > 0 && !("claims" in window)) {
    const block = first + (taken[0] as number);
    throw new ArgumentError(name, hex(window.base), `is where the emulator has ${hex(block * BLOCK_SIZE)}`);
  }
  takeover.onRelease(() => {
    for (const [place, table] of TABLES.entries()) put(cpu[table], first, before[place] as Entry[]);
  });
  const handlers = handlersOf(window, onAccess);
  for (const [place, table] of TABLES.entries()) (cpu[table] as Entry[]).fill(handlers[place] as Entry, first, end);
  for (const at of taken) {
    const theirs = before.map((table) => table[at]) as Handlers;
    const both = sharedHandlers(window as SharedWindow, handlers, theirs);
    for (const [place, table] of TABLES.entries()) (cpu[table] as Entry[])[first + at] = both[place] as Entry;
  }
}

/** Into a table of `length` blocks or more, from `first` on. */
function put(table: Entry[], first: number, entries: readonly Entry[]): void {
  for (const [place, entry] of entries.entries()) table[first + place] = entry;
}

function handlersOf({ base, handler }: Window, onAccess: (write: boolean) => void): Handlers {
  return [
    (address) => {
      onAccess(false);
      return handler.read((address >>> 0) - base, 1) & 0xff;
    },
    (address) => {
      onAccess(false);
      return handler.read((address >>> 0) - base, 4) | 0;
    },
    (address, value) => {
      onAccess(true);
      handler.write((address >>> 0) - base, 1, value & 0xff);
    },
    (address, value) => {
      onAccess(true);
      handler.write((address >>> 0) - base, 4, value >>> 0);
    },
  ];
}

function sharedHandlers({ claims }: SharedWindow, mine: Handlers, theirs: Handlers): Handlers {
  return [
    (address) => (claims(address >>> 0) ? mine[0](address) : theirs[0](address)),
    (address) => (claims(address >>> 0) ? mine[1](address) : theirs[1](address)),
    (address, value) => (claims(address >>> 0) ? mine[2](address, value) : theirs[2](address, value)),
    (address, value) => (claims(address >>> 0) ? mine[3](address, value) : theirs[3](address, value)),
  ];
}

function blockOf(address: number): number {
  return Math.floor(address / BLOCK_SIZE);
}
