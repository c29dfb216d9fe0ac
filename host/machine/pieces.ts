// Views of pieces of a memory: making one takes longer than copying some hundred bytes.

/** How many are kept. A power of two. */
const PIECES = 1024;
const PIECES_WIDTH = 10;
/** Multiplies what a slot is found by: 2^32 over the golden ratio, odd. */
const SPREAD = 0x9e37_79b1;

export class Pieces {
  #bytes: Uint8Array | undefined;
  /** Views, each where its place and length lead; and their offsets. */
  #views: Uint8Array[] = [];
  readonly #offsets = new Float64Array(PIECES);

  /** `length` bytes of `bytes` from `offset` on, a view that is kept for the next time. */
  of(bytes: Uint8Array, offset: number, length: number): Uint8Array {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#views = [];
    }
    const slot = Math.imul(Math.imul(length, SPREAD) ^ (offset >>> 2), SPREAD) >>> (32 - PIECES_WIDTH);
    const kept = this.#views[slot];
    if (kept !== undefined && this.#offsets[slot] === offset && kept.length === length) return kept;
    const view = bytes.subarray(offset, offset + length);
    this.#views[slot] = view;
    this.#offsets[slot] = offset;
    return view;
  }
}
