// Parts of the careful JavaScript's port: rings with their cursors, the MAC table, the counters.
import { RING } from "../scene/frames.ts";

export const CRC = 4;
/** Flag of a queue: its owner may make DMA requests. */
export const DMA = 1;
const SLOTS = 128;

/** A ring, and the cursor of the current burst when it is a receive ring. A class: all rings have one hidden class. */
export class Queue {
  /** The ring's address, halves. */
  baseLo: number;
  baseHi = 0;
  length: number = RING * 16;
  head = 0;
  tail = 0;
  control: number;
  flags: number = DMA;
  requesterId: number;
  srrctl: number;
  drops = 0;
  burst = 0;
  left = 0;
  /** Word index of the next descriptor. */
  descriptor = 0;
  context = -1;
  bufferSize = 0;
  direct = false;
  frames = 0;
  octets = 0;

  constructor(requesterId: number, base: number, control: number, srrctl: number) {
    this.requesterId = requesterId;
    this.baseLo = base;
    this.control = control;
    this.srrctl = srrctl;
  }
}

function macSlot(lo: number, hi: number): number {
  return Math.imul(lo ^ Math.imul(hi, 0x85eb_ca6b), 0x9e37_79b1) >>> 25;
}

/** Which pools an address belongs to: open addressing. */
export class MacTable {
  /** MAC in two halves, pools, in use. */
  readonly #slots = new Int32Array(SLOTS * 4);

  add(lo: number, hi: number, pools: number): void {
    let slot = macSlot(lo, hi) << 2;
    while (this.#slots[slot + 3] !== 0) slot = (slot + 4) & (SLOTS * 4 - 1);
    this.#slots.set([lo, hi, pools, 1], slot);
  }

  poolsOf(lo: number, hi: number): number {
    const slots = this.#slots;
    let slot = macSlot(lo, hi) << 2;
    while (slots[slot + 3] !== 0) {
      if (slots[slot] === lo && slots[slot + 1] === hi) return slots[slot + 2] as number;
      slot = (slot + 4) & (SLOTS * 4 - 1);
    }
    return 0;
  }
}

export class PortCounters {
  /** Frames received, octets received, frames sent, octets sent, delivered. */
  readonly port: Float64Array = new Float64Array(5);
  /** Of each pool: loopback frames and octets received; frames, octets, loopback frames and octets sent. */
  readonly pools: Uint32Array = new Uint32Array(8 * 8);

  /** Counts what pool `pool` sent and what the bursts put into the queues of `touched`. */
  account(rings: readonly Queue[], pool: number, frames: number, octets: number, touched: number): void {
    const pools = this.pools;
    const counters = this.port;
    const sender = pool << 3;
    (pools[sender + 2] as number) += frames;
    (pools[sender + 3] as number) += octets;
    (pools[sender + 4] as number) += frames;
    (pools[sender + 5] as number) += octets;
    (counters[2] as number) += frames;
    (counters[3] as number) += octets;
    for (let left = touched; left !== 0; left &= left - 1) {
      const index = 31 - Math.clz32(left & -left);
      const queue = rings[index] as Queue;
      const received = queue.octets + queue.frames * CRC;
      (pools[index << 3] as number) += queue.frames;
      (pools[(index << 3) + 1] as number) += received;
      (counters[0] as number) += queue.frames;
      (counters[1] as number) += received;
      (counters[4] as number) += queue.frames;
      queue.frames = 0;
      queue.octets = 0;
    }
  }
}
