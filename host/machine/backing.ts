// What stands behind a region of the address map. Offsets are from the region's base and inside it.
import type { Engine } from "../core/engine.ts";
import { ArgumentError } from "../core/errors.ts";
import type { AccessWidth, MmioHandler } from "../core/ports.ts";
import { Pieces } from "./pieces.ts";

/**
 * RAM of the embedder behind functions; offsets are from the region's base. They may throw: the access is refused then.
 * They must not call the machine: that throws ReentryError.
 */
export interface RamFunctions {
  read(offset: number, target: Uint8Array): void;
  write(offset: number, source: Uint8Array): void;
}

export interface Backing {
  read(offset: number, width: AccessWidth): number;
  write(offset: number, width: AccessWidth, value: number): void;
  readBytes(offset: number, target: Uint8Array): void;
  writeBytes(offset: number, source: Uint8Array): void;
  /**
   * Replaces the dword at `offset`, a multiple of 4, by `desired` if it is `expected`; gives it as it was. In one step
   * where others use the memory at the same time.
   */
  exchange(offset: number, expected: number, desired: number): number;
}

/** An exchange where nobody else uses the memory meanwhile. */
function exchangeAlone(backing: Backing, offset: number, expected: number, desired: number): number {
  const found = backing.read(offset, 4) >>> 0;
  if (found === expected && desired !== expected) backing.write(offset, 4, desired);
  return found;
}

function load(bytes: Uint8Array, at: number, width: AccessWidth): number {
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] as number);
  return value;
}

function store(bytes: Uint8Array, at: number, width: AccessWidth, value: number): void {
  for (let index = 0; index < width; index++) bytes[at + index] = value >>> (index * 8);
}

/** RAM in the WebAssembly memory; the view is taken anew because the memory may grow. */
export class RamBacking implements Backing {
  readonly pointer: number;
  readonly #engine: Engine;

  constructor(engine: Engine, pointer: number) {
    this.#engine = engine;
    this.pointer = pointer;
  }

  read(offset: number, width: AccessWidth): number {
    return load(this.#engine.u8, this.pointer + offset, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    store(this.#engine.u8, this.pointer + offset, width, value);
  }

  readBytes(offset: number, target: Uint8Array): void {
    const start = this.pointer + offset;
    target.set(this.#engine.u8.subarray(start, start + target.length));
  }

  writeBytes(offset: number, source: Uint8Array): void {
    this.#engine.u8.set(source, this.pointer + offset);
  }

  exchange(offset: number, expected: number, desired: number): number {
    return exchangeAlone(this, offset, expected, desired);
  }
}

/** RAM of the embedder in one piece: a buffer, or a WebAssembly memory, which has a new one whenever it grows. */
export type BufferSource = ArrayBufferLike | WebAssembly.Memory;

/** Called after bytes from `offset` on were written. It may throw: the write was done, and the access counts as refused. */
export type WriteListener = (offset: number, length: number) => void;

/** RAM in an embedder's buffer. */
export class BufferBacking implements Backing {
  /** Who is told of each write; undefined for nobody, and then whoever writes may do so by the views. */
  readonly written: WriteListener | undefined;
  /** Others may write to it while the machine works: it is in no plain ArrayBuffer. */
  readonly shared: boolean;
  readonly #source: BufferSource;
  readonly #byteOffset: number;
  readonly #size: number;
  #bytes: Uint8Array;
  #words: Uint32Array;
  readonly #pieces = new Pieces();

  constructor(source: BufferSource, byteOffset: number, size: number, written?: WriteListener) {
    this.written = written;
    this.#source = source;
    this.#byteOffset = byteOffset;
    this.#size = size;
    const buffer = bufferOf(source);
    this.shared = !(buffer instanceof ArrayBuffer);
    this.#bytes = new Uint8Array(buffer, byteOffset, size);
    this.#words = new Uint32Array(buffer, byteOffset, size >>> 2);
  }

  /** Empty when the buffer was detached. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  /** The same bytes as words; transfers of a few words are faster through them. */
  get words(): Uint32Array {
    if (this.#words.length === 0) this.#renew();
    return this.#words;
  }

  /** `length` bytes from `offset` on, a view that is kept for the next time; undefined when the buffer was detached. */
  piece(offset: number, length: number): Uint8Array | undefined {
    const { bytes } = this;
    return bytes.length === 0 ? undefined : this.#pieces.of(bytes, offset, length);
  }

  read(offset: number, width: AccessWidth): number {
    return load(this.#held(), offset, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    store(this.#held(), offset, width, value);
    this.written?.(offset, width);
  }

  readBytes(offset: number, target: Uint8Array): void {
    target.set(this.#held().subarray(offset, offset + target.length));
  }

  writeBytes(offset: number, source: Uint8Array): void {
    this.#held().set(source, offset);
    this.written?.(offset, source.length);
  }

  exchange(offset: number, expected: number, desired: number): number {
    this.#held();
    const found = Atomics.compareExchange(this.words, offset >>> 2, expected, desired);
    if (found === expected) this.written?.(offset, Uint32Array.BYTES_PER_ELEMENT);
    return found;
  }

  /** The bytes. Throws ArgumentError when the buffer was detached. */
  #held(): Uint8Array {
    const { bytes } = this;
    if (bytes.length === 0) throw new ArgumentError("buffer", 0, "bytes are left: it was detached");
    return bytes;
  }

  /** Takes the views anew: a memory that grew has another buffer, a detached buffer nothing. */
  #renew(): void {
    const buffer = bufferOf(this.#source);
    if (buffer.byteLength < this.#byteOffset + this.#size) return;
    this.#bytes = new Uint8Array(buffer, this.#byteOffset, this.#size);
    this.#words = new Uint32Array(buffer, this.#byteOffset, this.#size >>> 2);
  }
}

/** The buffer of a source, as it is now. */
export function bufferOf(source: BufferSource): ArrayBufferLike {
  return source instanceof WebAssembly.Memory ? source.buffer : source;
}

/** RAM behind an embedder's functions. They see copies, never the module's memory. */
export class FunctionBacking implements Backing {
  readonly #engine: Engine;
  readonly #functions: RamFunctions;
  readonly #name: string;

  /** @param name is for errors. */
  constructor(engine: Engine, functions: RamFunctions, name: string) {
    this.#engine = engine;
    this.#functions = functions;
    this.#name = name;
  }

  read(offset: number, width: AccessWidth): number {
    const bytes = new Uint8Array(width);
    this.readBytes(offset, bytes);
    return load(bytes, 0, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const bytes = new Uint8Array(width);
    store(bytes, 0, width, value);
    this.writeBytes(offset, bytes);
  }

  readBytes(offset: number, target: Uint8Array): void {
    const bytes = new Uint8Array(target.length);
    this.#engine.callOut(this.#name, () => this.#functions.read(offset, bytes));
    target.set(bytes);
  }

  writeBytes(offset: number, source: Uint8Array): void {
    const bytes = source.slice();
    this.#engine.callOut(this.#name, () => this.#functions.write(offset, bytes));
  }

  exchange(offset: number, expected: number, desired: number): number {
    return exchangeAlone(this, offset, expected, desired);
  }
}

/** Registers. A longer access is what the bus makes of it: naturally aligned pieces of at most 4 bytes, ascending. */
export class MmioBacking implements Backing {
  readonly #handler: MmioHandler;

  constructor(handler: MmioHandler) {
    this.#handler = handler;
  }

  read(offset: number, width: AccessWidth): number {
    return this.#handler.read(offset, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#handler.write(offset, width, value);
  }

  /** Registers are no memory. */
  exchange(): number {
    return -1;
  }

  readBytes(offset: number, target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const width = pieceWidth(offset + done, target.length - done);
      store(target, done, width, this.#handler.read(offset + done, width));
      done += width;
    }
  }

  writeBytes(offset: number, source: Uint8Array): void {
    for (let done = 0; done < source.length; ) {
      const width = pieceWidth(offset + done, source.length - done);
      this.#handler.write(offset + done, width, load(source, done, width));
      done += width;
    }
  }
}

function pieceWidth(offset: number, left: number): AccessWidth {
  if (offset % 4 === 0 && left >= 4) return 4;
  return offset % 2 === 0 && left >= 2 ? 2 : 1;
}
