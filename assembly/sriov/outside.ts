// Bursts of a transmit queue whose ring or buffers lie in memory of the embedder. Every import costs as much as
// several frames, so that a burst makes few of them, each for many frames (spec/abi/memory-map, spec/abi/delivery):
//
//   descriptors of the burst → headers of all its frames → receive descriptors of all addressees →
//   frames, and what receive and transmit descriptors become
//
// Rings and buffers may overlap each other and what the burst writes, and an embedder's RAM may change at any time.
// So everything that is looked at is fetched once, into scratch memory, and what goes on is what was looked at: the
// burst's descriptors in any case, and the bytes of a frame that decided where it goes.
//
// Only plain frames to one addressee are moved here; the first other frame ends the burst.

import { Context, Dma, FAULT } from "../iommu/translate";
import { DELIVERY_SIMPLE_ALIKE, DELIVERY_SIMPLE_SINGLE } from "../spec/abi/delivery";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_EXTERNAL, REGION_KIND_RAM, TRANSFER_POINTER, TRANSFER_SIZE } from "../spec/abi/memory-map";
import { CAUSE_TX, SCRATCH_ADDRESSEES, SCRATCH_DESCRIPTORS, STOP_BUFFER, STOP_RING } from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { RX_DESCRIPTOR_SIZE, RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE, TXD_COMMAND, TXD_DCMD_RS, TXD_STA_DD, TXD_STATUS } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { Deliveries } from "./deliveries";
import { OutsideRings } from "./outside-rings";
import { Receive } from "./receive";
import { BURST, Cursor, PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";
import { Transmit } from "./transmit";

/** With a count of frames: the receive queue has to stop at the next one. */
const STOPPED: u32 = 0x8000_0000;

export class Outside {
  /**
   * Sends the plain frames at the queue's head, at most `budget`, and moves the head behind them. Returns how many:
   * 0 when the first frame is not plain.
   */
  static burst(port: Port, queue: Queue, index: u32, context: Context, reachable: u32, budget: u32): u32 {
    const count = queue.length / TX_DESCRIPTOR_SIZE;
    const head = queue.head;
    const ring = queue.base + <u64>head * TX_DESCRIPTOR_SIZE;
    const result = Dma.translate(port.unit, context, ring, ACCESS_READ);
    if (result & FAULT) return 0;
    const number = Dma.region(result);
    const region = port.map.region(number);
    if (reachable == 0 || !Transfers.reaches(region)) return 0;
    const end = head <= queue.tail ? queue.tail : count;
    let frames = min(min(budget, BURST), end - head);
    frames = min(frames, (PAGE - (<u32>ring & (PAGE - 1))) / TX_DESCRIPTOR_SIZE);
    const place = Transfers.place(region, Dma.hpa(result));
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    const bytes = frames * TX_DESCRIPTOR_SIZE;
    if (region.kind == REGION_KIND_RAM) memory.copy(copy, <usize>place, bytes);
    else {
      const list = Transfers.list(port);
      Transfers.put(list, place, number, copy, bytes, CAUSE_TX + index);
      if (!Transfers.run(port, list, list + TRANSFER_SIZE)) return 0;
    }
    frames = Deliveries.headers(port, Outside.look(port, context, copy, frames));
    const name = Transfers.name(region, number);
    const moved = Outside.move(port, index & (POOLS - 1), frames, reachable, place, name);
    if (moved != 0) {
      Outside.report(port, queue, index, context, copy, moved);
      Deliveries.deliver(port, index, moved, port.scratch + SCRATCH_ADDRESSEES);
    }
    const next = head + moved;
    queue.head = next == count ? 0 : next;
    return moved;
  }

  /** Notes where each frame lies. Returns how many from the first have a plain descriptor. */
  private static look(port: Port, context: Context, copy: usize, frames: u32): u32 {
    const unit = port.unit;
    const map = port.map;
    let delivery = Deliveries.of(port, 0);
    let descriptor = copy;
    let plain: u32 = 0;
    let translations: u32 = 0;
    for (; plain < frames; plain++) {
      const length = Transmit.plainLength(load<u32>(descriptor, TXD_COMMAND), load<u32>(descriptor, TXD_STATUS));
      const address = load<u64>(descriptor);
      if (length == 0 || (<u32>address & (PAGE - 1)) + length > PAGE) break;
      translations++;
      const result = Dma.lookup(unit, context, address, ACCESS_READ);
      if (result & FAULT) break;
      const number = Dma.region(result);
      const region = map.region(number);
      if (region.kind == REGION_KIND_EXTERNAL) {
        delivery.source = Dma.hpa(result) - region.base;
        delivery.sourceRegion = number;
      } else if (region.kind == REGION_KIND_RAM) {
        delivery.source = <u64>region.pointer(Dma.hpa(result));
        delivery.sourceRegion = TRANSFER_POINTER;
      } else break;
      delivery.length = length;
      delivery = delivery.next;
      descriptor += TX_DESCRIPTOR_SIZE;
    }
    unit.translations += translations;
    return plain;
  }

  /** Finds the addressee of each frame. Returns how many from the first have one; their queues' mask is at the end. */
  private static decide(port: Port, pool: u32, frames: u32, reachable: u32): u32 {
    const addressees = port.scratch + SCRATCH_ADDRESSEES;
    const state = port.state;
    let opened: u32 = 0;
    let known: u32 = 0;
    let to: u32 = 0;
    let delivery = Deliveries.of(port, 0);
    let before = delivery;
    for (; known < frames; known++) {
      // A frame often goes the way of the one before it.
      if (to == 0 || !delivery.sameEnds(before)) {
        to = Transmit.addressee(port, state, pool, delivery.bytes, reachable);
      }
      if (to == 0) break;
      store<u8>(addressees + known, <u8>ctz(to));
      OutsideRings.want(port, ctz(to), (opened & to) == 0);
      opened |= to;
      before = delivery;
      delivery = delivery.next;
    }
    store<u32>(addressees, opened, BURST);
    return known;
  }

  /** Finds the buffer of each frame until one is not plain. Returns how many. Their descriptors lie at `ring`. */
  private static move(port: Port, pool: u32, frames: u32, reachable: u32, ring: u64, name: u32): u32 {
    const state = port.state;
    const known = Outside.decide(port, pool, frames, reachable);
    const addressees = port.scratch + SCRATCH_ADDRESSEES;
    const opened = load<u32>(addressees, BURST);
    OutsideRings.open(port, opened);
    let done: u32 = 0;
    let looped: u32 = 0;
    let octets: u32 = 0;
    let touched: u32 = 0;
    while (done < known) {
      const target = <u32>load<u8>(addressees + done);
      let last = done + 1;
      while (last < known && <u32>load<u8>(addressees + last) == target) last++;
      const cursor = port.cursor(target);
      const receiver = port.rx(target);
      if (cursor.left == 0) {
        // Nothing more in this run of descriptors: the rest of the burst finds the next one.
        if (receiver.head != receiver.tail && !receiver.stopped && cursor.context != 0) break;
        for (; done < last; done++) {
          Deliveries.of(port, done).drop(ring + <u64>(done * TX_DESCRIPTOR_SIZE) + TXD_STATUS, name);
          Receive.miss(port, receiver);
        }
        continue;
      }
      const end = min(last, done + cursor.left);
      const before = cursor.octets;
      const result = Outside.place(port, target, cursor, done, end, ring, name);
      const count = result & ~STOPPED;
      if (count != 0) {
        Receive.advance(receiver, cursor, count);
        cursor.frames += count;
        looped += count;
        octets += cursor.octets - before;
        touched |= 1 << target;
        done += count;
      }
      if (result & STOPPED) {
        port.stop(receiver, target, STOP_BUFFER);
        cursor.left = 0;
        Deliveries.of(port, done).drop(ring + <u64>(done * TX_DESCRIPTOR_SIZE) + TXD_STATUS, name);
        done++;
      } else if (done < end) break;
    }
    OutsideRings.close(port, opened);
    if (looped != 0) {
      Transmit.account(port, state, pool, looped, octets + looped * FRAME_CRC, true);
      Receive.settle(port, state, touched);
    }
    return done;
  }

  /**
   * Finds the buffers of the frames from `first` to `end`, which go to one receive queue that has as many descriptors.
   * Adds their bytes to the cursor's. Returns for how many from the first there is one, with STOPPED when the next one
   * was refused.
   */
  private static place(port: Port, pool: u32, cursor: Cursor, first: u32, end: u32, ring: u64, name: u32): u32 {
    if (!cursor.direct) return 0;
    const unit = port.unit;
    const context = changetype<Context>(cursor.context);
    const bufferSize = cursor.bufferSize;
    const start = OutsideRings.place(port, pool, cursor);
    const ringRegion = OutsideRings.region(port, pool);
    const map = port.map;
    let delivery = Deliveries.of(port, first);
    let descriptor = cursor.descriptor;
    let place = start;
    let report = ring + <u64>(first * TX_DESCRIPTOR_SIZE) + TXD_STATUS;
    let at = first;
    let octets: u32 = 0;
    let stopped: u32 = 0;
    // The regions of the frame before, when it lay simply.
    let sourceBefore: u32 = 0;
    let targetBefore: u32 = 0;
    for (; at < end; at++) {
      const length = delivery.length;
      const address = load<u64>(descriptor);
      if (length > bufferSize || (<u32>address & (PAGE - 1)) + length > PAGE) break;
      const result = Dma.lookup(unit, context, address, ACCESS_WRITE);
      if (result & FAULT) {
        stopped = STOPPED;
        break;
      }
      let number = Dma.region(result);
      const region = map.region(number);
      let target = Dma.hpa(result) - region.base;
      if (region.kind == REGION_KIND_RAM) {
        number = TRANSFER_POINTER;
        target = <u64>region.pointer(Dma.hpa(result));
      } else if (region.kind != REGION_KIND_EXTERNAL) break;
      delivery.target = target;
      delivery.targetRegion = number;
      delivery.ring = place;
      delivery.ringRegion = ringRegion;
      delivery.writeback = 0;
      delivery.writebackRest = Receive.writeback(RXD_STAT_DD | RXD_STAT_EOP | RXD_STAT_LB, length, 0);
      delivery.report = report;
      delivery.reportRegion = name;
      delivery.status = 0;
      delivery.refused = 0;
      const sourceRegion = delivery.sourceRegion;
      const places = delivery.source | target | place | report;
      if (<u32>(places >> 32) | (<u32>places & 3)) {
        delivery.simple = 0;
        targetBefore = 0;
      } else {
        const other = (sourceRegion ^ sourceBefore) | (number ^ targetBefore);
        delivery.simple = other == 0 ? DELIVERY_SIMPLE_ALIKE : DELIVERY_SIMPLE_SINGLE;
        sourceBefore = sourceRegion;
        targetBefore = number;
      }
      octets += length;
      place += RX_DESCRIPTOR_SIZE;
      descriptor += RX_DESCRIPTOR_SIZE;
      report += TX_DESCRIPTOR_SIZE;
      delivery = delivery.next;
    }
    cursor.octets += octets;
    unit.translations += at - first + u32(stopped != 0);
    return (at - first) | stopped;
  }

  /** Says of each transmit descriptor that asks for it that it is done. */
  private static report(port: Port, queue: Queue, index: u32, context: Context, copy: usize, frames: u32): void {
    let asked = false;
    let writable = (<u32>queue.writeback & TDWBAL_HEAD_WB_EN) == 0;
    const end = copy + <usize>(frames * TX_DESCRIPTOR_SIZE);
    let delivery = Deliveries.of(port, 0);
    for (let descriptor = copy; descriptor < end; descriptor += TX_DESCRIPTOR_SIZE, delivery = delivery.next) {
      if ((load<u32>(descriptor, TXD_COMMAND) & TXD_DCMD_RS) == 0) continue;
      if (!asked && writable) {
        const place = queue.base + <u64>queue.head * TX_DESCRIPTOR_SIZE;
        writable = (Dma.translate(port.unit, context, place, ACCESS_WRITE) & FAULT) == 0;
        if (!writable) port.stop(queue, CAUSE_TX + index, STOP_RING);
      }
      asked = true;
      if (!writable) break;
      delivery.status = load<u32>(descriptor, TXD_STATUS) | TXD_STA_DD;
    }
    if (asked) port.state.causes |= 1 << (CAUSE_TX + index);
  }
}
