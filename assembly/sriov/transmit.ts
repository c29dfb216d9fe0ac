// Transmit queues, in bursts. The common frame (one advanced data descriptor, one buffer, one addressee on this
// port, all in RAM inside this memory) is copied once, from the sender's buffer to the receiver's. Every other
// frame takes the way through gather.ts; memory outside takes outside.ts.

import { Bits } from "../core/bits";
import { Context, Dma, FAULT } from "../iommu/translate";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_EXTERNAL, REGION_KIND_RAM } from "../spec/abi/memory-map";
import { CAUSE_TX, STOP_BUFFER, STOP_RING } from "../spec/abi/port";
import { FRAME_CRC, RX_FRAME_MAX } from "../spec/igb/receive";
import { RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB, RXD_UPPER } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import {
  TX_DESCRIPTOR_SIZE,
  TXD_COMMAND,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DCMD_RS,
  TXD_DCMD_TSE,
  TXD_DCMD_VLE,
  TXD_DTALEN_HI,
  TXD_DTALEN_LO,
  TXD_DTYP_DATA,
  TXD_DTYP_MASK,
  TXD_MAC_TSTAMP,
  TXD_POPTS_IXSM,
  TXD_POPTS_TXSM,
  TXD_STA_DD,
  TXD_STATUS,
} from "../spec/igb/tx-descriptor";
import { POOLS, TXSWC_LLE_HI, TXSWC_LLE_LO } from "../spec/igb/virtualization";
import { ETHERNET_FRAME_MIN } from "../spec/net/ethernet";
import { Copy } from "./copy";
import { Ethernet } from "./ethernet";
import { Filter } from "./filter";
import { Gather } from "./gather";
import { Lengths } from "./lengths";
import { Outside } from "./outside";
import { FLOW_MIN } from "./outside-flow";
import { Receive } from "./receive";
import { BURST, Control, PAGE, Port, Queue } from "./state";
import { Switch } from "./switch";

export class Transmit {
  /** Sends at most `budget` frames of a queue in service. Returns how many. */
  static run(port: Port, state: Control, queue: Queue, index: u32, context: Context, budget: u32): u32 {
    const unit = port.unit;
    const map = port.map;
    const pool = index & (POOLS - 1);
    const own: u32 = 1 << pool;
    const toSelf: u32 = Bits.of32(state.txswc, TXSWC_LLE_HI, TXSWC_LLE_LO) & own;
    const reachable: u32 = (state.plain & own) != 0 ? state.direct & (~own | toSelf) : 0;
    const plain = (state.plain & own) != 0 && state.overflowUnicast == 0;
    const headWriteback = (<u32>queue.writeback & TDWBAL_HEAD_WB_EN) != 0;
    const tail = queue.tail;
    const count = queue.length / TX_DESCRIPTOR_SIZE;
    let head = queue.head;
    let frames: u32 = 0;
    let octets: u32 = 0;
    let looped: u32 = 0;
    let touched: u32 = 0;
    let descriptor: usize = 0;
    let left: u32 = 0;
    let wired: u32 = 0;
    let wiredOctets: u32 = 0;
    let writable = false;
    let reported = false;
    // How many frames to look at before an import; it grows while the way through memory outside is of use.
    let window = BURST;
    // Whether frames come in flows.
    let flows = true;
    // As the window, for frames that have to be gathered.
    let gathered: u32 = 1;
    while (frames < budget && head != tail) {
      let outside = false;
      if (left == 0) {
        const place = queue.base + <u64>head * TX_DESCRIPTOR_SIZE;
        const result = Dma.translate(unit, context, place, ACCESS_READ);
        if (result & FAULT) {
          port.stop(queue, CAUSE_TX + index, STOP_RING);
          break;
        }
        const region = map.region(Dma.region(result));
        if (region.kind == REGION_KIND_RAM) descriptor = region.pointer(Dma.hpa(result));
        else if (region.kind == REGION_KIND_EXTERNAL) outside = true;
        else {
          port.stop(queue, CAUSE_TX + index, STOP_RING);
          break;
        }
        if (!outside) left = min((PAGE - (<u32>place & (PAGE - 1))) / TX_DESCRIPTOR_SIZE, count - head);
        writable = false;
      }
      // Read once: what is written below may lie over the ring.
      const command = outside ? 0 : load<u32>(descriptor, TXD_COMMAND);
      const options = outside ? 0 : load<u32>(descriptor, TXD_STATUS);
      const length = Transmit.plainLength(command, options);
      const address = outside ? 0 : load<u64>(descriptor);
      let sent = false;
      if (length != 0 && (<u32>address & (PAGE - 1)) + length <= PAGE) {
        const result = Dma.translate(unit, context, address, ACCESS_READ);
        if (result & FAULT) {
          port.stop(queue, CAUSE_TX + index, STOP_BUFFER);
          break;
        }
        const region = map.region(Dma.region(result));
        if (region.kind == REGION_KIND_RAM) {
          const frame = region.pointer(Dma.hpa(result));
          const to = Transmit.addressee(port, state, pool, frame, reachable);
          if (to != 0) {
            const done = Transmit.direct(port, ctz(to), frame, length);
            sent = done != REFUSED;
            outside = !sent;
            if (sent) {
              looped++;
              octets += length;
            }
            if (done == DELIVERED) {
              Lengths.looped(port, length, 1);
              touched |= to;
            } else if (sent) Lengths.sent(port, length);
          } else if (plain && Transmit.leaves(port, state, pool, frame)) {
            Switch.send(port, frame, length);
            wired++;
            wiredOctets += length;
            Lengths.sent(port, length);
            sent = true;
          }
        } else outside = region.kind == REGION_KIND_EXTERNAL;
      }
      if (sent) {
        if ((command & TXD_DCMD_RS) != 0) {
          reported = true;
          if (!headWriteback) {
            if (!writable) {
              const place = queue.base + <u64>head * TX_DESCRIPTOR_SIZE;
              if (Dma.translate(unit, context, place, ACCESS_WRITE) & FAULT) {
                port.stop(queue, CAUSE_TX + index, STOP_RING);
                break;
              }
              writable = true;
            }
            store<u32>(descriptor, options | TXD_STA_DD, TXD_STATUS);
          }
        }
        frames++;
        left--;
        descriptor += TX_DESCRIPTOR_SIZE;
        head++;
        if (head == count) head = 0;
        continue;
      }
      queue.head = head;
      left = 0;
      let moved: u32 = 0;
      if (outside) {
        const wanted = min(budget - frames, window);
        moved = Outside.burst(port, queue, index, context, reachable, wanted, flows);
        flows = flows && moved >= FLOW_MIN;
      }
      window = moved == 0 ? 1 : min(window << 1, BURST);
      if (moved != 0) gathered = 1;
      else if (!queue.stopped) {
        const most = outside ? budget - frames : min(budget - frames, gathered);
        moved = Gather.run(port, queue, index, context, most, outside);
        gathered = min(gathered << 1, BURST);
      }
      head = queue.head;
      frames += moved;
      if (moved == 0 || queue.stopped) break;
    }
    queue.head = head;
    if (reported) state.causes |= 1 << (CAUSE_TX + index);
    if (looped != 0) {
      Transmit.account(port, state, pool, looped, octets + looped * FRAME_CRC, true);
      Receive.settle(port, state, touched);
    }
    if (wired != 0) Transmit.account(port, state, pool, wired, wiredOctets + wired * FRAME_CRC, false);
    return frames;
  }

  /** The length of a frame that one data descriptor without offloads holds, from its dwords 2 and 3; 0 for any other. */
  @inline static plainLength(command: u32, options: u32): u32 {
    const length = Bits.of32(command, TXD_DTALEN_HI, TXD_DTALEN_LO);
    const special = TXD_DCMD_VLE | TXD_DCMD_TSE | TXD_MAC_TSTAMP;
    const shape = command & (TXD_DTYP_MASK | TXD_DCMD_DEXT | TXD_DCMD_EOP | special);
    const offloads = options & (TXD_POPTS_IXSM | TXD_POPTS_TXSM);
    const plain =
      ((shape ^ (TXD_DTYP_DATA | TXD_DCMD_DEXT | TXD_DCMD_EOP)) | offloads) == 0 &&
      length - ETHERNET_FRAME_MIN <= RX_FRAME_MAX - FRAME_CRC - ETHERNET_FRAME_MIN;
    return plain ? length : 0;
  }

  /** The one pool among `reachable` that an untagged, honest unicast goes to, as a mask; 0 for any other frame. */
  @inline static addressee(port: Port, state: Control, pool: u32, frame: usize, reachable: u32): u32 {
    const pools = Filter.poolsOf(port, Ethernet.destination(frame)) & reachable;
    if (pools == 0 || (pools & (pools - 1)) != 0) return 0;
    const type = Ethernet.type(frame);
    if (Ethernet.toGroup(frame) || type == state.vet || !Ethernet.opaque(frame, type)) return 0;
    if (Filter.checksMac(state, pool) && (Filter.poolsOf(port, Ethernet.source(frame)) & (1 << pool)) == 0) return 0;
    return pools;
  }

  /** Whether an untagged, honest unicast of a plain sender goes to the wire and nowhere else. */
  @inline private static leaves(port: Port, state: Control, pool: u32, frame: usize): bool {
    if (Ethernet.toGroup(frame) || Ethernet.type(frame) == state.vet) return false;
    if (Filter.find(port, Ethernet.destination(frame)) != 0) return false;
    return !Filter.checksMac(state, pool) || (Filter.poolsOf(port, Ethernet.source(frame)) & (1 << pool)) != 0;
  }

  /** Copies a frame that lies in one piece straight into the next buffer of receive queue `index`. */
  @inline private static direct(port: Port, index: u32, frame: usize, length: u32): u32 {
    const cursor = Receive.open(port, index);
    if (cursor.left == 0 && !Receive.run(port, index, cursor)) {
      Receive.miss(port, port.rx(index));
      return DROPPED;
    }
    if (!cursor.direct || length > cursor.bufferSize) return REFUSED;
    const descriptor = cursor.descriptor;
    const address = load<u64>(descriptor);
    if ((<u32>address & (PAGE - 1)) + length > PAGE) return REFUSED;
    const queue = port.rx(index);
    const result = Dma.translate(port.unit, changetype<Context>(cursor.context), address, ACCESS_WRITE);
    if (result & FAULT) {
      port.stop(queue, index, STOP_BUFFER);
      cursor.left = 0;
      return DROPPED;
    }
    const region = port.map.region(Dma.region(result));
    if (region.kind != REGION_KIND_RAM) return REFUSED;
    Copy.bytes(region.pointer(Dma.hpa(result)), frame, length);
    store<u64>(descriptor, 0);
    store<u64>(descriptor, Receive.writeback(RXD_STAT_DD | RXD_STAT_EOP | RXD_STAT_LB, length, 0), RXD_UPPER);
    Receive.advance(queue, cursor, 1);
    cursor.frames++;
    cursor.octets += length;
    return DELIVERED;
  }

  /** Counts frames that a pool sent; `octets` with the CRC. */
  static account(port: Port, state: Control, index: u32, frames: u32, octets: u32, loopback: bool): void {
    const pool = port.pool(index);
    pool.txFrames += frames;
    pool.txOctets += octets;
    if (loopback) {
      pool.loopTxFrames += frames;
      pool.loopTxOctets += octets;
    }
    state.txFrames += frames;
    state.txOctets += octets;
  }
}

/** What became of a frame on the direct way. */
const REFUSED: u32 = 0;
const DELIVERED: u32 = 1;
const DROPPED: u32 = 2;
