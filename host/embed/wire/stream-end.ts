// QEMU's socket at the end of a cable: the link is up while somebody is at the stream's other end.
import { checkText } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { FRAME_MAX } from "../../device/igb/frame-ring.ts";
import { type CableEnd, type CableLine, padded } from "../../machine/cable/end.ts";
import { type ByteStream, NetStream } from "./net-stream.ts";

export class StreamEnd implements CableEnd {
  readonly name: string;
  /** Frames that came and are longer than a wire carries: QEMU's own devices hand such ones to each other. */
  long = 0;
  #stream: NetStream | undefined;
  #line: CableLine | undefined;

  /**
   * @param name for messages.
   * @param bytes the stream, if there is one already.
   * Throws ArgumentError for what is no name, or no stream.
   */
  constructor(name = "stream", bytes?: ByteStream) {
    checkText("name", name);
    this.name = name;
    if (bytes === undefined) return;
    checkStream(bytes);
    this.#stream = new NetStream(bytes);
  }

  /**
   * Somebody is there: the link comes up. What a stream before this one had not brought whole is lost. Throws
   * ArgumentError for what is no stream.
   */
  connect(bytes: ByteStream): void {
    checkStream(bytes);
    this.#stream = new NetStream(bytes);
    this.#line?.power(true);
  }

  /** Nobody is there any more: the link goes down. */
  disconnect(): void {
    this.#stream = undefined;
    this.#line?.power(false);
  }

  /** Bytes have arrived: a machine that sleeps is to look at once. */
  arrived(): void {
    this.#line?.ready();
  }

  attach(line: CableLine | undefined): void {
    if (line !== undefined && this.#line !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    this.#line = line;
    if (this.#stream === undefined) line?.power(false);
  }

  link(): void {}

  receive(frame: Uint8Array): boolean {
    return this.#stream?.send(frame) ?? true;
  }

  next(): Uint8Array | undefined {
    for (;;) {
      const frame = this.#stream?.receive();
      if (frame === undefined) {
        if (this.#stream?.broken === true) this.disconnect();
        return undefined;
      }
      if (frame.length <= FRAME_MAX) return padded(frame);
      this.long++;
    }
  }
}

function checkStream(bytes: ByteStream): void {
  if (typeof bytes?.read === "function" && typeof bytes.write === "function") return;
  throw new ArgumentError("bytes", bytes, "is no stream: it does not read and write");
}
