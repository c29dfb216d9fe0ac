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
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_RAM, TRANSFER_SIZE } from "../spec/abi/memory-map";
import { CAUSE_TX, SCRATCH_ADDRESSEES, SCRATCH_DESCRIPTORS, STOP_BUFFER, STOP_RING } from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE, TXD_COMMAND, TXD_DCMD_RS, TXD_STA_DD, TXD_STATUS } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { Deliveries } from "./deliveries";
import { OutsideRings } from "./outside-rings";
import { Receive } from "./receive";
import { BURST, PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";
import { Transmit } from "./transmit";

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
    let plain: u32 = 0;
    for (; plain < frames; plain++) {
      const descriptor = copy + <usize>(plain * TX_DESCRIPTOR_SIZE);
      const length = Transmit.plainLength(load<u32>(descriptor, TXD_COMMAND), load<u32>(descriptor, TXD_STATUS));
      const address = load<u64>(descriptor);
      if (length == 0 || (<u32>address & (PAGE - 1)) + length > PAGE) break;
      const result = Dma.translate(port.unit, context, address, ACCESS_READ);
      if (result & FAULT) break;
      const number = Dma.region(result);
      const region = port.map.region(number);
      if (!Transfers.reaches(region)) break;
      const delivery = Deliveries.of(port, plain);
      delivery.source = Transfers.place(region, Dma.hpa(result));
      delivery.sourceRegion = Transfers.name(region, number);
      delivery.length = length;
    }
    return plain;
  }

  /** Finds the addressee of each frame. Returns how many from the first have one; their queues' mask is at the end. */
  private static decide(port: Port, pool: u32, frames: u32, reachable: u32): u32 {
    const addressees = port.scratch + SCRATCH_ADDRESSEES;
    const state = port.state;
    let opened: u32 = 0;
    let known: u32 = 0;
    let to: u32 = 0;
    for (; known < frames; known++) {
      const delivery = Deliveries.of(port, known);
      // A frame often goes the way of the one before it.
      if (to == 0 || !delivery.sameEnds(Deliveries.of(port, known - 1))) {
        to = Transmit.addressee(port, state, pool, delivery.bytes, reachable);
      }
      if (to == 0) break;
      store<u8>(addressees + known, <u8>ctz(to));
      OutsideRings.want(port, ctz(to), (opened & to) == 0);
      opened |= to;
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
    for (; done < known; done++) {
      const delivery = Deliveries.of(port, done);
      const target = <u32>load<u8>(addressees + done);
      const length = delivery.length;
      const cursor = port.cursor(target);
      const receiver = port.rx(target);
      delivery.clear(ring + <u64>(done * TX_DESCRIPTOR_SIZE) + TXD_STATUS, name);
      if (cursor.left == 0) {
        // Nothing more in this run of descriptors: the rest of the burst finds the next one.
        if (receiver.head != receiver.tail && !receiver.stopped && cursor.context != 0) break;
        Receive.miss(port, receiver);
        continue;
      }
      if (length > cursor.bufferSize || !cursor.direct) break;
      const address = load<u64>(cursor.descriptor);
      if ((<u32>address & (PAGE - 1)) + length > PAGE) break;
      const result = Dma.translate(port.unit, changetype<Context>(cursor.context), address, ACCESS_WRITE);
      if (result & FAULT) {
        port.stop(receiver, target, STOP_BUFFER);
        cursor.left = 0;
        continue;
      }
      const number = Dma.region(result);
      const region = port.map.region(number);
      if (!Transfers.reaches(region)) break;
      delivery.target = Transfers.place(region, Dma.hpa(result));
      delivery.targetRegion = Transfers.name(region, number);
      delivery.ring = OutsideRings.place(port, target, cursor);
      delivery.ringRegion = OutsideRings.region(port, target);
      delivery.writeback = 0;
      delivery.writebackRest = Receive.writeback(RXD_STAT_DD | RXD_STAT_EOP | RXD_STAT_LB, length, 0);
      delivery.compare(Deliveries.of(port, max(done, 1) - 1));
      Receive.advance(receiver, cursor);
      cursor.frames++;
      cursor.octets += length;
      looped++;
      octets += length;
      touched |= 1 << target;
    }
    OutsideRings.close(port, opened);
    if (looped != 0) {
      Transmit.account(port, state, pool, looped, octets + looped * FRAME_CRC, true);
      Receive.settle(port, state, touched);
    }
    return done;
  }

  /** Says of each transmit descriptor that asks for it that it is done. */
  private static report(port: Port, queue: Queue, index: u32, context: Context, copy: usize, frames: u32): void {
    let asked = false;
    let writable = (<u32>queue.writeback & TDWBAL_HEAD_WB_EN) == 0;
    for (let at: u32 = 0; at < frames; at++) {
      const descriptor = copy + <usize>(at * TX_DESCRIPTOR_SIZE);
      if ((load<u32>(descriptor, TXD_COMMAND) & TXD_DCMD_RS) == 0) continue;
      if (!asked && writable) {
        const place = queue.base + <u64>queue.head * TX_DESCRIPTOR_SIZE;
        writable = (Dma.translate(port.unit, context, place, ACCESS_WRITE) & FAULT) == 0;
        if (!writable) port.stop(queue, CAUSE_TX + index, STOP_RING);
      }
      asked = true;
      if (!writable) break;
      Deliveries.of(port, at).status = load<u32>(descriptor, TXD_STATUS) | TXD_STA_DD;
    }
    if (asked) port.state.causes |= 1 << (CAUSE_TX + index);
  }
}
