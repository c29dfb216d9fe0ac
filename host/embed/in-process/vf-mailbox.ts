// The VF's end of the mailbox, as igbvf uses it: one buffer of 16 words that either side must own to touch, and status
// bits that a read clears and that must therefore be remembered (I350 §7.8.2.9, §8.26 V2PMAILBOX).
import {
  MAILBOX_WORDS,
  V2PMAILBOX_ACK,
  V2PMAILBOX_PFACK,
  V2PMAILBOX_PFSTS,
  V2PMAILBOX_REQ,
  V2PMAILBOX_RSTD,
  V2PMAILBOX_RSTI,
  V2PMAILBOX_VFU,
} from "../../../assembly/spec/igb/mailbox.ts";
import { V2PMAILBOX, VF_VMBMEM } from "../../../assembly/spec/igb/vf.ts";
import type { Snapshotable } from "../../core/ports.ts";
import type { Guest, Registers } from "./guest.ts";

const READ_TO_CLEAR = V2PMAILBOX_PFSTS | V2PMAILBOX_PFACK | V2PMAILBOX_RSTD;
const RESET = V2PMAILBOX_RSTI | V2PMAILBOX_RSTD;
/** An answer is waited for 2000 times 500 µs; after that the PF counts as gone until the next reset. */
const ANSWER_TRIES = 2000;
const ANSWER_MICROSECONDS = 500;

export interface VfMailboxState {
  alive: boolean;
  remembered: number;
}

export class VfMailbox implements Snapshotable<VfMailboxState> {
  /** Words of the last message read; valid up to its length. */
  readonly message: Uint32Array<ArrayBuffer> = new Uint32Array(MAILBOX_WORDS);
  /** False from a time-out until the next reset: nothing is posted meanwhile. */
  alive = false;
  readonly #guest: Guest;
  readonly #registers: Registers;
  #remembered = 0;

  constructor(guest: Guest, registers: Registers) {
    this.#guest = guest;
    this.#registers = registers;
  }

  /** True once for each reset of the PF that was seen, and as long as it lasts. */
  sawReset(): boolean {
    return this.#take(RESET);
  }

  /** Puts `words` into the buffer and tells the PF. False when the PF owns the buffer. */
  write(words: ArrayLike<number>): boolean {
    if (!this.#lock()) return false;
    this.#take(V2PMAILBOX_PFACK);
    this.#take(V2PMAILBOX_PFSTS);
    for (let index = 0; index < words.length; index++) {
      this.#registers.write(VF_VMBMEM + index * 4, words[index] as number);
    }
    this.#registers.write(V2PMAILBOX, V2PMAILBOX_REQ);
    return true;
  }

  /** Reads `length` words into `message` and acknowledges them. False when the PF owns the buffer. */
  read(length: number): boolean {
    if (!this.#lock()) return false;
    for (let index = 0; index < length; index++) {
      this.message[index] = this.#registers.read(VF_VMBMEM + index * 4);
    }
    this.#registers.write(V2PMAILBOX, V2PMAILBOX_ACK);
    return true;
  }

  /** Writes a request and waits until the PF acknowledges it. */
  post(words: ArrayLike<number>): boolean {
    return this.alive && this.write(words) && this.#await(V2PMAILBOX_PFACK);
  }

  /** Waits for a message of the PF and reads `length` words of it into `message`. */
  receive(length: number): boolean {
    return this.#await(V2PMAILBOX_PFSTS) && this.read(length);
  }

  /** Posts a request and reads the answer of `length` words into `message`. */
  ask(words: ArrayLike<number>, length: number): boolean {
    return this.post(words) && this.receive(length);
  }

  save(): VfMailboxState {
    return { alive: this.alive, remembered: this.#remembered };
  }

  restore(state: VfMailboxState): void {
    this.alive = state.alive;
    this.#remembered = state.remembered;
  }

  #await(bit: number): boolean {
    this.alive = this.#guest.poll(() => this.#take(bit), ANSWER_TRIES, ANSWER_MICROSECONDS);
    return this.alive;
  }

  #lock(): boolean {
    this.#registers.write(V2PMAILBOX, V2PMAILBOX_VFU);
    return (this.#status() & V2PMAILBOX_VFU) !== 0;
  }

  #status(): number {
    const status = this.#registers.read(V2PMAILBOX) | this.#remembered;
    this.#remembered |= status & READ_TO_CLEAR;
    return status;
  }

  #take(mask: number): boolean {
    const status = this.#status();
    this.#remembered &= ~mask;
    return (status & mask) !== 0;
  }
}
