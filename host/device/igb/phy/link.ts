// What two ends of a copper link agree on (IEEE 802.3 §28.2.3, annex 28B, §40.5, §78.3).
import * as spec from "../../../../assembly/spec/igb/phy.ts";
import { checkFlag, checkUnsigned } from "../../../core/arguments.ts";
import { ArgumentError } from "../../../core/errors.ts";
import { checkStateNumber } from "../../../core/snapshot.ts";

export type LinkSpeed = 10 | 100 | 1000;

/** What is on the other end of the cable. */
export interface LinkPartner {
  /** Its auto-negotiation base page: PHY_ABILITY_ bits. Undefined: it does not negotiate. */
  abilities?: number | undefined;
  /** It advertises 1000BASE-T full duplex. */
  gigabit: boolean;
  /** What it advertises for Energy Efficient Ethernet: PHY_EEE_ bits. */
  eee: number;
  /** Of a partner that does not negotiate: its speed. */
  speed?: LinkSpeed;
}

/** A partner that does everything. */
export const ABLE_PARTNER: LinkPartner = {
  abilities: spec.PHY_PARTNER_VALUE,
  gigabit: true,
  eee: spec.PHY_EEE_100 | spec.PHY_EEE_1000,
};

/** Throws ArgumentError unless `value` is a partner, or undefined. */
export function checkPartner(parameter: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) throw new ArgumentError(parameter, value, "is no partner of a link");
  const { abilities, gigabit, eee, speed } = value as Partial<LinkPartner>;
  if (abilities !== undefined) checkUnsigned(`${parameter}.abilities`, abilities, REGISTER_BITS);
  checkFlag(`${parameter}.gigabit`, gigabit);
  checkUnsigned(`${parameter}.eee`, eee, REGISTER_BITS);
  if (speed !== undefined && !SPEEDS.includes(speed)) {
    throw new ArgumentError(`${parameter}.speed`, speed, `is none of ${SPEEDS.join(", ")}`);
  }
}

/** A partner in a saved state, where numbers stand for what is undefined. */
export interface PartnerState {
  abilities: number;
  gigabit: boolean;
  eee: number;
  speed: number;
}

/** The partner does not negotiate; nobody is there. */
const NO_ABILITIES = -1;
const NOBODY = -2;

/** A partner, or that there is none, as `partnerOf` reads it. */
export function savePartner(partner: LinkPartner | undefined): PartnerState {
  if (partner === undefined) return { abilities: NOBODY, gigabit: false, eee: 0, speed: 0 };
  const { abilities = NO_ABILITIES, gigabit, eee, speed = 0 } = partner;
  return { abilities, gigabit, eee, speed };
}

/** Throws FormatError for what is no partner. */
export function partnerOf({ abilities, gigabit, eee, speed }: PartnerState): LinkPartner | undefined {
  checkStateNumber("partner", abilities - NOBODY, spec.PHY_REGISTER_MASK - NOBODY);
  checkStateNumber("partner", eee, spec.PHY_REGISTER_MASK);
  if (abilities === NOBODY) return undefined;
  return {
    gigabit,
    eee,
    ...(abilities === NO_ABILITIES ? {} : { abilities }),
    ...(speed === 10 || speed === 100 || speed === 1000 ? { speed } : {}),
  };
}

const REGISTER_BITS = 16;
const SPEEDS: readonly unknown[] = [10, 100, 1000] satisfies LinkSpeed[];
const SHOWN = ["abilities", "gigabit", "eee", "speed"] as const;

export interface Link {
  speed: LinkSpeed;
  fullDuplex: boolean;
  /** Found by negotiation of both ends. */
  negotiated: boolean;
}

/** Of this end: registers 0, 4 and 9. */
export interface LinkRegisters {
  control: number;
  advertisement: number;
  gigabitControl: number;
}

/** Modes of the base page in the order of preference (annex 28B.3). */
const MODES: readonly (readonly [ability: number, speed: LinkSpeed, fullDuplex: boolean])[] = [
  [spec.PHY_ABILITY_100_FULL, 100, true],
  [spec.PHY_ABILITY_100_HALF, 100, false],
  [spec.PHY_ABILITY_10_FULL, 10, true],
  [spec.PHY_ABILITY_10_HALF, 10, false],
];

/** The link that comes of what both ends can, undefined when none does. Negotiation takes no time in this model. */
export function resolveLink(own: LinkRegisters, partner: LinkPartner): Link | undefined {
  if ((own.control & spec.PHY_CONTROL_NEGOTIATE) === 0) return forced(own.control, partner);
  const { abilities } = partner;
  if (abilities === undefined) {
    // §28.2.3.1 parallel detection: the speed shows, the duplex mode does not.
    const { speed } = partner;
    if (speed === undefined || !can(own, detected(speed))) return undefined;
    return { speed, fullDuplex: false, negotiated: false };
  }
  if (partner.gigabit && (own.gigabitControl & spec.PHY_1000T_CONTROL_FULL) !== 0) {
    return { speed: 1000, fullDuplex: true, negotiated: true };
  }
  const best = MODES.find(([ability]) => can(own, ability) && (abilities & ability) !== 0);
  return best === undefined ? undefined : { speed: best[1], fullDuplex: best[2], negotiated: true };
}

/** Speed that the control register asks for. */
export function forcedSpeed(control: number): LinkSpeed {
  if ((control & spec.PHY_CONTROL_SPEED_1000) !== 0) return 1000;
  return (control & spec.PHY_CONTROL_SPEED_100) !== 0 ? 100 : 10;
}

function can(own: LinkRegisters, ability: number): boolean {
  return (own.advertisement & ability) !== 0;
}

/** Whether an end shows what it showed before. */
export function sameShown(now: LinkPartner | undefined, before: LinkPartner | undefined): boolean {
  if (now === undefined || before === undefined) return now === before;
  return SHOWN.every((name) => now[name] === before[name]);
}

/** Whether two ends that show this to each other have a link. */
export function agree(one: LinkPartner, other: LinkPartner): boolean {
  if (one.abilities === undefined) return follows(one.speed, other);
  if (other.abilities === undefined) return follows(other.speed, one);
  const common = one.abilities & other.abilities;
  return (one.gigabit && other.gigabit) || MODES.some(([ability]) => (common & ability) !== 0);
}

/** What parallel detection finds of a partner at a speed (§28.2.3.1): the half duplex mode of its base page. */
export function detected(speed: LinkSpeed | undefined): number {
  const mode = MODES.find(([, modeSpeed, full]) => !full && modeSpeed === speed);
  return mode === undefined ? 0 : mode[0];
}

/** Whether an end has a link with one that is forced to a speed: forced to the same one, or it detects the speed. */
function follows(speed: LinkSpeed | undefined, end: LinkPartner): boolean {
  if (detected(speed) === 0) return false;
  return end.abilities === undefined ? end.speed === speed : (end.abilities & detected(speed)) !== 0;
}

/** Without negotiation 1000BASE-T has no master and so no link (§40.5.1); the other speeds need only be the same. */
function forced(control: number, partner: LinkPartner): Link | undefined {
  const speed = forcedSpeed(control);
  const fullDuplex = (control & spec.PHY_CONTROL_DUPLEX) !== 0;
  return follows(speed, partner) ? { speed, fullDuplex, negotiated: false } : undefined;
}
