// Receive queues: which descriptors a burst may use, and the delivery of one frame to one queue through any kind
// of memory. The shortest case, one buffer of RAM inside this memory, has its own way in transmit.ts.

import { Bits } from "../core/bits";
import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_NONE, REGION_KIND_RAM } from "../spec/abi/memory-map";
import {
  QUEUE_FLAG_DMA,
  QUEUE_FLAG_STOPPED,
  STOP_DESCRIPTOR,
  STOP_INDEX,
  STOP_LENGTH,
  STOP_RING,
} from "../spec/abi/port";
import {
  FRAME_CRC,
  RCTL_BSIZE_HI,
  RCTL_BSIZE_LO,
  RXDCTL_ENABLE,
  SRRCTL_BSIZEPACKET_HI,
  SRRCTL_BSIZEPACKET_LO,
  SRRCTL_DESCTYPE_HI,
  SRRCTL_DESCTYPE_LO,
  SRRCTL_DESCTYPE_ONE_BUFFER,
  SRRCTL_DESCTYPE_SPLIT_ALWAYS,
  SRRCTL_DROP_EN,
} from "../spec/igb/receive";
import { RX_DESCRIPTOR_SIZE, RXD_LENGTH_LO, RXD_VLAN_LO } from "../spec/igb/rx-descriptor";
import { Batch } from "./batch";
import { Copy } from "./copy";
import { ReceiveState } from "./receive-state";
import { Stamp } from "./stamp";
import { Control, Cursor, PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";

const KIB: u32 = 1024;

export class Receive {
  /** The queue's cursor, opened for the current burst. Its `left` is 0 when the queue takes nothing. */
  @inline static open(port: Port, index: u32): Cursor {
    const cursor = port.cursor(index);
    if (cursor.burst != port.burst) Receive.begin(port, index, cursor);
    return cursor;
  }

  private static begin(port: Port, index: u32, cursor: Cursor): void {
    const queue = port.rx(index);
    cursor.burst = port.burst;
    cursor.left = 0;
    cursor.context = 0;
    cursor.direct = false;
    cursor.frames = 0;
    cursor.octets = 0;
    if ((queue.control & RXDCTL_ENABLE) == 0) return;
    if ((queue.flags & (QUEUE_FLAG_DMA | QUEUE_FLAG_STOPPED)) != QUEUE_FLAG_DMA) return;
    const count = queue.length / RX_DESCRIPTOR_SIZE;
    if (count == 0) {
      if (queue.tail != queue.head) port.stop(queue, index, STOP_LENGTH);
      return;
    }
    if (queue.head >= count || queue.tail >= count) {
      port.stop(queue, index, STOP_INDEX);
      return;
    }
    const packet = Bits.of32(queue.srrctl, SRRCTL_BSIZEPACKET_HI, SRRCTL_BSIZEPACKET_LO) * KIB;
    cursor.bufferSize = packet != 0 ? packet : (2 * KIB) >> Bits.of32(port.state.rctl, RCTL_BSIZE_HI, RCTL_BSIZE_LO);
    if (Receive.typeOf(queue) > SRRCTL_DESCTYPE_SPLIT_ALWAYS) {
      port.stop(queue, index, STOP_DESCRIPTOR);
      return;
    }
    if (queue.head == queue.tail) return;
    const context = Dma.open(port.unit, queue.requester, queue.base, ACCESS_READ | ACCESS_WRITE);
    cursor.context = changetype<usize>(context);
    if (cursor.context == 0) port.stop(queue, index, STOP_RING);
    else Receive.run(port, index, cursor);
  }

  /** Finds the next descriptors that lie side by side. True when there is one. */
  static run(port: Port, index: u32, cursor: Cursor): bool {
    cursor.left = 0;
    const queue = port.rx(index);
    const head = queue.head;
    const tail = queue.tail;
    if (cursor.context == 0 || head == tail || queue.stopped) return false;
    const iova = queue.base + <u64>head * RX_DESCRIPTOR_SIZE;
    const context = changetype<Context>(cursor.context);
    const result = Dma.translate(port.unit, context, iova, ACCESS_READ | ACCESS_WRITE);
    if (result & FAULT) {
      port.stop(queue, index, STOP_RING);
      return false;
    }
    const region = port.map.region(Dma.region(result));
    if (region.kind == REGION_KIND_NONE) {
      port.stop(queue, index, STOP_RING);
      return false;
    }
    const end = head < tail ? tail : queue.length / RX_DESCRIPTOR_SIZE;
    const page = (PAGE - (<u32>iova & (PAGE - 1))) / RX_DESCRIPTOR_SIZE;
    cursor.left = min(end - head, page);
    if (region.kind == REGION_KIND_RAM) {
      cursor.descriptor = region.pointer(Dma.hpa(result));
      cursor.direct = Receive.advanced(queue) && !Stamp.inBuffer(port, queue);
    } else cursor.direct = false;
    return true;
  }

  /** The kind of the queue's descriptors. */
  @inline static typeOf(queue: Queue): u32 {
    return Bits.of32(queue.srrctl, SRRCTL_DESCTYPE_HI, SRRCTL_DESCTYPE_LO);
  }

  /** Whether the queue's descriptors are advanced ones with one buffer. */
  @inline static advanced(queue: Queue): bool {
    return Receive.typeOf(queue) == SRRCTL_DESCTYPE_ONE_BUFFER;
  }

  /** Moves the head on by descriptors that lie side by side, after the cursor's were written back. */
  @inline static advance(queue: Queue, cursor: Cursor, count: u32): void {
    cursor.left -= count;
    cursor.descriptor += <usize>(count * RX_DESCRIPTOR_SIZE);
    const next = queue.head + count;
    queue.head = next * RX_DESCRIPTOR_SIZE == queue.length ? 0 : next;
  }

  /** Descriptors that are the device's. */
  @inline static available(queue: Queue): u32 {
    const difference = queue.tail - queue.head;
    return queue.tail >= queue.head ? difference : difference + queue.length / RX_DESCRIPTOR_SIZE;
  }

  /** Whether `descriptors` of the cursor's queue take `length` bytes. */
  @inline static holds(cursor: Cursor, descriptors: u32, length: u32): bool {
    return (length + cursor.bufferSize - 1) / cursor.bufferSize <= descriptors;
  }

  /** Takes a queue that refused a request out of service, for the rest of the burst too. */
  static refuse(port: Port, queue: Queue, index: u32, cursor: Cursor, reason: u32): bool {
    port.stop(queue, index, reason);
    cursor.left = 0;
    return false;
  }

  /** The upper half of a descriptor's write-back form (I350 §7.1.5.2). */
  @inline static writeback(status: u32, length: u32, vlan: u32): u64 {
    return ((<u64>vlan) << RXD_VLAN_LO) | ((<u64>length) << RXD_LENGTH_LO) | <u64>status;
  }

  /** Counts what the burst put directly into the queues of `pools`, and raises their causes. */
  static settle(port: Port, state: Control, pools: u32): void {
    for (let left = pools; left != 0; left &= left - 1) {
      const index = ctz(left);
      const cursor = port.cursor(index);
      const pool = port.pool(index);
      const frames = cursor.frames;
      const octets = cursor.octets + frames * FRAME_CRC;
      pool.loopRxFrames += frames;
      pool.loopRxOctets += octets;
      state.rxFrames += frames;
      state.rxOctets += octets;
      state.delivered += frames;
      cursor.frames = 0;
      cursor.octets = 0;
    }
    state.causes |= pools;
  }

  /**
   * Whether a frame from the wire has to wait in the packet buffer for the queue's descriptors: the queue works, has too
   * few of them, and must not drop (I350 §8.10.2 SRRCTL.Drop_En, QDE). One that the whole ring could not hold never
   * waits.
   */
  static waits(port: Port, index: u32, length: u32): bool {
    const queue = port.rx(index);
    if ((queue.srrctl & SRRCTL_DROP_EN) != 0 || ((port.state.qde >> index) & 1) != 0) return false;
    if ((queue.control & RXDCTL_ENABLE) == 0) return false;
    const cursor = Receive.open(port, index);
    if ((queue.flags & (QUEUE_FLAG_DMA | QUEUE_FLAG_STOPPED)) != QUEUE_FLAG_DMA) return false;
    const count = queue.length / RX_DESCRIPTOR_SIZE;
    if (count == 0 || queue.head >= count || queue.tail >= count) return false;
    return !Receive.holds(cursor, Receive.available(queue), length) && Receive.holds(cursor, count - 1, length);
  }

  /** Counts the frame from the wire that is being looked at, once, as one without a descriptor (I350 §8.18 RNBC). */
  static unbuffered(port: Port): void {
    const state = port.state;
    const receive = ReceiveState.of(port);
    const frame = state.ingress + 1;
    if (receive.unbuffered == frame) return;
    receive.unbuffered = frame;
    state.noBuffer++;
  }

  /**
   * Counts a frame of `length` bytes from the wire that no descriptor took: as missed when it would have waited had the
   * packet buffer room (I350 §8.18 MPC), else as dropped by the queue.
   */
  static lose(port: Port, index: u32, length: u32): bool {
    Receive.unbuffered(port);
    if (!Receive.waits(port, index, length)) {
      port.rx(index).drops++;
      return false;
    }
    const state = port.state;
    const receive = ReceiveState.of(port);
    const frame = state.ingress + 1;
    if (receive.overrun != frame) state.missed++;
    receive.overrun = frame;
    return false;
  }

  /**
   * Counts a looped frame that no descriptor took. Deviation: it does not wait in the packet buffer where there is
   * no drop enable, so that no sender is held up by another's receiver.
   */
  static miss(port: Port, queue: Queue): bool {
    queue.drops++;
    port.state.noBuffer++;
    return false;
  }

  /**
   * Moves bytes between `pointer` and memory, page by page; a batch may keep what is written for `owner`. Deviation: to
   * registers no way leads from a ring (routing between peers is optional: PCIe 6.0 §1.3.1), so that nothing that a burst
   * relies on changes under it.
   */
  static transfer(port: Port, context: Context, iova: u64, pointer: usize, length: u32, write: bool, owner: u32): bool {
    let done: u32 = 0;
    while (done < length) {
      const place = iova + <u64>done;
      const part = min(length - done, PAGE - (<u32>place & (PAGE - 1)));
      const result = Dma.translate(port.unit, context, place, write ? ACCESS_WRITE : ACCESS_READ);
      if (result & FAULT) return false;
      const number = Dma.region(result);
      const region = port.map.region(number);
      const hpa = Dma.hpa(result);
      if (!Transfers.reaches(region) || !region.holds(hpa, part)) return false;
      const at = pointer + done;
      if (region.kind == REGION_KIND_RAM) {
        const own = region.pointer(hpa);
        if (write) Copy.bytes(own, at, part);
        else Copy.bytes(at, own, part);
      } else {
        const batch = Batch.of(port);
        if (write && batch.opened) batch.write(port, number, hpa - region.base, at, part, owner);
        else {
          batch.flush(port);
          const ok = write ? port.map.write(number, hpa, at, part) : port.map.read(number, hpa, at, part);
          if (!ok) return false;
        }
      }
      done += part;
    }
    return true;
  }
}
