// RAM that an embedder keeps, in a buffer or behind functions, and what is wrong with it.
import { type Hpa, hex } from "../core/address.ts";
import { checkFunction } from "../core/arguments.ts";
import type { Engine } from "../core/engine.ts";
import { ArgumentError } from "../core/errors.ts";
import {
  type Backing,
  BufferBacking,
  type BufferSource,
  bufferOf,
  FunctionBacking,
  type RamFunctions,
  type WriteListener,
} from "./backing.ts";

/** RAM in an embedder's buffer. */
export interface BufferRam {
  buffer: BufferSource;
  /** A multiple of 8. Default 0. */
  byteOffset?: number;
  written?: WriteListener;
}

/** Where it lies, and what is behind it. */
export type ExternalRam = { base: Hpa; size: number } & (BufferRam | RamFunctions);

/** Throws ArgumentError for functions that are none, and for a buffer that does not hold the RAM. */
export function externalBacking(engine: Engine, options: ExternalRam): Backing {
  const { base, size } = options;
  if (!("buffer" in options)) {
    checkFunction("read", options.read);
    checkFunction("write", options.write);
    return new FunctionBacking(engine, options, `a function of the RAM at ${hex(base)}`);
  }
  const { buffer, byteOffset = 0, written } = options;
  if (written !== undefined) checkFunction("written", written);
  if (!(buffer instanceof ArrayBuffer) && !isShared(buffer) && !(buffer instanceof WebAssembly.Memory)) {
    throw new ArgumentError("buffer", buffer, "is no ArrayBuffer and no WebAssembly.Memory");
  }
  const { byteLength } = bufferOf(buffer);
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % 8 !== 0) {
    throw new ArgumentError("byteOffset", byteOffset, "is not a multiple of 8");
  }
  if (byteOffset + size > byteLength) {
    throw new ArgumentError("size", size, `is more than the buffer has (${byteLength} bytes)`);
  }
  const name = `"written" of the RAM at ${hex(base)}`;
  const listener: WriteListener | undefined =
    written && ((offset, length) => engine.callOut(name, () => written(offset, length)));
  return new BufferBacking(buffer, byteOffset, size, listener);
}

/** Where pages are not isolated, browsers do not name SharedArrayBuffer. */
function isShared(buffer: unknown): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}
