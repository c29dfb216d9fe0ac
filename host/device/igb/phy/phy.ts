// A port's PHY: its registers, and the link that it has with the partner at the other end of the cable.
import { STATUS_SPEED_100, STATUS_SPEED_1000 } from "../../../../assembly/spec/igb/device.ts";
import * as spec from "../../../../assembly/spec/igb/phy.ts";
import { bits, place } from "../../../core/bits.ts";
import { FormatError } from "../../../core/errors.ts";
import { checkShape, checkStateNumber } from "../../../core/snapshot.ts";
import { detected, forcedSpeed, type Link, type LinkPartner, resolveLink } from "./link.ts";
import type { PhyProfile, PhyRow } from "./registers.ts";

export interface PhyState {
  /** Register (of pages: page and register) and value. */
  registers: [number, number][];
  page: number;
  mmd: number;
  eee: number;
  /** The link was lost since the status register was read. */
  lost: boolean;
  offer: PhyOffer;
}

/** What negotiation was begun with. */
export interface PhyOffer {
  /** Register 4. */
  advertisement: number;
  /** Register 9; 0 while the PHY is kept from 1000 Mb/s. */
  gigabitControl: number;
  throttled: boolean;
}

/** What the PHY depends on. */
export interface PhySurroundings {
  /** The other end of the cable; undefined while none is plugged in or nobody sends there. */
  partner(): LinkPartner | undefined;
  /** The MAC holds the PHY off: power down, or link disconnect. */
  off(): boolean;
  /** The PHY is kept from 1000 Mb/s. */
  throttled(): boolean;
  /** The link may have changed, or was negotiated anew (`again`). */
  changed(again: boolean): void;
}

/** A speed as STATUS and the PHYs' own status registers have it. */
export function speedField(speed: Link["speed"]): number {
  if (speed === 10) return 0;
  return speed === 100 ? STATUS_SPEED_100 : STATUS_SPEED_1000;
}

/** Metres of cable that the diagnostics tell. */
const CABLE = 3;
/** IEEE 802.3 table 22-9: 00 is the address; the others are data, some counting on. */
const MMD_ADDRESS = 0;

export class Phy {
  readonly #profile: PhyProfile;
  readonly #around: PhySurroundings;
  readonly #rows: ReadonlyMap<number, PhyRow>;
  readonly #values = new Map<number, number>();
  #page = 0;
  #mmd = 0;
  #eee = 0;
  #lost = false;
  #offer: PhyOffer = { advertisement: 0, gigabitControl: 0, throttled: false };
  /** It sent something when that was looked at last. */
  #sent = false;

  constructor(profile: PhyProfile, around: PhySurroundings) {
    this.#profile = profile;
    this.#around = around;
    this.#rows = new Map(profile.rows.map((row) => [row.register, row]));
    this.#clear();
    this.negotiate();
  }

  /** Registers as after power-on, and a link negotiated anew. */
  reset(): void {
    this.#clear();
    this.#again();
  }

  /** The link as it is; undefined while there is none. In loopback it is up at the speed that software forced. */
  get link(): Link | undefined {
    if (!this.powered) return undefined;
    const control = this.#get(spec.PHY_CONTROL);
    if (this.loopback) {
      const fullDuplex = (control & spec.PHY_CONTROL_DUPLEX) !== 0;
      return { speed: forcedSpeed(control), fullDuplex, negotiated: false };
    }
    const partner = this.#around.partner();
    if (partner === undefined) return undefined;
    const { advertisement, gigabitControl } = this.#offer;
    return resolveLink({ control, advertisement, gigabitControl }, partner);
  }

  /** Neither powered down nor isolated, nor held off by the MAC. */
  get powered(): boolean {
    const off = spec.PHY_CONTROL_POWER_DOWN | spec.PHY_CONTROL_ISOLATE;
    return (this.#get(spec.PHY_CONTROL) & off) === 0 && !this.#around.off();
  }

  /** What is sent comes back. */
  get loopback(): boolean {
    return (this.#get(spec.PHY_CONTROL) & spec.PHY_CONTROL_LOOPBACK) !== 0;
  }

  /** What this end shows to the other one; undefined while it sends nothing. */
  get shown(): LinkPartner | undefined {
    if (!this.#sends) return undefined;
    const control = this.#get(spec.PHY_CONTROL);
    if ((control & spec.PHY_CONTROL_NEGOTIATE) === 0) return { gigabit: false, eee: 0, speed: forcedSpeed(control) };
    const { advertisement, gigabitControl } = this.#offer;
    const gigabit = (gigabitControl & spec.PHY_1000T_CONTROL_FULL) !== 0;
    return { abilities: advertisement, gigabit, eee: this.#eee };
  }

  /**
   * Negotiation begins: with what registers 4 and 9 have now (IEEE 802.3 §28.2.4.1.3). What is written there later counts
   * from the next time on.
   */
  negotiate(): void {
    const throttled = this.#around.throttled();
    const gigabitControl = throttled ? 0 : this.#get(spec.PHY_1000T_CONTROL);
    this.#offer = { advertisement: this.#get(spec.PHY_ADVERTISEMENT), gigabitControl, throttled };
  }

  /**
   * To be called when something around the PHY may have changed: it negotiates when it begins to send, and when it is kept
   * from 1000 Mb/s or no longer is. The result says whether it did.
   */
  refresh(): boolean {
    const begins = this.#sends && !this.#sent;
    this.#sent = this.#sends;
    if (!begins && this.#around.throttled() === this.#offer.throttled) return false;
    this.negotiate();
    return true;
  }

  /** The speeds at which this end does Energy Efficient Ethernet: PHY_EEE_ bits. */
  setEee(advertised: number): void {
    if (advertised === this.#eee) return;
    this.#eee = advertised;
    this.#again();
  }

  /** Both ends do Energy Efficient Ethernet at the link's speed. */
  get eeeNegotiated(): boolean {
    const { link } = this;
    if (link === undefined || !link.negotiated || link.speed === 10) return false;
    const wanted = link.speed === 1000 ? spec.PHY_EEE_1000 : spec.PHY_EEE_100;
    return (this.#eee & (this.#around.partner()?.eee ?? 0) & wanted) !== 0;
  }

  /** For whoever changes something around the PHY: the link went, if only for a moment. */
  lostLink(): void {
    this.#lost = true;
  }

  read(register: number): number {
    const { link } = this;
    const partner = this.#around.partner();
    switch (register) {
      case spec.PHY_STATUS:
        return this.#status(link);
      case spec.PHY_PARTNER:
        return this.#partnerAbilities(link, partner);
      case spec.PHY_EXPANSION:
        return link?.negotiated === true ? spec.PHY_EXPANSION_NEGOTIATED : spec.PHY_EXPANSION_ALONE;
      case spec.PHY_1000T_STATUS:
        return this.#gigabitStatus(link, partner);
      case spec.PHY_MMD_DATA:
        return this.#readMmd(partner);
      default:
        return this.#profile.paged ? this.#readPaged(register, link) : this.#readI350(register, link, partner);
    }
  }

  write(register: number, value: number): void {
    if (register === spec.PHY_MMD_DATA) {
      this.#writeMmd(value);
      return;
    }
    if (this.#profile.paged && register === spec.PHY_PAGE_SELECT) {
      this.#page = value;
      return;
    }
    if (register === spec.PHY_CONTROL && (value & spec.PHY_CONTROL_RESET) !== 0) {
      this.reset();
      return;
    }
    const at = this.#place(register);
    const row = this.#rows.get(at);
    const kept = row === undefined && this.#profile.paged && register >= spec.PHY_PAGED ? spec.PHY_REGISTER_MASK : 0;
    const mask = row?.rw ?? kept;
    if (mask === 0) return;
    const before = this.#get(at);
    this.#values.set(at, (before & ~mask) | (value & mask));
    if (register === spec.PHY_CONTROL) {
      const restart = (value & spec.PHY_CONTROL_RESTART) !== 0 && (value & spec.PHY_CONTROL_NEGOTIATE) !== 0;
      if (restart || this.#get(at) !== before) this.#again();
    }
  }

  save(): PhyState {
    return {
      registers: [...this.#values],
      page: this.#page,
      mmd: this.#mmd,
      eee: this.#eee,
      lost: this.#lost,
      offer: { ...this.#offer },
    };
  }

  /** To be called after what is around the PHY was restored. Throws FormatError for registers that it does not have. */
  restore(state: PhyState): void {
    checkShape("PHY", state, this.save(), new Set(["registers"]));
    const { page, mmd, eee, offer } = state;
    for (const value of [page, mmd, eee, offer.advertisement, offer.gigabitControl]) {
      checkStateNumber("PHY", value, spec.PHY_REGISTER_MASK);
    }
    const valid = ([register, value]: [number, number]): boolean =>
      [register, value].every((number) => Number.isInteger(number) && number >= 0 && number <= spec.PHY_REGISTER_MASK);
    if (!state.registers.every(valid)) throw new FormatError("PHY", "are no registers of 16 bits");
    this.#values.clear();
    for (const [register, value] of state.registers) this.#values.set(register, value);
    this.#page = page;
    this.#mmd = mmd;
    this.#eee = eee;
    this.#lost = state.lost;
    this.#offer = { ...offer };
    this.#sent = this.#sends;
  }

  /** The other end can see it. */
  get #sends(): boolean {
    return this.powered && !this.loopback;
  }

  #clear(): void {
    this.#values.clear();
    for (const { register, reset = 0 } of this.#profile.rows) this.#values.set(register, reset);
    this.#page = 0;
    this.#mmd = 0;
    this.#lost = true;
  }

  #again(): void {
    this.#lost = true;
    this.negotiate();
    this.#sent = this.#sends;
    this.#around.changed(true);
  }

  #get(at: number): number {
    return this.#values.get(at) ?? 0;
  }

  /** Where a register's value is kept: of those in pages, page and register. */
  #place(register: number): number {
    if (!this.#profile.paged || register < spec.PHY_PAGED) return register;
    return (this.#page & spec.PHY_PAGE_MASK) | register;
  }

  #status(link: Link | undefined): number {
    const up = link !== undefined && !this.#lost ? spec.PHY_STATUS_LINK : 0;
    this.#lost = link === undefined;
    return spec.PHY_STATUS_ABILITIES | up | (link?.negotiated === true ? spec.PHY_STATUS_NEGOTIATED : 0);
  }

  /** §28.2.4.1.4: what the partner sent, or, of one that does not negotiate, what was detected. */
  #partnerAbilities(link: Link | undefined, partner: LinkPartner | undefined): number {
    if (link === undefined || partner === undefined) return 0;
    if (link.negotiated) return ((partner.abilities ?? 0) | spec.PHY_ABILITY_ACKNOWLEDGE) & spec.PHY_REGISTER_MASK;
    return (this.#get(spec.PHY_CONTROL) & spec.PHY_CONTROL_NEGOTIATE) === 0 ? 0 : detected(partner.speed);
  }

  #gigabitStatus(link: Link | undefined, partner: LinkPartner | undefined): number {
    if (link === undefined) return 0;
    const able = link.negotiated && partner?.gigabit === true ? spec.PHY_1000T_STATUS_PARTNER_FULL : 0;
    if (link.speed !== 1000) return able;
    const { gigabitControl: control } = this.#offer;
    const manual = spec.PHY_1000T_CONTROL_MANUAL | spec.PHY_1000T_CONTROL_MASTER;
    const master = (control & manual) === manual ? spec.PHY_1000T_STATUS_MASTER : 0;
    return able | spec.PHY_1000T_STATUS_RECEIVERS | master;
  }

  #readI350(register: number, link: Link | undefined, partner: LinkPartner | undefined): number {
    switch (register) {
      case spec.PHY_EMI_DATA:
        return this.#get(spec.PHY_EMI_ADDRESS) === spec.PHY_EMI_EEE_PARTNER && link !== undefined
          ? (partner?.eee ?? 0)
          : 0;
      case spec.PHY_STATUS_2:
        return link === undefined
          ? 0
          : place(speedField(link.speed), spec.PHY_STATUS_2_SPEED_HI, spec.PHY_STATUS_2_SPEED_LO);
      case spec.PHY_DIAGNOSTIC:
        return place(CABLE, spec.PHY_DIAGNOSTIC_LENGTH_HI, spec.PHY_DIAGNOSTIC_LENGTH_LO);
      default:
        return this.#get(register);
    }
  }

  #readPaged(register: number, link: Link | undefined): number {
    if (register === spec.PHY_PAGE_SELECT) return this.#page;
    const at = this.#place(register);
    if (at !== spec.PHY_PORT_STATUS || link === undefined) return this.#get(at);
    // 82576 §8.25: 1 is 10, 2 is 100, 3 is 1000 Mb/s.
    const speed = speedField(link.speed) + 1;
    const duplex = link.fullDuplex ? spec.PHY_PORT_STATUS_DUPLEX : 0;
    return (
      place(speed, spec.PHY_PORT_STATUS_SPEED_HI, spec.PHY_PORT_STATUS_SPEED_LO) | duplex | spec.PHY_PORT_STATUS_LINK
    );
  }

  get #mmdFunction(): number {
    const control = this.#get(spec.PHY_MMD_CONTROL);
    return bits(control, spec.PHY_MMD_CONTROL_FUNCTION_HI, spec.PHY_MMD_CONTROL_FUNCTION_LO);
  }

  #readMmd(partner: LinkPartner | undefined): number {
    if (this.#mmdFunction === MMD_ADDRESS) return this.#mmd;
    const control = this.#get(spec.PHY_MMD_CONTROL);
    const device = bits(control, spec.PHY_MMD_CONTROL_DEVICE_HI, spec.PHY_MMD_CONTROL_DEVICE_LO);
    switch ((device << spec.PHY_MMD_DEVICE_LO) + this.#mmd) {
      case spec.PHY_MMD_EEE_CAPABILITY:
        return this.#profile.paged ? 0 : spec.PHY_EEE_100 | spec.PHY_EEE_1000;
      case spec.PHY_MMD_EEE_ADVERTISEMENT:
        return this.#eee;
      case spec.PHY_MMD_EEE_PARTNER:
        return this.link === undefined ? 0 : (partner?.eee ?? 0);
      default:
        return 0;
    }
  }

  #writeMmd(value: number): void {
    if (this.#mmdFunction === MMD_ADDRESS) this.#mmd = value;
  }
}
