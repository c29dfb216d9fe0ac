// The cables of one machine, and their turns.

import { checkFunction, checkText } from "../../core/arguments.ts";
import { type Clock, checkMoment } from "../../core/clock.ts";
import { ArgumentError, ReentryError } from "../../core/errors.ts";
import type { Snapshotable } from "../../core/ports.ts";
import { IgbPort } from "../../device/igb/port.ts";
import { Cable, type CableOptions, type CableOwner, type CableState } from "./cable.ts";
import type { CableEnd } from "./end.ts";
import { PortEnd } from "./port-end.ts";

const METHODS = ["attach", "link", "receive"] as const;

export class Cables implements Snapshotable<readonly CableState[]> {
  readonly #clock: Clock;
  readonly #cables = new Set<Cable>();
  readonly #owner: CableOwner = {
    pulled: (cable) => void this.#cables.delete(cable),
    wake: () => {
      if (!this.#turning) for (const listener of this.#wakers) listener();
    },
  };
  readonly #refuse: (call: string) => void;
  readonly #wakers = new Set<() => void>();
  #turning = false;

  /** @param refuse throws when nothing may be plugged in now. */
  constructor(clock: Clock, refuse: (call: string) => void) {
    this.#clock = clock;
    this.#refuse = refuse;
  }

  /** The cables that are plugged in, the oldest first. */
  get all(): readonly Cable[] {
    return [...this.#cables];
  }

  /**
   * Plugs a cable in at both ends: the links come up. A port, or any other end; a port of another machine too, which
   * then takes its frames when that one runs. Throws ArgumentError, with nothing plugged in, for an end that is none or
   * is plugged in already, or for options that no cable has.
   */
  plug(one: IgbPort | CableEnd, other: IgbPort | CableEnd, options: CableOptions = {}): Cable {
    this.#refuse("plug");
    this.#refuseReentry("plug");
    const ends = [endOf("one", one), endOf("other", other)] as const;
    const cable = new Cable(this.#clock, ends, options, this.#owner);
    this.#cables.add(cable);
    return cable;
  }

  /**
   * Calls `listener` when an end has sent something between two turns: whoever runs the machine need not wait until it
   * would have run it again. Returns what ends that.
   */
  onWake(listener: () => void): () => void {
    checkFunction("listener", listener);
    this.#wakers.add(listener);
    return () => void this.#wakers.delete(listener);
  }

  /** Pulls every cable. */
  pull(): void {
    for (const cable of this.all) cable.pull();
  }

  /** Lets every cable carry. Returns how many frames arrived. */
  turn(): number {
    if (this.#cables.size === 0) return 0;
    this.#refuseReentry("run");
    this.#turning = true;
    try {
      let arrived = 0;
      for (const cable of this.#cables) arrived += cable.turn();
      return arrived;
    } finally {
      this.#turning = false;
    }
  }

  /** When a cable has something to do without being asked; infinity when never. */
  get nextDeadlineNs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const cable of this.#cables) next = Math.min(next, cable.nextDeadlineNs);
    return next;
  }

  save(): CableState[] {
    return this.all.map((cable) => cable.save());
  }

  /**
   * Puts back what `save` gave; the same cables are plugged in, in the same order. Throws ArgumentError otherwise, and
   * FormatError, with nothing changed, for what is not the state of cables.
   */
  restore(states: readonly CableState[]): void {
    if (!Array.isArray(states)) throw new ArgumentError("state", states, "is not a list of cables' states");
    if (states.length !== this.#cables.size) {
      throw new ArgumentError("state", states.length, `cables are not the ${this.#cables.size} of this machine`);
    }
    for (const [place, cable] of this.all.entries()) cable.check(states[place] as CableState);
    for (const [place, cable] of this.all.entries()) cable.restore(states[place] as CableState);
  }

  #refuseReentry(call: string): void {
    if (this.#turning) throw new ReentryError(call, "a cable's end");
  }
}

function endOf(parameter: string, value: IgbPort | CableEnd): CableEnd {
  if (value instanceof IgbPort) return new PortEnd(value);
  const methods =
    typeof value === "object" && value !== null && METHODS.every((name) => typeof value[name] === "function");
  if (!methods) throw new ArgumentError(parameter, value, "is neither a port nor another end of a cable");
  checkText(`${parameter}.name`, value.name);
  if (value.nextDeadlineNs !== undefined) checkMoment("nextDeadlineNs", value.nextDeadlineNs, value.name);
  return value;
}
