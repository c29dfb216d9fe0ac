// The host's own software at the end of a cable: frames as byte arrays, in and out.
import { checkBytes, checkFunction, checkOptions, checkText } from "../../core/arguments.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type CableEnd, type CableLine, isFrame, padded } from "./end.ts";

export interface FunctionEndOptions {
  /** For messages. Default "function". */
  name?: string;
  /** Called when the carrier comes or goes. */
  onLink?: (up: boolean) => void;
}

export class FunctionEnd implements CableEnd {
  readonly name: string;
  readonly #receive: (frame: Uint8Array) => unknown;
  readonly #onLink: ((up: boolean) => void) | undefined;
  #line: CableLine | undefined;

  /**
   * @param receive is called with each frame that arrives, without CRC, during the machine's turn; the array is its own.
   * `false` says that there is no room now: the frame comes again in a later turn.
   * Throws ArgumentError for what is no function.
   */
  constructor(receive: (frame: Uint8Array) => unknown, options: FunctionEndOptions = {}) {
    checkFunction("receive", receive);
    checkOptions("options", options, ["name", "onLink"]);
    if (options.onLink !== undefined) checkFunction("onLink", options.onLink);
    const { name = "function" } = options;
    checkText("name", name);
    this.name = name;
    this.#receive = receive;
    this.#onLink = options.onLink;
  }

  /** Whether a frame that is sent now could arrive. */
  get carrier(): boolean {
    return this.#line?.carrier === true;
  }

  /**
   * Sends a copy of `frame`, 14 to 9732 bytes without CRC, padded to 60. False when it is lost: no carrier, or no room
   * on the cable. Throws ArgumentError for no frame at all.
   */
  send(frame: Uint8Array): boolean {
    checkBytes("frame", frame);
    if (!isFrame(frame)) throw new ArgumentError("frame", frame.length, "is not 14 to 9732 bytes long");
    return this.#line?.send(padded(frame)) === true;
  }

  /** This end goes down, or comes up again. */
  power(on: boolean): void {
    this.#line?.power(on);
  }

  attach(line: CableLine | undefined): void {
    if (line !== undefined && this.#line !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    this.#line = line;
  }

  link(up: boolean): void {
    this.#onLink?.(up);
  }

  receive(frame: Uint8Array): boolean {
    return this.#receive(frame) !== false;
  }
}
