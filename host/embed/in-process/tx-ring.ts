// A transmit ring of advanced descriptors as igb and igbvf run it: every frame is copied into a buffer of the ring's
// own, a batch of descriptors is written at once, and one tail write tells the card (I350 §7.2).

import {
  TDBAH,
  TDBAL,
  TDH,
  TDLEN,
  TDT,
  TX_FRAME_MAX,
  TX_FRAME_MIN,
  TXDCTL,
  TXDCTL_ENABLE,
  TXDCTL_HTHRESH_LO,
  TXDCTL_PTHRESH_LO,
  TXDCTL_WTHRESH_LO,
} from "../../../assembly/spec/igb/transmit.ts";
import {
  TX_DESCRIPTOR_SIZE,
  TXC_MACLEN_HI,
  TXC_MACLEN_LO,
  TXC_VLAN_HI,
  TXC_VLAN_LO,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DCMD_IFCS,
  TXD_DCMD_RS,
  TXD_DCMD_VLE,
  TXD_DTYP_CONTEXT,
  TXD_DTYP_DATA,
  TXD_PAYLEN_LO,
  TXD_STA_DD,
} from "../../../assembly/spec/igb/tx-descriptor.ts";
import { ETHERNET_HEADER } from "../../../assembly/spec/net/ethernet.ts";
import { type Gpa, hi32, lo32 } from "../../core/address.ts";
import { place } from "../../core/bits.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { GuestRam, Snapshotable } from "../../core/ports.ts";
import type { Guest, Registers } from "./guest.ts";

/** Bytes of each descriptor's buffer. */
export const BUFFER_SIZE = 2048;
const WORDS = TX_DESCRIPTOR_SIZE / 4;
/** igb's write-back and prefetch thresholds: P 8, H 1, W 16. */
const TXDCTL_THRESHOLDS = (8 << TXDCTL_PTHRESH_LO) | (1 << TXDCTL_HTHRESH_LO) | (16 << TXDCTL_WTHRESH_LO);
const DATA = TXD_DTYP_DATA | TXD_DCMD_DEXT | TXD_DCMD_IFCS;
const LAST = TXD_DCMD_EOP | TXD_DCMD_RS;
const CONTEXT = TXD_DTYP_CONTEXT | TXD_DCMD_DEXT;
const NO_VLAN = -1;
const MOST_TAG = 0xffff;

/** Throws ArgumentError unless `count` can be the length of a ring: 8 to 4096 descriptors, a multiple of 8. */
export function checkRingLength(count: number): number {
  if (!Number.isInteger(count) || count < 8 || count > 4096 || count % 8 !== 0) {
    throw new ArgumentError("descriptors", count, "is not a multiple of 8 in 8–4096");
  }
  return count;
}

/**
 * Throws ArgumentError, naming the first, unless `frames` from `from` to `to` (exclusive) are there, and each is bytes
 * from an Ethernet header's 14 to what the card sends at most, 9728.
 */
export function checkFrames(frames: readonly Uint8Array[], from: number, to: number): void {
  if (!Array.isArray(frames)) throw new ArgumentError("frames", frames, "is not an array of Uint8Arrays");
  if (!Number.isInteger(from) || from < 0) throw new ArgumentError("from", from, "is no place in the frames");
  if (!Number.isInteger(to) || to > frames.length) throw new ArgumentError("to", to, "is beyond the frames");
  for (let index = from; index < to; index++) {
    const frame: unknown = frames[index];
    if (!(frame instanceof Uint8Array)) throw new ArgumentError(`frames[${index}]`, frame, "is no Uint8Array");
    if (frame.length < ETHERNET_HEADER || frame.length > TX_FRAME_MAX) {
      throw new ArgumentError(
        `frames[${index}].length`,
        frame.length,
        `is not in ${ETHERNET_HEADER}–${TX_FRAME_MAX} bytes`,
      );
    }
  }
}

/** Waits until a queue's control register shows the enable bit, as the drivers do: at most 10 ms. */
export function waitForQueue(guest: Guest, registers: Registers, control: number, enable: number): boolean {
  return guest.poll(() => (registers.read(control) & enable) !== 0, 10, 1000);
}

export interface TxRingState {
  use: number;
  clean: number;
  vlan: number;
  completed: number;
  image: Uint8Array;
  reports: Uint8Array;
}

export class TxRing implements Snapshotable<TxRingState> {
  /** Descriptors. */
  readonly count: number;
  readonly base: Gpa;
  /** Frames that the card took, by descriptor write-back. */
  completed = 0;
  readonly #guest: Guest;
  readonly #ram: GuestRam;
  readonly #registers: Registers;
  readonly #block: number;
  readonly #buffers: Gpa;
  readonly #image: Uint8Array;
  readonly #words: Uint32Array;
  readonly #reports: Uint8Array;
  readonly #back: Uint8Array;
  readonly #backWords: Uint32Array;
  readonly #short = new Uint8Array(TX_FRAME_MIN);
  #use = 0;
  #clean = 0;
  #vlan = NO_VLAN;

  /** @param block offset in the BAR of this queue's registers. */
  constructor(guest: Guest, registers: Registers, block: number, descriptors = 256) {
    this.count = checkRingLength(descriptors);
    this.#guest = guest;
    this.#ram = guest.platform.ram;
    this.#registers = registers;
    this.#block = block;
    this.base = guest.allocate(this.count * TX_DESCRIPTOR_SIZE);
    this.#buffers = guest.allocate(this.count * BUFFER_SIZE);
    this.#image = new Uint8Array(this.count * TX_DESCRIPTOR_SIZE);
    this.#words = new Uint32Array(this.#image.buffer);
    this.#reports = new Uint8Array(this.count);
    this.#back = new Uint8Array(this.#image.length);
    this.#backWords = new Uint32Array(this.#back.buffer);
  }

  /** Descriptors that can be filled now; one always stays empty, or head = tail would mean both empty and full. */
  get free(): number {
    const busy = this.#use - this.#clean;
    return this.count - 1 - (busy < 0 ? busy + this.count : busy);
  }

  /** Frames or contexts that the card has not reported yet. */
  get idle(): boolean {
    return this.#use === this.#clean;
  }

  /** Programs the queue and enables it. False when the card does not report it as enabled. */
  start(): boolean {
    const { count } = this;
    this.#registers.write(this.#block + TXDCTL, 0);
    this.#registers.write(this.#block + TDLEN, count * TX_DESCRIPTOR_SIZE);
    this.#registers.write(this.#block + TDBAL, lo32(this.base));
    this.#registers.write(this.#block + TDBAH, hi32(this.base));
    this.#registers.write(this.#block + TDH, 0);
    this.#registers.write(this.#block + TDT, 0);
    this.#use = 0;
    this.#clean = 0;
    this.#vlan = NO_VLAN;
    this.#image.fill(0);
    this.#ram.writeBytes(this.base, this.#image);
    this.#registers.write(this.#block + TXDCTL, TXDCTL_ENABLE | TXDCTL_THRESHOLDS);
    return waitForQueue(this.#guest, this.#registers, this.#block + TXDCTL, TXDCTL_ENABLE);
  }

  stop(): void {
    this.#registers.write(this.#block + TXDCTL, 0);
  }

  /**
   * Puts frames `from` to `to` (exclusive) of `frames` into the ring and writes the tail once. A frame of 14–16 bytes
   * leaves with zeros after it: the card sends none below 17. Throws ArgumentError, with nothing queued, for what is no
   * frame of 14–9728 bytes or no tag.
   * @param vlan tag that the card shall insert into each: 16 bits.
   * @returns how many found room; the card has taken them when `reclaim` counts them.
   */
  send(frames: readonly Uint8Array[], from = 0, to: number = frames.length, vlan?: number): number {
    checkFrames(frames, from, to);
    if (vlan !== undefined && (!Number.isInteger(vlan) || vlan < 0 || vlan > MOST_TAG)) {
      throw new ArgumentError("vlan", vlan, `is not in 0–${MOST_TAG}`);
    }
    if (this.free < this.count >> 1) this.reclaim();
    const first = this.#use;
    let free = this.free;
    if (vlan !== undefined && vlan !== this.#vlan && free > 1 && to > from) {
      this.#context(vlan);
      free--;
    }
    const insert = vlan === undefined ? 0 : TXD_DCMD_VLE;
    let index = from;
    for (; index < to; index++) {
      const whole = frames[index] as Uint8Array;
      const frame = whole.length < TX_FRAME_MIN ? this.#pad(whole) : whole;
      const pieces = frame.length <= BUFFER_SIZE ? 1 : Math.ceil(frame.length / BUFFER_SIZE);
      if (pieces > free) break;
      free -= pieces;
      if (pieces === 1) this.#piece(frame, frame.length, insert | LAST);
      else {
        for (let piece = 0; piece < pieces; piece++) {
          const part = frame.subarray(piece * BUFFER_SIZE, (piece + 1) * BUFFER_SIZE);
          this.#piece(part, frame.length, piece === pieces - 1 ? insert | LAST : insert);
        }
      }
    }
    if (this.#use !== first) this.#publish(first);
    return index - from;
  }

  /** Collects what the card wrote back. Returns the frames it has taken since the last time. */
  reclaim(): number {
    if (this.#clean === this.#use) return 0;
    const end = this.#use > this.#clean ? this.#use : this.count;
    this.#readBack(this.#clean, end);
    if (end !== this.#use) this.#readBack(0, this.#use);
    let done = 0;
    let clean = this.#clean;
    let scan = clean;
    while (scan !== this.#use) {
      const reports = this.#reports[scan] === 1;
      if (reports && ((this.#backWords[scan * WORDS + 3] as number) & TXD_STA_DD) === 0) break;
      scan = scan + 1 === this.count ? 0 : scan + 1;
      if (!reports) continue;
      clean = scan;
      done++;
    }
    this.#clean = clean;
    this.completed += done;
    return done;
  }

  save(): TxRingState {
    return {
      use: this.#use,
      clean: this.#clean,
      vlan: this.#vlan,
      completed: this.completed,
      image: this.#image.slice(),
      reports: this.#reports.slice(),
    };
  }

  /** Throws ArgumentError when the state is of a ring of another length. */
  restore(state: TxRingState): void {
    if (state.image.length !== this.#image.length) {
      throw new ArgumentError("state", state.image.length, `is not the ring's size (${this.#image.length} bytes)`);
    }
    this.#use = state.use;
    this.#clean = state.clean;
    this.#vlan = state.vlan;
    this.completed = state.completed;
    this.#image.set(state.image);
    this.#reports.set(state.reports);
  }

  #pad(frame: Uint8Array): Uint8Array {
    this.#short.fill(0);
    this.#short.set(frame);
    return this.#short;
  }

  #piece(bytes: Uint8Array, frameLength: number, command: number): void {
    const slot = this.#use;
    const buffer = this.#buffers + slot * BUFFER_SIZE;
    this.#ram.writeBytes(buffer as Gpa, bytes);
    const word = slot * WORDS;
    this.#words[word] = lo32(buffer);
    this.#words[word + 1] = hi32(buffer);
    this.#words[word + 2] = DATA | command | bytes.length;
    this.#words[word + 3] = frameLength << TXD_PAYLEN_LO;
    this.#reports[slot] = (command & TXD_DCMD_RS) !== 0 ? 1 : 0;
    this.#use = slot + 1 === this.count ? 0 : slot + 1;
  }

  #context(vlan: number): void {
    const slot = this.#use;
    const word = slot * WORDS;
    this.#words[word] = place(vlan, TXC_VLAN_HI, TXC_VLAN_LO) | place(ETHERNET_HEADER, TXC_MACLEN_HI, TXC_MACLEN_LO);
    this.#words[word + 1] = 0;
    this.#words[word + 2] = CONTEXT;
    this.#words[word + 3] = 0;
    this.#reports[slot] = 0;
    this.#use = slot + 1 === this.count ? 0 : slot + 1;
    this.#vlan = vlan;
  }

  #publish(first: number): void {
    if (this.#use > first) this.#write(first, this.#use);
    else {
      this.#write(first, this.count);
      if (this.#use > 0) this.#write(0, this.#use);
    }
    this.#registers.write(this.#block + TDT, this.#use);
  }

  #write(from: number, to: number): void {
    const start = from * TX_DESCRIPTOR_SIZE;
    this.#ram.writeBytes((this.base + start) as Gpa, this.#image.subarray(start, to * TX_DESCRIPTOR_SIZE));
  }

  #readBack(from: number, to: number): void {
    if (to === from) return;
    const start = from * TX_DESCRIPTOR_SIZE;
    this.#ram.readBytes((this.base + start) as Gpa, this.#back.subarray(start, to * TX_DESCRIPTOR_SIZE));
  }
}
