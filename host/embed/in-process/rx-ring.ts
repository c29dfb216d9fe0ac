// A receive ring of advanced one-buffer descriptors as igb and igbvf run it: descriptors whose DD bit the card set are
// collected in order, their buffers go back to the card, and one tail write per poll says so (I350 §7.1).
import {
  RDBAH,
  RDBAL,
  RDH,
  RDLEN,
  RDT,
  RXDCTL,
  RXDCTL_ENABLE,
  RXDCTL_HTHRESH_LO,
  RXDCTL_PTHRESH_LO,
  RXDCTL_WTHRESH_LO,
  SRRCTL,
  SRRCTL_BSIZEHEADER_LO,
  SRRCTL_BSIZEPACKET_LO,
  SRRCTL_DESCTYPE_LO,
  SRRCTL_DESCTYPE_ONE_BUFFER,
  SRRCTL_DROP_EN,
} from "../../../assembly/spec/igb/receive.ts";
import {
  RX_DESCRIPTOR_SIZE,
  RXD_ERR_RXE,
  RXD_LENGTH_HI,
  RXD_LENGTH_LO,
  RXD_STAT_DD,
  RXD_STAT_EOP,
  RXD_STAT_LB,
  RXD_STAT_VP,
  RXD_VLAN_LO,
} from "../../../assembly/spec/igb/rx-descriptor.ts";
import { type Gpa, hi32, lo32 } from "../../core/address.ts";
import { mask } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { GuestRam, Snapshotable } from "../../core/ports.ts";
import type { Guest, Registers } from "./guest.ts";
import { BUFFER_SIZE, checkRingLength, waitForQueue } from "./tx-ring.ts";

const WORDS = RX_DESCRIPTOR_SIZE / 4;
const CHUNK = 64;
/** The last of a descriptor's four dwords begins at this bit of its second 8 bytes. */
const LAST_DWORD = 32;
const LENGTH_MASK = mask(RXD_LENGTH_HI - LAST_DWORD, RXD_LENGTH_LO - LAST_DWORD);
const VLAN_SHIFT = RXD_VLAN_LO - LAST_DWORD;
/** Longest frame that the card can hand over. */
const MAX_JUMBO = 16384;
/** igb's thresholds: P 8, H 8, W 4. */
const RXDCTL_THRESHOLDS = (8 << RXDCTL_PTHRESH_LO) | (8 << RXDCTL_HTHRESH_LO) | (4 << RXDCTL_WTHRESH_LO);
const SPLIT =
  (((BUFFER_SIZE / 1024) << SRRCTL_BSIZEPACKET_LO) |
    ((256 / 64) << SRRCTL_BSIZEHEADER_LO) |
    (SRRCTL_DESCTYPE_ONE_BUFFER << SRRCTL_DESCTYPE_LO) |
    SRRCTL_DROP_EN) >>>
  0;

/**
 * Takes one frame; those with a receive error (RXE) are dropped before. `frame` is valid during the call only; `vlan` is the tag that the card stripped, −1 when it stripped
 * none; `status` is the descriptor's status and error dword.
 */
export type ReceiveHandler = (frame: Uint8Array, vlan: number, status: number) => void;

export interface RxRingOptions {
  /** Default 256. */
  descriptors?: number;
  /** The card hands over stripped tags of looped-back frames with their bytes swapped (the I350 does). */
  swappedLoopbackVlan?: boolean;
}

export interface RxRingState {
  clean: number;
  frames: number;
  bytes: number;
  /** What has arrived of a frame that spans several buffers. */
  partial: Uint8Array;
}

export class RxRing implements Snapshotable<RxRingState> {
  readonly count: number;
  readonly base: Gpa;
  /** Frames collected, and the bytes in them. */
  frames = 0;
  bytes = 0;
  readonly #guest: Guest;
  readonly #ram: GuestRam;
  readonly #registers: Registers;
  readonly #block: number;
  readonly #swapped: boolean;
  readonly #buffers: Gpa;
  readonly #fresh: Uint8Array;
  readonly #back = new Uint8Array(CHUNK * RX_DESCRIPTOR_SIZE);
  readonly #backWords = new Uint32Array(this.#back.buffer);
  readonly #frame = new Uint8Array(MAX_JUMBO + BUFFER_SIZE);
  #view: Uint8Array = this.#frame.subarray(0, 0);
  #clean = 0;
  #filled = 0;

  /** @param block offset in the BAR of this queue's registers. */
  constructor(guest: Guest, registers: Registers, block: number, options: RxRingOptions = {}) {
    this.count = checkRingLength(options.descriptors ?? 256);
    this.#swapped = options.swappedLoopbackVlan ?? false;
    this.#guest = guest;
    this.#ram = guest.platform.ram;
    this.#registers = registers;
    this.#block = block;
    this.base = guest.allocate(this.count * RX_DESCRIPTOR_SIZE);
    this.#buffers = guest.allocate(this.count * BUFFER_SIZE);
    this.#fresh = new Uint8Array(this.count * RX_DESCRIPTOR_SIZE);
    const words = new Uint32Array(this.#fresh.buffer);
    for (let slot = 0; slot < this.count; slot++) {
      words[slot * WORDS] = lo32(this.#buffers + slot * BUFFER_SIZE);
      words[slot * WORDS + 1] = hi32(this.#buffers + slot * BUFFER_SIZE);
    }
  }

  /** Programs the queue, enables it and gives it all buffers but one. False when it does not come up. */
  start(): boolean {
    const registers = this.#registers;
    const block = this.#block;
    registers.write(block + RXDCTL, 0);
    registers.write(block + RDBAL, lo32(this.base));
    registers.write(block + RDBAH, hi32(this.base));
    registers.write(block + RDLEN, this.count * RX_DESCRIPTOR_SIZE);
    registers.write(block + RDH, 0);
    registers.write(block + RDT, 0);
    registers.write(block + SRRCTL, SPLIT);
    this.#clean = 0;
    this.#filled = 0;
    this.#view = this.#frame.subarray(0, 0);
    this.#ram.writeBytes(this.base, this.#fresh);
    registers.write(block + RXDCTL, RXDCTL_ENABLE | RXDCTL_THRESHOLDS);
    const enabled = waitForQueue(this.#guest, registers, block + RXDCTL, RXDCTL_ENABLE);
    registers.write(block + RDT, this.count - 1);
    return enabled;
  }

  stop(): void {
    this.#registers.write(this.#block + RXDCTL, 0);
  }

  /** Collects up to `budget` descriptors. Returns how many it was; as many as `budget` means there may be more. */
  poll(handler: ReceiveHandler, budget: number = this.count): number {
    let taken = 0;
    while (taken < budget) {
      const first = this.#clean;
      const want = Math.min(CHUNK, this.count - first, budget - taken);
      const start = first * RX_DESCRIPTOR_SIZE;
      const size = want * RX_DESCRIPTOR_SIZE;
      this.#ram.readBytes(
        (this.base + start) as Gpa,
        size === this.#back.length ? this.#back : this.#back.subarray(0, size),
      );
      let done = 0;
      while (done < want && this.#collect(first + done, done, handler)) done++;
      if (done === 0) break;
      this.#ram.writeBytes((this.base + start) as Gpa, this.#fresh.subarray(start, start + done * RX_DESCRIPTOR_SIZE));
      this.#clean = (first + done) % this.count;
      taken += done;
      if (done < want) break;
    }
    if (taken > 0) this.#registers.write(this.#block + RDT, (this.#clean === 0 ? this.count : this.#clean) - 1);
    return taken;
  }

  save(): RxRingState {
    const { frames, bytes } = this;
    return { clean: this.#clean, frames, bytes, partial: this.#frame.slice(0, this.#filled) };
  }

  /** Throws ArgumentError when the state is of a longer ring. */
  restore(state: RxRingState): void {
    if (state.clean >= this.count) throw new ArgumentError("state", state.clean, "is beyond the ring's end");
    this.#clean = state.clean;
    this.frames = state.frames;
    this.bytes = state.bytes;
    this.#frame.set(state.partial);
    this.#filled = state.partial.length;
    this.#view = this.#frame.subarray(0, 0);
  }

  #collect(slot: number, position: number, handler: ReceiveHandler): boolean {
    const status = this.#backWords[position * WORDS + 2] as number;
    if ((status & RXD_STAT_DD) === 0) return false;
    const last = this.#backWords[position * WORDS + 3] as number;
    const length = Math.min(last & LENGTH_MASK, BUFFER_SIZE);
    const end = Math.min(this.#filled + length, MAX_JUMBO);
    if (this.#filled !== 0 || this.#view.length !== length) this.#view = this.#frame.subarray(this.#filled, end);
    this.#ram.readBytes((this.#buffers + slot * BUFFER_SIZE) as Gpa, this.#view);
    if ((status & RXD_STAT_EOP) === 0) {
      this.#filled = end;
      return true;
    }
    if (this.#filled !== 0) this.#view = this.#frame.subarray(0, end);
    this.#filled = 0;
    if ((status & RXD_ERR_RXE) !== 0) return true;
    this.frames++;
    this.bytes += end;
    handler(this.#view, this.#vlan(status, last >>> VLAN_SHIFT), status);
    return true;
  }

  #vlan(status: number, field: number): number {
    if ((status & RXD_STAT_VP) === 0) return -1;
    if (!this.#swapped || (status & RXD_STAT_LB) === 0) return field;
    return ((field & 0xff) << 8) | (field >>> 8);
  }
}
