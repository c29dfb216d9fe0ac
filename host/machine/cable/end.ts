// What may be plugged into an end of a cable.
import { FRAME_MAX, FRAME_MIN } from "../../device/igb/frame-ring.ts";
import type { LinkPartner } from "../../device/igb/phy/link.ts";

/** Bytes of the shortest Ethernet frame without CRC (IEEE 802.3 §4.4.2 minFrameSize). */
export const FRAME_PADDED = 60;

/** The cable, as what is plugged into one end of it sees it. */
export interface CableLine {
  /** Whether both ends are plugged in, neither is down, and they agree on a speed. */
  readonly carrier: boolean;
  /**
   * A frame of 14 to 9732 bytes without CRC, which the cable keeps. It arrives when the machine's clock says so, at the
   * earliest in the machine's next turn. False when it is lost: no carrier, no room, or no such frame.
   */
  send(frame: Uint8Array): boolean;
  /** Frames wait that `next` will give: a machine that sleeps is to look at once. */
  ready(): void;
  /** This end goes down, as a device that is switched off, or comes up again. At first it is up. */
  power(on: boolean): void;
  /**
   * What this end advertises, or the speed that it is forced to; undefined: it is down. An end that never shows anything
   * can everything. `again`: it negotiates anew, if only to show the same. Throws ArgumentError for what is no partner.
   */
  show(shown: LinkPartner | undefined, again: boolean): void;
}

/** One end of a cable: a port, another emulator's adapter, a function, a file, a socket. */
export interface CableEnd {
  /** For messages. */
  readonly name: string;
  /** A cable is plugged in here, or pulled (undefined). Throws ArgumentError when one is plugged in already. */
  attach(line: CableLine | undefined): void;
  /** The carrier came or went. */
  link(up: boolean): void;
  /** What the other end shows, as `CableLine.show` has it. Absent where an end takes any speed. */
  negotiate?(partner: LinkPartner | undefined, again: boolean): void;
  /** What it shows, of an end that a machine's state has: asked after a restore. */
  readonly shown?: LinkPartner | undefined;
  /**
   * A frame arrived. False when there is no room for it now: it comes again in a later turn. What this throws, the
   * machine's `run` throws, and the frame comes again.
   */
  receive(frame: Uint8Array): boolean;
  /** The next frame to send, which becomes the cable's. Absent where the end sends by itself. */
  next?(): Uint8Array | undefined;
  /**
   * When `next` will have a frame without anybody's doing, a whole number of the machine's nanoseconds; infinity when
   * never. A moment of the past says nothing: `next` is called as soon as the wire is free.
   */
  readonly nextDeadlineNs?: number;
}

/** Whether a wire carries `frame`. */
export function isFrame(frame: Uint8Array): boolean {
  return frame.length >= FRAME_MIN && frame.length <= FRAME_MAX;
}

/** A copy of `frame`, with zeros up to the shortest length, as a MAC sends it. */
export function padded(frame: Uint8Array): Uint8Array {
  const copy = new Uint8Array(Math.max(frame.length, FRAME_PADDED));
  copy.set(frame);
  return copy;
}
