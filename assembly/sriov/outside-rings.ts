// Receive descriptors that lie in memory outside, while one burst works on copies of them; see outside.ts.

import { Context, Dma, FAULT } from "../iommu/translate";
import { DELIVERY_SIZE } from "../spec/abi/delivery";
import { FLOW_FRAME_SIZE, FLOW_FRAMES } from "../spec/abi/flow";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import {
  REGION_KIND_EXTERNAL,
  TRANSFER_OWNER,
  TRANSFER_POINTER,
  TRANSFER_REFUSED,
  TRANSFER_SIZE,
} from "../spec/abi/memory-map";
import {
  QUEUE_FLAG_DMA,
  QUEUE_FLAG_STOPPED,
  QUEUES_MAX,
  SCRATCH_ADDRESSEES,
  SCRATCH_BATCH,
  SCRATCH_DELIVERIES,
  SCRATCH_DESCRIPTORS,
  SCRATCH_FLOW,
  SCRATCH_LIST,
  SCRATCH_RINGS,
  SCRATCH_STAGE,
} from "../spec/abi/port";
import { RXDCTL_ENABLE } from "../spec/igb/receive";
import { RX_DESCRIPTOR_SIZE } from "../spec/igb/rx-descriptor";
import { TX_DESCRIPTOR_SIZE } from "../spec/igb/tx-descriptor";
import { Receive } from "./receive";
import { BURST, Cursor, PAGE, Port } from "./state";
import { Transfers } from "./transfers";

/** Of each receive queue: the copies of its descriptors, after where they came from and how many are wanted. */
const COPIES_SIZE: u32 = 2048;
/** Where a descriptor of the ring lies, less the pointer to its copy. */
const COPIES_PLACE: u32 = 0;
const COPIES_REGION: u32 = 8;
const COPIES_WANTED: u32 = 12;
/** Where the ring starts, and how many descriptors from there on were copied behind its last ones. */
const COPIES_START: u32 = 16;
const COPIES_REST: u32 = 24;
const COPIES_DATA: u32 = 64;

export class OutsideRings {
  @inline private static copies(port: Port, pool: u32): usize {
    return port.scratch + SCRATCH_RINGS + <usize>(pool * COPIES_SIZE);
  }

  /** Says that the burst has `frames` for a queue, the first ones or more. */
  @inline static want(port: Port, pool: u32, first: bool, frames: u32): void {
    const copies = OutsideRings.copies(port, pool);
    store<u32>(copies, frames + (first ? 0 : load<u32>(copies, COPIES_WANTED)), COPIES_WANTED);
  }

  /**
   * Makes the next descriptors of `pools` readable through their cursors: in place, or as copies of as many as are
   * wanted and lie side by side, or around the ring's end in one page.
   */
  static open(port: Port, pools: u32): void {
    const list = Transfers.list(port);
    let entry = list;
    for (let left = pools; left != 0; left &= left - 1) entry = OutsideRings.prepare(port, ctz(left), entry);
    if (Transfers.run(port, list, entry)) return;
    for (let at = list; at < entry; at += TRANSFER_SIZE) {
      const pool = load<u32>(at, TRANSFER_OWNER);
      if ((pool & TRANSFER_REFUSED) == 0) continue;
      port.cursor(pool & ~TRANSFER_REFUSED).left = 0;
      OutsideRings.forget(port, pool & ~TRANSFER_REFUSED);
    }
  }

  /** Makes at most `wanted` of the next descriptors of one queue readable as copies. False when it reads them itself. */
  static ahead(port: Port, index: u32, wanted: u32): bool {
    OutsideRings.want(port, index, true, wanted);
    OutsideRings.open(port, 1 << index);
    const cursor = port.cursor(index);
    return cursor.direct && cursor.left != 0;
  }

  /** Whether a queue has descriptors for `prepare` that nothing keeps it from fetching. */
  static ready(port: Port, pool: u32): bool {
    const queue = port.rx(pool);
    if ((queue.control & RXDCTL_ENABLE) == 0 || !Receive.advanced(queue)) return false;
    if ((queue.flags & (QUEUE_FLAG_DMA | QUEUE_FLAG_STOPPED)) != QUEUE_FLAG_DMA) return false;
    const count = queue.length / RX_DESCRIPTOR_SIZE;
    if (queue.head == queue.tail || queue.head >= count || queue.tail >= count) return false;
    const context = Dma.held(port.unit, queue.requester);
    if (changetype<usize>(context) == 0) return false;
    const iova = queue.base + <u64>queue.head * RX_DESCRIPTOR_SIZE;
    const result = Dma.peek(port.unit, context, iova, ACCESS_READ | ACCESS_WRITE);
    return (result & FAULT) == 0 && port.map.region(Dma.region(result)).kind == REGION_KIND_EXTERNAL;
  }

  /** Puts the transfers that fetch a queue's descriptors at `entry`. Returns where they end. */
  static prepare(port: Port, pool: u32, entry: usize): usize {
    const copies = OutsideRings.copies(port, pool);
    // In place: a pointer is its own place.
    store<u64>(copies, 0, COPIES_PLACE);
    store<u32>(copies, TRANSFER_POINTER, COPIES_REGION);
    store<u32>(copies, 0, COPIES_REST);
    const cursor = Receive.open(port, pool);
    if (cursor.left == 0 && !Receive.run(port, pool, cursor)) return entry;
    if (cursor.direct) return entry;
    const queue = port.rx(pool);
    const head = queue.head;
    const iova = queue.base + <u64>head * RX_DESCRIPTOR_SIZE;
    const both = ACCESS_READ | ACCESS_WRITE;
    const result = Dma.translate(port.unit, changetype<Context>(cursor.context), iova, both);
    if (result & FAULT) {
      cursor.left = 0;
      return entry;
    }
    const number = Dma.region(result);
    const region = port.map.region(number);
    if (region.kind != REGION_KIND_EXTERNAL || !Receive.advanced(queue)) return entry;
    const wanted = load<u32>(copies, COPIES_WANTED);
    const wraps = (head + cursor.left) * RX_DESCRIPTOR_SIZE == queue.length && queue.tail < head;
    const near = ((queue.base ^ iova) & ~(<u64>PAGE - 1)) == 0;
    const frames = min(cursor.left, wanted);
    const rest = wraps && near ? min(wanted - frames, queue.tail) : 0;
    const place = Transfers.place(region, Dma.hpa(result));
    const start = place - <u64>head * RX_DESCRIPTOR_SIZE;
    const data = copies + COPIES_DATA;
    const size = frames * RX_DESCRIPTOR_SIZE;
    Transfers.put(entry, place, number, data, size, pool);
    entry += TRANSFER_SIZE;
    if (rest != 0) {
      Transfers.put(entry, start, number, data + size, rest * RX_DESCRIPTOR_SIZE, pool);
      entry += TRANSFER_SIZE;
    }
    store<u64>(copies, place - <u64>data, COPIES_PLACE);
    store<u32>(copies, number, COPIES_REGION);
    store<u64>(copies, start, COPIES_START);
    store<u32>(copies, rest, COPIES_REST);
    cursor.left = frames;
    cursor.descriptor = data;
    cursor.direct = true;
    return entry;
  }

  /** Goes on at the ring's start when its last descriptors are used up; false when no copies of more are there. */
  static turn(port: Port, pool: u32, cursor: Cursor): bool {
    const copies = OutsideRings.copies(port, pool);
    const rest = load<u32>(copies, COPIES_REST);
    if (rest == 0) return false;
    store<u64>(copies, load<u64>(copies, COPIES_START) - <u64>cursor.descriptor, COPIES_PLACE);
    store<u32>(copies, 0, COPIES_REST);
    cursor.left = rest;
    return true;
  }

  /** How many more descriptors there are copies of behind the cursor's. */
  @inline static rest(port: Port, pool: u32): u32 {
    return load<u32>(OutsideRings.copies(port, pool), COPIES_REST);
  }

  /** The copies at the ring's start are of no use. */
  static forget(port: Port, pool: u32): void {
    store<u32>(OutsideRings.copies(port, pool), 0, COPIES_REST);
  }

  /** Where the cursor's next descriptor really is: a place in `region`. */
  @inline static place(port: Port, pool: u32, cursor: Cursor): u64 {
    return load<u64>(OutsideRings.copies(port, pool), COPIES_PLACE) + <u64>cursor.descriptor;
  }

  @inline static region(port: Port, pool: u32): u32 {
    return load<u32>(OutsideRings.copies(port, pool), COPIES_REGION);
  }

  /** The burst is over: cursors on copies start anew. */
  static close(port: Port, pools: u32): void {
    for (let left = pools; left != 0; left &= left - 1) {
      const pool = ctz(left);
      if (OutsideRings.region(port, pool) != TRANSFER_POINTER) port.cursor(pool).left = 0;
    }
  }
}

// Room for a burst.
if (COPIES_DATA + BURST * RX_DESCRIPTOR_SIZE > COPIES_SIZE) ERROR("COPIES_SIZE");
if (SCRATCH_RINGS + QUEUES_MAX * COPIES_SIZE > SCRATCH_STAGE) ERROR("SCRATCH_RINGS");
if (SCRATCH_DESCRIPTORS + BURST * TX_DESCRIPTOR_SIZE > SCRATCH_ADDRESSEES) ERROR("SCRATCH_DESCRIPTORS");
if (SCRATCH_FLOW + FLOW_FRAMES + BURST * FLOW_FRAME_SIZE > SCRATCH_BATCH) ERROR("SCRATCH_FLOW");
if (SCRATCH_DELIVERIES + BURST * DELIVERY_SIZE > SCRATCH_LIST) ERROR("SCRATCH_DELIVERIES");
