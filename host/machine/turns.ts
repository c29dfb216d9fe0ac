// The passage of a machine's time: at each moment at which something is due, every part has its turn.
import type { Clock } from "../core/clock.ts";
import type { IgbCard } from "../device/igb/card.ts";
import type { Cables } from "./cable/cables.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Interrupts } from "./interrupts.ts";
import type { IommuUnit } from "./iommu-unit.ts";

/** Frames that one port moves before the others have their turn. */
const SERVICE_BUDGET = 1024;
/** How often at one moment the ports have their turn, while cables bring them frames. */
const PASSES = 4;

/** Who has a turn. */
export interface TurnTakers {
  clock: Clock;
  cards: readonly IgbCard[];
  endpoints: Endpoints;
  cables: Cables;
  iommu: IommuUnit;
  interrupts: Interrupts;
}

export class Turns {
  readonly #takers: TurnTakers;

  constructor(takers: TurnTakers) {
    this.#takers = takers;
  }

  /**
   * Lets time pass until `end`, or the first moment at which `until` says so. Returns the frames moved.
   * Throws ArgumentError, with the clock where it is then, for a deadline of a device or of a cable's end that is none
   * and for a device whose `service` returns no number.
   */
  run(end: number, until: (() => boolean) | undefined): number {
    const { clock, endpoints, cables, iommu, interrupts } = this.#takers;
    let moved = 0;
    for (;;) {
      let arrived = 0;
      for (let pass = 0; pass < PASSES; pass++) {
        moved += this.#serve();
        arrived = cables.turn();
        if (arrived === 0) break;
      }
      iommu.ats.expire();
      iommu.work();
      interrupts.flush();
      const now = clock.nowNs;
      if (now >= end || until?.() === true) return moved;
      const next = arrived > 0 ? now : this.#next(endpoints.nextAfterTurnNs(now), end, iommu.ats.nextDeadlineNs);
      clock.advance(Math.max(next, now + 1) - now);
    }
  }

  /** When something is due without being asked, in the clock's nanoseconds; infinity when nothing is. */
  get nextDeadlineNs(): number {
    return this.#next(this.#takers.endpoints.nextDeadlineNs);
  }

  /** The earliest of `moments` and of what cables and ports have to do. */
  #next(...moments: number[]): number {
    const { cables, cards } = this.#takers;
    let next = Math.min(...moments, cables.nextDeadlineNs);
    for (const card of cards) for (const port of card.ports) next = Math.min(next, port.nextDeadlineNs);
    return next;
  }

  /** Gives every device its turn. Returns how many frames moved. */
  #serve(): number {
    const { cards, endpoints } = this.#takers;
    let moved = 0;
    for (const card of cards) for (const port of card.ports) moved += port.service(SERVICE_BUDGET);
    return moved + endpoints.service(SERVICE_BUDGET);
  }
}
