// Sockets as the byte streams that carry frames. An inherited one is read and written between two commands, never by
// itself: so the order of frames and commands is the order in which their sender wrote them.
import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { getSystemErrorMap } from "node:util";
import { QemuError } from "../embed/qtest/index.ts";
import type { ByteStream } from "../embed/wire/net-stream.ts";

const CHUNK = 65536;
/** Bytes that wait for a reader that does not read; more are refused. */
const HELD_MAX = 2 ** 24;
const NOTHING = new Uint8Array(0);

/** What the system says to a call that failed: `no such file or directory`. */
export function systemReason(error: unknown): string {
  const { errno = 0, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno)?.[1] ?? message;
}

export class InheritedStream implements ByteStream {
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #chunk = new Uint8Array(CHUNK);
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #open = true;

  /** Throws QemuError when `fd` is no open socket. */
  constructor(fd: number) {
    this.#fd = fd;
    try {
      // Makes the descriptor one that does not block, and keeps it open.
      this.#socket = new Socket({ fd, readable: false, writable: false });
    } catch (error) {
      throw new QemuError(`-netdev socket,fd=${fd}: ${systemReason(error)}`);
    }
    this.#socket.on("error", () => {});
    this.#socket.unref();
  }

  read(): Uint8Array {
    this.#flush();
    if (!this.#open) return NOTHING;
    try {
      const count = readSync(this.#fd, this.#chunk);
      if (count === 0) this.#open = false;
      return this.#chunk.slice(0, count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") this.#open = false;
      return NOTHING;
    }
  }

  write(bytes: Uint8Array): boolean {
    if (this.#heldBytes + bytes.length > HELD_MAX) return false;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#flush();
    return true;
  }

  #flush(): void {
    while (this.#open) {
      const [first] = this.#held;
      if (first === undefined) return;
      try {
        const count = writeSync(this.#fd, first);
        this.#heldBytes -= count;
        if (count < first.length) this.#held[0] = first.subarray(count);
        else this.#held.shift();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") this.#open = false;
        return;
      }
    }
    this.#held = [];
    this.#heldBytes = 0;
  }
}

/** What of Node's sockets is used: the package's declarations name none of Node's types. */
export interface OpenedSocket {
  readonly writable: boolean;
  readonly writableLength: number;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "error", listener: () => void): unknown;
  write(bytes: Uint8Array): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
  unref(): unknown;
}

/** A socket that this process opened itself: what arrives is kept until somebody reads it. */
export class OpenedStream implements ByteStream {
  readonly #socket: OpenedSocket;
  #received: Uint8Array[] = [];
  #receivedBytes = 0;

  constructor(socket: OpenedSocket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#received.push(chunk);
      this.#receivedBytes += chunk.length;
      if (this.#receivedBytes > HELD_MAX) socket.pause();
    });
    socket.on("error", () => socket.destroy());
    socket.unref();
  }

  read(): Uint8Array {
    if (this.#received.length === 0) return NOTHING;
    const bytes = Buffer.concat(this.#received);
    this.#received = [];
    this.#receivedBytes = 0;
    this.#socket.resume();
    return bytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.writable && this.#socket.writableLength + bytes.length > HELD_MAX) return false;
    if (this.#socket.writable) this.#socket.write(bytes);
    return true;
  }
}
