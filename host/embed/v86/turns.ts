// The emulator's loop and our time: between two pieces of the guest's execution the board's clock follows the emulator's
// own, devices work, and interrupts are handed over.
//
//   guest runs ── doorbell: work is marked ── guest runs on ── halts, or its piece ends ── turn ── guest runs
import type { Board } from "./board.ts";
import type { V86Cpu } from "./cpu.ts";
import type { InterruptQueue } from "./interrupts.ts";
import type { Takeover } from "./takeover.ts";

const NS_PER_MS = 1e6;
/** Instructions of a piece of the guest's execution: with as many more the counter says that it is over. */
const PIECE = 100_003;

export class Turns {
  readonly #cpu: V86Cpu;
  readonly #board: Board;
  readonly #interrupts: InterruptQueue;
  readonly #measure: (() => number) | undefined;
  /** The emulator's milliseconds when the board's clock was 0; undefined until the first turn. */
  #origin: number | undefined;
  #inGuest = false;
  #wanted = false;
  /** Turns, frames that moved in them, and milliseconds that they took where they are measured. */
  turns = 0;
  frames = 0;
  milliseconds = 0;
  /** What a board threw: the embedder's memory or functions failed. */
  #failure: unknown;

  constructor(cpu: V86Cpu, board: Board, interrupts: InterruptQueue, measure: (() => number) | undefined) {
    this.#cpu = cpu;
    this.#board = board;
    this.#interrupts = interrupts;
    this.#measure = measure;
  }

  /** Puts itself into the emulator's loop. */
  take(takeover: Takeover): void {
    const cpu = this.#cpu;
    const loop = cpu.main_loop;
    const timers = cpu.run_hardware_timers;
    takeover.replace(cpu, "main_loop", () => {
      this.#inGuest = true;
      try {
        return loop.call(cpu);
      } finally {
        this.#inGuest = false;
        this.#rethrow();
      }
    });
    takeover.replace(cpu, "run_hardware_timers", (acpi, now) => {
      const next = timers.call(cpu, acpi, now);
      return Math.min(next, this.#turn(now));
    });
  }

  /** An interrupt waits: the next turn comes as soon as the guest's code allows it, and at once if the guest sleeps. */
  hurry(): void {
    if (!this.#inGuest) {
      this.#cpu.stop_idling();
      return;
    }
    if (this.#wanted) return;
    this.#wanted = true;
    const counter = this.#cpu.instruction_counter;
    counter[0] = (counter[0] as number) + PIECE;
  }

  /** Lets a guest that waits for time to pass run again: something came from outside. */
  wake(): void {
    if (!this.#inGuest) this.#cpu.stop_idling();
  }

  /** The board's clock was set: it goes on from there. */
  rebase(): void {
    this.#origin = undefined;
  }

  /** Milliseconds until something is due. */
  #turn(now: number): number {
    const begin = this.#measure?.();
    const board = this.#board;
    this.#inGuest = false;
    this.#wanted = false;
    this.turns++;
    try {
      this.#origin ??= now - board.nowNs / NS_PER_MS;
      const target = Math.floor((now - this.#origin) * NS_PER_MS);
      this.frames += board.run(Math.max(0, target - board.nowNs));
      this.#interrupts.flush(this.#cpu);
      return (board.nextDeadlineNs - board.nowNs) / NS_PER_MS;
    } catch (error) {
      this.#failure ??= error;
      return Number.POSITIVE_INFINITY;
    } finally {
      this.#inGuest = true;
      if (begin !== undefined) this.milliseconds += (this.#measure?.() ?? begin) - begin;
    }
  }

  /** Fails where the emulator's owner sees it, not inside its WebAssembly. */
  #rethrow(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }
}
