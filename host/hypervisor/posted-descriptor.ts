// The software side of a posted-interrupt descriptor (VT-d 5.10 §5.2.5, §9.11): the IOMMU posts to it at any moment,
// so every word that both sides change is changed in one step.
import * as pid from "../../assembly/spec/vtd/posted-descriptor.ts";
import type { Hpa } from "../core/address.ts";
import { bits, insert, mask, place } from "../core/bits.ts";
import type { AddressMap } from "../machine/address-map.ts";

/** Memory of 32-bit words that others change too. */
export interface SharedWords {
  read(address: Hpa): number;
  /** Keeps the bits of `keep`, sets those of `set`, and gives the word as it was, all in one step. */
  update(address: Hpa, keep: number, set: number): number;
}

/** RAM of the machine. Nobody else runs between the two accesses of an update. */
export function sharedWords(map: AddressMap): SharedWords {
  return {
    read: (address) => map.read(address, 4),
    update: (address, keep, set) => {
      const before = map.read(address, 4);
      const after = ((before & keep) | set) >>> 0;
      if (after !== before) map.write(address, 4, after);
      return before;
    },
  };
}

const WORD = 4;
const WORD_BITS = 32;
const WORDS = pid.PID_SIZE / WORD;
const REQUEST_WORDS = (pid.PID_PIR_HI + 1) / WORD_BITS;
/** The word that holds ON, SN and NV, and its bits. */
const CONTROL = pid.PID_CONTROL;
const ON = mask(pid.PID_ON_HI - pid.PID_CONTROL_LO, pid.PID_ON_LO - pid.PID_CONTROL_LO);
const SN = mask(pid.PID_SN_HI - pid.PID_CONTROL_LO, pid.PID_SN_LO - pid.PID_CONTROL_LO);
const NV_HI = pid.PID_NV_HI - pid.PID_CONTROL_LO;
const NV_LO = pid.PID_NV_LO - pid.PID_CONTROL_LO;

/** What becomes of requests that are posted. */
export interface Notification {
  vector: number;
  /** None for requests that are not urgent. */
  suppressed: boolean;
}

export class PostedDescriptor {
  readonly address: Hpa;
  readonly #words: SharedWords;

  /** The descriptor at `address`, a multiple of 64, as it is. */
  constructor(words: SharedWords, address: Hpa) {
    this.#words = words;
    this.address = address;
  }

  /** Empties it; notifications go to the processor with `apicId`. `wide`: IDs have 32 bits (IRTA_REG.EIME). */
  reset(apicId: number, wide: boolean, notification: Notification): void {
    const content = new Uint32Array(WORDS);
    const [hi, lo] = wide ? [pid.PID_NDST_HI, pid.PID_NDST_LO] : [pid.PID_NDST_XAPIC_HI, pid.PID_NDST_XAPIC_LO];
    insert(content, apicId, hi, lo);
    for (const [index, word] of content.entries()) this.#words.update(this.#at(index * WORD), 0, word);
    this.direct(notification);
  }

  /**
   * Says what becomes of later requests, and clears ON in the same step: every one of them is notified as it says. True
   * when a notification of before was outstanding.
   */
  direct({ vector, suppressed }: Notification): boolean {
    const keep = ~(mask(NV_HI, NV_LO) | SN | ON) >>> 0;
    const before = this.#words.update(this.#at(CONTROL), keep, place(vector, NV_HI, NV_LO) | (suppressed ? SN : 0));
    return (before & ON) !== 0;
  }

  /** Whether a notification is outstanding (ON). */
  get outstanding(): boolean {
    return (this.#words.read(this.#at(CONTROL)) & ON) !== 0;
  }

  /** NV and SN. */
  get notification(): Notification {
    const control = this.#words.read(this.#at(CONTROL));
    return { vector: bits(control, NV_HI, NV_LO), suppressed: (control & SN) !== 0 };
  }

  /**
   * Answers a notification: takes every request out, and returns how many. ON is cleared before: a request that comes
   * in meanwhile is taken too, or notified again.
   */
  take(accept: (vector: number) => void): number {
    this.#words.update(this.#at(CONTROL), ~ON >>> 0, 0);
    return this.collect(accept);
  }

  /** Takes every request out, lowest vector first, and returns how many. ON stays as it is. */
  collect(accept: (vector: number) => void): number {
    let taken = 0;
    for (let index = 0; index < REQUEST_WORDS; index++) {
      if (this.#words.read(this.#at(index * WORD)) === 0) continue;
      const requests = this.#words.update(this.#at(index * WORD), 0, 0);
      for (let bit = 0; bit < WORD_BITS; bit++) {
        if (((requests >>> bit) & 1) === 0) continue;
        accept(index * WORD_BITS + bit);
        taken++;
      }
    }
    return taken;
  }

  #at(offset: number): Hpa {
    return (this.address + offset) as Hpa;
  }
}
