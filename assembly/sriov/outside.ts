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
import { REGION_KIND_EXTERNAL, REGION_KIND_RAM, TRANSFER_POINTER } from "../spec/abi/memory-map";
import { CAUSE_TX, SCRATCH_ADDRESSEES, SCRATCH_DESCRIPTORS, STOP_BUFFER, STOP_RING } from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { RX_DESCRIPTOR_SIZE } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE, TXD_COMMAND, TXD_DCMD_RS, TXD_STA_DD, TXD_STATUS } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { Deliveries } from "./deliveries";
import { Lengths } from "./lengths";
import { OutsideFlow } from "./outside-flow";
import { OutsideRings } from "./outside-rings";
import { Sender } from "./outside-sender";
import { Receive } from "./receive";
import { BURST, Cursor, PAGE, Port, Queue } from "./state";
import { Transmit } from "./transmit";

/** With a count of frames: the receive queue has to stop at the next one. */
const STOPPED: u32 = 0x8000_0000;

export class Outside {
  /**
   * Sends the plain frames at the queue's head, at most `budget`, and moves the head behind them. Returns how many:
   * 0 when the first frame is not plain. With `flows` it may leave off where frames go another way.
   */
  static burst(port: Port, queue: Queue, index: u32, context: Context, reachable: u32, budget: u32, flows: bool): u32 {
    if (reachable == 0) return 0;
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    const sender = Sender.of(port);
    const wanted = min(budget, BURST);
    let sent: u32 = flows ? OutsideFlow.again(port, sender, queue, index, context, reachable, wanted) : 0;
    const fetched = sent != 0 ? 0 : sender.fetch(port, queue, index, context, copy, wanted);
    if (flows && fetched != 0) sent = OutsideFlow.burst(port, sender, queue, index, context, reachable, fetched);
    if (sent != 0) {
      queue.head = sender.index(sent);
      return sent;
    }
    const frames = Deliveries.headers(port, Outside.look(port, context, copy, fetched));
    const moved = Outside.move(port, sender, index & (POOLS - 1), frames, reachable);
    if (moved == 0) return 0;
    Outside.report(port, queue, index, context, moved);
    Deliveries.deliver(port, index, moved, port.scratch + SCRATCH_ADDRESSEES);
    queue.head = sender.index(moved);
    return moved;
  }

  /**
   * Notes where each frame lies, and what its descriptor becomes when it asks for that. Returns how many from the first
   * have a plain descriptor.
   */
  private static look(port: Port, context: Context, copy: usize, frames: u32): u32 {
    const unit = port.unit;
    const map = port.map;
    let delivery = Deliveries.of(port, 0);
    let descriptor = copy;
    let plain: u32 = 0;
    let translations: u32 = 0;
    for (; plain < frames; plain++) {
      const command = load<u32>(descriptor, TXD_COMMAND);
      const options = load<u32>(descriptor, TXD_STATUS);
      const length = Transmit.plainLength(command, options);
      const address = load<u64>(descriptor);
      if (length == 0 || (<u32>address & (PAGE - 1)) + length > PAGE) break;
      translations++;
      const result = Dma.lookup(unit, context, address, ACCESS_READ);
      if (result & FAULT) break;
      const number = Dma.region(result);
      const region = map.region(number);
      if (region.kind == REGION_KIND_EXTERNAL) {
        delivery.source = Dma.hpa(result) - region.base;
        delivery.sourceRegion = <u16>number;
      } else if (region.kind == REGION_KIND_RAM) {
        delivery.source = <u64>region.pointer(Dma.hpa(result));
        delivery.sourceRegion = <u16>TRANSFER_POINTER;
      } else break;
      delivery.length = <u16>length;
      delivery.refused = 0;
      delivery.status = (command & TXD_DCMD_RS) != 0 ? options | TXD_STA_DD : 0;
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
    let first: u32 = 0;
    let delivery = Deliveries.of(port, 0);
    let before = delivery;
    for (; known < frames; known++) {
      // A frame often goes the way of the one before it.
      if (to == 0 || !delivery.sameHeader(before)) {
        const other = Transmit.addressee(port, state, pool, delivery.bytes, reachable);
        if (other != to) {
          if (to != 0) OutsideRings.want(port, ctz(to), (opened & to) == 0, known - first);
          opened |= to;
          first = known;
          to = other;
        }
        if (to == 0) break;
      }
      store<u8>(addressees + known, <u8>ctz(to));
      before = delivery;
      delivery = delivery.next;
    }
    if (to != 0) OutsideRings.want(port, ctz(to), (opened & to) == 0, known - first);
    opened |= to;
    store<u32>(addressees, opened, BURST);
    return known;
  }

  /** Finds the buffer of each frame until one is not plain. Returns how many. */
  private static move(port: Port, sender: Sender, pool: u32, frames: u32, reachable: u32): u32 {
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
      if (cursor.left == 0 && !OutsideRings.turn(port, target, cursor)) {
        // Nothing more in this run of descriptors: the rest of the burst finds the next one.
        if (receiver.head != receiver.tail && !receiver.stopped && cursor.context != 0) break;
        for (; done < last; done++) {
          octets += Outside.drop(port, sender, done);
          looped++;
          Receive.miss(port, receiver);
        }
        continue;
      }
      const end = min(last, done + min(cursor.left, sender.beside(done)));
      const before = cursor.octets;
      const result = Outside.place(port, sender, target, cursor, done, end);
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
        OutsideRings.forget(port, target);
        octets += Outside.drop(port, sender, done);
        looped++;
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

  /** A frame is sent that no receiver takes. Returns its octets. */
  private static drop(port: Port, sender: Sender, frame: u32): u32 {
    const delivery = Deliveries.of(port, frame);
    const length = <u32>delivery.length;
    delivery.drop(sender.report(frame), sender.region);
    Lengths.sent(port, length);
    return length;
  }

  /**
   * Finds the buffers of the frames from `first` to `end`, which go to one receive queue that has as many descriptors
   * and come from descriptors that lie side by side. Adds their bytes to the cursor's. Returns for how many from the
   * first there is one, with STOPPED when the next one was refused.
   */
  private static place(port: Port, sender: Sender, pool: u32, cursor: Cursor, first: u32, end: u32): u32 {
    if (!cursor.direct) return 0;
    const unit = port.unit;
    const context = changetype<Context>(cursor.context);
    const bufferSize = cursor.bufferSize;
    const map = port.map;
    const ring = OutsideRings.place(port, pool, cursor);
    const ringRegion = <u16>OutsideRings.region(port, pool);
    const report = sender.report(first);
    const reportRegion = <u16>sender.region;
    const limit = Deliveries.of(port, end);
    let delivery = Deliveries.of(port, first);
    let descriptor = cursor.descriptor;
    let octets: u32 = 0;
    let stopped: u32 = 0;
    // The regions of the frame before, when it lay simply.
    let regions: u32 = 0;
    for (; changetype<usize>(delivery) < changetype<usize>(limit); delivery = delivery.next) {
      const length = <u32>delivery.length;
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
      delivery.targetRegion = <u16>number;
      const before = regions;
      regions = delivery.regions;
      const places = delivery.source | target | ring | report;
      if ((<u32>(places >> 32) | (<u32>places & 3)) == 0 && regions == before) {
        delivery.simple = <u8>DELIVERY_SIMPLE_ALIKE;
      } else {
        const at = descriptor - cursor.descriptor;
        delivery.ring = ring + <u64>at;
        delivery.ringRegion = ringRegion;
        delivery.report = report + <u64>at;
        delivery.reportRegion = reportRegion;
        if (<u32>(places >> 32) | (<u32>places & 3)) {
          delivery.simple = 0;
          regions = 0;
        } else delivery.simple = <u8>DELIVERY_SIMPLE_SINGLE;
      }
      octets += length;
      Lengths.looped(port, length, 1);
      descriptor += RX_DESCRIPTOR_SIZE;
    }
    cursor.octets += octets;
    const count = <u32>(descriptor - cursor.descriptor) / RX_DESCRIPTOR_SIZE;
    unit.translations += count + u32(stopped != 0);
    return count | stopped;
  }

  /** Sees to it that the transmit descriptors that ask for it say that they are done. */
  private static report(port: Port, queue: Queue, index: u32, context: Context, frames: u32): void {
    let at: u32 = 0;
    while (at < frames && Deliveries.of(port, at).status == 0) at++;
    if (at == frames) return;
    port.state.causes |= 1 << (CAUSE_TX + index);
    if ((<u32>queue.writeback & TDWBAL_HEAD_WB_EN) == 0) {
      const place = queue.base + <u64>queue.head * TX_DESCRIPTOR_SIZE;
      if ((Dma.translate(port.unit, context, place, ACCESS_WRITE) & FAULT) == 0) return;
      port.stop(queue, CAUSE_TX + index, STOP_RING);
    }
    for (; at < frames; at++) Deliveries.of(port, at).status = 0;
  }
}
