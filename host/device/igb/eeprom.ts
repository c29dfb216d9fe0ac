// The serial EEPROM that the ports share: its words, and the pins through which software reaches it bit by bit
// (EECD; I350 §3.3.1, §8.4.1, 82576 §8.4.1). A write is done at once.
import * as device from "../../../assembly/spec/igb/device.ts";
import * as spec from "../../../assembly/spec/igb/nvm.ts";
import { FormatError } from "../../core/errors.ts";

/** What goes on at the pins. */
interface Transfer {
  /** Levels of EECD's SK and CS. */
  clock: boolean;
  selected: boolean;
  /** Bits of the current command that were clocked in; and the last 16 of them. */
  bits: number;
  shift: number;
  command: number;
  /** The next byte to read or write. */
  address: number;
  /** The level of DO. */
  out: boolean;
  writeEnabled: boolean;
}

export interface EepromState {
  words: Uint8Array;
  transfer: { [Name in keyof Transfer]: Transfer[Name] };
}

const IDLE: Transfer = {
  clock: false,
  selected: false,
  bits: 0,
  shift: 0,
  command: 0,
  address: 0,
  out: true,
  writeEnabled: false,
};
const BYTES = 2 * spec.NVM_WORDS;
const PAGE = 2 * spec.NVM_PAGE_WORDS;
/** Of a command byte, and of what follows it: address, or data. */
const COMMAND_BITS = 8;
const HEADER_BITS = COMMAND_BITS + spec.SPI_ADDRESS_BITS;

export class Eeprom {
  /** The words; a driver's writes stay in them. */
  readonly words: Uint16Array;
  readonly #transfer: Transfer = { ...IDLE };

  constructor(words: Uint16Array) {
    this.words = words;
  }

  /** A word; all-ones beyond the last. */
  read(word: number): number {
    return this.words[word] ?? spec.NVM_NONE;
  }

  write(word: number, value: number): void {
    if (word < this.words.length) this.words[word] = value;
  }

  /** The pin DO as EECD shows it. */
  get out(): number {
    return this.#transfer.out ? device.EECD_DO : 0;
  }

  /** EECD's pins: a command begins when CS falls, bits go in and out with the rising clock, and CS ends it. */
  pins(eecd: number): void {
    const transfer = this.#transfer;
    const selected = (eecd & device.EECD_CS) === 0;
    const clock = (eecd & device.EECD_SK) !== 0;
    if (!selected) {
      const { writeEnabled } = transfer;
      // A write command that ends disables further ones.
      const ended = transfer.command === spec.SPI_WRITE && transfer.bits > HEADER_BITS;
      Object.assign(transfer, IDLE, { clock, writeEnabled: writeEnabled && !ended });
      return;
    }
    if (clock && !transfer.clock) this.#clocked((eecd & device.EECD_DI) !== 0);
    transfer.clock = clock;
    transfer.selected = true;
  }

  save(): EepromState {
    return { words: new Uint8Array(this.words.slice().buffer), transfer: { ...this.#transfer } };
  }

  /** Throws FormatError for an EEPROM of another size. */
  restore(state: EepromState): void {
    if (!(state.words instanceof Uint8Array) || state.words.length !== BYTES) {
      throw new FormatError("NVM", `${state.words?.length} bytes instead of ${BYTES}`);
    }
    this.words.set(new Uint16Array(state.words.slice().buffer));
    Object.assign(this.#transfer, state.transfer);
  }

  #clocked(bit: boolean): void {
    const transfer = this.#transfer;
    transfer.shift = ((transfer.shift << 1) | (bit ? 1 : 0)) & 0xffff;
    transfer.bits++;
    if (transfer.bits < COMMAND_BITS) return;
    if (transfer.bits === COMMAND_BITS) {
      transfer.command = transfer.shift & 0xff;
      if (transfer.command === spec.SPI_WRITE_ENABLE) transfer.writeEnabled = true;
      if (transfer.command === spec.SPI_WRITE_DISABLE) transfer.writeEnabled = false;
      return;
    }
    switch (transfer.command) {
      case spec.SPI_READ_STATUS:
        this.#shiftOut(transfer.writeEnabled ? spec.SPI_STATUS_WRITE_ENABLED : 0, transfer.bits - COMMAND_BITS - 1);
        return;
      case spec.SPI_READ:
        this.#readBit();
        return;
      case spec.SPI_WRITE:
        this.#writeBit();
    }
  }

  /** Bit `index` of a byte, the highest first. */
  #shiftOut(byte: number, index: number): void {
    this.#transfer.out = ((byte >>> (7 - (index & 7))) & 1) !== 0;
  }

  #readBit(): void {
    const transfer = this.#transfer;
    if (transfer.bits === HEADER_BITS) transfer.address = transfer.shift % BYTES;
    if (transfer.bits <= HEADER_BITS) return;
    const index = transfer.bits - HEADER_BITS - 1;
    this.#shiftOut(this.#byte(transfer.address), index);
    if ((index & 7) === 7) transfer.address = (transfer.address + 1) % BYTES;
  }

  #writeBit(): void {
    const transfer = this.#transfer;
    if (transfer.bits === HEADER_BITS) transfer.address = transfer.shift % BYTES;
    if (transfer.bits <= HEADER_BITS || (transfer.bits - HEADER_BITS) % 8 !== 0 || !transfer.writeEnabled) return;
    const { address } = transfer;
    const word = address >>> 1;
    const shift = (address & 1) * 8;
    this.words[word] = ((this.words[word] as number) & ~(0xff << shift)) | ((transfer.shift & 0xff) << shift);
    // Beyond a page's end a write goes on at the page's beginning.
    transfer.address = address - (address % PAGE) + ((address + 1) % PAGE);
  }

  #byte(address: number): number {
    return ((this.words[address >>> 1] as number) >>> ((address & 1) * 8)) & 0xff;
  }
}
