// The part of a transmit ring that one burst works on copies of; see outside.ts.

import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ } from "../spec/abi/iommu";
import { REGION_KIND_RAM, TRANSFER_SIZE } from "../spec/abi/memory-map";
import { CAUSE_TX, SCRATCH_SENDER } from "../spec/abi/port";
import { TX_DESCRIPTOR_SIZE, TXD_STATUS } from "../spec/igb/tx-descriptor";
import { PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";

@unmanaged
export class Sender {
  /** Where the descriptor of the burst's first frame lies: a place in `region`. */
  first: u64;
  region: u32;
  /** The first frame's index, and descriptors of the ring. */
  head: u32;
  count: u32;
  /** Frames whose descriptors were copied. */
  frames: u32;
  /** Of the frames that are listed as a flow: their octets, and not 0 when one asks for a report, */
  octets: u32;
  asked: u32;
  /** or when one's descriptor differs from the first one's in more than the address. */
  differ: u32;

  @inline static of(port: Port): Sender {
    return changetype<Sender>(port.scratch + SCRATCH_SENDER);
  }

  /**
   * Copies the descriptors at the queue's head to `copy`: at most `wanted`, which lie in one page, the ring's start after
   * its end. Returns how many; 0 where there is no memory.
   */
  fetch(port: Port, queue: Queue, index: u32, context: Context, copy: usize, wanted: u32): u32 {
    const list = Transfers.list(port);
    const end = this.prepare(port, queue, index, context, copy, wanted, list);
    return Transfers.run(port, list, end) ? this.frames : 0;
  }

  /** Puts the transfers of `fetch` at `entry` and notes for how many frames they are. Returns where they end. */
  prepare(port: Port, queue: Queue, index: u32, context: Context, copy: usize, wanted: u32, entry: usize): usize {
    this.frames = 0;
    const count = queue.length / TX_DESCRIPTOR_SIZE;
    const head = queue.head;
    const tail = queue.tail;
    const iova = queue.base + <u64>head * TX_DESCRIPTOR_SIZE;
    const result = Dma.translate(port.unit, context, iova, ACCESS_READ);
    if (result & FAULT) return entry;
    const number = Dma.region(result);
    const region = port.map.region(number);
    if (!Transfers.reaches(region)) return entry;
    const place = Transfers.place(region, Dma.hpa(result));
    this.first = place;
    this.region = Transfers.name(region, number);
    this.head = head;
    this.count = count;
    const page = (PAGE - (<u32>iova & (PAGE - 1))) / TX_DESCRIPTOR_SIZE;
    const end = min((head <= tail ? tail : count) - head, page);
    const frames = min(wanted, end);
    // Behind the last descriptor of the ring comes the first one, when it lies in the same page.
    const wraps = tail < head && end == count - head && ((queue.base ^ iova) & ~(<u64>PAGE - 1)) == 0;
    const rest = wraps ? min(wanted - frames, tail) : 0;
    this.frames = frames + rest;
    const size = frames * TX_DESCRIPTOR_SIZE;
    const start = place - <u64>head * TX_DESCRIPTOR_SIZE;
    if (region.kind == REGION_KIND_RAM) {
      memory.copy(copy, <usize>place, size);
      memory.copy(copy + size, <usize>start, rest * TX_DESCRIPTOR_SIZE);
      return entry;
    }
    Transfers.put(entry, place, number, copy, size, CAUSE_TX + index);
    entry += TRANSFER_SIZE;
    if (rest != 0) {
      Transfers.put(entry, start, number, copy + size, rest * TX_DESCRIPTOR_SIZE, CAUSE_TX + index);
      entry += TRANSFER_SIZE;
    }
    return entry;
  }

  /** The ring's index of the burst's frame `frame`. */
  @inline index(frame: u32): u32 {
    const index = this.head + frame;
    return index < this.count ? index : index - this.count;
  }

  /** Where that frame's descriptor says that it is done. */
  @inline report(frame: u32): u64 {
    return this.first + <u64>this.index(frame) * TX_DESCRIPTOR_SIZE - <u64>this.head * TX_DESCRIPTOR_SIZE + TXD_STATUS;
  }

  /** How many descriptors lie side by side from that frame's on. */
  @inline beside(frame: u32): u32 {
    return this.count - this.index(frame);
  }
}
