// A BAR of registers as data: where each register is, which bits software writes, where its value lives. What a
// register does besides keeping bits is a hook.
import { FormatError } from "../../core/errors.ts";
import type { AccessWidth, MmioHandler } from "../../core/ports.ts";
import type { PortState } from "./port-state.ts";

/** One register, or an array of alike ones. Masks are of 32 bits; bits in no mask are read-only. */
export interface IgbRow {
  /** Byte offset in the BAR. */
  offset: number;
  /** Elements of an array; default 1. */
  count?: number;
  /** Bytes from one element to the next; default 4. */
  stride?: number;
  /** Value after a reset; default 0. */
  reset?: number;
  /** Of an array's first element, where it differs. */
  resetFirst?: number;
  /** Bits that software writes. */
  rw?: number;
  /** Bits that software clears by writing 1. */
  w1c?: number;
  /** Reading clears the register. */
  rc?: boolean;
  /** Reads as 0 whatever it holds. */
  writeOnly?: boolean;
  /** The value lives in the port's state, at this offset … */
  port?: number;
  /** … and this many bytes on for each element; default 4. */
  portStride?: number;
  /** A change of the register changes what the switch does. */
  filter?: boolean;
}

/** A register that has a row, or a hook, or both. */
interface Cell {
  offset: number;
  /** It has a row, whose values these are: a cell's are found faster than those of rows, which have various shapes. */
  known: boolean;
  rw: number;
  w1c: number;
  rc: boolean;
  writeOnly: boolean;
  filter: boolean;
  /** Offset in the port's state, or -1. */
  place: number;
  reset: number;
  hook: Hook | undefined;
  /** The element's number, for the hook. */
  index: number;
}

/** Called with the element's number, for an access of the whole register. */
export interface Hook {
  read?(index: number): number;
  /** In place of storing the value: call `store` to do that too. */
  write?(value: number, index: number): void;
}

export interface RegisterFileState {
  values: Uint8Array;
}

/** A literal of its own: a spread one takes several times as long to make, and a card has some ten thousand. */
function emptyCell(offset: number): Cell {
  return {
    offset,
    known: false,
    rw: 0,
    w1c: 0,
    rc: false,
    writeOnly: false,
    filter: false,
    place: -1,
    reset: 0,
    hook: undefined,
    index: 0,
  };
}

/** What is where no register is. */
const NOTHING: Cell = emptyCell(0);

export class RegisterFile implements MmioHandler {
  readonly #port: PortState;
  /** Of each dword its cell's number; 0 for none. */
  readonly #numbers: Uint16Array;
  readonly #cells: Cell[] = [NOTHING];
  readonly #values: Uint32Array;

  constructor(port: PortState, size: number, rows: readonly IgbRow[]) {
    this.#port = port;
    this.#values = new Uint32Array(size / 4);
    this.#numbers = new Uint16Array(size / 4);
    for (const row of rows) {
      const { count = 1, stride = 4, portStride = 4, rw = 0, w1c = 0, rc = false } = row;
      const { writeOnly = false, filter = false, reset = 0, resetFirst = reset } = row;
      for (let index = 0; index < count; index++) {
        const cell = this.#make(row.offset + index * stride);
        cell.known = true;
        cell.rw = rw;
        cell.w1c = w1c;
        cell.rc = rc;
        cell.writeOnly = writeOnly;
        cell.filter = filter;
        cell.place = row.port === undefined ? -1 : row.port + index * portStride;
        cell.reset = index === 0 ? resetFirst : reset;
      }
    }
    this.reset();
  }

  /** Gives the register at `offset`, or `count` of them, something to do. */
  hook(offset: number, hook: Hook, count = 1, stride = 4): void {
    for (let index = 0; index < count; index++) {
      const cell = this.#make(offset + index * stride);
      cell.hook = hook;
      cell.index = index;
    }
  }

  /** The value that the device sees. `offset` is a multiple of 4. */
  get(offset: number): number {
    const { place } = this.#at(offset);
    return place < 0 ? (this.#values[offset >>> 2] as number) : this.#port.get(place);
  }

  /** Sets a register from the device's side: no masks, no hooks. */
  set(offset: number, value: number): void {
    const { place } = this.#at(offset);
    if (place < 0) this.#values[offset >>> 2] = value;
    else this.#port.set(place, value >>> 0);
  }

  /** Writes what `value` may change: RW bits take it, W1C bits that it has are cleared. */
  store(offset: number, value: number): void {
    const { known, rw, w1c, place, filter } = this.#at(offset);
    if (!known) return;
    const before = place < 0 ? (this.#values[offset >>> 2] as number) : this.#port.get(place);
    const after = ((before & ~rw & ~(value & w1c)) | (value & rw)) >>> 0;
    if (place < 0) this.#values[offset >>> 2] = after;
    else this.#port.set(place, after);
    if (filter) this.#port.update();
  }

  read(offset: number, width: AccessWidth): number {
    const shift = (offset & 3) * 8;
    if (width === 4 && shift === 0) return this.#read(offset);
    let value = 0;
    // A misaligned access arrives as one request for each dword that it touches.
    for (let done = 0; done < width; ) {
      const at = offset + done;
      const part = Math.min(width - done, 4 - (at & 3));
      const bytes = this.#read(at & ~3) >>> ((at & 3) * 8);
      value |= (part === 4 ? bytes : bytes & (2 ** (8 * part) - 1)) << (8 * done);
      done += part;
    }
    return value >>> 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (width === 4 && (offset & 3) === 0) {
      this.#write(offset, value >>> 0);
      return;
    }
    for (let done = 0; done < width; ) {
      const at = offset + done;
      const part = Math.min(width - done, 4 - (at & 3));
      const shift = (at & 3) * 8;
      const mask = ((2 ** (8 * part) - 1) << shift) >>> 0;
      const bytes = ((value >>> (8 * done)) << shift) & mask;
      const kept = this.#at(at).w1c === 0 ? this.get(at & ~3) & ~mask : 0;
      this.#write(at & ~3, (kept | bytes) >>> 0);
      done += part;
    }
  }

  /** Every register at its reset value; the switch learns of it. */
  reset(): void {
    this.#values.fill(0);
    for (const { offset, known, reset } of this.#cells) if (known) this.set(offset, reset);
    this.#port.update();
  }

  save(): RegisterFileState {
    return { values: new Uint8Array(this.#values.buffer.slice(0)) };
  }

  restore(state: RegisterFileState): void {
    const bytes = new Uint8Array(this.#values.buffer);
    if (state.values.length !== bytes.length) {
      throw new FormatError("registers", `${state.values.length} bytes instead of ${bytes.length}`);
    }
    bytes.set(state.values);
  }

  #at(offset: number): Cell {
    return this.#cells[this.#numbers[offset >>> 2] ?? 0] as Cell;
  }

  /** The cell of a dword, made where there is none. */
  #make(offset: number): Cell {
    const found = this.#at(offset);
    if (found !== NOTHING) return found;
    const cell = emptyCell(offset);
    this.#numbers[offset >>> 2] = this.#cells.push(cell) - 1;
    return cell;
  }

  #read(offset: number): number {
    const { known, hook, index, writeOnly, rc } = this.#at(offset);
    if (hook?.read !== undefined) return hook.read(index) >>> 0;
    if (!known || writeOnly) return 0;
    const value = this.get(offset);
    if (rc) this.set(offset, 0);
    return value >>> 0;
  }

  #write(offset: number, value: number): void {
    const { hook, index } = this.#at(offset);
    if (hook?.write !== undefined) hook.write(value, index);
    else this.store(offset, value);
  }
}
