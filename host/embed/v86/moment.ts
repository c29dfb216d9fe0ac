// Whether two states belong together: a number that the guest's memory and registers give at one moment of its life.
import type { V86Cpu } from "./cpu.ts";

/** FNV-1a, over words. */
const OFFSET_BASIS = 0x811c_9dc5;
const PRIME = 0x0100_0193;
/** Words of RAM from one that counts to the next: fewer than a page has, and no divisor of it. */
const STRIDE = 61;
const REGISTERS = 8;

/** A number of 32 bits, of the general registers, the instruction pointer and a sample of RAM. */
export function momentOf(cpu: V86Cpu): number {
  const words = new Uint32Array(cpu.wasm_memory.buffer, cpu.mem8.byteOffset, Math.floor((cpu.memory_size[0] ?? 0) / 4));
  let hash = OFFSET_BASIS;
  const add = (word: number): void => {
    hash = Math.imul(hash ^ word, PRIME);
  };
  for (let index = 0; index < REGISTERS; index++) add(cpu.reg32[index] as number);
  add(cpu.instruction_pointer[0] as number);
  for (let place = 0; place < words.length; place += STRIDE) add(words[place] as number);
  return hash >>> 0;
}
