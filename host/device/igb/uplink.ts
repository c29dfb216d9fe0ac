// The wire of a port: frames that come from it and frames that leave by it.
import { checkFunction } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { FRAME_MAX, FRAME_MIN } from "./frame-ring.ts";
import type { PortState } from "./port-state.ts";

/** The wire of a port. */
export interface Uplink {
  /** A frame from the wire, without CRC. False when the port has no room. Throws ArgumentError for no frame at all. */
  inject(frame: Uint8Array): boolean;
  /** Hands over every frame that left for the wire. Returns how many. Throws ArgumentError for no function. */
  drain(receive: (frame: Uint8Array) => void): number;
  /** The oldest frame that left for the wire, without CRC; undefined when there is none. */
  take(): Uint8Array | undefined;
  /** What is plugged in here and carries the frames; undefined where the embedder does, by the methods above. */
  plugged: object | undefined;
}

export interface UplinkOptions {
  state: PortState;
  /** Whether the wire is plugged in. */
  linked(): boolean;
  /** Hears of every frame of `length` bytes. */
  tell(direction: "in" | "out", length: number): void;
}

export function createUplink({ state, linked, tell }: UplinkOptions): Uplink {
  const take = (): Uint8Array | undefined => {
    const frame = state.egress.shift();
    if (frame !== undefined) tell("out", frame.length);
    return frame;
  };
  return {
    plugged: undefined,
    take,
    inject: (frame) => {
      if (!(frame instanceof Uint8Array)) throw new ArgumentError("frame", frame, "is no Uint8Array");
      if (frame.length < FRAME_MIN || frame.length > FRAME_MAX) {
        throw new ArgumentError("frame", frame.length, `is not ${FRAME_MIN} to ${FRAME_MAX} bytes long`);
      }
      const taken = linked() && state.ingress.push(frame);
      if (taken) tell("in", frame.length);
      return taken;
    },
    drain: (receive) => {
      checkFunction("receive", receive);
      let count = 0;
      for (let frame = take(); frame !== undefined; frame = take()) {
        receive(frame);
        count++;
      }
      return count;
    },
  };
}
