// When and how the engine completes invalidations: at once, late, in parts, twice or not at all, as CONTROL and DELAY
// say, so that software's handling of a misbehaving device can be tried.
import * as spec from "../../../assembly/spec/copy-engine/registers.ts";
import { INVALIDATE_TAGS } from "../../../assembly/spec/pci/ats-messages.ts";
import { bits, mask } from "../../core/bits.ts";
import type { Clock } from "../../core/clock.ts";
import { FormatError } from "../../core/errors.ts";
import type { Snapshotable } from "../../core/ports.ts";
import { checkStateNumber } from "../../core/snapshot.ts";

export interface CompletionsState {
  control: number;
  delayNs: number;
  received: number;
  /** ITags and when their completion is due. */
  owed: { tag: number; dueNs: number }[];
}

const WRITABLE =
  mask(spec.CONTROL_HOLD_HI, spec.CONTROL_HOLD_LO) |
  mask(spec.CONTROL_REPEAT_HI, spec.CONTROL_REPEAT_LO) |
  mask(spec.CONTROL_COMPLETIONS_HI, spec.CONTROL_COMPLETIONS_LO);
/** Requests that a root complex can have outstanding, of which more than ITags come only when it lost some. */
const MOST_OWED = 2 * INVALIDATE_TAGS;

export class Completions implements Snapshotable<CompletionsState> {
  delayNs = 0;
  /** Requests since reset. */
  received = 0;
  readonly #clock: Clock;
  readonly #send: (tags: number, count: number) => void;
  #control = 0;
  #owed: { tag: number; dueNs: number }[] = [];

  constructor(clock: Clock, send: (tags: number, count: number) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  get control(): number {
    return this.#control;
  }

  command(value: number): void {
    this.#control = (value & WRITABLE) >>> 0;
    this.tick();
  }

  /** An invalidation is done and its completion owed. */
  add(tag: number): void {
    this.received = (this.received + 1) >>> 0;
    if (this.#owed.length === MOST_OWED) this.#owed.shift();
    this.#owed.push({ tag, dueNs: this.#clock.nowNs + this.delayNs });
    this.tick();
  }

  /** Sends what is due. */
  tick(): void {
    if (this.#held) return;
    const now = this.#clock.nowNs;
    const due = this.#owed.filter(({ dueNs }) => dueNs <= now);
    if (due.length === 0) return;
    this.#owed = this.#owed.filter(({ dueNs }) => dueNs > now);
    const parts = bits(this.#control, spec.CONTROL_COMPLETIONS_HI, spec.CONTROL_COMPLETIONS_LO) + 1;
    const repeated = bits(this.#control, spec.CONTROL_REPEAT_HI, spec.CONTROL_REPEAT_LO) + 1;
    for (const { tag } of due) {
      for (let part = 0; part < parts * repeated; part++) this.#send((1 << tag) >>> 0, parts);
    }
  }

  get nextDeadlineNs(): number {
    return this.#held ? Infinity : Math.min(Infinity, ...this.#owed.map(({ dueNs }) => dueNs));
  }

  /** What is owed stays owed: the root complex waits for it. */
  reset(): void {
    this.#control = 0;
    this.delayNs = 0;
    this.received = 0;
  }

  save(): CompletionsState {
    const owed = this.#owed.map((one) => ({ ...one }));
    return { control: this.#control, delayNs: this.delayNs, received: this.received, owed };
  }

  restore(state: CompletionsState): void {
    for (const number of [state.control, state.delayNs, state.received]) checkStateNumber("copy engine", number);
    if (!Array.isArray(state.owed) || state.owed.length > MOST_OWED) {
      throw new FormatError("copy engine", "owes completions that are no list, or too many");
    }
    for (const { tag, dueNs } of state.owed) {
      checkStateNumber("copy engine", tag, INVALIDATE_TAGS - 1);
      checkStateNumber("copy engine", dueNs, Number.MAX_SAFE_INTEGER);
    }
    this.#control = (state.control & WRITABLE) >>> 0;
    this.delayNs = state.delayNs;
    this.received = state.received;
    this.#owed = state.owed.map((one) => ({ ...one }));
  }

  get #held(): boolean {
    return bits(this.#control, spec.CONTROL_HOLD_HI, spec.CONTROL_HOLD_LO) === 1;
  }
}
