// What a flash holds. Erased bytes are ones; programming clears bits, only erasing sets them. What was never programmed
// takes no room, here and in a saved state.
import * as part from "../../../assembly/spec/igb/flash-part.ts";
import { FormatError } from "../../core/errors.ts";
import { checkStateNumber } from "../../core/snapshot.ts";

/** A block of 4 KiB in which something is programmed. */
export interface FlashBlock {
  block: number;
  bytes: Uint8Array;
}

const BLOCK = part.FLASH_BLOCK_4K;
const LAST_BLOCK = part.FLASH_SIZE / BLOCK - 1;

export class FlashCells {
  readonly #blocks = new Map<number, Uint8Array>();

  /** @param image from address 0 on, at most FLASH_SIZE bytes; the rest is erased. */
  constructor(image: Uint8Array) {
    for (let at = 0; at < image.length; at += BLOCK) {
      const bytes = new Uint8Array(BLOCK).fill(part.FLASH_ERASED);
      bytes.set(image.subarray(at, at + BLOCK));
      this.#put(at / BLOCK, bytes);
    }
  }

  /** A byte; `address` is below FLASH_SIZE. */
  read(address: number): number {
    return this.#blocks.get(Math.floor(address / BLOCK))?.[address % BLOCK] ?? part.FLASH_ERASED;
  }

  /** Clears the bits of a byte that are 0 in `value`. */
  program(address: number, value: number): void {
    if (value === part.FLASH_ERASED) return;
    const block = Math.floor(address / BLOCK);
    let bytes = this.#blocks.get(block);
    if (bytes === undefined) {
      bytes = new Uint8Array(BLOCK).fill(part.FLASH_ERASED);
      this.#blocks.set(block, bytes);
    }
    bytes[address % BLOCK] = (bytes[address % BLOCK] as number) & value;
  }

  /** Sets every bit of the `size` bytes from `address` on; both are multiples of 4 KiB. */
  erase(address: number, size: number): void {
    for (let block = address / BLOCK; block < (address + size) / BLOCK; block++) this.#blocks.delete(block);
  }

  /** All of it. */
  get bytes(): Uint8Array {
    const all = new Uint8Array(part.FLASH_SIZE).fill(part.FLASH_ERASED);
    for (const [block, bytes] of this.#blocks) all.set(bytes, block * BLOCK);
    return all;
  }

  save(): FlashBlock[] {
    return [...this.#blocks]
      .sort(([left], [right]) => left - right)
      .map(([block, bytes]) => ({ block, bytes: bytes.slice() }));
  }

  /** Throws FormatError, with nothing changed, for what no flash holds. */
  restore(state: readonly FlashBlock[]): void {
    if (!Array.isArray(state)) throw new FormatError("flash", `${String(state)} is no list of blocks`);
    for (const { block, bytes } of state as readonly FlashBlock[]) {
      checkStateNumber("flash block", block, LAST_BLOCK);
      if (!(bytes instanceof Uint8Array) || bytes.length !== BLOCK) {
        throw new FormatError("flash", `block ${block} has ${bytes?.length} bytes instead of ${BLOCK}`);
      }
    }
    this.#blocks.clear();
    for (const { block, bytes } of state as readonly FlashBlock[]) this.#put(block, bytes.slice());
  }

  #put(block: number, bytes: Uint8Array): void {
    if (bytes.some((byte) => byte !== part.FLASH_ERASED)) this.#blocks.set(block, bytes);
  }
}
