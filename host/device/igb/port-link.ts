// A port's link: the cable, the PHY with the partner at its other end, and what the MAC makes of it.
import { PORT_LINK } from "../../../assembly/spec/abi/port.ts";
import * as device from "../../../assembly/spec/igb/device.ts";
import { PHY_EEE_100, PHY_EEE_1000 } from "../../../assembly/spec/igb/phy.ts";
import * as power from "../../../assembly/spec/igb/power.ts";
import { bits, place } from "../../core/bits.ts";
import {
  ABLE_PARTNER,
  type Link,
  type LinkPartner,
  type PartnerState,
  partnerOf,
  sameShown,
  savePartner,
} from "./phy/link.ts";
import { Phy, type PhyState, speedField } from "./phy/phy.ts";
import type { PhyProfile } from "./phy/registers.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";

export interface PortLinkState {
  phy: PhyState;
  plugged: boolean;
  partner: PartnerState;
  up: boolean;
}

export interface PortLinkOptions {
  phy: PhyProfile;
  registers: RegisterFile;
  state: PortState;
  /** The sensor switched the PHY off, or keeps it slow. */
  overheated(): "off" | "slow" | undefined;
  /** The link came up, went down, or was negotiated anew. */
  changed(): void;
}

/** Hears of what an end shows; `again`: it negotiates anew, if only to show the same. */
export type ShownListener = (shown: LinkPartner | undefined, again: boolean) => void;

export class PortLink {
  readonly phy: Phy;
  readonly #options: PortLinkOptions;
  readonly #listeners: ShownListener[] = [];
  #plugged = true;
  #partner: LinkPartner | undefined = ABLE_PARTNER;
  #up = true;
  #shown: LinkPartner | undefined;

  constructor(options: PortLinkOptions) {
    this.#options = options;
    this.phy = new Phy(options.phy, {
      partner: () => (this.#plugged ? this.#partner : undefined),
      off: () => this.#off,
      throttled: () => options.overheated() === "slow",
      changed: (again) => this.refresh(again),
    });
  }

  /** Whether the cable is plugged in. */
  get plugged(): boolean {
    return this.#plugged;
  }

  set plugged(plugged: boolean) {
    if (plugged === this.#plugged) return;
    this.#plugged = plugged;
    this.phy.negotiate();
    this.refresh(false);
  }

  /**
   * The other end of the cable shows `partner`; undefined while nobody sends there. The link is negotiated anew when that
   * has changed, and when it is shown `again`.
   */
  meet(partner: LinkPartner | undefined, again: boolean): void {
    const same = sameShown(partner, this.#partner);
    this.#partner = partner;
    if (same && !again) return;
    this.phy.negotiate();
    this.#settle(true);
    this.#tell(false);
  }

  /** What this end shows to the other one; undefined while it sends nothing. */
  get shown(): LinkPartner | undefined {
    return this.phy.shown;
  }

  /** Calls `listener` whenever `shown` has changed, or is shown again. */
  onShown(listener: ShownListener): void {
    this.#listeners.push(listener);
  }

  /** Frames pass between MAC and PHY. */
  get up(): boolean {
    return this.#up;
  }

  /** The link as the MAC has it; undefined while it is down. */
  get link(): Link | undefined {
    const control = this.#options.registers.get(device.CTRL);
    return (control & device.CTRL_SLU) === 0 ? undefined : this.phy.link;
  }

  /** The link's bits of STATUS: up, speed, duplex mode; the latter two as forced while they are. */
  get status(): number {
    const { link } = this;
    const control = this.#options.registers.get(device.CTRL);
    const forced = (control & device.CTRL_FRCSPD) !== 0;
    const field = bits(control, device.CTRL_SPEED_HI, device.CTRL_SPEED_LO);
    const speed = forced ? field : speedField(link?.speed ?? 1000);
    const duplex = (control & device.CTRL_FRCDPX) !== 0 ? (control & device.CTRL_FD) !== 0 : link?.fullDuplex !== false;
    return (
      (link === undefined ? 0 : device.STATUS_LU) |
      (duplex ? device.STATUS_FD : 0) |
      place(speed, device.STATUS_SPEED_HI, device.STATUS_SPEED_LO)
    );
  }

  /** To be called when something that the link depends on changed; `again`: it was negotiated anew. */
  refresh(again: boolean): void {
    const { registers } = this.#options;
    const eee = registers.get(power.IPCNFG);
    const advertised =
      ((eee & power.IPCNFG_EEE_100M_AN) !== 0 ? PHY_EEE_100 : 0) |
      ((eee & power.IPCNFG_EEE_1G_AN) !== 0 ? PHY_EEE_1000 : 0);
    this.phy.setEee(advertised);
    const anew = this.phy.refresh() || again;
    this.#settle(anew);
    this.#tell(anew);
  }

  save(): PortLinkState {
    return { phy: this.phy.save(), plugged: this.#plugged, partner: savePartner(this.#partner), up: this.#up };
  }

  /** To be called after the registers were restored. Tells nobody anything: whoever listens has a state of its own. */
  restore(state: PortLinkState): void {
    this.phy.restore(state.phy);
    this.#plugged = state.plugged;
    this.#partner = partnerOf(state.partner);
    this.#up = state.up;
    this.#options.state.set(PORT_LINK, state.up ? 1 : 0);
  }

  /** After a restore: calls the listeners when what is shown is not what they heard last. */
  announce(): void {
    this.#tell(false);
  }

  get #off(): boolean {
    const { registers, overheated } = this.#options;
    return (registers.get(power.PHPM) & power.PHPM_GO_LINK_DISCONNECT) !== 0 || overheated() === "off";
  }

  /** What both ends show made a link, or none. */
  #settle(again: boolean): void {
    const { state, changed } = this.#options;
    const before = this.#up;
    this.#up = this.link !== undefined;
    state.set(PORT_LINK, this.#up ? 1 : 0);
    if (before && (!this.#up || again)) this.phy.lostLink();
    if (before !== this.#up || (again && this.#up)) changed();
  }

  #tell(again: boolean): void {
    const { shown } = this;
    if (sameShown(shown, this.#shown) && !again) return;
    this.#shown = shown;
    for (const listener of this.#listeners) listener(shown, again);
  }
}
