// The RAM of an emulator's guest as our devices reach it: the emulator's own memory, which is told of what was written.
import type { BufferRam } from "../../machine/address-map.ts";
import type { V86Cpu } from "./cpu.ts";

export class GuestRam {
  /** Bytes, from guest-physical 0. */
  readonly size: number;
  /** Bytes that were written for devices. */
  bytesWritten = 0;
  readonly #cpu: V86Cpu;

  constructor(cpu: V86Cpu) {
    this.#cpu = cpu;
    this.size = cpu.memory_size[0] as number;
  }

  /** Where it lies, for an address map. Code that the emulator had compiled of what is written is forgotten. */
  get backing(): BufferRam & { size: number } {
    const { wasm_memory: buffer, mem8 } = this.#cpu;
    const written = (offset: number, length: number): void => {
      this.bytesWritten += length;
      this.#cpu.jit_dirty_cache(offset, offset + length);
    };
    return { size: this.size, buffer, byteOffset: mem8.byteOffset, written };
  }
}
