// QEMU's framing of a network stream (-netdev socket and stream): a length, 4 bytes big-endian, then the frame.

/** A byte stream, as whoever runs the program provides it. */
export interface ByteStream {
  /** What has arrived and was not read yet; empty when nothing has. */
  read(): Uint8Array;
  /** False when there is no room now: nothing of it was written. */
  write(bytes: Uint8Array): boolean;
}

const HEADER = 4;
/** A length above this is none: QEMU's own limit. */
const LENGTH_MAX = 0x1_1000;

/** Frames out of and into a byte stream. */
export class NetStream {
  readonly #bytes: ByteStream;
  /** What arrived and is no whole frame yet, from `#at` on. */
  #received = new Uint8Array(0);
  #at = 0;
  #broken = false;

  constructor(bytes: ByteStream) {
    this.#bytes = bytes;
  }

  /** Whether a length arrived that is none: where the next frame would begin can no longer be known. */
  get broken(): boolean {
    return this.#broken;
  }

  /** The next frame that arrived whole, a view of what was read; undefined when there is none. */
  receive(): Uint8Array | undefined {
    return this.#whole() ?? (this.#read() ? this.#whole() : undefined);
  }

  /** Sends a frame whole. False when there is no room for it now. */
  send(frame: Uint8Array): boolean {
    const bytes = new Uint8Array(HEADER + frame.length);
    new DataView(bytes.buffer).setUint32(0, frame.length);
    bytes.set(frame, HEADER);
    return this.#bytes.write(bytes);
  }

  #whole(): Uint8Array | undefined {
    const left = this.#received.length - this.#at;
    if (this.#broken || left < HEADER) return undefined;
    const length = new DataView(this.#received.buffer, this.#received.byteOffset + this.#at).getUint32(0);
    this.#broken = length === 0 || length > LENGTH_MAX;
    if (this.#broken || left < HEADER + length) return undefined;
    const start = this.#at + HEADER;
    this.#at = start + length;
    return this.#received.subarray(start, this.#at);
  }

  /** Reads what has arrived. False when nothing has. */
  #read(): boolean {
    const more = this.#bytes.read();
    if (this.#broken || more.length === 0) return false;
    const rest = this.#received.length - this.#at;
    const joined = new Uint8Array(rest + more.length);
    joined.set(this.#received.subarray(this.#at));
    joined.set(more, rest);
    this.#received = joined;
    this.#at = 0;
    return true;
  }
}
