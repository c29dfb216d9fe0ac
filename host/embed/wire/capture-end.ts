// A capture at the end of a cable: what arrives is written to a pcapng file, what a capture holds is replayed.
import { checkBytes, checkFunction, checkOptions, checkText } from "../../core/arguments.ts";
import { Clock } from "../../core/clock.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type CableEnd, type CableLine, isFrame, padded } from "../../machine/cable/end.ts";
import type { CapturedFrame } from "../pcap/frame.ts";
import type { CaptureTime } from "../pcap/time.ts";
import { pcapngHeader, pcapngPacket } from "../pcap/write-pcapng.ts";

export interface CaptureEndOptions {
  /** For messages, and as the interface's name in the file. Default "capture". */
  name?: string;
  /** Takes the bytes of a pcapng file, piece by piece, from its header on. Default: nothing is written. */
  write?: (bytes: Uint8Array) => void;
  /** Frames to replay, as `readCapture` gives them. Default: none. */
  replay?: readonly CapturedFrame[];
  /** "captured": with the times between them that they were captured with; "at-once": as the cable takes them. Default. */
  pace?: "captured" | "at-once";
}

const NS_PER_S = 1e9;

interface Due {
  frame: Uint8Array;
  /** After the first frame. */
  afterNs: number;
}

function isTime({ seconds, nanoseconds }: CaptureTime): boolean {
  return Number.isSafeInteger(seconds) && Number.isSafeInteger(nanoseconds);
}

export class CaptureEnd implements CableEnd {
  readonly name: string;
  /** Frames of the replay that no wire carries: cut by the capture, too short or too long. */
  readonly leftOut: number;
  readonly #clock: Clock;
  readonly #write: ((bytes: Uint8Array) => void) | undefined;
  readonly #replay: readonly Due[];
  #next = 0;
  #startNs: number | undefined;
  #line: CableLine | undefined;

  /** Throws ArgumentError for what is no clock, or no options. */
  constructor(clock: Clock, options: CaptureEndOptions = {}) {
    if (!(clock instanceof Clock)) throw new ArgumentError("clock", clock, "is no machine's clock");
    checkOptions("options", options, ["name", "write", "replay", "pace"]);
    const { name = "capture", write, replay = [], pace = "at-once" } = options;
    if (write !== undefined) checkFunction("write", write);
    checkText("name", name);
    if (!Array.isArray(replay)) throw new ArgumentError("replay", replay, "is no list of frames");
    for (const frame of replay) {
      checkBytes("replay", frame?.bytes);
      if (frame.time !== undefined && !isTime(frame.time)) throw new ArgumentError("replay", frame.time, "is no time");
    }
    if (pace !== "captured" && pace !== "at-once")
      throw new ArgumentError("pace", pace, "is none of captured, at-once");
    this.name = name;
    this.#clock = clock;
    this.#write = write;
    const whole = replay.filter(({ cut, bytes }) => !cut && isFrame(bytes));
    this.leftOut = replay.length - whole.length;
    const times = whole.map(({ time }) => time).filter((time) => time !== undefined);
    const [first] = times;
    let lastNs = 0;
    this.#replay = whole.map(({ bytes, time }) => {
      if (pace === "captured" && time !== undefined && first !== undefined) {
        const since = (time.seconds - first.seconds) * NS_PER_S + time.nanoseconds - first.nanoseconds;
        lastNs = Math.max(lastNs, since);
      }
      return { frame: bytes, afterNs: lastNs };
    });
    write?.(pcapngHeader([name]));
  }

  /** Frames that were not sent yet. */
  get left(): number {
    return this.#replay.length - this.#next;
  }

  /** When the next frame is to be sent; infinity without one. */
  get nextDeadlineNs(): number {
    const due = this.#replay[this.#next];
    if (due === undefined || this.#startNs === undefined) return Number.POSITIVE_INFINITY;
    const at = this.#startNs + due.afterNs;
    return at > this.#clock.nowNs ? at : Number.POSITIVE_INFINITY;
  }

  attach(line: CableLine | undefined): void {
    if (line !== undefined && this.#line !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    this.#line = line;
  }

  link(): void {}

  receive(frame: Uint8Array): boolean {
    this.#write?.(pcapngPacket(0, frame, this.#clock.nowNs, "in"));
    return true;
  }

  next(): Uint8Array | undefined {
    const due = this.#replay[this.#next];
    if (due === undefined || this.#line?.carrier !== true) return undefined;
    this.#startNs ??= this.#clock.nowNs;
    if (this.#startNs + due.afterNs > this.#clock.nowNs) return undefined;
    this.#next++;
    this.#write?.(pcapngPacket(0, due.frame, this.#clock.nowNs, "out"));
    return padded(due.frame);
  }
}
