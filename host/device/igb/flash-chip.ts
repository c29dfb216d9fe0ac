// The serial flash: an AT25DF321 with its pin WP high. What it does at its pins, how long a program or an erase takes on the
// machine's clock, what is protected. A program or an erase changes the cells at once; until its time is over only the
// status can be read, so that nobody sees the difference.
import * as part from "../../../assembly/spec/igb/flash-part.ts";
import { bits, place } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { checkStateNumber } from "../../core/snapshot.ts";
import { type FlashBlock, FlashCells } from "./flash-cells.ts";
import { ERASES, HEADER, ID, SHORT, WRITING } from "./flash-commands.ts";

/** What goes on at the pins, and what the chip forgets without power. */
interface Volatile {
  clock: boolean;
  selected: boolean;
  /** Bits of the byte that is coming in: how many, and which. */
  bits: number;
  shift: number;
  /** Whole bytes since the chip was selected, the command among them; counted up to MANY. */
  received: number;
  /** NONE: no command, or one that is ignored. */
  command: number;
  address: number;
  /** The byte that is going out; NONE while the chip does not drive its pin. */
  outgoing: number;
  /** The level of SO, which is pulled up. */
  out: boolean;
  writeEnabled: boolean;
  /** SPRL: the sectors' protection cannot be changed. */
  locked: boolean;
  asleep: boolean;
  /** When a program or an erase is over; 0 when none goes on. */
  busyUntilNs: number;
}

export interface FlashChipState {
  volatile: Volatile;
  /** Bytes for the page that is to be programmed. */
  page: Uint8Array;
  /** 1 for a sector that is protected. */
  protection: Uint8Array;
  cells: readonly FlashBlock[];
}

const NONE = -1;
const MANY = 0x1000;
const NS_PER_US = 1000;
const ADDRESS_MASK = part.FLASH_SIZE - 1;
const POWERED_UP: Volatile = {
  clock: false,
  selected: false,
  bits: 0,
  shift: 0,
  received: 0,
  command: NONE,
  address: 0,
  outgoing: NONE,
  out: true,
  writeEnabled: false,
  locked: false,
  asleep: false,
  busyUntilNs: 0,
};

export class FlashChip {
  readonly #clock: Clock;
  readonly #cells: FlashCells;
  readonly #now: Volatile = { ...POWERED_UP };
  readonly #page = new Uint8Array(part.FLASH_PAGE);
  readonly #protection = new Uint8Array(part.FLASH_SECTORS);

  /** @param image from address 0 on, at most FLASH_SIZE bytes. */
  constructor(clock: Clock, image: Uint8Array) {
    this.#clock = clock;
    this.#cells = new FlashCells(image);
    this.powerUp();
  }

  /** What it holds. */
  get bytes(): Uint8Array {
    return this.#cells.bytes;
  }

  /** A program or an erase goes on. */
  get busy(): boolean {
    const now = this.#now;
    if (now.busyUntilNs !== 0 && this.#clock.nowNs >= now.busyUntilNs) {
      now.busyUntilNs = 0;
      now.writeEnabled = false;
    }
    return now.busyUntilNs !== 0;
  }

  /** The level of SO. */
  get out(): boolean {
    return this.#now.out;
  }

  /** Everything but the cells as after power-up: all sectors are protected. */
  powerUp(): void {
    Object.assign(this.#now, POWERED_UP);
    this.#page.fill(part.FLASH_ERASED);
    this.#protection.fill(1);
  }

  /** Levels of CS (true: selected), SCK and SI. Bits go in with the rising clock and come out with the falling one. */
  pins(selected: boolean, clock: boolean, bit: boolean): void {
    const now = this.#now;
    if (selected !== now.selected) {
      if (selected) this.#select();
      else this.#deselect();
    } else if (selected && clock !== now.clock) {
      if (clock) this.#rise(bit);
      else now.out = now.outgoing === NONE || ((now.outgoing >>> (7 - now.bits)) & 1) !== 0;
    }
    now.clock = clock;
  }

  /** A command of the card's own, while no port has the pins. */
  run(...bytes: readonly number[]): void {
    this.#select();
    for (const byte of bytes) this.#byte(byte);
    this.#deselect();
  }

  /** A byte as a read command would give it; `address` is below FLASH_SIZE. */
  read(address: number): number {
    return this.busy || this.#now.asleep ? part.FLASH_ERASED : this.#cells.read(address);
  }

  save(): FlashChipState {
    return {
      volatile: { ...this.#now },
      page: this.#page.slice(),
      protection: this.#protection.slice(),
      cells: this.#cells.save(),
    };
  }

  /** Throws FormatError for what no chip has. */
  restore(state: FlashChipState): void {
    const { bits: count, shift, received, address, busyUntilNs, command, outgoing } = state.volatile;
    checkStateNumber("flash bits", count, 7);
    checkStateNumber("flash shift", shift, 0xff);
    checkStateNumber("flash bytes", received, MANY);
    checkStateNumber("flash address", address, ADDRESS_MASK);
    checkStateNumber("flash time", busyUntilNs, Number.MAX_SAFE_INTEGER);
    checkStateNumber("flash command", command - NONE, 0x100);
    checkStateNumber("flash data", outgoing - NONE, 0x100);
    this.#cells.restore(state.cells);
    Object.assign(this.#now, state.volatile);
    this.#page.set(state.page);
    this.#protection.set(state.protection);
  }

  #select(): void {
    Object.assign(this.#now, {
      selected: true,
      bits: 0,
      shift: 0,
      received: 0,
      command: NONE,
      outgoing: NONE,
      out: true,
    });
    this.#page.fill(part.FLASH_ERASED);
  }

  #deselect(): void {
    const now = this.#now;
    this.#finish();
    Object.assign(now, { selected: false, bits: 0, command: NONE, outgoing: NONE, out: true });
  }

  #rise(bit: boolean): void {
    const now = this.#now;
    now.shift = ((now.shift << 1) | (bit ? 1 : 0)) & 0xff;
    now.bits = (now.bits + 1) & 7;
    if (now.bits === 0) this.#byte(now.shift);
  }

  /** A whole byte has come in. */
  #byte(value: number): void {
    const now = this.#now;
    now.received = Math.min(now.received + 1, MANY);
    if (now.received === 1) {
      const heard = this.busy ? value === part.FLASH_READ_STATUS : !now.asleep || value === part.FLASH_RESUME;
      now.command = heard ? value : NONE;
      now.address = 0;
    } else if (now.command === part.FLASH_WRITE_STATUS && now.received > SHORT) {
      return;
    } else if (now.received <= HEADER) {
      now.address = ((now.address << 8) | value) & ADDRESS_MASK;
    } else if (now.command === part.FLASH_PROGRAM) {
      // Beyond a page's end the page begins again.
      this.#page[now.address % part.FLASH_PAGE] = value;
      now.address += (now.address + 1) % part.FLASH_PAGE === 0 ? 1 - part.FLASH_PAGE : 1;
    }
    now.outgoing = this.#answer();
  }

  /** What goes out after the bytes that came in; NONE for nothing. */
  #answer(): number {
    const { command, received, address } = this.#now;
    switch (command) {
      case part.FLASH_READ_STATUS:
        return this.#status;
      case part.FLASH_READ_ID:
        return ID[received - 1] ?? NONE;
      case part.FLASH_READ:
        return received >= HEADER ? this.#next() : NONE;
      case part.FLASH_FAST_READ:
        return received > HEADER ? this.#next() : NONE;
      case part.FLASH_READ_PROTECTION:
        if (received < HEADER) return NONE;
        return this.#protected(address, 1) ? 0xff : 0;
      default:
        return NONE;
    }
  }

  #next(): number {
    const { address } = this.#now;
    this.#now.address = (address + 1) & ADDRESS_MASK;
    return this.#cells.read(address);
  }

  get #status(): number {
    const busy = this.busy;
    const { writeEnabled, locked } = this.#now;
    const some = this.#protection.includes(1) ? part.FLASH_SWP_SOME : part.FLASH_SWP_NONE;
    return (
      (busy ? part.FLASH_STATUS_BUSY : 0) |
      (writeEnabled ? part.FLASH_STATUS_WRITE_ENABLED : 0) |
      place(
        this.#protection.includes(0) ? some : part.FLASH_SWP_ALL,
        part.FLASH_STATUS_SWP_HI,
        part.FLASH_STATUS_SWP_LO,
      ) |
      part.FLASH_STATUS_WPP |
      (locked ? part.FLASH_STATUS_SPRL : 0)
    );
  }

  /** Whether a sector of the `size` bytes around `address` is protected. */
  #protected(address: number, size: number): boolean {
    const first = Math.floor((address - (address % size)) / part.FLASH_SECTOR);
    return this.#protection.subarray(first, first + Math.ceil(size / part.FLASH_SECTOR)).includes(1);
  }

  /** The chip is deselected: what the command says happens now. */
  #finish(): void {
    const now = this.#now;
    const whole = now.bits === 0;
    if (now.command === NONE) return;
    const wanted = WRITING.get(now.command);
    if (wanted !== undefined) {
      // Whatever becomes of the command, it takes back what Write Enable gave, at its end or now.
      const done = now.writeEnabled && whole && now.received >= wanted ? this.#write() : 0;
      if (done > 0) now.busyUntilNs = this.#clock.nowNs + done * NS_PER_US;
      else now.writeEnabled = false;
    } else if (whole) {
      if (now.command === part.FLASH_WRITE_ENABLE) now.writeEnabled = true;
      if (now.command === part.FLASH_WRITE_DISABLE) now.writeEnabled = false;
      if (now.command === part.FLASH_POWER_DOWN) now.asleep = true;
      if (now.command === part.FLASH_RESUME) now.asleep = false;
    }
  }

  /** A command that Write Enable has allowed. Returns for how many microseconds it goes on, 0 for one that does nothing. */
  #write(): number {
    const { command, address, received, locked } = this.#now;
    const erase = ERASES.get(command);
    if (erase !== undefined) {
      const [size, us] = erase;
      const start = size === part.FLASH_SIZE ? 0 : address - (address % size);
      if (this.#protected(start, size)) return 0;
      this.#cells.erase(start, size);
      return us;
    }
    switch (command) {
      case part.FLASH_PROGRAM: {
        if (this.#protected(address, 1)) return 0;
        const start = address - (address % part.FLASH_PAGE);
        for (const [index, value] of this.#page.entries()) this.#cells.program(start + index, value);
        return received === HEADER + 1 ? part.FLASH_BYTE_US : part.FLASH_PAGE_US;
      }
      case part.FLASH_WRITE_STATUS: {
        // The one byte of data was taken for the beginning of an address.
        const value = address & 0xff;
        const global = bits(value, part.FLASH_GLOBAL_HI, part.FLASH_GLOBAL_LO);
        if (!locked && global === part.FLASH_GLOBAL_UNPROTECT) this.#protection.fill(0);
        if (!locked && global === part.FLASH_GLOBAL_PROTECT) this.#protection.fill(1);
        this.#now.locked = (value & part.FLASH_STATUS_SPRL) !== 0;
        return 0;
      }
      default:
        if (!locked) {
          this.#protection[Math.floor(address / part.FLASH_SECTOR)] = command === part.FLASH_PROTECT ? 1 : 0;
        }
        return 0;
    }
  }
}
