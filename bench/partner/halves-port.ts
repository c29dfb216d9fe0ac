// The card's port as careful JavaScript: queues, cursors and counters in typed arrays, guest memory as words.
// The same frames, checks and statistics as assembly/sriov's short way; what needs another way stops the queue.
import type { PortSetup } from "../scene/frames.ts";
import type { HalvesUnit } from "./halves-iommu.ts";
import { CRC, DMA, MacTable, PortCounters, Queue } from "./halves-queue.ts";

const READ = 1;
const WRITE = 2;
const PAGE = 4096;
const BURST = 64;
const FRAME_MIN = 60;
const FRAME_ROOM = 1518 - CRC - FRAME_MIN;
const ENABLE = 0x0200_0000;
const STOPPED = 2;
const TX = 16;
const HPA_TOP = 0xf_ffff;
const RAM = 1;
const REFUSED = 0;
const DELIVERED = 1;
const DROPPED = 2;
/** Up to this many bytes a loop over words beats copyWithin. */
const WORD_COPY = 256;

export class HalvesPort {
  pending = 0;
  causes = 0;
  stops = 0;
  stopCount = 0;
  missed = 0;
  readonly tx: Queue[];
  readonly rx: Queue[];
  readonly counters: PortCounters = new PortCounters();
  readonly #unit: HalvesUnit;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly macs: MacTable = new MacTable();
  readonly #setup: PortSetup;
  #burst = 0;
  #next = 0;

  constructor(unit: HalvesUnit, setup: PortSetup, txRing: number, rxRing: number) {
    this.#unit = unit;
    this.#words = unit.map.words;
    this.#bytes = unit.map.bytes;
    this.#setup = setup;
    this.tx = setup.queues.map((queue) => new Queue(queue.requesterId, txRing, queue.txControl, 0));
    this.rx = setup.queues.map((queue) => new Queue(queue.requesterId, rxRing, queue.rxControl, queue.srrctl));
  }

  /** Moves at most `budget` frames, in turn over the doorbells that rang. */
  service(budget: number): number {
    let done = 0;
    while (done < budget) {
      this.#burst++;
      let moved = 0;
      let waiting = this.pending;
      let index = this.#next;
      while (waiting !== 0 && done + moved < budget) {
        const above = waiting & (-1 << index);
        const from = above !== 0 ? above : waiting;
        index = 31 - Math.clz32(from & -from);
        waiting &= ~(1 << index);
        moved += this.#transmit(index, budget - done - moved);
        index = (index + 1) & 31;
      }
      this.#next = index;
      done += moved;
      if (moved === 0) break;
    }
    return done;
  }

  #stop(queue: Queue, cause: number, reason: number): void {
    queue.flags = (queue.flags & ~0xff00) | STOPPED | (reason << 8);
    this.stops |= 1 << cause;
    this.stopCount++;
  }

  #transmit(index: number, budget: number): number {
    const queue = this.tx[index] as Queue;
    const setup = this.#setup;
    let ready = (setup.tctl & 2) !== 0 && (queue.control & ENABLE) !== 0;
    if (setup.virtual !== 0 && ((setup.vfte >>> (index & 7)) & 1) === 0) ready = false;
    if ((queue.flags & (DMA | STOPPED)) !== DMA || queue.head === queue.tail) ready = false;
    const count = queue.length >>> 4;
    if (ready && (count === 0 || queue.head >= count || queue.tail >= count)) {
      this.#stop(queue, TX + index, count === 0 ? 1 : 2);
      ready = false;
    }
    const context = ready ? this.#unit.open(queue.requesterId) : -1;
    if (ready && context < 0) this.#stop(queue, TX + index, 3);
    if (context < 0) {
      this.pending &= ~(1 << index);
      return 0;
    }
    this.#burst++;
    const before = queue.head;
    const frames = this.#run(queue, index, context, Math.min(budget, BURST));
    if ((queue.flags & STOPPED) !== 0 || queue.head === queue.tail || queue.head === before) {
      this.pending &= ~(1 << index);
    }
    return frames;
  }

  #run(queue: Queue, index: number, context: number, budget: number): number {
    const unit = this.#unit;
    const words = this.#words;
    const bytes = this.#bytes;
    const setup = this.#setup;
    const pool = index & 7;
    const own = 1 << pool;
    const spoofChecked = ((setup.txswc >>> pool) & 1) !== 0;
    const toSelf = (setup.txswc >>> 16) & own;
    const reachable = (setup.plain & own) !== 0 ? setup.direct & (~own | toSelf) : 0;
    const tagType = ((setup.vet & 0xff) << 8) | ((setup.vet >>> 8) & 0xff);
    const tail = queue.tail;
    const count = queue.length >>> 4;
    let head = queue.head;
    let frames = 0;
    let octets = 0;
    let looped = 0;
    let touched = 0;
    let descriptor = 0;
    let left = 0;
    let writable = false;
    let reported = false;
    while (frames < budget && head !== tail) {
      if (left === 0) {
        const place = queue.baseLo + (head << 4);
        const lo = unit.translate(context, place, queue.baseHi, READ);
        if (unit.hi < 0 || unit.hi >>> 20 !== RAM) {
          this.#stop(queue, TX + index, 3);
          break;
        }
        descriptor = lo >>> 2;
        left = Math.min((PAGE - (place & (PAGE - 1))) >>> 4, count - head);
        writable = false;
      }
      const command = words[descriptor + 2] as number;
      const length = command & 0xffff;
      let sent = false;
      if (
        (command & 0xe1f0_0000) === 0x2130_0000 &&
        ((words[descriptor + 3] as number) & 0x300) === 0 &&
        (length - FRAME_MIN) >>> 0 <= FRAME_ROOM
      ) {
        const address = words[descriptor] as number;
        if ((address & (PAGE - 1)) + length <= PAGE) {
          const frame = unit.translate(context, address, words[descriptor + 1] as number, READ) >>> 0;
          if (unit.hi < 0) {
            this.#stop(queue, TX + index, 4);
            break;
          }
          if (unit.hi >>> 20 === RAM) {
            const word = frame >>> 2;
            const lo = words[word] as number;
            const second = words[word + 1] as number;
            const pools = this.macs.poolsOf(lo, second & 0xffff) & reachable;
            if (
              pools !== 0 &&
              (pools & (pools - 1)) === 0 &&
              ((words[word + 3] as number) & 0xffff) !== tagType &&
              (lo & 1) === 0 &&
              (!spoofChecked || (this.#sender(second, words[word + 2] as number) & own) !== 0)
            ) {
              const done = this.#deliver(31 - Math.clz32(pools), frame, length, words, bytes);
              sent = done !== REFUSED;
              if (done === DELIVERED) {
                looped++;
                octets += length;
                touched |= pools;
              }
            }
          }
        }
      }
      if (!sent) {
        this.#stop(queue, TX + index, 5);
        break;
      }
      if ((command & 0x0800_0000) !== 0) {
        reported = true;
        if (!writable) {
          unit.translate(context, queue.baseLo + (head << 4), queue.baseHi, WRITE);
          if (unit.hi < 0) {
            this.#stop(queue, TX + index, 3);
            break;
          }
          writable = true;
        }
        words[descriptor + 3] = (words[descriptor + 3] as number) | 1;
      }
      frames++;
      left--;
      descriptor += 4;
      head = head + 1 === count ? 0 : head + 1;
    }
    queue.head = head;
    if (reported) this.causes |= 1 << (TX + index);
    if (looped !== 0) {
      this.counters.account(this.rx, pool, looped, octets + looped * CRC, touched);
      this.causes |= touched;
    }
    return frames;
  }

  /** The pools of a frame's source address, from its second and third word. */
  #sender(second: number, third: number): number {
    return this.macs.poolsOf((second >>> 16) | (third << 16), third >>> 16);
  }

  #deliver(index: number, frame: number, length: number, words: Int32Array, bytes: Uint8Array): number {
    const queue = this.rx[index] as Queue;
    const unit = this.#unit;
    if (queue.burst !== this.#burst) this.#begin(queue, index);
    if (queue.left === 0 && !this.#more(queue, index)) {
      queue.drops++;
      this.missed++;
      return DROPPED;
    }
    if (!queue.direct || length > queue.bufferSize) return REFUSED;
    const descriptor = queue.descriptor;
    const address = words[descriptor] as number;
    if ((address & (PAGE - 1)) + length > PAGE) return REFUSED;
    const target = unit.translate(queue.context, address, words[descriptor + 1] as number, WRITE) >>> 0;
    if (unit.hi < 0) {
      this.#stop(queue, index, 4);
      queue.left = 0;
      return DROPPED;
    }
    if (unit.hi >>> 20 !== RAM || (unit.hi & HPA_TOP) !== 0) return REFUSED;
    if (length <= WORD_COPY && ((frame | target | length) & 3) === 0) {
      const from = frame >>> 2;
      const to = target >>> 2;
      for (let word = (length >>> 2) - 1; word >= 0; word--) words[to + word] = words[from + word] as number;
    } else bytes.copyWithin(target, frame, frame + length);
    words[descriptor] = 0;
    words[descriptor + 1] = 0;
    words[descriptor + 2] = 0x4_0003;
    words[descriptor + 3] = length;
    queue.left--;
    queue.descriptor = descriptor + 4;
    const next = queue.head + 1;
    queue.head = next << 4 === queue.length ? 0 : next;
    queue.frames++;
    queue.octets += length;
    return DELIVERED;
  }

  #begin(queue: Queue, index: number): void {
    queue.burst = this.#burst;
    queue.left = 0;
    queue.context = -1;
    queue.direct = false;
    queue.frames = 0;
    queue.octets = 0;
    if ((queue.control & ENABLE) === 0 || (queue.flags & (DMA | STOPPED)) !== DMA) return;
    const count = queue.length >>> 4;
    if (count === 0 || queue.head >= count || queue.tail >= count) {
      if (count !== 0 || queue.tail !== queue.head) this.#stop(queue, index, count === 0 ? 1 : 2);
      return;
    }
    const packet = (queue.srrctl & 0x7f) << 10;
    queue.bufferSize = packet !== 0 ? packet : 2048 >>> ((this.#setup.rctl >>> 16) & 3);
    if (((queue.srrctl >>> 25) & 7) > 1) {
      this.#stop(queue, index, 5);
      return;
    }
    if (queue.head === queue.tail) return;
    queue.context = this.#unit.open(queue.requesterId);
    if (queue.context < 0) this.#stop(queue, index, 3);
    else this.#more(queue, index);
  }

  #more(queue: Queue, index: number): boolean {
    queue.left = 0;
    const { head, tail } = queue;
    if (queue.context < 0 || head === tail || (queue.flags & STOPPED) !== 0) return false;
    const place = queue.baseLo + (head << 4);
    const lo = this.#unit.translate(queue.context, place, queue.baseHi, READ | WRITE);
    const { hi } = this.#unit;
    if (hi < 0 || hi >>> 20 === 0) {
      this.#stop(queue, index, 3);
      return false;
    }
    const end = head < tail ? tail : queue.length >>> 4;
    queue.left = Math.min(end - head, (PAGE - (place & (PAGE - 1))) >>> 4);
    queue.direct = hi >>> 20 === RAM && ((queue.srrctl >>> 25) & 7) === 1;
    queue.descriptor = lo >>> 2;
    return true;
  }
}
