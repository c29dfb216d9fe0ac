// What the invalidation queue may write to memory: the status words of the wait descriptors that it passed, in their
// order and nothing else (VT-d 5.10 §6.5.2.8). Judged from the head before and after an operation.
import { WAIT_DATA_LO, WAIT_SW_LO } from "../../assembly/spec/vtd/descriptors.ts";
import { IQA_DW_LO, IQA_QS_HI, IQA_QS_LO } from "../../assembly/spec/vtd/invalidation-queue.ts";
import type { Memory } from "./memory.ts";

const PAGE = 4096;
const TYPES = 0xe0fn;
const WAIT = 5n;

/** Heads of the queue, IQA_REG, and the bits of a host address. */
export interface Passage {
  from: number;
  to: number;
  base: bigint;
  width: number;
}

/** The 64-bit words that the status writes leave, by address. Throws where the queue passed what is no memory. */
export function statusWrites(memory: Memory, { from, to, base, width }: Passage): Map<number, bigint> {
  const words = new Map<number, bigint>();
  if (from === to) return words;
  const bit = (word: bigint, at: number): boolean => ((word >> BigInt(at)) & 1n) === 1n;
  const step = bit(base, IQA_DW_LO) ? 32 : 16;
  const size = PAGE << Number((base >> BigInt(IQA_QS_LO)) & ((1n << BigInt(IQA_QS_HI - IQA_QS_LO + 1)) - 1n));
  const table = Number(base & ~0xfffn);
  const word = (address: number): bigint => {
    const value = words.get(address) ?? memory.word(address, "before");
    if (value === undefined) throw new Error(`the queue passed ${address.toString(16)}, where no memory is`);
    return value;
  };
  for (let head = from - (from % step); head !== to; head = (head + step) % size) {
    if (head >= size) throw new Error(`the queue went on at ${head.toString(16)}, beyond its end`);
    const low = word(table + head);
    const high = word(table + head + 8);
    if ((low & TYPES) !== WAIT || !bit(low, WAIT_SW_LO)) continue;
    const address = Number(high & ((1n << BigInt(width)) - 1n) & ~3n);
    const place = address - (address % 8);
    const old = words.get(place) ?? memory.word(place, "before");
    if (old === undefined) continue;
    const data = (low >> BigInt(WAIT_DATA_LO)) & 0xffff_ffffn;
    const upper = address % 8 !== 0;
    words.set(place, upper ? (old & 0xffff_ffffn) | (data << 32n) : (old & ~0xffff_ffffn) | data);
  }
  return words;
}
