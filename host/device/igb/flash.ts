// The flash on a card, which its ports share: whose the pins are (FLA), what the device does by itself (windows, erase),
// and the windows of BARs, expansion ROM and I/O ports (I350 §3.3, §8.4; 82576 §3.3, §8.4). Where no chip is fitted, lines
// that nobody drives are ones.
//
// A window cannot wait here as it does on the card: while a port has the pins or the chip is busy, it reads ones and takes
// no writes.
import * as device from "../../../assembly/spec/igb/device.ts";
import * as spec from "../../../assembly/spec/igb/flash.ts";
import * as part from "../../../assembly/spec/igb/flash-part.ts";
import { bits } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { FormatError } from "../../core/errors.ts";
import type { AccessWidth, MmioHandler } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import { allOnes } from "../../pci/bits.ts";
import { FlashChip, type FlashChipState } from "./flash-chip.ts";
import type { RegisterFile } from "./register-file.ts";

/** The window of a BAR behind which nothing is. */
export const NO_WINDOW: MmioHandler = { read: (_offset, width) => allOnes(width), write: () => {} };

const NOBODY = -1;
const MAX_PORTS = 4;

export interface FlashState {
  /** The port that has the pins, −1 for none. */
  holder: number;
  /** What the chip does, the device has told it to. */
  own: boolean;
  /** FLASHOP. */
  opcodes: number;
  /** null where none is fitted. */
  chip: FlashChipState | null;
}

export class Flash {
  readonly #chip: FlashChip | undefined;
  #holder = NOBODY;
  #own = false;
  #opcodes: number = spec.FLASHOP_RESET;

  /** @param image what the chip holds from address 0 on; undefined where no chip is fitted. */
  constructor(clock: Clock, image: Uint8Array | undefined) {
    if (image !== undefined) this.#chip = new FlashChip(clock, image);
  }

  /** What the chip holds. */
  get bytes(): Uint8Array | undefined {
    return this.#chip?.bytes;
  }

  /** FLA.FL_BUSY: a write or an erase of the device's own goes on. */
  get busy(): boolean {
    this.#own = this.#own && this.#chip?.busy === true;
    return this.#own;
  }

  /** FLASHOP. */
  get opcodes(): number {
    return this.#opcodes;
  }

  set opcodes(value: number) {
    this.#opcodes = value & spec.FLASHOP_MASK;
  }

  /** The pins as `fla`, port `number`'s, drives them if that port gets or has them. Whether it has. */
  drive(number: number, fla: number): boolean {
    if ((fla & spec.FLA_REQ) === 0) {
      this.release(number);
      return false;
    }
    if (this.#holder === NOBODY && !this.busy) this.#holder = number;
    if (this.#holder !== number) return false;
    this.#chip?.pins((fla & spec.FLA_CE) === 0, (fla & spec.FLA_SCK) !== 0, (fla & spec.FLA_SI) !== 0);
    return true;
  }

  /** The level of FL_SO. */
  get out(): boolean {
    return this.#chip?.out ?? true;
  }

  /** Port `number` does not want the pins, or not any more. */
  release(number: number): void {
    if (this.#holder !== number) return;
    this.#holder = NOBODY;
    this.#chip?.pins(false, false, false);
  }

  /** A byte through a window. */
  read(address: number): number {
    if (this.#chip === undefined || this.#holder !== NOBODY || address >= part.FLASH_SIZE) return part.FLASH_ERASED;
    return this.#chip.read(address);
  }

  /** Programs a byte for a window. */
  program(address: number, value: number): void {
    if (address >= part.FLASH_SIZE) return;
    this.#command(part.FLASH_PROGRAM, address >>> 16, (address >>> 8) & 0xff, address & 0xff, value);
  }

  /** Erases all, with the command of FLASHOP. Whether it was sent. */
  erase(): boolean {
    return this.#command(bits(this.#opcodes, spec.FLASHOP_DERASE_HI, spec.FLASHOP_DERASE_LO));
  }

  /** Chip and opcodes as after power-up. */
  powerUp(): void {
    this.#opcodes = spec.FLASHOP_RESET;
    this.#own = false;
    this.#chip?.powerUp();
  }

  save(): FlashState {
    return { holder: this.#holder, own: this.#own, opcodes: this.#opcodes, chip: this.#chip?.save() ?? null };
  }

  /** Throws FormatError for the state of a card with another flash. */
  restore(state: FlashState): void {
    checkStateNumber("flash", state.holder - NOBODY, MAX_PORTS);
    checkStateNumber("FLASHOP", state.opcodes, spec.FLASHOP_MASK);
    if (state.chip !== null) {
      if (this.#chip === undefined)
        throw new FormatError("flash", "is there in the state, and on this card there is none");
      this.#chip.restore(state.chip);
    }
    this.#holder = state.holder;
    this.#own = state.own;
    this.#opcodes = state.opcodes;
  }

  /** A command that needs Write Enable. Whether the chip's wires were free for it. */
  #command(...bytes: readonly number[]): boolean {
    if (this.#holder !== NOBODY || this.busy) return false;
    this.#chip?.run(part.FLASH_WRITE_ENABLE);
    this.#chip?.run(...bytes);
    this.#own = this.#chip?.busy === true;
    return true;
  }
}

/** A window onto the flash's first `size` bytes: reads of any width, writes of single bytes while `writable` says so. */
export class FlashWindow implements MmioHandler {
  readonly #flash: Flash;
  readonly #size: number;
  readonly #writable: () => boolean;

  constructor(flash: Flash, size: number, writable: () => boolean) {
    this.#flash = flash;
    this.#size = size;
    this.#writable = writable;
  }

  read(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let at = 0; at < width; at++) {
      const address = offset + at;
      value |= (address < this.#size ? this.#flash.read(address) : part.FLASH_ERASED) << (8 * at);
    }
    return value >>> 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (width === 1 && offset < this.#size && this.#writable()) this.#flash.program(offset, value & 0xff);
  }
}

/** BAR 0 of a card that has its flash behind the registers there. */
export function registersAndFlash(registers: MmioHandler, end: number, flash: MmioHandler): MmioHandler {
  return {
    read: (offset, width) => (offset < end ? registers.read(offset, width) : flash.read(offset - end, width)),
    write: (offset, width, value) => {
      if (offset < end) registers.write(offset, width, value);
      else flash.write(offset - end, width, value);
    },
  };
}

/** Whether EECD.FWE of a port allows writes. */
export function flashWritable(registers: RegisterFile): boolean {
  return writeControl(registers) === device.EECD_FWE_ENABLED;
}

/**
 * FLA.FL_ER and EECD.FWE together erase the flash, as soon as nobody has its pins. To be called when either has changed or
 * is looked at.
 */
export function eraseFlash(registers: RegisterFile, flash: Flash): void {
  const own = registers.get(spec.FLA);
  if ((own & spec.FLA_ER) === 0 || writeControl(registers) !== device.EECD_FWE_ERASE) return;
  if (flash.erase()) registers.set(spec.FLA, (own & ~spec.FLA_ER) >>> 0);
}

/** FLA and FLASHOP of port `number`. */
export function hookFlash(registers: RegisterFile, flash: Flash, number: number): void {
  registers.hook(spec.FLA, {
    read: () => {
      eraseFlash(registers, flash);
      const own = registers.get(spec.FLA);
      const granted = flash.drive(number, own);
      return (
        own |
        (granted ? spec.FLA_GNT : 0) |
        (!granted || flash.out ? spec.FLA_SO : 0) |
        (flash.busy ? spec.FLA_BUSY : 0)
      );
    },
    write: (value) => {
      registers.store(spec.FLA, value);
      flash.drive(number, registers.get(spec.FLA));
      eraseFlash(registers, flash);
    },
  });
  registers.hook(spec.FLASHOP, {
    read: () => flash.opcodes,
    write: (value) => {
      flash.opcodes = value;
    },
  });
}

function writeControl(registers: RegisterFile): number {
  return bits(registers.get(device.EECD), device.EECD_FWE_HI, device.EECD_FWE_LO);
}
