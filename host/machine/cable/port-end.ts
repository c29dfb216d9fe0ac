// A card's port at the end of a cable: the cable's carrier is the port's, a port whose PHY sends nothing is an end that is
// down, and what the PHY advertises is shown to the other end.
import { ArgumentError } from "../../core/errors.ts";
import { ABLE_PARTNER, type LinkPartner } from "../../device/igb/phy/link.ts";
import type { IgbPort } from "../../device/igb/port.ts";
import type { CableEnd, CableLine } from "./end.ts";

export class PortEnd implements CableEnd {
  readonly name: string;
  readonly #port: IgbPort;
  #line: CableLine | undefined;

  constructor(port: IgbPort) {
    this.name = port.pf.name;
    this.#port = port;
    port.onShown((shown, again) => this.#line?.show(shown, again));
  }

  attach(line: CableLine | undefined): void {
    const { uplink } = this.#port;
    if (line !== undefined && uplink.plugged !== undefined) {
      throw new ArgumentError("end", this.name, "is plugged in already");
    }
    uplink.plugged = line;
    this.#line = line;
    if (line === undefined) this.#port.partner = ABLE_PARTNER;
    else line.show(this.#port.shown, false);
  }

  get shown(): LinkPartner | undefined {
    return this.#port.shown;
  }

  negotiate(partner: LinkPartner | undefined, again: boolean): void {
    this.#port.meet(partner, again);
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
