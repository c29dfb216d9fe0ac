// The short way of a burst through memory outside, for frames of one flow: at most the first one's header is fetched before
// the host moves them, and the host moves those that have the same one (spec/abi/flow). Whatever is not simple, cached
// and alike is left to outside.ts, which looks at every frame.

import { hostFlow } from "../core/env";
import { Context, Dma, FAULT, Unit } from "../iommu/translate";
import {
  FLOW_FRAME_LENGTH,
  FLOW_FRAME_SIZE,
  FLOW_FRAME_SOURCE,
  FLOW_FRAME_STATUS,
  FLOW_FRAME_TARGET,
  FLOW_FRAMES,
  FLOW_HEADER,
  FLOW_HEADER_SIZE,
  FLOW_REPORT,
  FLOW_REPORT_END,
  FLOW_REPORT_REGION,
  FLOW_REPORT_START,
  FLOW_RING,
  FLOW_RING_END,
  FLOW_RING_REGION,
  FLOW_RING_START,
  FLOW_SOURCE_REGION,
  FLOW_TARGET_REGION,
  FLOW_WRITTEN,
} from "../spec/abi/flow";
import { ACCESS_READ, ACCESS_WRITE } from "../spec/abi/iommu";
import { REGION_KIND_EXTERNAL, REGION_KIND_RAM, TRANSFER_POINTER } from "../spec/abi/memory-map";
import { CAUSE_TX, PORT_FLOW_SIZE, SCRATCH_DESCRIPTORS, SCRATCH_FLOW } from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { RX_DESCRIPTOR_SIZE, RXD_STAT_DD, RXD_STAT_EOP, RXD_STAT_LB } from "../spec/igb/rx-descriptor";
import { TDWBAL_HEAD_WB_EN } from "../spec/igb/transmit";
import { TX_DESCRIPTOR_SIZE, TXD_COMMAND, TXD_DCMD_RS, TXD_STA_DD, TXD_STATUS } from "../spec/igb/tx-descriptor";
import { POOLS } from "../spec/igb/virtualization";
import { ETHERTYPE_IPV4 } from "../spec/net/ip";
import { Deliveries } from "./deliveries";
import { Ethernet } from "./ethernet";
import { Lengths } from "./lengths";
import { OutsideRings } from "./outside-rings";
import { Sender } from "./outside-sender";
import { Receive } from "./receive";
import { Cursor, PAGE, Port, Queue } from "./state";
import { Transfers } from "./transfers";
import { Transmit } from "./transmit";

/** The bits of an address or place that say in which page it is. */
const PAGES: u64 = ~(<u64>PAGE - 1);
/** In place of a place: not simple. */
const NOWHERE: u64 = 0xffff_ffff_ffff_ffff;

/** A shorter flow is not worth a burst of its own. */
export const FLOW_MIN: u32 = 8;

export class OutsideFlow {
  /**
   * Sends frames of the first one's flow, whose descriptors `sender` has copied, at most `frames`. Returns how many; the
   * head stays where it is.
   */
  static burst(
    port: Port,
    sender: Sender,
    queue: Queue,
    index: u32,
    context: Context,
    reachable: u32,
    frames: u32,
  ): u32 {
    const delivery = Deliveries.of(port, 0);
    const source = OutsideFlow.first(port, context);
    if (source == NOWHERE) return 0;
    delivery.source = <u64>(<u32>source);
    delivery.sourceRegion = <u16>(source >> 32);
    // IPv4 packets are looked at one by one: their descriptors say more.
    if (Deliveries.headers(port, 1) == 0 || Ethernet.type(delivery.bytes) == ETHERTYPE_IPV4) return 0;
    const to = Transmit.addressee(port, port.state, index & (POOLS - 1), delivery.bytes, reachable);
    if (to == 0) return 0;
    OutsideRings.want(port, ctz(to), true, frames);
    OutsideRings.open(port, to);
    const moved = OutsideFlow.move(port, sender, queue, index, context, ctz(to), delivery.bytes, frames, source);
    OutsideRings.close(port, to);
    if (moved >= FLOW_MIN) memory.copy(port.flow(index), delivery.bytes, FLOW_HEADER_SIZE);
    return moved;
  }

  /**
   * As `burst` for frames that go on with the flow that the queue sent last: the descriptors of sender and receiver are
   * fetched at once, and the first header, too, is looked at where it lies. 0: they do not go on with it, or something
   * stands in the way; then nothing was done.
   */
  static again(
    port: Port,
    sender: Sender,
    queue: Queue,
    index: u32,
    context: Context,
    reachable: u32,
    wanted: u32,
  ): u32 {
    const header = port.flow(index);
    const to = Transmit.addressee(port, port.state, index & (POOLS - 1), header, reachable);
    if (to == 0 || !OutsideRings.ready(port, ctz(to))) return 0;
    const translations = port.unit.translations;
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    const list = Transfers.list(port);
    let end = sender.prepare(port, queue, index, context, copy, wanted, list);
    const frames = sender.frames;
    let moved: u32 = 0;
    if (frames != 0) {
      OutsideRings.want(port, ctz(to), true, frames);
      end = OutsideRings.prepare(port, ctz(to), end);
      if (Transfers.run(port, list, end)) {
        const source = OutsideFlow.first(port, context);
        if (source != NOWHERE) {
          moved = OutsideFlow.move(port, sender, queue, index, context, ctz(to), header, frames, source);
        }
      }
      OutsideRings.close(port, to);
    }
    if (moved == 0) {
      port.unit.translations = translations;
      memory.fill(header, 0, PORT_FLOW_SIZE);
    }
    return moved;
  }

  /** The place of the first frame: see `placeOf`. NOWHERE also when it is not plain. */
  @inline private static first(port: Port, context: Context): u64 {
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    return OutsideFlow.lengthOf(copy) == 0 ? NOWHERE : OutsideFlow.placeOf(port, context, load<u64>(copy), ACCESS_READ);
  }

  /** Moves frames with this header, the first from `source`, to the opened queue `target`. Returns how many. */
  private static move(
    port: Port,
    sender: Sender,
    queue: Queue,
    index: u32,
    context: Context,
    target: u32,
    header: usize,
    frames: u32,
    source: u64,
  ): u32 {
    const cursor = port.cursor(target);
    if (cursor.left == 0 || !cursor.direct) return 0;
    const available = min(frames, cursor.left + OutsideRings.rest(port, target));
    const known = OutsideFlow.gather(port, sender, context, cursor, available, source);
    if (known == 0 || !OutsideFlow.describe(port, sender, queue, context, target, cursor)) return 0;
    const list = OutsideFlow.list(port);
    store<u64>(list, load<u64>(header), FLOW_HEADER);
    store<u64>(list, load<u64>(header, 8), FLOW_HEADER + 8);
    const moved = hostFlow(port.map.mapId, list, known);
    if (moved != 0) OutsideFlow.settle(port, sender, index & (POOLS - 1), index, target, cursor, known, moved);
    return moved;
  }

  @inline private static list(port: Port): usize {
    return port.scratch + SCRATCH_FLOW;
  }

  /** The length of the plain frame of a descriptor that lies in one page; 0 for any other. */
  @inline private static lengthOf(descriptor: usize): u32 {
    const length = Transmit.plainLength(load<u32>(descriptor, TXD_COMMAND), load<u32>(descriptor, TXD_STATUS));
    return (load<u32>(descriptor) & (PAGE - 1)) + length > PAGE ? 0 : length;
  }

  /** The place of an address in 31:0 and its region above, or NOWHERE: not cached, no memory, or not simple. */
  @inline private static placeOf(port: Port, context: Context, iova: u64, access: u32): u64 {
    const result = Dma.peek(port.unit, context, iova, access);
    if (result & FAULT) return NOWHERE;
    let number = Dma.region(result);
    const region = port.map.region(number);
    let place = Dma.hpa(result) - region.base;
    if (region.kind == REGION_KIND_RAM) {
      number = TRANSFER_POINTER;
      place = <u64>region.pointer(Dma.hpa(result));
    } else if (region.kind != REGION_KIND_EXTERNAL) return NOWHERE;
    return (place >> 32) | (place & 3) ? NOWHERE : ((<u64>number) << 32) | place;
  }

  /** How far the results of an address's region lie above their places: see `near`. */
  @inline private static origin(port: Port, context: Context, iova: u64, access: u32, place: u64): u64 {
    return Dma.peek(port.unit, context, iova, access) - <u64>(<u32>place);
  }

  /** The place of an address in the region that `origin` is of, or NOWHERE. */
  @inline private static near(unit: Unit, context: Context, iova: u64, access: u32, origin: u64): u64 {
    const result = Dma.peek(unit, context, iova, access);
    const place = result - origin;
    return (result & FAULT) | (place >> 32) | (place & 3) ? NOWHERE : place;
  }

  /**
   * Lists frames that lie in one memory and go to one, the first from `first`, and adds up what they are. Returns how
   * many.
   */
  private static gather(port: Port, sender: Sender, context: Context, cursor: Cursor, frames: u32, first: u64): u32 {
    const list = OutsideFlow.list(port);
    const unit = port.unit;
    const to = changetype<Context>(cursor.context);
    const bufferSize = cursor.bufferSize;
    let descriptor = port.scratch + SCRATCH_DESCRIPTORS;
    let receiver = cursor.descriptor;
    // Where the buffers before were: often the next one is in the same page.
    let sourceIova = load<u64>(descriptor);
    let targetIova = load<u64>(receiver);
    const begin = OutsideFlow.placeOf(port, to, targetIova, ACCESS_WRITE);
    if (begin == NOWHERE) return 0;
    store<u32>(list, <u32>(first >> 32), FLOW_SOURCE_REGION);
    store<u32>(list, <u32>(begin >> 32), FLOW_TARGET_REGION);
    const sourceOrigin = OutsideFlow.origin(port, context, sourceIova, ACCESS_READ, first);
    const targetOrigin = OutsideFlow.origin(port, to, targetIova, ACCESS_WRITE, begin);
    let source = <u64>(<u32>first);
    let target = <u64>(<u32>begin);
    let octets: u32 = 0;
    let asked: u32 = 0;
    let differ: u32 = 0;
    // Most descriptors are as the one before, but for the address: what they say is worked out once.
    let shape: u64 = 0;
    let length: u32 = 0;
    let said: u64 = 0;
    let entry = list + FLOW_FRAMES;
    const end = entry + frames * FLOW_FRAME_SIZE;
    while (entry < end) {
      const iova = load<u64>(descriptor);
      const address = load<u64>(receiver);
      if ((iova ^ sourceIova) & PAGES) {
        source = OutsideFlow.near(unit, context, iova, ACCESS_READ, sourceOrigin);
        if (source == NOWHERE) break;
      } else source += iova - sourceIova;
      if ((address ^ targetIova) & PAGES) {
        target = OutsideFlow.near(unit, to, address, ACCESS_WRITE, targetOrigin);
        if (target == NOWHERE) break;
      } else target += address - targetIova;
      sourceIova = iova;
      targetIova = address;
      const now = load<u64>(descriptor, TXD_COMMAND);
      if (now != shape) {
        const command = <u32>now;
        const options = <u32>(now >> 32);
        length = Transmit.plainLength(command, options);
        if (length == 0 || length > bufferSize) break;
        const status = (command & TXD_DCMD_RS) != 0 ? options | TXD_STA_DD : 0;
        said = <u64>length | ((<u64>status) << 32);
        asked |= status;
        differ |= u32(shape != 0);
        shape = now;
      }
      if ((<u32>(source | target) & 3) != 0) break;
      if (max(<u32>iova & (PAGE - 1), <u32>address & (PAGE - 1)) + length > PAGE) break;
      store<u64>(entry, source | (target << 32), FLOW_FRAME_SOURCE);
      store<u64>(entry, said, FLOW_FRAME_LENGTH);
      octets += length;
      descriptor += TX_DESCRIPTOR_SIZE;
      receiver += RX_DESCRIPTOR_SIZE;
      entry += FLOW_FRAME_SIZE;
    }
    sender.octets = octets;
    sender.asked = asked;
    sender.differ = differ;
    return <u32>(entry - list - FLOW_FRAMES) / FLOW_FRAME_SIZE;
  }

  /** Says where both rings are. False when they are not simple, or transmit descriptors may not just be written. */
  private static describe(port: Port, sender: Sender, queue: Queue, context: Context, pool: u32, cursor: Cursor): bool {
    if ((<u32>queue.writeback & TDWBAL_HEAD_WB_EN) != 0) return false;
    if (Dma.peek(port.unit, context, queue.base + <u64>queue.head * TX_DESCRIPTOR_SIZE, ACCESS_WRITE) & FAULT)
      return false;
    const list = OutsideFlow.list(port);
    const receiver = port.rx(pool);
    const ring = OutsideRings.place(port, pool, cursor);
    const start = ring - <u64>receiver.head * RX_DESCRIPTOR_SIZE;
    const end = start + <u64>receiver.length;
    const report = sender.report(0);
    const first = report - <u64>queue.head * TX_DESCRIPTOR_SIZE;
    const last = first + <u64>queue.length;
    if (<u32>((ring | end | report | last) >> 32) | (<u32>(ring | report) & 3)) return false;
    store<u32>(list, OutsideRings.region(port, pool), FLOW_RING_REGION);
    store<u32>(list, sender.region, FLOW_REPORT_REGION);
    store<u32>(list, <u32>ring, FLOW_RING);
    store<u32>(list, <u32>end, FLOW_RING_END);
    store<u32>(list, <u32>start, FLOW_RING_START);
    store<u32>(list, <u32>report, FLOW_REPORT);
    store<u32>(list, <u32>last, FLOW_REPORT_END);
    store<u32>(list, <u32>first, FLOW_REPORT_START);
    store<u32>(list, <u32>Receive.writeback(RXD_STAT_DD | RXD_STAT_EOP | RXD_STAT_LB, 0, 0), FLOW_WRITTEN);
    return true;
  }

  /** Of `known` frames listed the first `moved` were moved: moves the receive queue's head on, and counts. */
  private static settle(
    port: Port,
    sender: Sender,
    pool: u32,
    index: u32,
    target: u32,
    cursor: Cursor,
    known: u32,
    moved: u32,
  ): void {
    const receiver = port.rx(target);
    const beside = min(moved, cursor.left);
    Receive.advance(receiver, cursor, beside);
    if (moved != beside && OutsideRings.turn(port, target, cursor)) Receive.advance(receiver, cursor, moved - beside);
    if (moved != known) OutsideFlow.sum(port, sender, moved);
    const octets = sender.octets;
    port.unit.translations += moved << 1;
    cursor.frames += moved;
    cursor.octets += octets;
    const state = port.state;
    if (sender.asked != 0) state.causes |= 1 << (CAUSE_TX + index);
    Transmit.account(port, state, pool, moved, octets + moved * FRAME_CRC, true);
    Receive.settle(port, state, 1 << target);
    let entry = OutsideFlow.list(port) + FLOW_FRAMES;
    if (sender.differ == 0) {
      Lengths.looped(port, load<u32>(entry, FLOW_FRAME_LENGTH), moved);
      return;
    }
    for (const end = entry + moved * FLOW_FRAME_SIZE; entry < end; entry += FLOW_FRAME_SIZE) {
      Lengths.looped(port, load<u32>(entry, FLOW_FRAME_LENGTH), 1);
    }
  }

  /** Adds up what the first `frames` of the list are. */
  private static sum(port: Port, sender: Sender, frames: u32): void {
    let octets: u32 = 0;
    let asked: u32 = 0;
    let entry = OutsideFlow.list(port) + FLOW_FRAMES;
    for (const end = entry + frames * FLOW_FRAME_SIZE; entry < end; entry += FLOW_FRAME_SIZE) {
      octets += load<u32>(entry, FLOW_FRAME_LENGTH);
      asked |= load<u32>(entry, FLOW_FRAME_STATUS);
    }
    sender.octets = octets;
    sender.asked = asked;
  }
}

// An entry is as far from the next one as descriptors are.
if (FLOW_FRAME_SIZE != TX_DESCRIPTOR_SIZE || FLOW_FRAME_SIZE != RX_DESCRIPTOR_SIZE) ERROR("FLOW_FRAME_SIZE");
// Two fields are written at once.
if (FLOW_FRAME_TARGET != FLOW_FRAME_SOURCE + 4) ERROR("FLOW_FRAME_TARGET");
if (FLOW_FRAME_STATUS != FLOW_FRAME_LENGTH + 4) ERROR("FLOW_FRAME_STATUS");
if (TXD_STATUS != TXD_COMMAND + 4) ERROR("TXD_STATUS");
