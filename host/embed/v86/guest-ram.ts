// The RAM of an emulator's guest as our devices reach it: the emulator's own memory, which is told of what was written.
import { PAGE_SIZE } from "../../core/address.ts";
import type { BufferRam } from "../../machine/external-ram.ts";
import type { V86Cpu } from "./cpu.ts";

/** Pages that a turn remembers having told the emulator of; a power of two. */
const REMEMBERED = 64;
const NONE = -1;

export class GuestRam {
  /** Bytes, from guest-physical 0. */
  readonly size: number;
  /** Bytes that were written for devices. */
  bytesWritten = 0;
  readonly #cpu: V86Cpu;
  #inTurn = false;
  /** Pages of which the emulator was told in this turn, each where its number leads. */
  readonly #told = new Int32Array(REMEMBERED);

  constructor(cpu: V86Cpu) {
    this.#cpu = cpu;
    this.size = cpu.memory_size[0] as number;
  }

  /** Where it lies, for an address map. Code that the emulator had compiled of what is written is forgotten. */
  get backing(): BufferRam & { size: number } {
    const { wasm_memory: buffer, mem8 } = this.#cpu;
    const written = (offset: number, length: number): void => this.#written(offset, length);
    return { size: this.size, buffer, byteOffset: mem8.byteOffset, written };
  }

  /** Runs `work` while the guest does not run: what it compiled of a page has to be forgotten once only. */
  duringTurn<Result>(work: () => Result): Result {
    this.#told.fill(NONE);
    this.#inTurn = true;
    try {
      return work();
    } finally {
      this.#inTurn = false;
    }
  }

  #written(offset: number, length: number): void {
    this.bytesWritten += length;
    const page = Math.floor(offset / PAGE_SIZE);
    if (this.#inTurn && offset + length <= (page + 1) * PAGE_SIZE) {
      const slot = page & (REMEMBERED - 1);
      if (this.#told[slot] === page) return;
      this.#told[slot] = page;
    }
    this.#cpu.jit_dirty_cache(offset, offset + length);
  }
}
