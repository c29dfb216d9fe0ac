// The mailbox of each VF, both sides of it, and the PF's view of all (I350 §7.8.2.9, §8.14.1 to §8.14.6).
import {
  MAILBOX_WORDS,
  MBVFICR_VFACK_LO,
  MBVFICR_VFREQ_LO,
  P2VMAILBOX_ACK,
  P2VMAILBOX_PFU,
  P2VMAILBOX_RVFU,
  P2VMAILBOX_STS,
  P2VMAILBOX_VFU,
  V2PMAILBOX_ACK,
  V2PMAILBOX_PFACK,
  V2PMAILBOX_PFSTS,
  V2PMAILBOX_PFU,
  V2PMAILBOX_REQ,
  V2PMAILBOX_RSTD,
  V2PMAILBOX_RSTI,
  V2PMAILBOX_VFU,
} from "../../../assembly/spec/igb/mailbox.ts";
import * as virt from "../../../assembly/spec/igb/virtualization.ts";
import type { RegisterFile } from "./register-file.ts";

const { POOLS } = virt;

const READ_TO_CLEAR = V2PMAILBOX_PFSTS | V2PMAILBOX_PFACK | V2PMAILBOX_RSTD;

export interface MailboxState {
  memory: number[];
  pf: number[];
  vf: number[];
  causes: number;
  mask: number;
  resets: number;
}

export interface MailboxListener {
  /** VF `vf` has something to read. */
  notifyVf(vf: number): void;
  /** The PF has: MBVFICR or VFLRE has a new bit. */
  notifyPf(): void;
}

export class Mailboxes {
  readonly #listener: MailboxListener;
  readonly #memory = new Uint32Array(POOLS * MAILBOX_WORDS);
  /** P2VMAILBOX.PFU and VFU; V2PMAILBOX but for these. */
  readonly #pf = new Array<number>(POOLS).fill(0);
  readonly #vf = new Array<number>(POOLS).fill(V2PMAILBOX_RSTI);
  #causes = 0;
  #mask = 0;
  #resets = 0;

  constructor(listener: MailboxListener) {
    this.#listener = listener;
  }

  readWord(vf: number, word: number): number {
    return this.#memory[vf * MAILBOX_WORDS + word] as number;
  }

  writeWord(vf: number, word: number, value: number): void {
    this.#memory[vf * MAILBOX_WORDS + word] = value;
  }

  /** P2VMAILBOX. */
  readPf(vf: number): number {
    return this.#pf[vf] as number;
  }

  writePf(vf: number, value: number): void {
    let own = this.#pf[vf] as number;
    if ((value & P2VMAILBOX_RVFU) !== 0) {
      own &= ~P2VMAILBOX_VFU;
      this.clearCauses((1 << (MBVFICR_VFREQ_LO + vf)) | (1 << (MBVFICR_VFACK_LO + vf)));
    }
    if ((value & P2VMAILBOX_PFU) === 0) own &= ~P2VMAILBOX_PFU;
    else if ((own & P2VMAILBOX_VFU) === 0) own |= P2VMAILBOX_PFU;
    this.#pf[vf] = own;
    let told = 0;
    if ((value & P2VMAILBOX_STS) !== 0) told |= V2PMAILBOX_PFSTS;
    if ((value & P2VMAILBOX_ACK) !== 0) told |= V2PMAILBOX_PFACK;
    if (told === 0) return;
    this.#vf[vf] = (this.#vf[vf] as number) | told;
    this.#listener.notifyVf(vf);
  }

  /** V2PMAILBOX: PFSTS, PFACK and RSTD are cleared by reading. */
  readVf(vf: number): number {
    const value = this.#vf[vf] as number;
    this.#vf[vf] = value & ~READ_TO_CLEAR;
    const owner = this.#pf[vf] as number;
    return (
      value |
      ((owner & P2VMAILBOX_VFU) !== 0 ? V2PMAILBOX_VFU : 0) |
      ((owner & P2VMAILBOX_PFU) !== 0 ? V2PMAILBOX_PFU : 0)
    );
  }

  writeVf(vf: number, value: number): void {
    const own = this.#pf[vf] as number;
    if ((value & V2PMAILBOX_VFU) === 0) this.#pf[vf] = own & ~P2VMAILBOX_VFU;
    else if ((own & P2VMAILBOX_PFU) === 0) this.#pf[vf] = own | P2VMAILBOX_VFU;
    let causes = 0;
    if ((value & V2PMAILBOX_REQ) !== 0) causes |= 1 << (MBVFICR_VFREQ_LO + vf);
    if ((value & V2PMAILBOX_ACK) !== 0) causes |= 1 << (MBVFICR_VFACK_LO + vf);
    if (causes === 0) return;
    this.#causes = (this.#causes | causes) >>> 0;
    this.#tellPf(vf);
  }

  /** MBVFICR. */
  get causes(): number {
    return this.#causes;
  }

  clearCauses(value: number): void {
    this.#causes = (this.#causes & ~value) >>> 0;
  }

  /** MBVFIMR: which VFs may interrupt the PF. */
  get mask(): number {
    return this.#mask;
  }

  setMask(value: number): void {
    this.#mask = value & virt.POOL_MASK;
  }

  /** VFLRE: which VFs were reset. */
  get resets(): number {
    return this.#resets;
  }

  clearResets(value: number): void {
    this.#resets &= ~value;
  }

  /** VF `vf` was reset: its side of the mailbox is as after power-on, and the PF learns of it. */
  vfReset(vf: number): void {
    this.#vf[vf] = (this.#vf[vf] as number) & (V2PMAILBOX_RSTI | V2PMAILBOX_RSTD);
    this.#pf[vf] = (this.#pf[vf] as number) & ~P2VMAILBOX_VFU;
    this.#resets |= 1 << vf;
    this.#tellPf(vf);
  }

  /** VF `vf` is new, or gone: that it was reset before is nobody's matter any more. */
  forget(vf: number): void {
    this.#resets &= ~(1 << vf);
  }

  /**
   * The PF's reset begins: every VF sees RSTI. VFLRE stays. It tells of the VFs' resets, and Linux's igb resets the port
   * right after its VFs have come: it would never learn of them.
   */
  pfReset(): void {
    this.#memory.fill(0);
    this.#pf.fill(0);
    this.#vf.fill(V2PMAILBOX_RSTI);
    this.#causes = 0;
    this.#mask = virt.POOL_MASK;
  }

  /** CTRL_EXT.PFRSTD: the PF's reset is done. */
  pfResetDone(): void {
    for (let vf = 0; vf < POOLS; vf++) {
      this.#vf[vf] = ((this.#vf[vf] as number) & ~V2PMAILBOX_RSTI) | V2PMAILBOX_RSTD;
    }
  }

  save(): MailboxState {
    return {
      memory: [...this.#memory],
      pf: [...this.#pf],
      vf: [...this.#vf],
      causes: this.#causes,
      mask: this.#mask,
      resets: this.#resets,
    };
  }

  restore(state: MailboxState): void {
    this.#memory.set(state.memory);
    for (let vf = 0; vf < POOLS; vf++) {
      this.#pf[vf] = state.pf[vf] ?? 0;
      this.#vf[vf] = state.vf[vf] ?? 0;
    }
    this.#causes = state.causes;
    this.#mask = state.mask;
    this.#resets = state.resets;
  }

  #tellPf(vf: number): void {
    if (((this.#mask >>> vf) & 1) !== 0) this.#listener.notifyPf();
  }
}

/** Answers the mailbox registers of the PF. */
export function hookPfMailboxes(registers: RegisterFile, mailboxes: Mailboxes): void {
  registers.hook(
    virt.VMBMEM,
    {
      read: (at) => mailboxes.readWord(Math.floor(at / MAILBOX_WORDS), at % MAILBOX_WORDS),
      write: (value, at) => mailboxes.writeWord(Math.floor(at / MAILBOX_WORDS), at % MAILBOX_WORDS, value),
    },
    virt.POOLS * MAILBOX_WORDS,
  );
  registers.hook(
    virt.P2VMAILBOX,
    { read: (vf) => mailboxes.readPf(vf), write: (value, vf) => mailboxes.writePf(vf, value) },
    virt.POOLS,
  );
  registers.hook(virt.MBVFICR, { read: () => mailboxes.causes, write: (value) => mailboxes.clearCauses(value) });
  registers.hook(virt.MBVFIMR, { read: () => mailboxes.mask, write: (value) => mailboxes.setMask(value) });
  registers.hook(virt.VFLRE, { read: () => mailboxes.resets, write: (value) => mailboxes.clearResets(value) });
}
