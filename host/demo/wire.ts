// What the cards' uplinks are plugged into: a hub with one station of its own, the outside world.
import { isGroup } from "../core/mac.ts";
import { FrameReader } from "../embed/in-process/frame.ts";
import type { Machine } from "../machine/machine.ts";

/** The outside station's address. */
export const UPLINK_MAC: Uint8Array = Uint8Array.of(0x02, 0x10, 0xf7, 0, 2, 0xff);

export class Wire {
  /** Frames that left by an uplink. */
  left = 0;
  /** Frames that a card did not take because its buffer was full. */
  refused = 0;
  readonly #machine: Machine;
  readonly #station: (frame: Uint8Array) => void;
  readonly #capture: ((frame: Uint8Array, timeNs: number) => void) | undefined;

  /** @param station takes the frames addressed to the outside world: its own and group-addressed ones. */
  constructor(
    machine: Machine,
    station: (frame: Uint8Array) => void,
    capture: ((frame: Uint8Array, timeNs: number) => void) | undefined,
  ) {
    this.#machine = machine;
    this.#station = station;
    this.#capture = capture;
  }

  /** Carries what left the ports to the outside and to the other ports. Returns how many frames that were. */
  carry(): number {
    const { ports, clock } = this.#machine;
    let carried = 0;
    for (const from of ports) {
      carried += from.uplink.drain((frame) => {
        this.left++;
        this.#capture?.(frame, clock.nowNs);
        const outside = isGroup(frame) || UPLINK_MAC.every((byte, place) => frame[place] === byte);
        if (outside) this.#station(frame);
        if (outside && !isGroup(frame)) return;
        for (const to of ports) if (to !== from && !to.uplink.inject(frame)) this.refused++;
      });
    }
    return carried;
  }

  /** A frame from the outside, to every port. */
  send(frame: Uint8Array): void {
    for (const port of this.#machine.ports) if (!port.uplink.inject(frame)) this.refused++;
  }
}

/** Checks tagged frames as they arrive: in sequence, unchanged, at whom they were addressed to. */
export class Ledger {
  delivered = 0;
  bytes = 0;
  /** Frames that arrived at somebody else. */
  misdelivered = 0;
  /** Frames whose bytes changed, and frames that nobody of the cast sent. */
  corrupted = 0;
  foreign = 0;
  /** Frames that arrived out of sequence: one was lost, doubled or overtaken. */
  disordered = 0;
  /** Whether frames without a tag are to be expected: a replayed capture. */
  replaying = false;
  readonly #reader = new FrameReader();
  readonly #next = new Map<number, number>();

  /** A number for the stream of frames from `from` to the address `to`, as seen at `at`. */
  static stream(at: number, from: number, to: number): number {
    return (at * 256 + from) * 256 + to;
  }

  /** Takes note of `frame`, which arrived at `at`. `group` is the number that stands for everybody. */
  arrive(at: number, group: number, frame: Uint8Array): void {
    const reader = this.#reader;
    if (!reader.read(frame)) {
      if (this.replaying) this.foreign++;
      else this.corrupted++;
      return;
    }
    if (reader.to !== at && reader.to !== group) {
      this.misdelivered++;
      return;
    }
    const stream = Ledger.stream(at, reader.from, reader.to);
    const expected = this.#next.get(stream) ?? 0;
    if (reader.sequence !== expected) this.disordered++;
    this.#next.set(stream, reader.sequence + 1);
    this.delivered++;
    this.bytes += frame.length;
  }
}
