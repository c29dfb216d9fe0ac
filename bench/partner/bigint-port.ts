// The card's port as one writes it with BigInt: descriptors are 64-bit words, addresses go through BigUnit.
import { type PortSetup, RING } from "../scene/frames.ts";
import { BIG_FAULT, type BigUnit } from "./bigint-iommu.ts";

const BURST = 64;
const CRC = 4;
const HPA = (1n << 52n) - 1n;
const ENABLE = 0x0200_0000;

interface Ring {
  base: bigint;
  head: number;
  tail: number;
  control: number;
  requesterId: number;
}

interface Pool {
  tx: Ring;
  rx: Ring;
  sent: { frames: number; octets: number };
  received: { frames: number; octets: number };
}

export class BigPort {
  pending = 0;
  causes = 0;
  stopCount = 0;
  missed = 0;
  delivered = 0;
  octets = 0;
  readonly pools: Pool[];
  readonly #unit: BigUnit;
  readonly #setup: PortSetup;
  readonly #macs = new Map<bigint, number>();
  #next = 0;

  constructor(unit: BigUnit, setup: PortSetup, txRing: number, rxRing: number) {
    this.#unit = unit;
    this.#setup = setup;
    this.pools = setup.queues.map(({ requesterId, txControl, rxControl }) => ({
      tx: { base: BigInt(txRing), head: 0, tail: 0, control: txControl, requesterId },
      rx: { base: BigInt(rxRing), head: 0, tail: 0, control: rxControl, requesterId },
      sent: { frames: 0, octets: 0 },
      received: { frames: 0, octets: 0 },
    }));
  }

  addMac(lo: number, hi: number, pools: number): void {
    this.#macs.set((BigInt(hi) << 32n) | BigInt(lo), pools);
  }

  service(budget: number): number {
    let done = 0;
    while (this.pending !== 0 && done < budget) {
      let moved = 0;
      for (let turn = 0; turn < this.pools.length && done + moved < budget; turn++) {
        const index = (this.#next + turn) % this.pools.length;
        if ((this.pending >>> index) & 1) moved += this.#burst(index, Math.min(BURST, budget - done - moved));
      }
      if (moved === 0) break;
      done += moved;
    }
    return done;
  }

  /** Where an address of a requester leads in RAM; undefined when it is refused or leads elsewhere. */
  #place(requesterId: number, iova: bigint, access: bigint): number | undefined {
    const context = this.#unit.open(requesterId);
    if (context === undefined) return undefined;
    const result = this.#unit.translate(context, iova, access);
    if (result === BIG_FAULT || result >> 52n !== 1n) return undefined;
    return Number(result & HPA);
  }

  #stop(index: number): void {
    this.stopCount++;
    this.pending &= ~(1 << index);
  }

  #burst(index: number, budget: number): number {
    const { tx, sent } = this.pools[index] as Pool;
    const { words, bytes } = this.#unit;
    const setup = this.#setup;
    const own = 1 << index;
    let frames = 0;
    if ((setup.tctl & 2) === 0 || (tx.control & ENABLE) === 0 || ((setup.vfte >>> index) & 1) === 0) return 0;
    while (frames < budget && tx.head !== tx.tail) {
      const at = this.#place(tx.requesterId, tx.base + BigInt(tx.head) * 16n, 1n);
      if (at === undefined) {
        this.#stop(index);
        return frames;
      }
      const address = words[at / 8] as bigint;
      const options = words[at / 8 + 1] as bigint;
      const length = Number(options & 0xffffn);
      const simple = (options & 0x300_e1f0_0000n) === 0x2130_0000n && length >= 60 && length <= 1514;
      const source = simple ? this.#place(tx.requesterId, address, 1n) : undefined;
      if (source === undefined || !this.#send(index, own, source, length, words, bytes)) {
        this.#stop(index);
        return frames;
      }
      sent.frames++;
      sent.octets += length + CRC;
      if (options & 0x0800_0000n) {
        if (this.#place(tx.requesterId, tx.base + BigInt(tx.head) * 16n, 2n) === undefined) {
          this.#stop(index);
          return frames;
        }
        words[at / 8 + 1] = options | (1n << 32n);
        this.causes |= 1 << (16 + index);
      }
      tx.head = (tx.head + 1) % RING;
      frames++;
    }
    if (tx.head === tx.tail) this.pending &= ~own;
    return frames;
  }

  /** Switches and delivers one frame. False when it needs another way. */
  #send(index: number, own: number, source: number, length: number, words: BigUint64Array, bytes: Uint8Array): boolean {
    const setup = this.#setup;
    const first = words[source / 8] as bigint;
    const second = words[source / 8 + 1] as bigint;
    const target = first & 0xffff_ffff_ffffn;
    const sender = (first >> 48n) | ((second & 0xffff_ffffn) << 16n);
    const reachable = setup.direct & (~own | ((setup.txswc >>> 16) & own));
    const pools = (this.#macs.get(target) ?? 0) & reachable;
    const type = Number((second >> 32n) & 0xffffn);
    const tagType = ((setup.vet & 0xff) << 8) | (setup.vet >>> 8);
    if (pools === 0 || (pools & (pools - 1)) !== 0 || type === tagType || (target & 1n) !== 0n) return false;
    if ((setup.txswc >>> index) & 1 && ((this.#macs.get(sender) ?? 0) & own) === 0) return false;
    const number = 31 - Math.clz32(pools);
    const { rx, received } = this.pools[number] as Pool;
    if (rx.head === rx.tail || (rx.control & ENABLE) === 0) {
      this.missed++;
      return true;
    }
    const at = this.#place(rx.requesterId, rx.base + BigInt(rx.head) * 16n, 3n);
    const buffer = at === undefined ? undefined : this.#place(rx.requesterId, words[at / 8] as bigint, 2n);
    if (at === undefined || buffer === undefined) return false;
    bytes.copyWithin(buffer, source, source + length);
    words[at / 8] = 0n;
    words[at / 8 + 1] = 0x4_0003n | (BigInt(length) << 32n);
    rx.head = (rx.head + 1) % RING;
    received.frames++;
    received.octets += length + CRC;
    this.delivered++;
    this.octets += length + CRC;
    this.causes |= pools;
    return true;
  }
}
