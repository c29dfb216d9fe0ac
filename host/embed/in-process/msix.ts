// A driver's side of MSI-X: the table is written by MMIO, the capability by config cycles (PCIe 6.0 §6.1.4).
import { CAP_MSIX } from "../../../assembly/spec/pci/ids.ts";
import {
  MSIX_CONTROL,
  MSIX_CONTROL_ENABLE_LO,
  MSIX_CONTROL_FUNCTION_MASK_LO,
  MSIX_CONTROL_TABLE_SIZE_HI,
  MSIX_CONTROL_TABLE_SIZE_LO,
  MSIX_ENTRY_ADDRESS_LOWER,
  MSIX_ENTRY_ADDRESS_UPPER,
  MSIX_ENTRY_CONTROL,
  MSIX_ENTRY_CONTROL_MASK_LO,
  MSIX_ENTRY_DATA,
  MSIX_ENTRY_SIZE,
  MSIX_TABLE,
  MSIX_TABLE_BIR_HI,
  MSIX_TABLE_BIR_LO,
  MSIX_TABLE_OFFSET_HI,
  MSIX_TABLE_OFFSET_LO,
} from "../../../assembly/spec/pci/msix.ts";
import type { Gpa } from "../../core/address.ts";
import { bits, mask } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { GuestPlatform } from "../../core/ports.ts";
import { Registers } from "./guest.ts";
import type { FoundFunction } from "./probe.ts";

const ENABLE = 1 << MSIX_CONTROL_ENABLE_LO;
const FUNCTION_MASK = 1 << MSIX_CONTROL_FUNCTION_MASK_LO;
const MASKED = 1 << MSIX_ENTRY_CONTROL_MASK_LO;

/** The MSI-X capability of one function and its table. */
export class Msix {
  /** Entries of the table. */
  readonly size: number;
  readonly #platform: GuestPlatform;
  readonly #device: FoundFunction;
  readonly #capability: number;
  readonly #table: Registers;

  /** Throws ArgumentError when the function has no MSI-X capability or its table lies in no BAR. */
  constructor(platform: GuestPlatform, device: FoundFunction) {
    const capability = device.capabilities.find((one) => !one.extended && one.id === CAP_MSIX);
    if (capability === undefined) throw new ArgumentError("device", device.deviceId, "has no MSI-X capability");
    this.#platform = platform;
    this.#device = device;
    this.#capability = capability.offset;
    const control = platform.configRead(device.requesterId, capability.offset + MSIX_CONTROL, 2);
    this.size = bits(control, MSIX_CONTROL_TABLE_SIZE_HI, MSIX_CONTROL_TABLE_SIZE_LO) + 1;
    const table = platform.configRead(device.requesterId, capability.offset + MSIX_TABLE, 4);
    const bir = bits(table, MSIX_TABLE_BIR_HI, MSIX_TABLE_BIR_LO);
    const bar = device.bars.find((one) => one.index === bir);
    if (bar === undefined) throw new ArgumentError("device", device.deviceId, `has no BAR ${bir} for its MSI-X table`);
    const offset = (table & mask(MSIX_TABLE_OFFSET_HI, MSIX_TABLE_OFFSET_LO)) >>> 0;
    this.#table = new Registers(platform, (bar.address + offset) as Gpa);
  }

  /** Lets entry `entry` interrupt this guest with `vector`, unmasked. */
  route(entry: number, vector: number): void {
    const { addressLo, addressHi, data } = this.#platform.messageFor(vector, this.#device.requesterId);
    this.write(entry, addressLo, addressHi, data);
  }

  /** Writes an entry as it is given, masked while it changes and unmasked after. */
  write(entry: number, addressLo: number, addressHi: number, data: number): void {
    const base = entry * MSIX_ENTRY_SIZE;
    this.setMask(entry, true);
    this.#table.write(base + MSIX_ENTRY_ADDRESS_LOWER, addressLo);
    this.#table.write(base + MSIX_ENTRY_ADDRESS_UPPER, addressHi);
    this.#table.write(base + MSIX_ENTRY_DATA, data);
    this.setMask(entry, false);
  }

  setMask(entry: number, masked: boolean): void {
    const offset = entry * MSIX_ENTRY_SIZE + MSIX_ENTRY_CONTROL;
    const control = this.#table.read(offset);
    this.#table.write(offset, masked ? control | MASKED : control & ~MASKED);
  }

  /** Turns MSI-X on (with every entry masked until it is routed) or off. */
  enable(on: boolean): void {
    const offset = this.#capability + MSIX_CONTROL;
    const id = this.#device.requesterId;
    const control = this.#platform.configRead(id, offset, 2);
    if (!on) {
      this.#platform.configWrite(id, offset, 2, control & ~(ENABLE | FUNCTION_MASK));
      return;
    }
    this.#platform.configWrite(id, offset, 2, control | ENABLE | FUNCTION_MASK);
    for (let entry = 0; entry < this.size; entry++) this.setMask(entry, true);
    this.#platform.configWrite(id, offset, 2, (control | ENABLE) & ~FUNCTION_MASK);
  }
}
