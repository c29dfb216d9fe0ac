// Bursts of a transmit queue whose ring or buffers lie in memory of the embedder. Every import costs as much as
// several frames, so that a burst makes few of them, each with a list of transfers (spec/abi/memory-map):
//
//   descriptors of the burst → headers of all its frames → receive descriptors, once for each addressee →
//   payloads, receive descriptors and transmit descriptors back
//
// Only plain frames to one addressee are moved here; the first other frame ends the burst.

import { hostTransfer } from "../core/env";
import { Region } from "../core/memory-map";
import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import {
  REGION_KIND_EXTERNAL,
  REGION_KIND_RAM,
  TRANSFER_ALIKE,
  TRANSFER_LENGTH,
  TRANSFER_POINTER,
  TRANSFER_SIZE,
  TRANSFER_SOURCE,
  TRANSFER_SOURCE_REGION,
  TRANSFER_TARGET,
  TRANSFER_TARGET_REGION,
} from "../spec/abi/memory-map";
import {
  SCRATCH_DESCRIPTORS,
  SCRATCH_HEADERS,
  SCRATCH_LIST,
  SCRATCH_POOLS,
  STOP_BUFFER,
  STOP_RING,
} from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { RX_DESCRIPTOR_SIZE, RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE, TXD_DCMD_RS, TXD_STA_DD } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { Copy } from "./copy";
import { Receive } from "./receive";
import { Cursor, Port, Queue } from "./state";
import { Transmit } from "./transmit";

const PAGE: u32 = 4096;
/** Frames of one burst. */
const BURST: u32 = 32;
const CAUSE_TX: u32 = 16;
/** Bytes of a frame that the switch looks at, rounded up. */
const HEADER_BYTES: u32 = 16;
/** What the burst keeps for each frame: where its buffer is, and where its header. */
const NOTE_SIZE: u32 = 32;
const NOTE_PLACE: u32 = 16;
const NOTE_HEADER: u32 = 24;
/** Of each receive queue: the copies of its descriptors, after where they came from. */
const COPIES_SIZE: u32 = 1024;
const COPIES_PLACE: u32 = 0;
const COPIES_REGION: u32 = 8;
const COPIES_DATA: u32 = 64;

/** A list of transfers in scratch memory. */
@unmanaged
class Transfers {
  /** Puts a transfer at `entry`. Regions are numbers, or TRANSFER_POINTER. */
  @inline static put(entry: usize, source: u64, from: u32, target: u64, to: u32, length: u32): void {
    store<u64>(entry, source, TRANSFER_SOURCE);
    store<u64>(entry, target, TRANSFER_TARGET);
    store<u32>(entry, length, TRANSFER_LENGTH);
    store<u32>(entry, from, TRANSFER_SOURCE_REGION);
    // TRANSFER_ALIKE follows: 0.
    store<u64>(entry, <u64>to, TRANSFER_TARGET_REGION);
  }

  /** What keeps a transfer from being like others: 0 for an aligned one below 4 GiB. */
  @inline static odd(source: u64, target: u64, length: u32): u32 {
    const places = source | target;
    return <u32>(places >> 32) | ((<u32>places | length) & 3);
  }

  /** Says that the entries from `list` to `end` are alike. */
  @inline static alike(list: usize, end: usize): void {
    store<u32>(list, <u32>(end - list) / TRANSFER_SIZE, TRANSFER_ALIKE);
  }

  /** Performs the transfers from `list` to `end`. False when one was refused. */
  static run(port: Port, list: usize, end: usize): bool {
    const count = <u32>(end - list) / TRANSFER_SIZE;
    return count == 0 || hostTransfer(port.map.mapId, list, count) == count;
  }
}

export class Outside {
  /** The place of a result in its region: an offset, or a pointer for RAM in this memory. */
  @inline private static place(region: Region, hpa: u64): u64 {
    return region.kind == REGION_KIND_RAM ? <u64>region.pointer(hpa) : hpa - region.base;
  }

  /** What a transfer calls the region. */
  @inline private static name(region: Region, number: u32): u32 {
    return region.kind == REGION_KIND_RAM ? TRANSFER_POINTER : number;
  }

  @inline private static reachable(region: Region): bool {
    return region.kind == REGION_KIND_RAM || region.kind == REGION_KIND_EXTERNAL;
  }

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
    if (reachable == 0 || !Outside.reachable(region)) return 0;
    const end = head <= queue.tail ? queue.tail : count;
    let frames = min(min(budget, BURST), end - head);
    frames = min(frames, (PAGE - (<u32>ring & (PAGE - 1))) / TX_DESCRIPTOR_SIZE);
    const name = Outside.name(region, number);
    const place = Outside.place(region, Dma.hpa(result));
    const list = port.scratch + SCRATCH_LIST;
    let copy = port.scratch + SCRATCH_DESCRIPTORS;
    if (region.kind == REGION_KIND_RAM) copy = <usize>place;
    else {
      Transfers.put(list, place, name, <u64>copy, TRANSFER_POINTER, frames * TX_DESCRIPTOR_SIZE);
      if (!Transfers.run(port, list, list + TRANSFER_SIZE)) return 0;
    }
    frames = Outside.headers(port, context, copy, frames);
    const moved = Outside.move(port, queue, index, context, copy, frames, reachable, place, name);
    const next = head + moved;
    queue.head = next == count ? 0 : next;
    return moved;
  }

  /** Notes where each frame is and fetches its header. Returns how many frames from the first are plain. */
  private static headers(port: Port, context: Context, copy: usize, frames: u32): u32 {
    const list = port.scratch + SCRATCH_LIST;
    let entry = list;
    let note = port.scratch + SCRATCH_HEADERS;
    let plain: u32 = 0;
    let first: u32 = 0;
    let odd: u32 = 0;
    for (; plain < frames; plain++, note += NOTE_SIZE) {
      const descriptor = copy + <usize>(plain * TX_DESCRIPTOR_SIZE);
      const length = Transmit.plainLength(descriptor);
      const address = load<u64>(descriptor);
      if (length == 0 || (<u32>address & (PAGE - 1)) + length > PAGE) break;
      const result = Dma.translate(port.unit, context, address, ACCESS_READ);
      if (result & FAULT) break;
      const number = Dma.region(result);
      const region = port.map.region(number);
      if (!Outside.reachable(region)) break;
      const place = Outside.place(region, Dma.hpa(result));
      store<u64>(note, place, NOTE_PLACE);
      store<u32>(note, Outside.name(region, number), NOTE_HEADER);
      if (region.kind == REGION_KIND_RAM) {
        store<u64>(note, load<u64>(<usize>place));
        store<u64>(note, load<u64>(<usize>place, 8), 8);
      } else {
        Transfers.put(entry, place, number, <u64>note, TRANSFER_POINTER, HEADER_BYTES);
        if (entry == list) first = number;
        odd |= (number ^ first) | Transfers.odd(place, 0, 0);
        entry += TRANSFER_SIZE;
      }
    }
    if (odd == 0 && entry != list) Transfers.alike(list, entry);
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
    const list = port.scratch + SCRATCH_LIST;
    // Entry 0 is for fetching receive descriptors while the list grows behind it.
    let entry = list + TRANSFER_SIZE;
    let note = port.scratch + SCRATCH_HEADERS;
    let done: u32 = 0;
    let looped: u32 = 0;
    let octets: u32 = 0;
    let opened: u32 = 0;
    let touched: u32 = 0;
    let reported = false;
    let firstFrom: u32 = 0;
    let firstTo: u32 = 0;
    let firstLength: u32 = 0;
    let odd: u32 = 0;
    for (; done < frames; done++, note += NOTE_SIZE) {
      const descriptor = copy + <usize>(done * TX_DESCRIPTOR_SIZE);
      const to = Transmit.addressee(port, state, pool, note, reachable);
      if (to == 0) break;
      const target = ctz(to);
      const length = Transmit.plainLength(descriptor);
      const cursor = Receive.open(port, target);
      const receiver = port.rx(target);
      const begun = (opened & to) != 0;
      opened |= to;
      if (!Outside.fetch(port, target, cursor, begun)) {
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
          if (!Outside.reachable(region)) break;
          const place = Outside.place(region, Dma.hpa(result));
          const from = load<u32>(note, NOTE_HEADER);
          const source = load<u64>(note, NOTE_PLACE);
          if (from == TRANSFER_POINTER && region.kind == REGION_KIND_RAM) {
            Copy.bytes(<usize>place, <usize>source, length);
          } else {
            const into = Outside.name(region, number);
            Transfers.put(entry, source, from, place, into, length);
            if (entry == list + TRANSFER_SIZE) {
              firstFrom = from;
              firstTo = into;
              firstLength = length;
            }
            odd |= (from ^ firstFrom) | (into ^ firstTo) | (length ^ firstLength);
            odd |= Transfers.odd(source, place, length);
            entry += TRANSFER_SIZE;
          }
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
      if ((load<u32>(descriptor, 8) & TXD_DCMD_RS) != 0) reported = true;
    }
    if (odd == 0 && entry != list + TRANSFER_SIZE) Transfers.alike(list + TRANSFER_SIZE, entry);
    entry = Outside.returnReceive(port, opened, entry);
    if (reported) {
      entry = Outside.report(port, queue, index, context, copy, done, ring, name, entry);
      state.causes |= 1 << (CAUSE_TX + index);
    }
    if (!Transfers.run(port, list + TRANSFER_SIZE, entry)) port.stop(queue, CAUSE_TX + index, STOP_BUFFER);
    if (looped != 0) {
      Transmit.account(port, state, pool, looped, octets + looped * FRAME_CRC, true);
      Receive.settle(port, state, touched);
    }
    return done;
  }

  /**
   * Makes the cursor's next descriptor readable: in place, or as a copy of the run it belongs to. False when the run
   * is used up; a queue that this burst has `begun` gets no second run, because its copies go back at the end.
   */
  private static fetch(port: Port, target: u32, cursor: Cursor, begun: bool): bool {
    if (begun) return cursor.left != 0;
    const copies = port.scratch + SCRATCH_POOLS + <usize>(target * COPIES_SIZE);
    store<u32>(copies, 0, COPIES_REGION);
    if (cursor.left == 0 && !Receive.run(port, target, cursor)) return false;
    const queue = port.rx(target);
    if (cursor.direct) return true;
    const iova = queue.base + <u64>queue.head * RX_DESCRIPTOR_SIZE;
    const both = ACCESS_READ | ACCESS_WRITE;
    const result = Dma.translate(port.unit, changetype<Context>(cursor.context), iova, both);
    if (result & FAULT) return false;
    const number = Dma.region(result);
    const region = port.map.region(number);
    if (region.kind != REGION_KIND_EXTERNAL || !Receive.advanced(queue)) return true;
    cursor.left = min(cursor.left, BURST);
    const place = Dma.hpa(result) - region.base;
    const list = port.scratch + SCRATCH_LIST;
    const data = copies + COPIES_DATA;
    Transfers.put(list, place, number, <u64>data, TRANSFER_POINTER, cursor.left * RX_DESCRIPTOR_SIZE);
    if (!Transfers.run(port, list, list + TRANSFER_SIZE)) return false;
    store<u64>(copies, place, COPIES_PLACE);
    store<u32>(copies, number, COPIES_REGION);
    cursor.descriptor = data;
    cursor.direct = true;
    return true;
  }

  /** Adds the transfers that write copies of receive descriptors back; the cursors start anew. Returns the list's end. */
  private static returnReceive(port: Port, opened: u32, end: usize): usize {
    let entry = end;
    for (let left = opened; left != 0; left &= left - 1) {
      const target = ctz(left);
      const copies = port.scratch + SCRATCH_POOLS + <usize>(target * COPIES_SIZE);
      const number = load<u32>(copies, COPIES_REGION);
      if (number == 0) continue;
      const cursor = port.cursor(target);
      const data = copies + COPIES_DATA;
      const bytes = <u32>(cursor.descriptor - data);
      cursor.left = 0;
      if (bytes == 0) continue;
      Transfers.put(entry, <u64>data, TRANSFER_POINTER, load<u64>(copies, COPIES_PLACE), number, bytes);
      entry += TRANSFER_SIZE;
    }
    return entry;
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
      const descriptor = copy + <usize>(at * TX_DESCRIPTOR_SIZE);
      if ((load<u32>(descriptor, 8) & TXD_DCMD_RS) == 0) continue;
      store<u32>(descriptor, load<u32>(descriptor, 12) | TXD_STA_DD, 12);
    }
    if (name == TRANSFER_POINTER) return end;
    Transfers.put(end, <u64>copy, TRANSFER_POINTER, ring, name, frames * TX_DESCRIPTOR_SIZE);
    return end + TRANSFER_SIZE;
  }
}
