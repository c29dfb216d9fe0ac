// The delivery of one frame to a receive queue through any kind of memory: which queue, what its descriptors say, and
// which bytes go to which buffer (I350 §7.1.4, §7.1.5; 82576 §7.1.4 to §7.1.6). The shortest case has its own way in
// transmit.ts. Deviation: frames from other pools have no CRC, and none is put into memory for them.

import { Bits } from "../core/bits";
import { Context } from "../iommu/translate";
import {
  PROFILE_I350,
  SCRATCH_CRC,
  SCRATCH_LAYOUT,
  SCRATCH_RECEIVE,
  SCRATCH_STAMP,
  STOP_BUFFER,
  STOP_RING,
} from "../spec/abi/port";
import { PORT_PSRTYPE } from "../spec/abi/port-offload";
import {
  FRAME_CRC,
  RCTL_SECRC,
  SRRCTL_BSIZEHEADER_HI,
  SRRCTL_BSIZEHEADER_LO,
  SRRCTL_BSIZEHEADER_UNIT,
  SRRCTL_DESCTYPE_LEGACY,
  SRRCTL_DESCTYPE_ONE_BUFFER,
  SRRCTL_DESCTYPE_REPLICATE,
  SRRCTL_DESCTYPE_REPLICATE_LARGE,
  SRRCTL_DESCTYPE_SPLIT_ALWAYS,
} from "../spec/igb/receive";
import { PSRTYPE_MAC } from "../spec/igb/receive-offload";
import { RX_DESCRIPTOR_SIZE, RXD_UPPER } from "../spec/igb/rx-descriptor";
import { STAMP_SIZE, STAMP_TIME } from "../spec/igb/time-stamp";
import { DVMOLR_STRCRC, VMOLR_STRCRC } from "../spec/igb/virtualization";
import { Batch } from "./batch";
import { Checksum } from "./checksum";
import { NO_TAG } from "./ethernet";
import { OutsideRings } from "./outside-rings";
import { Packet } from "./packet";
import { Receive } from "./receive";
import { ReceiveState } from "./receive-state";
import { Stamp } from "./stamp";
import { BURST, Cursor, Port, Queue } from "./state";
import { Steering } from "./steering";
import { Writeback } from "./writeback";

/** How stamp, frame and CRC are laid into buffers. */
@unmanaged
class Layout {
  /** Bytes of stamp, frame and CRC. */
  stamp: u32;
  crc: u32;
  total: u32;
  /** Bytes for the header buffer, and from where on the packet buffers have them. */
  header: u32;
  from: u32;
  /** What the first descriptor tells of the header: its length, and whether it was found and did not fit. */
  length: u32;
  found: bool;
  overflow: bool;

  @inline static of(port: Port): Layout {
    return changetype<Layout>(port.scratch + SCRATCH_LAYOUT);
  }
}

export class Reception {
  /**
   * Delivers the frame of `length` bytes at `frame` in linear memory to a queue of `pool`. `tag` is the stripped VLAN
   * tag, NO_TAG for none. False when it was dropped; a refused DMA stops the queue.
   */
  static frame(port: Port, pool: u32, frame: usize, length: u32, tag: u32, loopback: bool): bool {
    const packet = Packet.parse(port, frame, length, tag);
    const index = Steering.queue(port, pool, packet);
    const cursor = Receive.open(port, index);
    const queue = port.rx(index);
    if (!Reception.next(port, index, cursor)) return Reception.lose(port, index, length, loopback);
    const layout = Reception.layOut(port, pool, queue, packet, loopback);
    const rest = layout.total - layout.from;
    if (!Receive.holds(cursor, Receive.available(queue), rest)) return Reception.lose(port, index, rest, loopback);
    const writeback = Writeback.compose(port, packet, pool, tag, loopback, layout.crc == 0, layout.stamp != 0);
    const legacy = Receive.typeOf(queue) == SRRCTL_DESCTYPE_LEGACY;
    const context = changetype<Context>(cursor.context);
    const copy = port.scratch + SCRATCH_RECEIVE;
    Batch.of(port).kept = false;
    const owner = Batch.owner(index, STOP_BUFFER);
    let done = layout.from;
    let first = true;
    do {
      if (!Reception.next(port, index, cursor)) return false;
      const place = queue.base + <u64>queue.head * RX_DESCRIPTOR_SIZE;
      if (cursor.direct) v128.store(copy, v128.load(cursor.descriptor));
      else if (!Receive.transfer(port, context, place, copy, RX_DESCRIPTOR_SIZE, false, 0)) {
        return Receive.refuse(port, queue, index, cursor, STOP_RING);
      }
      if (
        first &&
        layout.header != 0 &&
        !Reception.put(port, context, packet, load<u64>(copy, RXD_UPPER), 0, layout.header, owner)
      ) {
        return Receive.refuse(port, queue, index, cursor, STOP_BUFFER);
      }
      const part = min(layout.total - done, cursor.bufferSize);
      if (!Reception.put(port, context, packet, load<u64>(copy), done, part, owner)) {
        return Receive.refuse(port, queue, index, cursor, STOP_BUFFER);
      }
      done += part;
      const last = done == layout.total;
      if (legacy) writeback.legacy(copy, part, last);
      else writeback.advanced(copy, first ? Reception.told(queue, layout, part) : part, last);
      if (first && !legacy) writeback.header(copy, layout.length, layout.found, layout.overflow);
      if (!Reception.report(port, index, cursor, place, copy)) {
        return Receive.refuse(port, queue, index, cursor, STOP_RING);
      }
      // A batch may have made writes meanwhile.
      if (queue.stopped) return false;
      Receive.advance(queue, cursor, 1);
      first = false;
    } while (done < layout.total);
    port.state.causes |= 1 << index;
    const receive = ReceiveState.of(port);
    // Only with advanced descriptors (I350 §7.3.5).
    if (receive.immediates != 0 && !legacy && Steering.immediate(port, packet)) receive.immediate |= 1 << index;
    return true;
  }

  /** Finds the queue's next descriptor; in a batch many at a time are read from outside. False when there is none. */
  private static next(port: Port, index: u32, cursor: Cursor): bool {
    const batch = Batch.of(port);
    const bit: u32 = 1 << index;
    if (cursor.left == 0) {
      const copied = (batch.cursors & bit) != 0 && !port.rx(index).stopped;
      if (copied && OutsideRings.turn(port, index, cursor)) return true;
      batch.cursors &= ~bit;
      if (!Receive.run(port, index, cursor)) return false;
    }
    if (cursor.direct || !batch.opened || !Receive.advanced(port.rx(index))) return true;
    batch.flush(port);
    if (cursor.left != 0 && OutsideRings.ahead(port, index, BURST)) batch.cursors |= bit;
    // What cannot be read ahead says so when it is read.
    return cursor.left != 0 || Receive.run(port, index, cursor);
  }

  /** Writes the cursor's descriptor, which is at `place`, from its copy, behind the frame's data. */
  private static report(port: Port, index: u32, cursor: Cursor, place: u64, copy: usize): bool {
    const owner = Batch.owner(index, STOP_RING);
    const batch = Batch.of(port);
    if ((batch.cursors >> index) & 1) {
      v128.store(cursor.descriptor, v128.load(copy));
      const region = OutsideRings.region(port, index);
      batch.describe(port, region, OutsideRings.place(port, index, cursor), cursor.descriptor, owner);
      return true;
    }
    if (batch.kept) batch.flush(port);
    if (port.rx(index).stopped) return true;
    const context = changetype<Context>(cursor.context);
    if (!cursor.direct) return Receive.transfer(port, context, place, copy, RX_DESCRIPTOR_SIZE, true, owner);
    v128.store(cursor.descriptor, v128.load(copy));
    return true;
  }

  /**
   * Whether a frame from the wire has to wait in the packet buffer for the descriptors of its queue (see
   * Receive.waits).
   */
  static waits(port: Port, pool: u32, frame: usize, length: u32): bool {
    const fixed = Steering.fixed(port.state);
    const index = fixed ? pool : Steering.queue(port, pool, Packet.parse(port, frame, length, NO_TAG));
    const crc = Reception.keepsCrc(port, pool) ? FRAME_CRC : 0;
    return Receive.waits(port, index, length + Reception.stampSize(port, port.rx(index)) + crc);
  }

  /** Counts a frame of which `length` bytes need buffers that its queue has not. */
  private static lose(port: Port, index: u32, length: u32, loopback: bool): bool {
    return loopback ? Receive.miss(port, port.rx(index)) : Receive.lose(port, index, length);
  }

  /** Bytes before every frame from the wire. */
  private static stampSize(port: Port, queue: Queue): u32 {
    return Receive.typeOf(queue) != SRRCTL_DESCTYPE_LEGACY && Stamp.inBuffer(port, queue) ? STAMP_SIZE : 0;
  }

  /** Whether the CRC goes to memory: of frames from the wire, unless it is stripped. */
  private static keepsCrc(port: Port, pool: u32): bool {
    const state = port.state;
    if (state.virtual == 0) return (state.rctl & RCTL_SECRC) == 0;
    const row = port.pool(pool);
    return state.profile == PROFILE_I350 ? (row.dvmolr & DVMOLR_STRCRC) == 0 : (row.vmolr & VMOLR_STRCRC) == 0;
  }

  /** Decides which bytes go where (I350 §7.1.5, table of split and replicated headers). */
  private static layOut(port: Port, pool: u32, queue: Queue, packet: Packet, loopback: bool): Layout {
    const layout = Layout.of(port);
    const type = Receive.typeOf(queue);
    layout.stamp = loopback ? 0 : Reception.stampSize(port, queue);
    if (layout.stamp != 0) {
      store<u64>(port.scratch + SCRATCH_STAMP, 0);
      store<u64>(port.scratch + SCRATCH_STAMP, ReceiveState.of(port).systim, STAMP_TIME);
    }
    layout.crc = !loopback && Reception.keepsCrc(port, pool) ? FRAME_CRC : 0;
    if (layout.crc != 0) store<u32>(port.scratch + SCRATCH_CRC, Checksum.frameCheck(packet.frame, packet.length));
    layout.total = layout.stamp + packet.length + layout.crc;
    layout.header = 0;
    layout.from = 0;
    layout.length = 0;
    layout.found = false;
    layout.overflow = false;
    if (type == SRRCTL_DESCTYPE_LEGACY || type == SRRCTL_DESCTYPE_ONE_BUFFER) return layout;
    const room = Bits.of32(queue.srrctl, SRRCTL_BSIZEHEADER_HI, SRRCTL_BSIZEHEADER_LO) * SRRCTL_BSIZEHEADER_UNIT;
    const enabled = port.word(PORT_PSRTYPE, pool);
    let length: u32 = 0;
    if (packet.split & enabled) length = packet.header;
    else if (enabled & PSRTYPE_MAC) length = packet.network;
    layout.found = length != 0;
    layout.length = layout.found ? layout.stamp + length : 0;
    layout.overflow = layout.length > room;
    Reception.split(layout, type, room);
    return layout;
  }

  private static split(layout: Layout, type: u32, room: u32): void {
    const fits = layout.total <= room;
    if (type == SRRCTL_DESCTYPE_SPLIT_ALWAYS) {
      if (fits) {
        // Everything lies in the header buffer.
        layout.found = false;
        layout.overflow = false;
        layout.header = layout.total;
        layout.length = layout.total;
      } else {
        layout.header = layout.found && !layout.overflow ? layout.length : room;
        if (!layout.found) layout.length = room;
      }
      layout.from = layout.header;
      return;
    }
    if (!layout.found) return;
    if (type == SRRCTL_DESCTYPE_REPLICATE || type == SRRCTL_DESCTYPE_REPLICATE_LARGE) {
      layout.header = min(layout.total, room);
      if (type == SRRCTL_DESCTYPE_REPLICATE_LARGE && fits) layout.from = layout.total;
    } else if (!layout.overflow) {
      layout.header = layout.length;
      layout.from = layout.header;
    }
  }

  /** The length that the first descriptor tells: that of the packet buffer, but for frames not replicated. */
  private static told(queue: Queue, layout: Layout, part: u32): u32 {
    const alone = Receive.typeOf(queue) == SRRCTL_DESCTYPE_REPLICATE_LARGE && layout.from == layout.total;
    return alone ? layout.total : part;
  }

  /** Puts `count` bytes of stamp, frame and CRC, from `from` on, to `iova`. */
  private static put(port: Port, context: Context, packet: Packet, iova: u64, from: u32, count: u32, owner: u32): bool {
    const layout = Layout.of(port);
    const behind = layout.stamp + packet.length;
    let done: u32 = 0;
    while (done < count) {
      const at = from + done;
      let source: usize;
      let part = count - done;
      if (at < layout.stamp) {
        source = port.scratch + SCRATCH_STAMP + at;
        part = min(part, layout.stamp - at);
      } else if (at < behind) {
        source = packet.frame + (at - layout.stamp);
        part = min(part, behind - at);
      } else source = port.scratch + SCRATCH_CRC + (at - behind);
      if (!Receive.transfer(port, context, iova + <u64>done, source, part, true, owner)) return false;
      done += part;
    }
    return true;
  }
}
