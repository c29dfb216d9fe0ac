// What of a v86 emulator is reached: v86's types do not declare it, so it is looked for, and whoever lacks it is told.
import { ArgumentError } from "../../core/errors.ts";

/** Version of v86 that this room was written for; others are used as far as everything is found. */
export const V86_VERSION = "0.5.462";

export type PortReader = (port: number) => number;
export type PortWriter = (port: number, value: number) => void;

/** v86's I/O space. */
export interface V86Io {
  port_read8: PortReader;
  port_read16: PortReader;
  port_read32: PortReader;
  port_write8: PortWriter;
  port_write16: PortWriter;
  port_write32: PortWriter;
}

export type MemoryReader = (address: number) => number;
export type MemoryWriter = (address: number, value: number) => void;

/** v86's processor and board. */
export interface V86Cpu {
  readonly io: V86Io;
  /** Bytes of RAM. */
  readonly memory_size: ArrayLike<number>;
  /** RAM, a view of `wasm_memory`. */
  readonly mem8: Uint8Array;
  readonly wasm_memory: WebAssembly.Memory;
  /** Who answers outside RAM, by blocks of 128 KiB. */
  readonly memory_map_read8: MemoryReader[];
  readonly memory_map_read32: MemoryReader[];
  readonly memory_map_write8: MemoryWriter[];
  readonly memory_map_write32: MemoryWriter[];
  /** 1 with ACPI, local APIC and I/O APIC. */
  readonly acpi_enabled: ArrayLike<number>;
  readonly instruction_counter: Uint32Array;
  readonly instruction_pointer: Int32Array;
  readonly reg32: Int32Array;
  /** Files for the firmware, by name. */
  readonly option_roms: { name: string; data: Uint8Array }[];
  /** Forgets compiled code from `start` to before `end`. */
  jit_dirty_cache(start: number, end: number): void;
  /** Runs the guest for a while; the time until it wants to run again, in milliseconds. */
  main_loop(): number;
  /** Called between two pieces of the guest's execution, with the time in milliseconds. */
  run_hardware_timers(acpi: number, now: number): number;
  /** Runs the guest again at once when it waits for time to pass. */
  stop_idling(): void;
  reboot_internal(): void;
  device_raise_irq(irq: number): void;
  device_lower_irq(irq: number): void;
  /** A write to a physical address. */
  write32(address: number, value: number): void;
}

/** An emulator of v86, `new V86(…)`, once it said `emulator-loaded`. */
export interface V86Emulator {
  is_running(): boolean;
  destroy?(): Promise<void>;
}

/** What becomes of the `destroy` of an emulator that was seen here; of itself v86 leaves no trace of the call. */
const DESTROYED: unique symbol = Symbol("destroyed");
type WatchedEmulator = V86Emulator & { [DESTROYED]?: boolean };

/** How v86 cuts the address space. */
export const BLOCK_SIZE = 0x2_0000;

type Kind = "function" | "array" | "bytes" | "memory" | "numbers";

const NEEDED: readonly [path: string, kind: Kind][] = [
  ["io.port_read8", "function"],
  ["io.port_read16", "function"],
  ["io.port_read32", "function"],
  ["io.port_write8", "function"],
  ["io.port_write16", "function"],
  ["io.port_write32", "function"],
  ["memory_size", "numbers"],
  ["mem8", "bytes"],
  ["wasm_memory", "memory"],
  ["memory_map_read8", "array"],
  ["memory_map_read32", "array"],
  ["memory_map_write8", "array"],
  ["memory_map_write32", "array"],
  ["acpi_enabled", "numbers"],
  ["instruction_counter", "numbers"],
  ["instruction_pointer", "numbers"],
  ["reg32", "numbers"],
  ["option_roms", "array"],
  ["jit_dirty_cache", "function"],
  ["main_loop", "function"],
  ["run_hardware_timers", "function"],
  ["stop_idling", "function"],
  ["reboot_internal", "function"],
  ["device_raise_irq", "function"],
  ["device_lower_irq", "function"],
  ["write32", "function"],
];

/**
 * The processor of an emulator that is loaded. Throws ArgumentError, naming what is missing, for what is none, for one
 * that is not loaded or not of a version that has everything, for one without ACPI, which has no local APIC, and for one
 * that was destroyed after the first call with it.
 */
export function cpuOf(emulator: unknown): V86Cpu {
  const missing = (path: string, reason: string): ArgumentError => new ArgumentError("emulator", path, reason);
  if (typeof (emulator as V86Emulator | undefined)?.is_running !== "function") {
    throw missing("is_running", "is missing: this is no emulator of v86");
  }
  for (const path of ["v86.cpu", "v86.cpu.io"]) {
    if (at(emulator, path) === undefined) throw missing(path, "is missing: wait for emulator-loaded");
  }
  const cpu = at(emulator, "v86.cpu") as V86Cpu;
  for (const [path, kind] of NEEDED) {
    if (!is(at(cpu, path), kind)) throw missing(`v86.cpu.${path}`, `is missing; v86 ${V86_VERSION} has it`);
  }
  if (cpu.acpi_enabled[0] !== 1) throw missing("acpi", "is off, so there is no local APIC: make it with acpi: true");
  if (isDestroyed(emulator as WatchedEmulator)) throw missing("destroy", "was called: make another one");
  return cpu;
}

/** From the first call on the emulator notes that it is destroyed. */
function isDestroyed(emulator: WatchedEmulator): boolean {
  const { destroy, [DESTROYED]: destroyed } = emulator;
  if (destroyed !== undefined || destroy === undefined) return destroyed === true;
  emulator[DESTROYED] = false;
  emulator.destroy = () => {
    emulator[DESTROYED] = true;
    return destroy.call(emulator);
  };
  return false;
}

function at(object: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], object);
}

/** Numbers and bytes may be proxies of typed arrays, which follow the memory when it grows. */
function is(value: unknown, kind: Kind): boolean {
  if (kind === "function") return typeof value === "function";
  if (kind === "array") return Array.isArray(value);
  if (kind === "memory") return (value as WebAssembly.Memory | undefined)?.buffer instanceof ArrayBuffer;
  if (kind === "bytes") return typeof (value as Uint8Array | undefined)?.byteOffset === "number";
  return typeof (value as Uint8Array | undefined)?.[0] === "number";
}
