// What a snapshot keeps of memory: the blocks that are not zero.
import { isZero } from "../core/bits.ts";
import { FormatError } from "../core/errors.ts";

/** Bytes of one block; images are of whole 32-bit words. */
const BLOCK = 4096;

export interface MemoryImage {
  /** Bytes that the image stands for. */
  size: number;
  /** Numbers of the blocks kept, ascending. */
  blocks: readonly number[];
  /** Their bytes, in the same order; the last block may be shorter. */
  bytes: Uint8Array;
}

/** The image of `memory`, whose place and length are multiples of 4. */
export function saveMemory(memory: Uint8Array): MemoryImage {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length >>> 2);
  const blocks: number[] = [];
  const pieces: Uint8Array[] = [];
  let kept = 0;
  for (let block = 0; block * BLOCK < memory.length; block++) {
    const piece = memory.subarray(block * BLOCK, (block + 1) * BLOCK);
    const first = (block * BLOCK) >>> 2;
    if (isZero(words, first, first + (piece.length >>> 2))) continue;
    blocks.push(block);
    pieces.push(piece);
    kept += piece.length;
  }
  const bytes = new Uint8Array(kept);
  let place = 0;
  for (const piece of pieces) {
    bytes.set(piece, place);
    place += piece.length;
  }
  return { size: memory.length, blocks, bytes };
}

/** Puts `image` back into memory of the same length. Throws FormatError, with nothing changed, for what is no image. */
export function restoreMemory(memory: Uint8Array, image: MemoryImage): void {
  let kept = 0;
  let last = -1;
  for (const block of image.blocks) {
    if (!Number.isInteger(block) || block <= last || block * BLOCK >= memory.length) {
      throw new FormatError("memory image", `block ${block} after ${last} is none of ${memory.length} bytes`);
    }
    kept += Math.min(BLOCK, memory.length - block * BLOCK);
    last = block;
  }
  if (!(image.bytes instanceof Uint8Array) || image.bytes.length !== kept) {
    throw new FormatError("memory image", `does not have the ${kept} bytes of its ${image.blocks.length} blocks`);
  }
  memory.fill(0);
  let place = 0;
  for (const block of image.blocks) {
    const length = Math.min(BLOCK, memory.length - block * BLOCK);
    memory.set(image.bytes.subarray(place, place + length), block * BLOCK);
    place += length;
  }
}
