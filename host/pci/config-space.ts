// A function's configuration space: bytes, and what a write may change of them, as data. Side effects are observers.
import { CONFIG_SPACE_COMPATIBLE_SIZE, CONFIG_SPACE_SIZE } from "../../assembly/spec/pci/header.ts";
import { checkOptions, checkWord } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth } from "../core/ports.ts";

/**
 * Why a function is reset: power-up, a reset of its link or bus, FLR (PCIe 6.0 §6.6.2), or leaving D3hot without
 * No_Soft_Reset (§5.3.1.4).
 */
export type ResetKind = "cold" | "hot" | "flr" | "pm";

/** One register. Masks are in the register's width; a bit in none of them is read-only. */
export interface RegisterRow {
  offset: number;
  width: AccessWidth;
  /** Value after a reset; default 0. */
  reset?: number;
  /** Bits that software writes. */
  rw?: number;
  /** Bits that software clears by writing ones. */
  w1c?: number;
  /** Bits that keep their value in any reset but a cold one (RWS, RW1CS, ROS). */
  sticky?: number;
  /** Bits that FLR and D3hot leave alone because they belong to the link (PCIe 6.0 §6.6.2). */
  linkOwned?: number;
}

const ROW_MASKS = ["reset", "rw", "w1c", "sticky", "linkOwned"] as const;
const ROW_KEYS: readonly (keyof RegisterRow)[] = ["offset", "width", ...ROW_MASKS];

/** Throws ArgumentError unless `rows` are registers; where they may lie is another question. */
export function checkRows(rows: readonly RegisterRow[]): void {
  if (!Array.isArray(rows)) throw new ArgumentError("rows", rows, "is no array of registers");
  for (const row of rows) {
    checkOptions("row", row, ROW_KEYS);
    const { offset, width } = row;
    if (!Number.isInteger(offset)) throw new ArgumentError("offset", offset, "is no offset of a register");
    if (width !== 1 && width !== 2 && width !== 4) throw new ArgumentError("width", width, "is not 1, 2 or 4 bytes");
    for (const name of ROW_MASKS) if (row[name] !== undefined) checkWord(name, row[name]);
  }
}

/** Called after a guest's write reached the watched bytes; `previous` is the register's value before it. */
export type WriteObserver = (previous: number) => void;

interface Watch {
  readonly offset: number;
  readonly length: number;
  readonly observer: WriteObserver;
}

export interface ConfigSpaceState {
  bytes: Uint8Array;
}

export class ConfigSpace {
  /** 256 (PCI-compatible only) or 4096 bytes. */
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #reset: Uint8Array;
  readonly #rw: Uint8Array;
  readonly #w1c: Uint8Array;
  readonly #sticky: Uint8Array;
  readonly #linkOwned: Uint8Array;
  readonly #claimed: Uint8Array;
  /** One object for all spaces that have one version. */
  #changes = { count: 0 };
  readonly #watches = new Map<number, Watch[]>();

  /** Throws ArgumentError when `size` is neither 256 nor 4096. */
  constructor(size: number = CONFIG_SPACE_SIZE) {
    if (size !== CONFIG_SPACE_COMPATIBLE_SIZE && size !== CONFIG_SPACE_SIZE) {
      throw new ArgumentError("size", size, "is not the size of a configuration space (256 or 4096)");
    }
    this.size = size;
    this.#bytes = new Uint8Array(size);
    this.#reset = new Uint8Array(size);
    this.#rw = new Uint8Array(size);
    this.#w1c = new Uint8Array(size);
    this.#sticky = new Uint8Array(size);
    this.#linkOwned = new Uint8Array(size);
    this.#claimed = new Uint8Array(size);
  }

  /** Changes whenever a byte may have changed, or something that was noted. */
  get version(): number {
    return this.#changes.count;
  }

  /** Notes a change of something that is kept elsewhere. */
  noteChange(): void {
    this.#changes.count++;
  }

  /** From now on this space and `other` have one version, which changes when either would. */
  shareVersion(other: ConfigSpace): void {
    other.#changes.count += this.#changes.count;
    this.#changes = other.#changes;
  }

  /**
   * Lays out registers from `base`, replacing what was said of their bytes, at their reset values.
   * Throws ArgumentError, before anything changes, for what is no register and when one lies outside the space.
   */
  define(rows: readonly RegisterRow[], base = 0): void {
    checkRows(rows);
    for (const row of rows) this.#check("offset", base + row.offset, row.width);
    this.#changes.count++;
    for (const row of rows) {
      const at = base + row.offset;
      const fill = (target: Uint8Array, value: number): void => {
        for (let i = 0; i < row.width; i++) target[at + i] = value >>> (8 * i);
      };
      fill(this.#bytes, row.reset ?? 0);
      fill(this.#reset, row.reset ?? 0);
      fill(this.#rw, row.rw ?? 0);
      fill(this.#w1c, row.w1c ?? 0);
      fill(this.#sticky, row.sticky ?? 0);
      fill(this.#linkOwned, row.linkOwned ?? 0);
    }
  }

  /**
   * Marks `length` bytes from `offset` as taken by one capability or header.
   * Throws ArgumentError when they leave the space or were taken before.
   */
  claim(offset: number, length: number): void {
    this.#check("offset", offset, length);
    if (this.#claimed.subarray(offset, offset + length).some((taken) => taken !== 0)) {
      throw new ArgumentError("offset", offset, `overlaps another capability within ${length} bytes`);
    }
    this.#claimed.fill(1, offset, offset + length);
  }

  /** A guest's read: any width at any offset; bytes beyond the space are all-ones. */
  read(offset: number, width: AccessWidth): number {
    if (offset + width > this.size || offset < 0) return this.#edge(offset, width);
    return this.get(offset, width);
  }

  /** A guest's write: byte enables of one dword at a time, then the observers of the bytes that it carried. */
  write(offset: number, width: AccessWidth, value: number): void {
    const inDword = Math.min(width, 4 - (offset & 3));
    this.#writeDword(offset, inDword, value);
    if (inDword < width) this.#writeDword(offset + inDword, width - inDword, value >>> (8 * inDword));
  }

  /** The device's read of a register, 1 to 4 bytes. Its place must be in the space. */
  get(offset: number, width: number): number {
    const bytes = this.#bytes;
    if (width === 4) {
      return (
        ((bytes[offset] as number) |
          ((bytes[offset + 1] as number) << 8) |
          ((bytes[offset + 2] as number) << 16) |
          ((bytes[offset + 3] as number) << 24)) >>>
        0
      );
    }
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = (value << 8) | (bytes[offset + i] as number);
    return value;
  }

  /** The device's write of a register: no masks, no observers. */
  set(offset: number, width: number, value: number): void {
    this.#changes.count++;
    for (let i = 0; i < width; i++) this.#bytes[offset + i] = value >>> (8 * i);
  }

  /** Sets bits of a register for the device's side, as `set`. */
  setBits(offset: number, width: number, bits: number): void {
    this.set(offset, width, this.get(offset, width) | bits);
  }

  /** Clears bits of a register for the device's side, as `set`. */
  clearBits(offset: number, width: number, bits: number): void {
    this.set(offset, width, this.get(offset, width) & ~bits);
  }

  /** The value, now and after a reset, of a register that nothing but the device's construction decides. */
  setInitial(offset: number, width: number, value: number): void {
    for (let i = 0; i < width; i++) this.#reset[offset + i] = value >>> (8 * i);
    this.set(offset, width, value);
  }

  /** Bits of a register that software can change: read-write and write-one-to-clear. */
  writableMask(offset: number, width: number): number {
    let mask = 0;
    for (let i = width - 1; i >= 0; i--) {
      mask = (mask << 8) | (this.#rw[offset + i] as number) | (this.#w1c[offset + i] as number);
    }
    return mask >>> 0;
  }

  /**
   * Calls `observer` after each guest's write that carried one of `length` bytes (at most 4) from `offset`.
   * It may call `set`, which is how a register refuses a value. Throws ArgumentError outside the space.
   */
  onWrite(offset: number, length: number, observer: WriteObserver): void {
    this.#check("offset", offset, length);
    for (let dword = offset & ~3; dword < offset + length; dword += 4) {
      const watches = this.#watches.get(dword);
      const watch = { offset, length, observer };
      if (watches === undefined) this.#watches.set(dword, [watch]);
      else watches.push(watch);
    }
  }

  /** Returns every register to its reset value, except for what this kind of reset leaves alone. */
  reset(kind: ResetKind): void {
    this.#changes.count++;
    for (let i = 0; i < this.size; i++) {
      let kept = 0;
      if (kind !== "cold") kept = this.#sticky[i] as number;
      if (kind === "flr" || kind === "pm") kept |= this.#linkOwned[i] as number;
      this.#bytes[i] = ((this.#bytes[i] as number) & kept) | ((this.#reset[i] as number) & ~kept);
    }
  }

  /** A space laid out like this one and with its values, but with nobody watching. */
  copy(): ConfigSpace {
    const twin = new ConfigSpace(this.size);
    twin.#bytes.set(this.#bytes);
    twin.#reset.set(this.#reset);
    twin.#rw.set(this.#rw);
    twin.#w1c.set(this.#w1c);
    twin.#sticky.set(this.#sticky);
    twin.#linkOwned.set(this.#linkOwned);
    twin.#claimed.set(this.#claimed);
    return twin;
  }

  /** The bytes as they are, for dumps. */
  bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  save(): ConfigSpaceState {
    return { bytes: this.#bytes.slice() };
  }

  /** Throws ArgumentError when the state is of another size. Observers are not called. */
  restore(state: ConfigSpaceState): void {
    if (state.bytes.length !== this.size) throw new ArgumentError("state", state.bytes.length, "bytes do not fit");
    this.#changes.count++;
    this.#bytes.set(state.bytes);
  }

  #writeDword(offset: number, length: number, value: number): void {
    if (offset < 0 || offset >= this.size) return;
    const watches = this.#watches.get(offset & ~3);
    if (watches === undefined) {
      this.#writeBytes(offset, length, value);
      return;
    }
    const hit = watches.filter((watch) => offset < watch.offset + watch.length && offset + length > watch.offset);
    const previous = hit.map((watch) => this.get(watch.offset, Math.min(watch.length, 4)));
    this.#writeBytes(offset, length, value);
    for (let i = 0; i < hit.length; i++) (hit[i] as Watch).observer(previous[i] as number);
  }

  #writeBytes(offset: number, length: number, value: number): void {
    this.#changes.count++;
    for (let i = 0; i < length; i++) {
      const at = offset + i;
      const written = (value >>> (8 * i)) & 0xff;
      const rw = this.#rw[at] as number;
      const w1c = this.#w1c[at] as number;
      this.#bytes[at] = (((this.#bytes[at] as number) & ~rw) | (written & rw)) & ~(written & w1c);
    }
  }

  #edge(offset: number, width: number): number {
    let value = 0;
    for (let i = width - 1; i >= 0; i--) {
      value = (value << 8) | (offset + i >= 0 && offset + i < this.size ? (this.#bytes[offset + i] as number) : 0xff);
    }
    return value >>> 0;
  }

  #check(parameter: string, offset: number, length: number): void {
    if (!Number.isInteger(offset) || offset < 0 || length <= 0 || offset + length > this.size) {
      throw new ArgumentError(parameter, offset, `is not inside a configuration space of ${this.size} bytes`);
    }
  }
}
