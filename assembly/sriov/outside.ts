// Bursts of a transmit queue whose ring or buffers lie in memory of the embedder. Every import costs as much as
// several frames, so that a burst makes few of them, each with a list of transfers (spec/abi/memory-map):
//
//   descriptors of the burst → headers of all its frames → receive descriptors, once for each addressee →
//   frames, receive descriptors and transmit descriptors back
//
// Rings and buffers may overlap each other and what the burst writes, and an embedder's RAM may change at any time.
// So everything that is looked at is fetched once, into scratch memory, and what goes on is what was looked at: the
// burst's descriptors in any case, and the bytes of a frame that decided where it goes.
//
// Only plain frames to one addressee are moved here; the first other frame ends the burst.

import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_RAM, TRANSFER_POINTER, TRANSFER_SIZE } from "../spec/abi/memory-map";
import { CAUSE_TX, SCRATCH_DESCRIPTORS, STOP_BUFFER, STOP_RING } from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE, TXD_DCMD_RS, TXD_STA_DD } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { Copy } from "./copy";
import { Deliveries, Note } from "./deliveries";
import { OutsideRings } from "./outside-rings";
import { Receive } from "./receive";
import { BURST, PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";
import { Transmit } from "./transmit";

/** Bytes of a frame that the switch looks at, rounded up. */
const HEADER_BYTES: u32 = 16;
/** Frames up to this length are fetched whole. */
const SHORT_FRAME: u32 = 128;
const STATUS_OFFSET: u32 = 12;

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
    const name = Transfers.name(region, number);
    const place = Transfers.place(region, Dma.hpa(result));
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    const bytes = frames * TX_DESCRIPTOR_SIZE;
    if (region.kind == REGION_KIND_RAM) memory.copy(copy, <usize>place, bytes);
    else {
      const list = Transfers.list(port);
      Transfers.put(list, place, name, <u64>copy, TRANSFER_POINTER, bytes, CAUSE_TX + index);
      if (!Transfers.run(port, list, list + TRANSFER_SIZE)) return 0;
    }
    frames = Outside.look(port, index, context, copy, frames);
    const moved = Outside.move(port, queue, index, context, copy, frames, reachable, place, name);
    const next = head + moved;
    queue.head = next == count ? 0 : next;
    return moved;
  }

  /** Notes what each frame is and fetches its first bytes. Returns how many frames from the first are plain. */
  private static look(port: Port, index: u32, context: Context, copy: usize, frames: u32): u32 {
    const list = Transfers.list(port);
    let entry = list;
    let plain: u32 = 0;
    let first: u32 = 0;
    let firstKept: u32 = 0;
    let odd: u32 = 0;
    for (; plain < frames; plain++) {
      const descriptor = copy + <usize>(plain * TX_DESCRIPTOR_SIZE);
      const length = Transmit.plainLength(load<u32>(descriptor, 8), load<u32>(descriptor, 12));
      const address = load<u64>(descriptor);
      if (length == 0 || (<u32>address & (PAGE - 1)) + length > PAGE) break;
      const result = Dma.translate(port.unit, context, address, ACCESS_READ);
      if (result & FAULT) break;
      const number = Dma.region(result);
      const region = port.map.region(number);
      if (!Transfers.reaches(region)) break;
      const note = Note.of(port, plain);
      note.source = Transfers.place(region, Dma.hpa(result));
      note.region = Transfers.name(region, number);
      note.length = length;
      note.kept = length <= SHORT_FRAME ? length : HEADER_BYTES;
      if (region.kind == REGION_KIND_RAM) Copy.bytes(note.data, <usize>note.source, note.kept);
      else {
        const owner = CAUSE_TX + index;
        Transfers.put(entry, note.source, number, <u64>note.data, TRANSFER_POINTER, note.kept, owner);
        if (entry == list) {
          first = number;
          firstKept = note.kept;
        }
        odd |= (number ^ first) | (note.kept ^ firstKept) | Transfers.odd(note.source, 0, note.kept);
        entry += TRANSFER_SIZE;
      }
    }
    if (odd == 0) Transfers.alike(list, entry);
    return Transfers.run(port, list, entry) ? plain : 0;
  }

  /** Moves frames to their addressees until one is not plain. Returns how many. */
  private static move(
    port: Port,
    queue: Queue,
    index: u32,
    context: Context,
    copy: usize,
    frames: u32,
    reachable: u32,
    ring: u64,
    name: u32,
  ): u32 {
    const state = port.state;
    const pool = index & (POOLS - 1);
    const deliveries = Deliveries.begin(port);
    let done: u32 = 0;
    let looped: u32 = 0;
    let octets: u32 = 0;
    let opened: u32 = 0;
    let touched: u32 = 0;
    let reported = false;
    for (; done < frames; done++) {
      const note = Note.of(port, done);
      const to = Transmit.addressee(port, state, pool, note.data, reachable);
      if (to == 0) break;
      const target = ctz(to);
      const length = note.length;
      const cursor = Receive.open(port, target);
      const receiver = port.rx(target);
      const begun = (opened & to) != 0;
      opened |= to;
      if (!OutsideRings.fetch(port, target, cursor, begun)) {
        // Nothing more in this run of descriptors: the rest of the burst finds the next one.
        if (receiver.head != receiver.tail && !receiver.stopped && cursor.context != 0) break;
        Receive.miss(port, receiver);
      } else {
        if (length > cursor.bufferSize || !cursor.direct) break;
        const address = load<u64>(cursor.descriptor);
        if ((<u32>address & (PAGE - 1)) + length > PAGE) break;
        const result = Dma.translate(port.unit, changetype<Context>(cursor.context), address, ACCESS_WRITE);
        if (result & FAULT) {
          port.stop(receiver, target, STOP_BUFFER);
          cursor.left = 0;
        } else {
          const number = Dma.region(result);
          const region = port.map.region(number);
          if (!Transfers.reaches(region)) break;
          const place = Transfers.place(region, Dma.hpa(result));
          deliveries.add(port, note, place, Transfers.name(region, number), target);
          store<u64>(cursor.descriptor, 0);
          store<u64>(cursor.descriptor, Receive.writeback(RXD_STAT_DD | RXD_STAT_EOP | RXD_STAT_LB, length, 0), 8);
          Receive.advance(receiver, cursor);
          cursor.frames++;
          cursor.octets += length;
          looped++;
          octets += length;
          touched |= to;
        }
      }
      if ((load<u32>(copy + <usize>(done * TX_DESCRIPTOR_SIZE), 8) & TXD_DCMD_RS) != 0) reported = true;
    }
    deliveries.close(port);
    let end = OutsideRings.writeBack(port, opened, deliveries.end);
    if (reported) {
      end = Outside.report(port, queue, index, context, copy, done, ring, name, end);
      state.causes |= 1 << (CAUSE_TX + index);
    }
    Transfers.settle(port, deliveries.heads, end);
    if (looped != 0) {
      Transmit.account(port, state, pool, looped, octets + looped * FRAME_CRC, true);
      Receive.settle(port, state, touched);
    }
    return done;
  }

  /** Reports transmit descriptors that ask for it. Returns the list's end. */
  private static report(
    port: Port,
    queue: Queue,
    index: u32,
    context: Context,
    copy: usize,
    frames: u32,
    ring: u64,
    name: u32,
    end: usize,
  ): usize {
    if ((<u32>queue.writeback & TDWBAL_HEAD_WB_EN) != 0) return end;
    const place = queue.base + <u64>queue.head * TX_DESCRIPTOR_SIZE;
    if (Dma.translate(port.unit, context, place, ACCESS_WRITE) & FAULT) {
      port.stop(queue, CAUSE_TX + index, STOP_RING);
      return end;
    }
    for (let at: u32 = 0; at < frames; at++) {
      const offset = <usize>(at * TX_DESCRIPTOR_SIZE);
      const descriptor = copy + offset;
      if ((load<u32>(descriptor, 8) & TXD_DCMD_RS) == 0) continue;
      const status = load<u32>(descriptor, STATUS_OFFSET) | TXD_STA_DD;
      if (name == TRANSFER_POINTER) store<u32>(<usize>ring + offset, status, STATUS_OFFSET);
      else store<u32>(descriptor, status, STATUS_OFFSET);
    }
    if (name == TRANSFER_POINTER) return end;
    Transfers.put(end, <u64>copy, TRANSFER_POINTER, ring, name, frames * TX_DESCRIPTOR_SIZE, CAUSE_TX + index);
    return end + TRANSFER_SIZE;
  }
}
