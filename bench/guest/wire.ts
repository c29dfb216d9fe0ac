// The host's end of an adapter's wire.
import type { LinuxPc } from "../../host/cli/linux-pc.ts";
import type { IgbPort } from "../../host/device/igb/port.ts";
import type { CableEnd, CableLine } from "../../host/machine/cable/end.ts";

export interface Wire {
  /** Calls `receive` with each frame that the guest sends, until what it returns is called. */
  listen(receive: (frame: Uint8Array) => void): () => void;
  /** Sends the guest this frame as often as its adapter takes it, until what it returns is called. */
  flood(frame: Uint8Array): () => void;
}

/** Calls `work` between any two pieces of the guest's execution, until what it returns is called. */
export function between(work: () => void): () => void {
  let going = true;
  const again = (): void => {
    if (!going) return;
    work();
    setImmediate(again);
  };
  again();
  return () => {
    going = false;
  };
}

/** Bytes that may be on their way: fewer than the packet buffer of a port holds, so that none is missed. */
const WINDOW = 0xc000;
/** What a frame takes there beside itself. */
const RECORD = 16;

/** The wire of our card's port 0: the other end of its cable. */
export class CableWire implements Wire, CableEnd {
  readonly name: string = "bench";
  #pc: LinuxPc | undefined;
  #port: IgbPort | undefined;
  #receive: ((frame: Uint8Array) => void) | undefined;
  #flood: Uint8Array | undefined;
  /** Frames that may be sent before the port is asked how many it has taken off the wire. */
  #credit = 0;
  #sent = 0;

  /** The PC whose port is at the cable's other end. */
  connect(pc: LinuxPc): void {
    this.#pc = pc;
    this.#port = pc.machine.ports[0];
  }

  listen(receive: (frame: Uint8Array) => void): () => void {
    this.#receive = receive;
    return () => {
      this.#receive = undefined;
    };
  }

  flood(frame: Uint8Array): () => void {
    this.#flood = frame;
    const end = between(() => this.#pc?.attachment.wake());
    return () => {
      this.#flood = undefined;
      end();
    };
  }

  attach(_line: CableLine | undefined): void {}

  link(_up: boolean): void {}

  receive(frame: Uint8Array): boolean {
    this.#receive?.(frame);
    return true;
  }

  next(): Uint8Array | undefined {
    const frame = this.#flood;
    if (frame === undefined) return undefined;
    if (this.#credit <= 0) {
      const waiting = this.#sent - (this.#port?.statistics.ingress ?? 0);
      this.#credit = Math.floor(WINDOW / (frame.length + RECORD)) - waiting;
      if (this.#credit <= 0) return undefined;
    }
    this.#credit--;
    this.#sent++;
    return frame;
  }
}
