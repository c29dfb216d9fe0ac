// A card's port at the end of a cable: the carrier is the port's link.
import { ArgumentError } from "../../core/errors.ts";
import type { IgbPort } from "../../device/igb/port.ts";
import type { CableEnd, CableLine } from "./end.ts";

export class PortEnd implements CableEnd {
  readonly name: string;
  readonly #port: IgbPort;

  constructor(port: IgbPort) {
    this.name = port.pf.name;
    this.#port = port;
  }

  attach(line: CableLine | undefined): void {
    const { uplink } = this.#port;
    if (line !== undefined && uplink.plugged !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    uplink.plugged = line;
  }

  link(up: boolean): void {
    this.#port.linkUp = up;
  }

  receive(frame: Uint8Array): boolean {
    return this.#port.uplink.inject(frame);
  }

  next(): Uint8Array | undefined {
    return this.#port.uplink.take();
  }
}
