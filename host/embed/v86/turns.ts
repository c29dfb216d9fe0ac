// The emulator's loop and our time: between two pieces of the guest's execution the board's clock follows the emulator's
// own, devices work, and interrupts are handed over.
//
//   guest runs ── doorbell: work is marked ── guest runs on ── halts, or its piece ends ── turn ── guest runs
import type { Board } from "./board.ts";
import type { V86Cpu } from "./cpu.ts";
import type { GuestRam } from "./guest-ram.ts";
import type { Takeover } from "./takeover.ts";

const NS_PER_MS = 1e6;
/** Nanoseconds after which devices have a turn although nobody asked for one: frames may have come from outside. */
const PATIENCE = 250_000;
/** The most milliseconds from one look at the time to the next: devices do not make up for an emulator that stood still. */
const MAX_SPAN_MS = 1000;
/** Instructions of a piece of the guest's execution: with as many more the counter says that it is over. */
const PIECE = 100_003;

export interface TurnsOptions {
  cpu: V86Cpu;
  /** Whether the emulator runs, or was stopped. */
  isRunning(): boolean;
  board: Board;
  /** The guest's. */
  ram: GuestRam;
  /** Hands interrupts over, between two pieces of the guest's execution. */
  flush(): void;
  /** The board is disposed of: takes everything back. */
  leave(): void;
  /** Gives the time in milliseconds. */
  measure: (() => number) | undefined;
}

export class Turns {
  readonly #cpu: V86Cpu;
  readonly #isRunning: () => boolean;
  readonly #board: Board;
  readonly #ram: GuestRam;
  readonly #flush: () => void;
  readonly #leave: () => void;
  readonly #measure: (() => number) | undefined;
  /** The emulator's milliseconds when the board's clock was 0; undefined until the first turn. */
  #origin: number | undefined;
  /** The emulator's milliseconds at the last look. */
  #seen = 0;
  #inGuest = false;
  #wanted = false;
  /** The guest wrote something, or somebody called. */
  #asked = true;
  /** When the board has something due, and when it had its last turn, in its own time. */
  #dueNs = 0;
  #lastNs = 0;
  /** Turns, frames that moved in them, and milliseconds that they took where they are measured. */
  turns = 0;
  frames = 0;
  milliseconds = 0;
  /** What a board threw: the embedder's memory or functions failed. */
  #failure: unknown;

  constructor({ cpu, isRunning, board, ram, flush, leave, measure }: TurnsOptions) {
    this.#cpu = cpu;
    this.#isRunning = isRunning;
    this.#board = board;
    this.#ram = ram;
    this.#flush = flush;
    this.#leave = leave;
    this.#measure = measure;
  }

  /** Puts itself into the emulator's loop. */
  take(takeover: Takeover): void {
    const cpu = this.#cpu;
    const loop = cpu.main_loop;
    const timers = cpu.run_hardware_timers;
    takeover.replace(cpu, "main_loop", () => {
      if (this.#board.disposed) {
        this.#leave();
        return loop.call(cpu);
      }
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
    this.#asked = true;
    if (!this.#inGuest) {
      this.#wakeUp();
      return;
    }
    if (this.#wanted) return;
    this.#wanted = true;
    const counter = this.#cpu.instruction_counter;
    counter[0] = (counter[0] as number) + PIECE;
  }

  /** Lets a guest that waits for time to pass run again: something came from outside. */
  wake(): void {
    this.#asked = true;
    if (!this.#inGuest) this.#wakeUp();
  }

  /** One that is stopped stays so, and would say once more that it is. */
  #wakeUp(): void {
    if (this.#isRunning()) this.#cpu.stop_idling();
  }

  /** The guest wrote to a device: the next turn is not left out. */
  ask(): void {
    this.#asked = true;
  }

  /** The board's clock was set: it goes on from there. */
  rebase(): void {
    this.#origin = undefined;
    this.#asked = true;
  }

  /** The board's time, in nanoseconds, at the emulator's `now`; never before what has passed for the board already. */
  #timeOf(now: number): number {
    const { nowNs } = this.#board;
    if (this.#origin === undefined) {
      this.#origin = now - nowNs / NS_PER_MS;
      this.#seen = now;
    }
    this.#origin += Math.max(0, now - this.#seen - MAX_SPAN_MS);
    this.#seen = now;
    const target = Math.floor((now - this.#origin) * NS_PER_MS);
    if (target >= nowNs) return target;
    // Others on the same machine have let more time pass, those that did not stand still: it is everybody's.
    this.#origin = now - nowNs / NS_PER_MS;
    return nowNs;
  }

  /** Milliseconds until something is due. */
  #turn(now: number): number {
    const board = this.#board;
    // Whoever restored the board by itself may have set its clock back.
    if (board.nowNs < this.#lastNs) this.rebase();
    const target = this.#timeOf(now);
    if (!this.#asked && target < this.#dueNs && target - this.#lastNs < PATIENCE) {
      return (this.#dueNs - target) / NS_PER_MS;
    }
    const begin = this.#measure?.();
    this.#inGuest = false;
    this.#wanted = false;
    this.#asked = false;
    this.turns++;
    try {
      this.frames += this.#ram.duringTurn(() => board.run(target - board.nowNs));
      this.#flush();
      this.#lastNs = board.nowNs;
      this.#dueNs = board.nextDeadlineNs;
      return (this.#dueNs - this.#lastNs) / NS_PER_MS;
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
