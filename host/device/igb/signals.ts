// From what the data path left to interrupts: causes of queues, misbehaviour, missed frames; and the messages of the
// PF and its VFs whose throttling is over.
import { COUNT_MISSED, PORT_CAUSES, QUEUES_MAX } from "../../../assembly/spec/abi/port.ts";
import { PORT_IMMEDIATE } from "../../../assembly/spec/abi/port-offload.ts";
import { ICR_RX_MISS } from "../../../assembly/spec/igb/interrupt.ts";
import { POOLS } from "../../../assembly/spec/igb/virtualization.ts";
import { lowestBit } from "../../core/bits.ts";
import type { Trace } from "../../core/trace.ts";
import type { InterruptBlock } from "./interrupts.ts";
import { takeMisbehaviour } from "./misbehaviour.ts";
import type { PfInterrupts } from "./pf-interrupts.ts";
import type { PortState } from "./port-state.ts";
import type { RegisterFile } from "./register-file.ts";
import type { VirtualFunction } from "./virtual-function.ts";

export interface SignalsOptions {
  state: PortState;
  registers: RegisterFile;
  interrupts: PfInterrupts;
  /** Every VF that there may be, and how many there are now. */
  vfs: readonly VirtualFunction[];
  present(): number;
  /** The requester ID of a queue's owner. */
  requesterOf(queue: number): number;
  trace: Trace | undefined;
}

export class Signals {
  readonly #options: SignalsOptions;
  #missed = 0;
  /** Some message waits for its interval to end. */
  #throttled = false;

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** Frames missed, as far as the PF was told. */
  get missed(): number {
    return this.#missed;
  }

  set missed(count: number) {
    this.#missed = count;
  }

  /** A message waits for its interval to end: `tick` is due. */
  get throttled(): boolean {
    return this.#throttled;
  }

  /** Some block has such a message from now on. */
  throttle(): void {
    this.#throttled = true;
  }

  /** When a throttled interrupt is due, in the machine's nanoseconds; infinity when none waits. */
  get deadlineNs(): number {
    const { interrupts, vfs } = this.#options;
    let next = interrupts.block.deadlineNs;
    for (const vf of vfs) next = Math.min(next, vf.interrupts.deadlineNs);
    return next;
  }

  /** Sends the messages whose throttling is over. */
  tick(): void {
    const blocks = this.#blocks;
    for (const block of blocks) block.tick();
    this.#throttled = blocks.some((block) => block.waiting);
  }

  /** Turns what the data path left into interrupts. */
  collect(): void {
    const { state, registers, interrupts, vfs, trace } = this.#options;
    const causes = state.get(PORT_CAUSES);
    state.set(PORT_CAUSES, 0);
    const immediate = state.get(PORT_IMMEDIATE);
    if (immediate !== 0) state.set(PORT_IMMEDIATE, 0);
    const present = this.#options.present();
    for (let left = causes; left !== 0; left = (left & (left - 1)) >>> 0) {
      const bit = lowestBit(left);
      const queue = bit & (QUEUES_MAX - 1);
      const transmit = bit >= QUEUES_MAX;
      const urgent = !transmit && ((immediate >>> queue) & 1) !== 0;
      const pool = queue & (POOLS - 1);
      if (pool < present) vfs[pool]?.queueCause(Math.floor(queue / POOLS), transmit, urgent);
      else interrupts.queueCause(queue, transmit, urgent);
    }
    let events = takeMisbehaviour(registers, state, trace?.listener, this.#options.requesterOf);
    const missed = state.get(COUNT_MISSED);
    if (missed !== this.#missed) {
      events |= ICR_RX_MISS;
      this.#missed = missed;
    }
    if (events !== 0) interrupts.set(events);
  }

  get #blocks(): InterruptBlock[] {
    const { interrupts, vfs } = this.#options;
    return [interrupts.block, ...vfs.map((vf) => vf.interrupts)];
  }
}
