// QEMU's framing of a network stream (-netdev socket and stream): a length, 4 bytes big-endian, then the frame.

/** A byte stream, as whoever runs the program provides it. */
export interface ByteStream {
  /** What has arrived and was not read yet; empty when nothing has. */
  read(): Uint8Array;
  write(bytes: Uint8Array): void;
}

const HEADER = 4;
/** A length above this is none: QEMU's own limit. */
const LENGTH_MAX = 0x1_1000;
/** An Ethernet frame without CRC is at least as long; whoever sends on a wire pads. */
const FRAME_MIN = 60;

/** Frames out of and into a byte stream. */
export class NetStream {
  readonly #bytes: ByteStream;
  #received = new Uint8Array(0);
  #broken = false;

  constructor(bytes: ByteStream) {
    this.#bytes = bytes;
  }

  /** The next frame that arrived whole, padded as on a wire; undefined when there is none. */
  receive(): Uint8Array | undefined {
    if (this.#broken) return undefined;
    const more = this.#bytes.read();
    if (more.length > 0) {
      const joined = new Uint8Array(this.#received.length + more.length);
      joined.set(this.#received);
      joined.set(more, this.#received.length);
      this.#received = joined;
    }
    const received = this.#received;
    if (received.length < HEADER) return undefined;
    const length = new DataView(received.buffer, received.byteOffset).getUint32(0);
    if (length === 0 || length > LENGTH_MAX) {
      // Where the next frame would begin can no longer be known.
      this.#broken = true;
      return undefined;
    }
    if (received.length < HEADER + length) return undefined;
    const frame = new Uint8Array(Math.max(length, FRAME_MIN));
    frame.set(received.subarray(HEADER, HEADER + length));
    this.#received = received.subarray(HEADER + length);
    return frame;
  }

  send(frame: Uint8Array): void {
    const bytes = new Uint8Array(HEADER + frame.length);
    new DataView(bytes.buffer).setUint32(0, frame.length);
    bytes.set(frame, HEADER);
    this.#bytes.write(bytes);
  }
}
