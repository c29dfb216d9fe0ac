// A card's port at the end of a cable: the cable's carrier is the port's, and a port whose PHY
// sends nothing is an end that is down.
import { ArgumentError } from "../../core/errors.ts";
import type { IgbPort } from "../../device/igb/port.ts";
import type { CableEnd, CableLine } from "./end.ts";

export class PortEnd implements CableEnd {
  readonly name: string;
  readonly #port: IgbPort;
  #line: CableLine | undefined;

  constructor(port: IgbPort) {
    this.name = port.pf.name;
    this.#port = port;
    port.onShown((shown) => this.#line?.power(shown !== undefined));
  }

  attach(line: CableLine | undefined): void {
    const { uplink } = this.#port;
    if (line !== undefined && uplink.plugged !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    uplink.plugged = line;
    this.#line = line;
    line?.power(this.#port.shown !== undefined);
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
