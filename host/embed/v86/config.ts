// The guest's configuration space: the emulator's own devices as it has them, ours beside them and behind our ports.
import * as spec from "../../../assembly/spec/pci/config-access.ts";
import { busOf, type RequesterId } from "../../core/address.ts";
import { mask, place } from "../../core/bits.ts";
import type { AccessWidth, MmioHandler } from "../../core/ports.ts";
import { allOnes } from "../../pci/bits.ts";
import { ConfigPorts } from "../../pci/config-ports.ts";
import { type ConfigAccess, ecam } from "../../pci/ecam.ts";
import type { RootComplex } from "../../pci/root-complex.ts";
import type { V86Io } from "./cpu.ts";

/** Bytes that the emulator's devices have. */
const LEGACY_SIZE = 256;
const DWORD = ~mask(spec.CONFIG_ADDRESS_ZERO_HI, spec.CONFIG_ADDRESS_ZERO_LO);
const DEVICES = 32;
const FUNCTIONS = 8;

/** The emulator's configuration mechanism, as it was before it was taken over. */
export class EmulatorConfig implements ConfigAccess {
  readonly #io: V86Io;

  /** @param io the six accesses as they were. */
  constructor(io: V86Io) {
    this.#io = io;
  }

  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number {
    const port = this.#address(requesterId, offset);
    if (port === undefined) return allOnes(width);
    if (width === 4) return this.#io.port_read32(port) >>> 0;
    return width === 2 ? this.#io.port_read16(port) : this.#io.port_read8(port);
  }

  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void {
    // The emulator takes a narrow write for one to a device that it has.
    if (width !== 4 && !this.has(requesterId)) return;
    const port = this.#address(requesterId, offset);
    if (port === undefined) return;
    if (width === 4) this.#io.port_write32(port, value | 0);
    else if (width === 2) this.#io.port_write16(port, value);
    else this.#io.port_write8(port, value);
  }

  /** Whether the emulator has a function there. */
  has(requesterId: RequesterId): boolean {
    return this.configRead(requesterId, 0, 4) !== 0xffff_ffff;
  }

  /** The device numbers of bus 0 that it leaves free. */
  freeDevices(): number[] {
    return [...Array(DEVICES).keys()].filter((device) => {
      const numbers = [...Array(FUNCTIONS).keys()].map((number) => (device * FUNCTIONS + number) as RequesterId);
      return !numbers.some((id) => this.has(id));
    });
  }

  /** Addresses a register; the data port where it is then, undefined beyond the registers. */
  #address(requesterId: RequesterId, offset: number): number | undefined {
    if (busOf(requesterId) !== 0 || offset >= LEGACY_SIZE) return undefined;
    const enable = place(1, spec.CONFIG_ADDRESS_ENABLE_HI, spec.CONFIG_ADDRESS_ENABLE_LO);
    const target = place(requesterId, spec.CONFIG_ADDRESS_BUS_HI, spec.CONFIG_ADDRESS_FUNCTION_LO);
    this.#io.port_write32(spec.CONFIG_ADDRESS, enable | target | (offset & DWORD) | 0);
    return spec.CONFIG_DATA + (offset & ~DWORD);
  }
}

/** Both worlds as the guest sees them: by ports, and in memory. */
export class GuestConfig implements ConfigAccess {
  readonly ports: ConfigPorts;
  readonly ecam: MmioHandler;
  readonly #root: RootComplex;
  readonly #emulator: EmulatorConfig;

  constructor(root: RootComplex, emulator: EmulatorConfig, buses: number) {
    this.#root = root;
    this.#emulator = emulator;
    this.ports = new ConfigPorts(this);
    this.ecam = ecam(this, buses);
  }

  configRead(requesterId: RequesterId, offset: number, width: AccessWidth): number {
    if (this.#isOurs(requesterId)) return this.#root.configRead(requesterId, offset, width);
    return splitRead(this.#emulator, requesterId, offset, width);
  }

  configWrite(requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void {
    if (this.#isOurs(requesterId)) this.#root.configWrite(requesterId, offset, width, value);
    else splitWrite(this.#emulator, requesterId, offset, width, value);
  }

  #isOurs(requesterId: RequesterId): boolean {
    return busOf(requesterId) !== 0 || this.#root.bus.functions.has(requesterId);
  }
}

/** The emulator answers aligned accesses only. */
function splitRead(to: ConfigAccess, id: RequesterId, offset: number, width: AccessWidth): number {
  if (offset % width === 0) return to.configRead(id, offset, width);
  const half = (width / 2) as AccessWidth;
  const low = splitRead(to, id, offset, half);
  return (low | (splitRead(to, id, offset + half, half) << (8 * half))) >>> 0;
}

function splitWrite(to: ConfigAccess, id: RequesterId, offset: number, width: AccessWidth, value: number): void {
  if (offset % width === 0) {
    to.configWrite(id, offset, width, width === 4 ? value >>> 0 : value & (2 ** (8 * width) - 1));
    return;
  }
  const half = (width / 2) as AccessWidth;
  splitWrite(to, id, offset, half, value);
  splitWrite(to, id, offset + half, half, value >>> (8 * half));
}
