// A bounded view of a capture file: every access outside it is a FormatError that names the place.
import { FormatError } from "../../core/errors.ts";

export class CaptureBytes {
  readonly source: string;
  readonly length: number;
  littleEndian = true;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, source: string) {
    this.source = source;
    this.length = bytes.length;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(offset: number): number {
    this.#need(offset, 2);
    return this.#view.getUint16(offset, this.littleEndian);
  }

  u32(offset: number): number {
    this.#need(offset, 4);
    return this.#view.getUint32(offset, this.littleEndian);
  }

  i32(offset: number): number {
    return this.u32(offset) | 0;
  }

  u8(offset: number): number {
    this.#need(offset, 1);
    return this.#view.getUint8(offset);
  }

  /** `length` bytes at `offset`, not copied. */
  slice(offset: number, length: number): Uint8Array {
    this.#need(offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  /** The error for what stands at `offset`. */
  error(offset: number, reason: string): FormatError {
    return new FormatError(this.source, `offset ${offset}: ${reason}`);
  }

  #need(offset: number, length: number): void {
    if (offset + length > this.length) {
      throw this.error(offset, `truncated: ${length} bytes needed, ${Math.max(0, this.length - offset)} left`);
    }
  }
}
