// Receive descriptors that lie in memory outside, while one burst works on copies of them; see outside.ts.

import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_EXTERNAL, TRANSFER_POINTER, TRANSFER_SIZE } from "../spec/abi/memory-map";
import { SCRATCH_POOLS } from "../spec/abi/port";
import { RX_DESCRIPTOR_SIZE } from "../spec/igb/rx-descriptor";
import { Receive } from "./receive";
import { BURST, Cursor, Port } from "./state";
import { Transfers } from "./transfers";

/** Of each receive queue: the copies of its descriptors, after where they came from. */
const COPIES_SIZE: u32 = 1024;
const COPIES_PLACE: u32 = 0;
const COPIES_REGION: u32 = 8;
const COPIES_DATA: u32 = 64;

export class OutsideRings {
  @inline private static copies(port: Port, pool: u32): usize {
    return port.scratch + SCRATCH_POOLS + <usize>(pool * COPIES_SIZE);
  }

  /**
   * Makes the cursor's next descriptor readable: in place, or as a copy of the run it belongs to. False when the run
   * is used up; a queue that this burst has `begun` gets no second run, because its copies go back at the end.
   */
  static fetch(port: Port, pool: u32, cursor: Cursor, begun: bool): bool {
    if (begun) return cursor.left != 0;
    const copies = OutsideRings.copies(port, pool);
    store<u32>(copies, 0, COPIES_REGION);
    if (cursor.left == 0 && !Receive.run(port, pool, cursor)) return false;
    const queue = port.rx(pool);
    if (cursor.direct) return true;
    const iova = queue.base + <u64>queue.head * RX_DESCRIPTOR_SIZE;
    const both = ACCESS_READ | ACCESS_WRITE;
    const result = Dma.translate(port.unit, changetype<Context>(cursor.context), iova, both);
    if (result & FAULT) return false;
    const number = Dma.region(result);
    const region = port.map.region(number);
    if (region.kind != REGION_KIND_EXTERNAL || !Receive.advanced(queue)) return true;
    cursor.left = min(cursor.left, BURST);
    const place = Transfers.place(region, Dma.hpa(result));
    const list = Transfers.list(port);
    const data = copies + COPIES_DATA;
    Transfers.put(list, place, number, <u64>data, TRANSFER_POINTER, cursor.left * RX_DESCRIPTOR_SIZE, pool);
    if (!Transfers.run(port, list, list + TRANSFER_SIZE)) return false;
    store<u64>(copies, place, COPIES_PLACE);
    store<u32>(copies, number, COPIES_REGION);
    cursor.descriptor = data;
    cursor.direct = true;
    return true;
  }

  /** Adds the transfers that write the copies of `opened` queues back; the cursors start anew. Returns the list's end. */
  static writeBack(port: Port, opened: u32, end: usize): usize {
    let entry = end;
    for (let left = opened; left != 0; left &= left - 1) {
      const pool = ctz(left);
      const copies = OutsideRings.copies(port, pool);
      const number = load<u32>(copies, COPIES_REGION);
      if (number == 0) continue;
      const cursor = port.cursor(pool);
      const data = copies + COPIES_DATA;
      const bytes = <u32>(cursor.descriptor - data);
      cursor.left = 0;
      if (bytes == 0) continue;
      Transfers.put(entry, <u64>data, TRANSFER_POINTER, load<u64>(copies, COPIES_PLACE), number, bytes, pool);
      entry += TRANSFER_SIZE;
    }
    return entry;
  }
}
