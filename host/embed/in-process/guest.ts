// The kernel of a small guest: who owns which of its RAM and which interrupt vector, and access to a function's
// registers. It knows the platform and nothing else of the machine.
import { type Gpa, gpa, PAGE_SIZE } from "../../core/address.ts";
import { checkOptions } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AccessWidth, GuestPlatform } from "../../core/ports.ts";
import type { ResourceWindows } from "../../pci/assign.ts";
import { enumerate } from "../../pci/enumerate.ts";
import { type FoundFunction, probe } from "./probe.ts";

const FIRST_VECTOR = 0x20;
const LAST_VECTOR = 0xfe;
const NANOSECONDS_PER_MICROSECOND = 1000;

/** Where a guest's firmware puts BARs, as on a PC. */
export const DEFAULT_WINDOWS: ResourceWindows = {
  memory: { base: 0xc000_0000, size: 0x3000_0000 },
  prefetchable: { base: 0x20_0000_0000, size: 0x1_0000_0000 },
  io: { base: 0x1000, size: 0xf000 },
};

export interface GuestOptions {
  /** First byte of RAM that the guest hands out; default 64 KiB. */
  ramBase?: number;
  /** End of what it hands out; default the end of RAM. */
  ramEnd?: number;
}

/** A small guest: an allocator for its RAM, its interrupt vectors, its view of the buses. */
export class Guest {
  readonly platform: GuestPlatform;
  #next: number;
  readonly #end: number;
  #vector = FIRST_VECTOR;

  /** Throws ArgumentError when `platform` is none, or the range to hand out is not in the RAM. */
  constructor(platform: GuestPlatform, options: GuestOptions = {}) {
    checkPlatform(platform);
    checkOptions("options", options, ["ramBase", "ramEnd"]);
    const { ramBase = 0x1_0000, ramEnd = platform.ram.size } = options;
    if (!Number.isSafeInteger(ramEnd) || ramEnd < 0 || ramEnd > platform.ram.size) {
      throw new ArgumentError("ramEnd", ramEnd, "is outside the guest's RAM");
    }
    if (!Number.isSafeInteger(ramBase) || ramBase < 0 || ramBase > ramEnd) {
      throw new ArgumentError("ramBase", ramBase, "is outside the guest's RAM");
    }
    this.platform = platform;
    this.#next = ramBase;
    this.#end = ramEnd;
  }

  /** RAM that stays the caller's, with what was in it. Throws ArgumentError when there is no more. */
  allocate(bytes: number, alignment: number = PAGE_SIZE): Gpa {
    const address = Math.ceil(this.#next / alignment) * alignment;
    if (!Number.isInteger(bytes) || bytes <= 0 || address + bytes > this.#end) {
      throw new ArgumentError("bytes", bytes, `does not fit: ${Math.max(0, this.#end - address)} bytes are left`);
    }
    this.#next = address + bytes;
    return gpa(address);
  }

  /** An interrupt vector of this guest's own, with its handler. Throws ArgumentError when all are taken. */
  allocateVector(handler: () => void): number {
    if (this.#vector > LAST_VECTOR) throw new ArgumentError("vector", this.#vector, "is beyond the last one");
    const vector = this.#vector++;
    this.platform.onInterrupt(vector, handler);
    return vector;
  }

  /**
   * Does what firmware does before a system starts: numbers the buses and gives every BAR an address of `windows`.
   * A bare machine's functions, and those of a VM, have none before.
   */
  configure(windows: ResourceWindows = DEFAULT_WINDOWS): void {
    enumerate(this.platform, windows);
  }

  /** Every function that answers config cycles, from bus 0 on, through the bridges as they are numbered. */
  probe(): FoundFunction[] {
    return probe(this.platform);
  }

  /** A delay loop of `microseconds`. */
  delay(microseconds: number): void {
    this.platform.wait(microseconds * NANOSECONDS_PER_MICROSECOND);
  }

  /**
   * Stops the processor until it has handled an interrupt, for `microseconds` at most. False when none came, and on a
   * platform whose processor does not halt: there it is a delay loop.
   */
  halt(microseconds: number): boolean {
    const ns = microseconds * NANOSECONDS_PER_MICROSECOND;
    if (this.platform.halt !== undefined) return this.platform.halt(ns);
    this.platform.wait(ns);
    return false;
  }

  /** Between its handlers the processor is halted until an interrupt; before, it waits in a loop. */
  haltWhenIdle(): void {
    this.platform.idle?.("halt");
  }

  /** Asks `done` up to `times` times, `microseconds` apart. False when it never was. */
  poll(done: () => boolean, times: number, microseconds: number): boolean {
    for (let attempt = 0; attempt < times; attempt++) {
      if (done()) return true;
      this.delay(microseconds);
    }
    return done();
  }
}

/** Memory-mapped registers: one BAR. */
export class Registers {
  readonly base: Gpa;
  readonly #platform: GuestPlatform;

  constructor(platform: GuestPlatform, base: Gpa) {
    this.#platform = platform;
    this.base = base;
  }

  read(offset: number, width: AccessWidth = 4): number {
    return this.#platform.mmioRead((this.base + offset) as Gpa, width);
  }

  write(offset: number, value: number, width: AccessWidth = 4): void {
    this.#platform.mmioWrite((this.base + offset) as Gpa, width, value >>> 0);
  }

  set(offset: number, bits: number): void {
    this.write(offset, this.read(offset) | bits);
  }

  clear(offset: number, bits: number): void {
    this.write(offset, this.read(offset) & ~bits);
  }
}

/** Throws ArgumentError unless `guest` is a Guest. */
export function checkGuest(guest: Guest): void {
  if (!(guest instanceof Guest)) throw new ArgumentError("guest", guest, "is no Guest");
}

const PLATFORM: readonly (keyof GuestPlatform)[] = [
  "configRead",
  "configWrite",
  "mmioRead",
  "mmioWrite",
  "messageFor",
  "onInterrupt",
  "wait",
];

function checkPlatform(platform: GuestPlatform): void {
  const given = platform as Partial<GuestPlatform> | null | undefined;
  const missing = PLATFORM.find((name) => typeof given?.[name] !== "function");
  if (missing !== undefined) throw new ArgumentError("platform", platform, `has no ${missing}`);
  if (!Number.isSafeInteger(given?.ram?.size)) throw new ArgumentError("platform", platform, "has no RAM");
}
