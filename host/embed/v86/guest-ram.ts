// The RAM of an emulator's guest as our devices reach it.
import type { GuestMemory } from "./board.ts";
import type { V86Cpu } from "./cpu.ts";

export class GuestRam implements GuestMemory {
  readonly size: number;
  readonly memory: WebAssembly.Memory;
  readonly byteOffset: number;
  /** Bytes that devices read and wrote. */
  bytesRead = 0;
  bytesWritten = 0;
  readonly #cpu: V86Cpu;
  #bytes: Uint8Array;

  constructor(cpu: V86Cpu) {
    this.#cpu = cpu;
    this.size = cpu.memory_size[0] as number;
    this.memory = cpu.wasm_memory;
    this.byteOffset = cpu.mem8.byteOffset;
    this.#bytes = new Uint8Array(this.memory.buffer, this.byteOffset, this.size);
  }

  readonly read = (offset: number, target: Uint8Array): void => {
    this.bytesRead += target.length;
    target.set(this.#now().subarray(offset, offset + target.length));
  };

  readonly write = (offset: number, source: Uint8Array): void => {
    this.bytesWritten += source.length;
    this.#cpu.jit_dirty_cache(offset, offset + source.length);
    this.#now().set(source, offset);
  };

  /** The memory's buffer is a new one whenever it has grown; a view of the old one is empty. */
  #now(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.memory.buffer, this.byteOffset, this.size);
    return this.#bytes;
  }
}
