// Receive descriptors that lie in memory outside, while one burst works on copies of them; see outside.ts.

import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import {
  REGION_KIND_EXTERNAL,
  TRANSFER_OWNER,
  TRANSFER_POINTER,
  TRANSFER_REFUSED,
  TRANSFER_SIZE,
} from "../spec/abi/memory-map";
import { SCRATCH_POOLS } from "../spec/abi/port";
import { RX_DESCRIPTOR_SIZE } from "../spec/igb/rx-descriptor";
import { Receive } from "./receive";
import { Cursor, Port } from "./state";
import { Transfers } from "./transfers";

/** Of each receive queue: the copies of its descriptors, after where they came from and how many are wanted. */
const COPIES_SIZE: u32 = 1024;
const COPIES_PLACE: u32 = 0;
const COPIES_REGION: u32 = 8;
const COPIES_WANTED: u32 = 12;
const COPIES_DATA: u32 = 64;

export class OutsideRings {
  @inline private static copies(port: Port, pool: u32): usize {
    return port.scratch + SCRATCH_POOLS + <usize>(pool * COPIES_SIZE);
  }

  /** Says that the burst has a first frame for a queue, or another one. */
  @inline static want(port: Port, pool: u32, first: bool): void {
    const copies = OutsideRings.copies(port, pool);
    store<u32>(copies, first ? 1 : load<u32>(copies, COPIES_WANTED) + 1, COPIES_WANTED);
  }

  /**
   * Makes the next descriptors of `pools` readable through their cursors: in place, or as copies of as many as are
   * wanted and lie side by side.
   */
  static open(port: Port, pools: u32): void {
    const list = Transfers.list(port);
    let entry = list;
    for (let left = pools; left != 0; left &= left - 1) {
      const pool = ctz(left);
      if (OutsideRings.prepare(port, pool, entry)) entry += TRANSFER_SIZE;
    }
    if (Transfers.run(port, list, entry)) return;
    for (let at = list; at < entry; at += TRANSFER_SIZE) {
      const pool = load<u32>(at, TRANSFER_OWNER);
      if (pool & TRANSFER_REFUSED) port.cursor(pool & ~TRANSFER_REFUSED).left = 0;
    }
  }

  /** Puts the transfer that fetches a queue's descriptors at `entry`; false when it needs none. */
  private static prepare(port: Port, pool: u32, entry: usize): bool {
    const copies = OutsideRings.copies(port, pool);
    // In place: a pointer is its own place.
    store<u64>(copies, 0, COPIES_PLACE);
    store<u32>(copies, TRANSFER_POINTER, COPIES_REGION);
    const cursor = Receive.open(port, pool);
    if (cursor.left == 0 && !Receive.run(port, pool, cursor)) return false;
    if (cursor.direct) return false;
    const queue = port.rx(pool);
    const iova = queue.base + <u64>queue.head * RX_DESCRIPTOR_SIZE;
    const both = ACCESS_READ | ACCESS_WRITE;
    const result = Dma.translate(port.unit, changetype<Context>(cursor.context), iova, both);
    if (result & FAULT) {
      cursor.left = 0;
      return false;
    }
    const number = Dma.region(result);
    const region = port.map.region(number);
    if (region.kind != REGION_KIND_EXTERNAL || !Receive.advanced(queue)) return false;
    cursor.left = min(cursor.left, load<u32>(copies, COPIES_WANTED));
    const place = Transfers.place(region, Dma.hpa(result));
    const data = copies + COPIES_DATA;
    Transfers.put(entry, place, number, data, cursor.left * RX_DESCRIPTOR_SIZE, pool);
    store<u64>(copies, place - <u64>data, COPIES_PLACE);
    store<u32>(copies, number, COPIES_REGION);
    cursor.descriptor = data;
    cursor.direct = true;
    return true;
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
