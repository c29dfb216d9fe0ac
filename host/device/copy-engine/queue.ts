// One work queue: fetches descriptors from its ring, does them page by page, reports. Whatever page is missing, of the
// ring too, it asks for and goes on where it was when software says that the page is there.
import * as spec from "../../../assembly/spec/copy-engine/descriptor.ts";
import * as registers from "../../../assembly/spec/copy-engine/registers.ts";
import { bits, place as field, mask } from "../../core/bits.ts";
import { FormatError } from "../../core/errors.ts";
import type { Snapshotable } from "../../core/ports.ts";
import { checkShape, checkStateNumber } from "../../core/snapshot.ts";
import type { AddressSpace } from "./atc.ts";
import type { PageGroups } from "./page-groups.ts";
import type { Place, Span, Translator } from "./translator.ts";

const PAGE_SIZE = 4096;
const PATTERN_SIZE = 8;
/** Times in a row that a page that software says is there may be missing still. */
const MOST_RETRIES = 8;
const RING_LOW = mask(registers.QUEUE_RING_LOW_ADDRESS_HI, registers.QUEUE_RING_LOW_ADDRESS_LO);
const INDEX = mask(registers.QUEUE_INDEX_HI, registers.QUEUE_INDEX_LO);
const SIZE = mask(registers.QUEUE_SIZE_LOG2_HI, registers.QUEUE_SIZE_LOG2_LO);
const ENABLE = mask(registers.QUEUE_CONTROL_ENABLE_HI, registers.QUEUE_CONTROL_ENABLE_LO);
const STOP = mask(registers.QUEUE_CONTROL_STOP_HI, registers.QUEUE_CONTROL_STOP_LO);
const PASID =
  mask(registers.QUEUE_PASID_VALUE_HI, registers.QUEUE_PASID_VALUE_LO) |
  mask(registers.QUEUE_PASID_PRESENT_HI, registers.QUEUE_PASID_PRIVILEGED_LO);

type Phase = "fetch" | "work" | "report";
const PHASES: readonly Phase[] = ["fetch", "work", "report"];

export interface QueueState {
  ringLow: number;
  ringHigh: number;
  size: number;
  head: number;
  tail: number;
  pasid: number;
  control: number;
  /** What the queue halted with, 0 while it has not. */
  error: number;
  phase: Phase;
  descriptor: Uint8Array;
  /** Bytes of the descriptor that are done, and its STATUS_ code once it is decided. */
  done: number;
  outcome: number;
  /** A group of page requests is unanswered. */
  waiting: boolean;
  retries: number;
}

export interface QueueOptions {
  number: number;
  translator: Translator;
  groups: PageGroups;
  interrupt(queue: number): void;
}

export class WorkQueue implements Snapshotable<QueueState> {
  readonly #options: QueueOptions;
  #state: QueueState = fresh();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  read(offset: number): number {
    const state = this.#state;
    switch (offset) {
      case registers.QUEUE_RING_LOW:
        return state.ringLow;
      case registers.QUEUE_RING_HIGH:
        return state.ringHigh;
      case registers.QUEUE_SIZE:
        return state.size;
      case registers.QUEUE_HEAD:
        return state.head;
      case registers.QUEUE_TAIL:
        return state.tail;
      case registers.QUEUE_PASID:
        return state.pasid;
      case registers.QUEUE_CONTROL:
        return state.control;
      case registers.QUEUE_STATUS:
        return this.#status;
      default:
        return 0;
    }
  }

  /** Ring and PASID belong to the engine while the queue is enabled: writes of them are dropped. */
  write(offset: number, value: number): void {
    const state = this.#state;
    if (offset === registers.QUEUE_TAIL) state.tail = (value & INDEX) >>> 0;
    else if (offset === registers.QUEUE_CONTROL) this.#command(value);
    else if (this.#enabled) return;
    else if (offset === registers.QUEUE_RING_LOW) state.ringLow = (value & RING_LOW) >>> 0;
    else if (offset === registers.QUEUE_RING_HIGH) state.ringHigh = value >>> 0;
    else if (offset === registers.QUEUE_SIZE) state.size = (value & SIZE) >>> 0;
    else if (offset === registers.QUEUE_PASID) state.pasid = (value & PASID) >>> 0;
  }

  /** Does one page of work at most. Returns whether there was any to do. */
  step(): boolean {
    const state = this.#state;
    if (!this.#enabled || state.error !== 0 || state.waiting) return false;
    if (state.phase === "fetch") return this.#fetch();
    return state.phase === "work" ? this.#work() : this.#report();
  }

  /** The pages that this queue asked for came, or will not. */
  answered(served: boolean): void {
    const state = this.#state;
    state.waiting = false;
    if (!served) this.#fail(spec.STATUS_PAGE_FAULT);
  }

  reset(): void {
    this.#state = fresh();
  }

  save(): QueueState {
    return { ...this.#state, descriptor: this.#state.descriptor.slice() };
  }

  restore(state: QueueState): void {
    checkShape("copy engine", state, this.#state, new Set());
    for (const value of Object.values(state)) if (typeof value === "number") checkStateNumber("copy engine", value);
    if (!PHASES.includes(state.phase)) throw new FormatError("copy engine", `${state.phase} is no phase`);
    this.#state = { ...state, descriptor: state.descriptor.slice() };
  }

  get #enabled(): boolean {
    return (this.#state.control & ENABLE) !== 0;
  }

  get #space(): AddressSpace {
    const { pasid } = this.#state;
    const flag = (hi: number, lo: number): boolean => bits(pasid, hi, lo) === 1;
    if (!flag(registers.QUEUE_PASID_PRESENT_HI, registers.QUEUE_PASID_PRESENT_LO)) {
      return { pasid: undefined, privileged: false };
    }
    return {
      pasid: bits(pasid, registers.QUEUE_PASID_VALUE_HI, registers.QUEUE_PASID_VALUE_LO),
      privileged: flag(registers.QUEUE_PASID_PRIVILEGED_HI, registers.QUEUE_PASID_PRIVILEGED_LO),
    };
  }

  get #status(): number {
    const { error, waiting, head, tail, phase } = this.#state;
    let now = registers.STATE_RUNNING;
    if (!this.#enabled) now = registers.STATE_DISABLED;
    else if (error !== 0) now = registers.STATE_HALTED;
    else if (waiting) now = registers.STATE_WAITING;
    else if (head === this.#index(tail) && phase === "fetch") now = registers.STATE_IDLE;
    return (
      (field(now, registers.QUEUE_STATUS_STATE_HI, registers.QUEUE_STATUS_STATE_LO) |
        field(error, registers.QUEUE_STATUS_ERROR_HI, registers.QUEUE_STATUS_ERROR_LO)) >>>
      0
    );
  }

  #index(counter: number): number {
    return counter % 2 ** this.#state.size;
  }

  #command(value: number): void {
    const state = this.#state;
    const before = this.#enabled;
    state.control = (value & (ENABLE | (before ? STOP : 0))) >>> 0;
    if (this.#enabled === before) return;
    if (before) this.#options.groups.abandon(this.#options.number);
    const { ringLow, ringHigh, size, pasid, control } = state;
    this.#state = { ...fresh(), ringLow, ringHigh, size, pasid, control };
  }

  #fetch(): boolean {
    const state = this.#state;
    if ((state.control & STOP) !== 0) {
      this.#options.groups.stopMarker(this.#space);
      this.#command(0);
      return true;
    }
    if (state.head === this.#index(state.tail)) return false;
    const target = new Uint8Array(spec.DESCRIPTOR_SIZE);
    const [place] = this.#reach([this.#slot(0, false)], true) ?? [];
    if (place === undefined) return state.error !== 0;
    if (!this.#options.translator.read(place, target)) {
      this.#fail(spec.STATUS_ACCESS);
      return true;
    }
    Object.assign(state, { descriptor: target, done: 0, outcome: 0, retries: 0, phase: "work" });
    return true;
  }

  #work(): boolean {
    const state = this.#state;
    const view = words(state.descriptor);
    const control = view.getUint32(spec.DESCRIPTOR_CONTROL, true);
    const opcode = bits(control, spec.DESCRIPTOR_OPCODE_HI, spec.DESCRIPTOR_OPCODE_LO);
    const reserved = bits(control, spec.DESCRIPTOR_RESERVED_HI, spec.DESCRIPTOR_RESERVED_LO);
    if (opcode > spec.OPCODE_FILL || reserved !== 0) return this.#finish(spec.STATUS_INVALID);
    const length = view.getUint32(spec.DESCRIPTOR_LENGTH, true);
    const left = opcode === spec.OPCODE_NOP ? 0 : length - state.done;
    if (left === 0) return this.#finish(spec.STATUS_SUCCESS);
    const source = spanAt(view, spec.DESCRIPTOR_SOURCE, state.done, false);
    const destination = spanAt(view, spec.DESCRIPTOR_DESTINATION, state.done, true);
    const copying = opcode === spec.OPCODE_COPY;
    const piece = new Uint8Array(Math.min(left, room(destination), copying ? room(source) : PAGE_SIZE));
    const blocks = bits(control, spec.DESCRIPTOR_BLOCK_HI, spec.DESCRIPTOR_BLOCK_LO) === 1;
    const places = this.#reach(copying ? [destination, source] : [destination], blocks);
    if (places === undefined) return state.outcome !== 0;
    const [to, from] = places;
    const { translator } = this.#options;
    if (from === undefined) fill(piece, state.descriptor.subarray(spec.DESCRIPTOR_SOURCE), state.done);
    else if (!translator.read(from, piece)) return this.#finish(spec.STATUS_ACCESS);
    if (!translator.write(to as Place, piece)) return this.#finish(spec.STATUS_ACCESS);
    state.done += piece.length;
    state.retries = 0;
    return true;
  }

  #report(): boolean {
    const state = this.#state;
    const [place] = this.#reach([this.#slot(spec.DESCRIPTOR_STATUS, true)], true) ?? [];
    if (place === undefined) return state.error !== 0;
    const report = new Uint8Array(spec.DESCRIPTOR_REPORT_SIZE);
    words(report).setUint32(0, state.outcome, true);
    words(report).setUint32(spec.DESCRIPTOR_DONE - spec.DESCRIPTOR_STATUS, state.done, true);
    if (!this.#options.translator.write(place, report)) {
      this.#fail(spec.STATUS_ACCESS);
      return true;
    }
    const control = words(state.descriptor).getUint32(spec.DESCRIPTOR_CONTROL, true);
    Object.assign(state, { head: this.#index(state.head + 1), retries: 0, phase: "fetch" });
    if (bits(control, spec.DESCRIPTOR_INTERRUPT_HI, spec.DESCRIPTOR_INTERRUPT_LO) === 1) {
      this.#options.interrupt(this.#options.number);
    }
    return true;
  }

  /** The place of the current descriptor in the ring, `offset` bytes in. */
  #slot(offset: number, write: boolean): Span {
    const low = this.#state.ringLow + this.#state.head * spec.DESCRIPTOR_SIZE + offset;
    return { lo: low >>> 0, hi: (this.#state.ringHigh + Math.floor(low / 2 ** 32)) >>> 0, write };
  }

  /** Where all of `spans` lead; undefined when the queue has to wait for pages or credits, or failed. */
  #reach(spans: readonly Span[], blocks: boolean): Place[] | undefined {
    const { translator, groups, number } = this.#options;
    const space = this.#space;
    const places = spans.map((span) => translator.resolve(space, span));
    const refused = places.find((place) => place.kind === "refused");
    if (refused?.kind === "refused") {
      this.#fail(refused.code);
      return undefined;
    }
    const missing = spans.filter((_, index) => places[index]?.kind === "missing");
    if (missing.length === 0) return places;
    const state = this.#state;
    const affords = groups.affords(missing.length);
    if (!blocks || !groups.open || affords === "never" || state.retries >= MOST_RETRIES) {
      this.#fail(spec.STATUS_PAGE_FAULT);
      return undefined;
    }
    if (affords === "later") return undefined;
    state.retries++;
    state.waiting = true;
    groups.request(number, space, missing);
    return undefined;
  }

  /** Ends the descriptor that is at work, or halts the queue when its ring is at fault. */
  #fail(code: number): void {
    if (this.#state.phase === "work") this.#finish(code);
    else this.#state.error = code;
  }

  #finish(code: number): true {
    Object.assign(this.#state, { outcome: code, phase: "report", retries: 0 });
    return true;
  }
}

function fresh(): QueueState {
  return {
    ringLow: 0,
    ringHigh: 0,
    size: 0,
    head: 0,
    tail: 0,
    pasid: 0,
    control: 0,
    error: 0,
    phase: "fetch",
    descriptor: new Uint8Array(spec.DESCRIPTOR_SIZE),
    done: 0,
    outcome: 0,
    waiting: false,
    retries: 0,
  };
}

function words(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The address in a descriptor, `ahead` bytes on. */
function spanAt(view: DataView, offset: number, ahead: number, write: boolean): Span {
  const low = view.getUint32(offset, true) + ahead;
  return { lo: low >>> 0, hi: (view.getUint32(offset + 4, true) + Math.floor(low / 2 ** 32)) >>> 0, write };
}

/** Bytes from a span's address to the end of its page. */
function room(span: Span): number {
  return PAGE_SIZE - (span.lo % PAGE_SIZE);
}

/** Fills `piece`, which begins `done` bytes into the whole, with the first 8 bytes of `pattern` again and again. */
function fill(piece: Uint8Array, pattern: Uint8Array, done: number): void {
  for (let at = 0; at < piece.length; at++) piece[at] = pattern[(done + at) % PATTERN_SIZE] as number;
}
