// The soak: worlds of random operations, one after the other, each from a seed of its own.
import { newTally, type Tally } from "./tally.ts";
import { World } from "./world.ts";

/** Operations of one world. */
const PER_WORLD = 5000;

/** A soak that failed, and how to see it again. */
export class SoakError extends Error {
  constructor(seed: number, operation: number, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(`${what}\nreplay: npm run soak -- --seed ${seed} --operations ${operation}`, { cause });
    this.name = "SoakError";
  }
}

/** Runs `operations` from `seed` on: world n has the seed n above. Throws SoakError for what must not happen. */
export async function soak(operations: number, seed: number, progress?: (done: number) => void): Promise<Tally> {
  const tally = newTally();
  for (let world = 0; world * PER_WORLD < operations; world++) {
    const own = (seed + world) >>> 0;
    const count = Math.min(PER_WORLD, operations - world * PER_WORLD);
    let done = 0;
    try {
      const place = await World.create(own, tally);
      while (done < count) {
        done++;
        place.step();
      }
    } catch (error) {
      throw new SoakError(own, done, error);
    }
    progress?.(world * PER_WORLD + done);
  }
  return tally;
}

/** The tally in words, a line each. */
export function reportOf(tally: Tally): string {
  const count = (value: number): string => value.toLocaleString("en");
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  return [
    `${count(tally.operations)} operations: no trap, nothing that the tables do not allow`,
    `${count(tally.allowed)} requests served, ${count(tally.refused)} refused, ${count(tally.interrupts)} interrupts`,
    `${count(tally.written)} bytes written by DMA, each where the explanation allows it`,
    `${count(tally.translations)} translations for device TLBs, ${count(tally.translated)} translated requests, ${count(tally.pages)} page requests`,
    `${count(tally.statuses)} status words written by the invalidation queue, each a wait descriptor's`,
    `${count(tally.unjudged)} pages not judged: too many stale possibilities, or registers among them`,
    `slowest register access ${ms(tally.slowestAccess)}, slowest request ${ms(tally.slowestDma)}`,
    "",
  ].join("\n");
}
