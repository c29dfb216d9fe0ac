// A cable between two ends. It carries frames on the machine's clock; what a slow end does not take in time is lost.
import { checkFunction, checkOptions } from "../../core/arguments.ts";
import { type Clock, checkMoment } from "../../core/clock.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Snapshotable } from "../../core/ports.ts";
import { checkShape, checkStateNumber } from "../../core/snapshot.ts";
import {
  ABLE_PARTNER,
  agree,
  checkPartner,
  type LinkPartner,
  type PartnerState,
  partnerOf,
  sameShown,
  savePartner,
} from "../../device/igb/phy/link.ts";
import { checkDirection, Direction, type DirectionState } from "./direction.ts";
import { type CableEnd, type CableLine, isFrame } from "./end.ts";

export interface CableOptions {
  /** Nanoseconds from the end of a frame at one end to its arrival at the other. Default 0. */
  latencyNs?: number;
  /** Bits a second, with which frames take the time that they need on a wire: 1e9 for 1 Gb/s. Default 0: none. */
  bitsPerSecond?: number;
  /** Bytes of frames on their way, or waiting for a slow end, in each direction. Default 256 KiB. */
  buffer?: number;
}

/** What one end has done, in frames and their bytes without CRC. */
export interface EndStatistics {
  sent: number;
  sentBytes: number;
  received: number;
  receivedBytes: number;
  /** Frames for this end that it was too slow to take. */
  dropped: number;
  /** What this end sent without a carrier or on a cable that was pulled, or what is no frame. */
  lost: number;
}

/** A frame that arrives at end 0 or 1. The array is valid during the call and not to be changed. */
export type CableTap = (frame: Uint8Array, to: 0 | 1, timeNs: number) => void;

export interface CableState {
  directions: readonly DirectionState[];
  statistics: readonly EndStatistics[];
  /** What each end showed to the other one. */
  shown: readonly PartnerState[];
}

const DEFAULT_BUFFER = 2 ** 18;
const MIN_BUFFER = 16384;
/** Frames that one end sends, and that one end gets, in a turn. */
const TURN = 1024;
const OPTIONS = ["latencyNs", "bitsPerSecond", "buffer"];

interface Side {
  readonly end: CableEnd;
  readonly statistics: EndStatistics;
  /** What this end sent, on its way to the other one. */
  readonly out: Direction;
  powered: boolean;
  /** What this end advertises while it is powered. */
  offered: LinkPartner;
  /** What its `link` was told last. */
  up: boolean;
}

/** The options with their defaults. Throws ArgumentError for those that no cable has. */
function checkCable(options: CableOptions): Required<CableOptions> {
  checkOptions("options", options, OPTIONS);
  const all = { latencyNs: 0, bitsPerSecond: 0, buffer: DEFAULT_BUFFER, ...options };
  for (const name of ["latencyNs", "bitsPerSecond", "buffer"] as const) {
    const value = all[name];
    const least = name === "buffer" ? MIN_BUFFER : 0;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new ArgumentError(name, value, `is not a whole number, ${least} or more`);
    }
  }
  return all;
}

/** What an end shows to the other one. */
function shownBy({ powered, offered }: Side): LinkPartner | undefined {
  return powered ? offered : undefined;
}

function keep(side: Side, shown: LinkPartner | undefined): void {
  side.powered = shown !== undefined;
  side.offered = shown ?? side.offered;
}

/** Whether two ends that show this have a carrier. */
function carries(shown: readonly (LinkPartner | undefined)[]): boolean {
  const [one, other] = shown;
  return one !== undefined && other !== undefined && agree(one, other);
}

/** Who gives a cable its turns. */
export interface CableOwner {
  /** Both ends are free. */
  pulled(cable: Cable): void;
  /** An end sends by itself, perhaps between two turns. */
  wake(): void;
}

export class Cable implements Snapshotable<CableState> {
  readonly #clock: Clock;
  readonly #sides: readonly [Side, Side];
  readonly #taps = new Set<CableTap>();
  readonly #owner: CableOwner;
  #carrier = false;
  #plugged = false;

  /** For `Cables.plug`. Throws ArgumentError, with neither end plugged in. */
  constructor(clock: Clock, ends: readonly [CableEnd, CableEnd], options: CableOptions, owner: CableOwner) {
    const all = checkCable(options);
    this.#clock = clock;
    this.#owner = owner;
    const side = (end: CableEnd): Side => ({
      end,
      statistics: { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0, dropped: 0, lost: 0 },
      out: new Direction(all),
      powered: true,
      offered: ABLE_PARTNER,
      up: false,
    });
    this.#sides = [side(ends[0]), side(ends[1])];
    const [one, other] = this.#sides;
    one.end.attach(this.#line(one, other));
    try {
      other.end.attach(this.#line(other, one));
    } catch (error) {
      one.end.attach(undefined);
      throw error;
    }
    this.#plugged = true;
    this.#introduce(one, other, false);
    this.#introduce(other, one, false);
    this.#carry();
  }

  /** Whether both ends are plugged in, up, and agree on a speed. */
  get carrier(): boolean {
    return this.#carrier;
  }

  /** The ends' names. */
  get names(): readonly [string, string] {
    return [this.#sides[0].end.name, this.#sides[1].end.name];
  }

  /** What ends 0 and 1 have done. */
  get statistics(): readonly [EndStatistics, EndStatistics] {
    return [{ ...this.#sides[0].statistics }, { ...this.#sides[1].statistics }];
  }

  /** Pulls the cable at both ends: their links go down, and what is on its way is lost. A second call does nothing. */
  pull(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#carry();
    for (const side of this.#sides) side.end.attach(undefined);
    this.#owner.pulled(this);
  }

  /** Calls `tap` with every frame that an end took. Returns what ends that. */
  tap(tap: CableTap): () => void {
    checkFunction("tap", tap);
    this.#taps.add(tap);
    return () => void this.#taps.delete(tap);
  }

  /** Takes what the ends send and hands over what arrives now. Returns how many frames arrived. */
  turn(): number {
    const [one, other] = this.#sides;
    this.#poll(one, other);
    this.#poll(other, one);
    return this.#deliver(one, 1) + this.#deliver(other, 0);
  }

  /**
   * When a frame arrives, or an end may send again, without anybody's doing; infinity when that is never.
   * Throws ArgumentError for an end's deadline that is no moment.
   */
  get nextDeadlineNs(): number {
    const { nowNs } = this.#clock;
    let next = Number.POSITIVE_INFINITY;
    for (const { out, end } of this.#sides) {
      next = Math.min(next, out.nextArrivalNs(nowNs));
      if (end.next !== undefined) next = Math.min(next, out.nextIdleNs(nowNs));
      if (end.nextDeadlineNs === undefined) continue;
      const deadline = checkMoment("nextDeadlineNs", end.nextDeadlineNs, end.name);
      // What is due already was asked for in this turn, or waits for the wire.
      if (deadline > nowNs) next = Math.min(next, deadline);
    }
    return next;
  }

  save(): CableState {
    return {
      directions: this.#sides.map(({ out }) => out.save()),
      statistics: this.#sides.map(({ statistics }) => ({ ...statistics })),
      shown: this.#sides.map((side) => savePartner(shownBy(side))),
    };
  }

  /** Throws FormatError for what is not the state of a cable. */
  check(state: CableState): void {
    checkShape("cable", state, this.save(), new Set(["frames"]));
    for (const direction of state.directions) checkDirection(direction);
    for (const shown of state.shown) partnerOf(shown);
    for (const saved of state.statistics) {
      for (const count of Object.values(saved)) checkStateNumber("cable", count, Number.MAX_SAFE_INTEGER);
    }
  }

  /**
   * Puts back the frames on their way; a port is to be restored before its cable. Ends hear of what is not as it was when
   * the state was saved. Throws FormatError, with nothing changed, for no such state.
   */
  restore(state: CableState): void {
    this.check(state);
    const saved = state.shown.map(partnerOf);
    const before = this.#sides.map(shownBy);
    const carried = this.#carrier;
    for (const [place, side] of this.#sides.entries()) {
      Object.assign(side.statistics, state.statistics[place]);
      side.out.restore(state.directions[place] as DirectionState);
      if ("shown" in side.end) keep(side, side.end.shown);
    }
    this.#carrier = this.#agreed;
    if (!this.#carrier) this.#lose();
    // A port of the machine knows of the link what it knew when the state was saved; other ends are as they were now.
    const same = carries(saved) === carried;
    for (const side of this.#sides) side.up = same || !("shown" in side.end) ? carried : !this.#carrier;
    const [one, other] = this.#sides;
    for (const [place, from, to] of [
      [0, one, other],
      [1, other, one],
    ] as const) {
      const now = shownBy(from);
      if (!sameShown(now, saved[place]) || !sameShown(now, before[place])) this.#introduce(from, to, false);
    }
    this.#tell();
  }

  #line(from: Side, to: Side): CableLine {
    const carrier = (): boolean => this.#carrier;
    return {
      get carrier() {
        return carrier();
      },
      send: (frame) => {
        const taken = this.#send(from, to, frame);
        if (taken) this.#owner.wake();
        return taken;
      },
      ready: () => this.#owner.wake(),
      power: (on) => this.#show(from, to, on ? from.offered : undefined, false),
      show: (shown, again) => {
        checkPartner("shown", shown);
        this.#show(from, to, shown, again);
      },
    };
  }

  #show(from: Side, to: Side, shown: LinkPartner | undefined, again: boolean): void {
    const same = sameShown(shown, shownBy(from));
    keep(from, shown);
    if (!this.#plugged || (same && !again)) return;
    this.#introduce(from, to, again);
    this.#carry();
  }

  /** Tells an end what the other one shows. */
  #introduce(from: Side, to: Side, again: boolean): void {
    to.end.negotiate?.(shownBy(from), again);
  }

  /** The carrier, as both ends make it. */
  get #agreed(): boolean {
    return this.#plugged && carries(this.#sides.map(shownBy));
  }

  /** The carrier comes or goes. */
  #carry(): void {
    const carrier = this.#agreed;
    if (carrier === this.#carrier) return;
    this.#carrier = carrier;
    if (!carrier) this.#lose();
    this.#tell();
  }

  /** What is on its way is lost. */
  #lose(): void {
    for (const { out, statistics } of this.#sides) statistics.lost += out.clear();
  }

  /** Tells the ends of the carrier, which may change again while they hear of it. */
  #tell(): void {
    for (const side of this.#sides) {
      if (side.up === this.#carrier) continue;
      side.up = this.#carrier;
      side.end.link(side.up);
    }
  }

  #send(from: Side, to: Side, frame: Uint8Array): boolean {
    if (!this.#carrier || !isFrame(frame)) {
      from.statistics.lost++;
      return false;
    }
    from.statistics.sent++;
    from.statistics.sentBytes += frame.length;
    if (!from.out.hasRoom(frame.length)) {
      to.statistics.dropped++;
      return false;
    }
    from.out.push(frame, this.#clock.nowNs);
    return true;
  }

  /** Takes frames from an end that does not send by itself, as fast as the wire takes them. */
  #poll(from: Side, to: Side): void {
    const { end, out } = from;
    if (end.next === undefined) return;
    for (let count = 0; count < TURN && out.idle(this.#clock.nowNs); count++) {
      const frame = end.next();
      if (frame === undefined) break;
      this.#send(from, to, frame);
    }
  }

  #deliver({ out }: Side, to: 0 | 1): number {
    const { nowNs } = this.#clock;
    const { end, statistics } = this.#sides[to];
    let count = 0;
    for (; count < TURN; count++) {
      const frame = out.arrived(nowNs);
      if (frame === undefined) break;
      if (!end.receive(frame)) break;
      // The receiver may have pulled the cable.
      if (out.arrived(nowNs) !== frame) break;
      out.shift();
      statistics.received++;
      statistics.receivedBytes += frame.length;
      for (const tap of this.#taps) tap(frame, to, nowNs);
    }
    return count;
  }
}
