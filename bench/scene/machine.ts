// What every partner starts from: one machine's memory, as the translation tables and rings lie in it.

/** A machine as bytes and numbers; each partner builds its own caches on it. */
export interface MachineImage {
  /** RAM from HPA 0; a partner that writes works on a copy. */
  readonly ram: ArrayBuffer;
  /** HPAs that exist and are never touched: where translations lead. */
  readonly external: { readonly base: number; readonly size: number };
  /** RTADDR_REG and IRTA_REG. */
  readonly rootTable: number;
  readonly interruptTable: number;
}

/** The unit's fixed registers as the product shows them, halves of 64 bits. */
export interface UnitIdentity {
  /** HAW in bits. */
  readonly hostAddressWidth: number;
  readonly capLo: number;
  readonly capHi: number;
  readonly ecapLo: number;
  readonly ecapHi: number;
}

/** Addresses to translate: two u32 each, low half first. */
export interface AddressList {
  readonly requesterId: number;
  readonly halves: Uint32Array;
}

/** Translations of one batch. */
export const BATCH = 256;

/** Where a digest starts. */
export const DIGEST_SEED: number = 0x811c_9dc5;

/** Folds 32-bit words into a number; their order counts. The C partner has the same. */
export function digest(seed: number, words: Uint32Array | Int32Array): number {
  let sum = seed;
  for (let index = 0; index < words.length; index++) {
    sum = Math.imul(sum ^ (words[index] as number), 0x0100_0193);
    sum ^= sum >>> 15;
  }
  return sum >>> 0;
}

/** The generator of every random list: Marsaglia's xorshift, never 0. */
export function xorshift(state: number): number {
  let next = state | 0;
  next ^= next << 13;
  next ^= next >>> 17;
  next ^= next << 5;
  return next >>> 0;
}
