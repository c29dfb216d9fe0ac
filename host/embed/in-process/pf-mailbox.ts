// The PF's end of the mailboxes, as igb uses it: for each VF one buffer of 16 words that either side must own to touch,
// and bits that say who asks, who acknowledged, and who was reset (I350 §7.8.2.9, §8.14).
import {
  MAILBOX_WORDS,
  MBVFICR_VFACK_LO,
  MBVFICR_VFREQ_LO,
  P2VMAILBOX_ACK,
  P2VMAILBOX_PFU,
  P2VMAILBOX_STS,
} from "../../../assembly/spec/igb/mailbox.ts";
import { MBVFICR, P2VMAILBOX, VFLRE, VMBMEM, VMBMEM_STRIDE } from "../../../assembly/spec/igb/virtualization.ts";
import type { Registers } from "./guest.ts";

export class PfMailbox {
  /** The last message read. */
  readonly message: Uint32Array = new Uint32Array(MAILBOX_WORDS);
  readonly #registers: Registers;

  constructor(registers: Registers) {
    this.#registers = registers;
  }

  /** True once for each reset of VF `vf`. */
  takeReset(vf: number): boolean {
    return this.#take(VFLRE, 1 << vf);
  }

  /** True once for each request of VF `vf`. */
  takeRequest(vf: number): boolean {
    return this.#take(MBVFICR, 1 << (MBVFICR_VFREQ_LO + vf));
  }

  /** True once for each acknowledgement of VF `vf`. */
  takeAcknowledgement(vf: number): boolean {
    return this.#take(MBVFICR, 1 << (MBVFICR_VFACK_LO + vf));
  }

  /** Puts `words` into VF `vf`'s buffer and tells the VF. False when the VF owns the buffer. */
  write(vf: number, words: readonly number[]): boolean {
    if (!this.#lock(vf)) return false;
    this.takeRequest(vf);
    this.takeAcknowledgement(vf);
    const buffer = VMBMEM + vf * VMBMEM_STRIDE;
    for (const [index, word] of words.entries()) this.#registers.write(buffer + index * 4, word);
    this.#registers.write(P2VMAILBOX + vf * 4, P2VMAILBOX_STS);
    return true;
  }

  /** Reads all of VF `vf`'s buffer into `message` and acknowledges it. False when the VF owns the buffer. */
  read(vf: number): boolean {
    if (!this.#lock(vf)) return false;
    const buffer = VMBMEM + vf * VMBMEM_STRIDE;
    for (let index = 0; index < MAILBOX_WORDS; index++) {
      this.message[index] = this.#registers.read(buffer + index * 4);
    }
    this.#registers.write(P2VMAILBOX + vf * 4, P2VMAILBOX_ACK);
    return true;
  }

  #take(register: number, bit: number): boolean {
    if ((this.#registers.read(register) & bit) === 0) return false;
    this.#registers.write(register, bit);
    return true;
  }

  #lock(vf: number): boolean {
    this.#registers.write(P2VMAILBOX + vf * 4, P2VMAILBOX_PFU);
    return (this.#registers.read(P2VMAILBOX + vf * 4) & P2VMAILBOX_PFU) !== 0;
  }
}
