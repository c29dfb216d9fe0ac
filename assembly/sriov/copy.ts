// Copies of frames. Below a few hundred bytes 16-byte moves beat the bulk memory instruction.

const SHORT: u32 = 256;

export class Copy {
  /** Copies `length` bytes that may overlap only when they are the same bytes. */
  @inline static bytes(target: usize, source: usize, length: u32): void {
    if (length > SHORT || length < 16) memory.copy(target, source, length);
    else {
      const last = length - 16;
      for (let done: u32 = 0; done < last; done += 16) v128.store(target + done, v128.load(source + done));
      v128.store(target + last, v128.load(source + last));
    }
  }
}
