// Frames of any shape: several descriptors, context and legacy descriptors, tag insertion, offloads, any kind of
// memory. The frame is put together in scratch memory and then handed to the switch.

import { Bits } from "../core/bits";
import { Context } from "../iommu/translate";
import {
  CAUSE_TX,
  CONTEXT_DWORD2,
  CONTEXT_DWORD3,
  SCRATCH_DESCRIPTORS,
  SCRATCH_FRAME,
  SCRATCH_FRAME_SIZE,
  STOP_BUFFER,
  STOP_DESCRIPTOR,
  STOP_OFFLOAD,
  STOP_RING,
  STOP_SIZE,
  STOP_UNENDED,
} from "../spec/abi/port";
import { FRAME_CRC } from "../spec/igb/receive";
import { TCTL_PSP, TDWBAL_HEAD_WB_EN, TX_FRAME_MAX, TX_FRAME_MIN } from "../spec/igb/transmit";
import {
  TX_CONTEXTS,
  TX_DESCRIPTOR_SIZE,
  TXC_IDX_HI,
  TXC_IDX_LO,
  TXC_VLAN_HI,
  TXC_VLAN_LO,
  TXD_COMMAND,
  TXD_DCMD_DEXT,
  TXD_DCMD_EOP,
  TXD_DCMD_RS,
  TXD_DCMD_TSE,
  TXD_DCMD_VLE,
  TXD_DTALEN_HI,
  TXD_DTALEN_LO,
  TXD_DTYP_CONTEXT,
  TXD_DTYP_DATA,
  TXD_DTYP_MASK,
  TXD_IDX_HI,
  TXD_IDX_LO,
  TXD_MAC_TSTAMP,
  TXD_STA_DD,
  TXD_STATUS,
  TXL_VLAN_HI,
  TXL_VLAN_LO,
} from "../spec/igb/tx-descriptor";
import {
  POOL_MASK,
  POOLS,
  VMVIR_PORT_VLAN_HI,
  VMVIR_PORT_VLAN_LO,
  VMVIR_VLANA_ALWAYS,
  VMVIR_VLANA_NEVER,
} from "../spec/igb/virtualization";
import { ETHERNET_FRAME_MIN, VLAN_TAG_SIZE } from "../spec/net/ethernet";
import { Batch } from "./batch";
import { Ethernet, NO_TAG } from "./ethernet";
import { Filter } from "./filter";
import { Guard } from "./guard";
import { Lengths } from "./lengths";
import { Offload } from "./offload";
import { Receive } from "./receive";
import { ReceiveState } from "./receive-state";
import { Stage } from "./stage";
import { Stamp } from "./stamp";
import { Port, Queue } from "./state";
import { Switch } from "./switch";
import { Tags } from "./tags";
import { Transmit } from "./transmit";

/** Descriptors that one frame may have. */
const FRAME_DESCRIPTORS: u32 = 256;

export class Gather {
  /**
   * Sends at most `frames` frames from the queue's head on, and of the last one all segments. Returns how many: see
   * `frame`. With `outside` memory is involved that an import reaches.
   */
  static run(port: Port, queue: Queue, index: u32, context: Context, frames: u32, outside: bool): u32 {
    const batch = Batch.of(port);
    const stage = Stage.of(port);
    batch.open();
    stage.left = 0;
    if (outside && frames > 1) stage.fill(port, queue, index, context, frames);
    let done: u32 = 0;
    do {
      const made = Gather.frame(port, queue, index, context);
      if (made == 0) break;
      done += made;
    } while (done < frames && !queue.stopped && (outside ? stage.left != 0 : queue.head != queue.tail));
    stage.left = 0;
    batch.close(port);
    return done;
  }

  /**
   * Sends the frame that begins at the queue's head and moves the head behind it. Returns how many frames that made,
   * each segment counted, and context descriptors alone as one: 0 when the frame has no end yet or the queue was
   * stopped before it was sent.
   */
  private static frame(port: Port, queue: Queue, index: u32, context: Context): u32 {
    const count = queue.length / TX_DESCRIPTOR_SIZE;
    const stage = Stage.of(port);
    let frame = port.scratch + SCRATCH_FRAME;
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    const first = queue.head;
    let head = first;
    let length: u32 = 0;
    let taken: u32 = 0;
    let command: u32 = 0;
    let options: u32 = 0;
    let opened = false;
    while (head != queue.tail) {
      if (taken == FRAME_DESCRIPTORS) return Gather.refuse(port, queue, index, STOP_UNENDED);
      const place = queue.base + <u64>head * TX_DESCRIPTOR_SIZE;
      const descriptor = copy + <usize>(taken * TX_DESCRIPTOR_SIZE);
      const staged = taken < stage.left;
      if (staged) {
        v128.store(descriptor, v128.load(stage.descriptor(taken)));
        port.unit.translations++;
      } else if (!Receive.transfer(port, context, place, descriptor, TX_DESCRIPTOR_SIZE, false, 0)) {
        return Gather.refuse(port, queue, index, STOP_RING);
      }
      const word = load<u32>(descriptor, TXD_COMMAND);
      const type = word & TXD_DTYP_MASK;
      head = head + 1 == count ? 0 : head + 1;
      taken++;
      if ((word & TXD_DCMD_DEXT) != 0 && type == TXD_DTYP_CONTEXT) {
        if (!Gather.keepContext(queue, descriptor)) return Gather.refuse(port, queue, index, STOP_DESCRIPTOR);
        if (!opened && head == queue.tail) {
          if (Gather.report(port, queue, index, context, first, taken)) queue.head = head;
          stage.drop(min(taken, stage.left));
          return 1;
        }
        continue;
      }
      if ((word & TXD_DCMD_DEXT) != 0 && type != TXD_DTYP_DATA) {
        return Gather.refuse(port, queue, index, STOP_DESCRIPTOR);
      }
      if (!opened) {
        command = word;
        options = load<u32>(descriptor, TXD_STATUS);
        opened = true;
        if (staged) frame = stage.data(taken - 1);
      } else if (((word ^ command) & TXD_DCMD_DEXT) != 0) {
        // Descriptors of both kinds cannot be one frame.
        return Gather.refuse(port, queue, index, STOP_DESCRIPTOR);
      }
      const part = Bits.of32(word, TXD_DTALEN_HI, TXD_DTALEN_LO);
      const limit = Gather.segments(command) ? SCRATCH_FRAME_SIZE : TX_FRAME_MAX;
      if (length + part > limit) return Gather.refuse(port, queue, index, STOP_SIZE);
      if (staged) port.unit.translations++;
      else if (!Receive.transfer(port, context, load<u64>(descriptor), frame + length, part, false, 0)) {
        return Gather.refuse(port, queue, index, STOP_BUFFER);
      }
      length += part;
      if ((word & TXD_DCMD_EOP) == 0) continue;
      // The last descriptor tells a legacy frame's tag and checksum (I350 §7.2.2.1).
      if ((word & TXD_DCMD_DEXT) == 0) {
        command = word;
        options = load<u32>(descriptor, TXD_STATUS);
      }
      if (length < TX_FRAME_MIN) return Gather.refuse(port, queue, index, STOP_DESCRIPTOR);
      const left = port.state.egress;
      const frames = Gather.send(port, queue, index, frame, length, command, options);
      const stamped = (command & (TXD_DCMD_DEXT | TXD_MAC_TSTAMP)) == (TXD_DCMD_DEXT | TXD_MAC_TSTAMP);
      if (stamped && port.state.egress != left) Stamp.sent(port);
      if (frames == 0) return Gather.refuse(port, queue, index, STOP_OFFLOAD);
      if (Gather.report(port, queue, index, context, first, taken)) queue.head = head;
      stage.drop(min(taken, stage.left));
      return frames;
    }
    // No end yet. A ring that is full without one can never have one.
    if (taken + 1 >= count) port.stop(queue, CAUSE_TX + index, STOP_UNENDED);
    return 0;
  }

  /** Whether a frame is to be cut into segments: what only advanced descriptors can ask for. */
  @inline private static segments(command: u32): bool {
    return (command & (TXD_DCMD_DEXT | TXD_DCMD_TSE)) == (TXD_DCMD_DEXT | TXD_DCMD_TSE);
  }

  private static refuse(port: Port, queue: Queue, index: u32, reason: u32): u32 {
    port.stop(queue, CAUSE_TX + index, reason);
    return 0;
  }

  /** Keeps a context descriptor. False when its number is none. */
  private static keepContext(queue: Queue, descriptor: usize): bool {
    const number = Bits.of32(load<u32>(descriptor, TXD_STATUS), TXC_IDX_HI, TXC_IDX_LO);
    if (number >= TX_CONTEXTS) return false;
    const place = queue.context(number);
    store<u32>(place, load<u32>(descriptor));
    store<u32>(place, load<u32>(descriptor, TXD_COMMAND), CONTEXT_DWORD2);
    store<u32>(place, load<u32>(descriptor, TXD_STATUS), CONTEXT_DWORD3);
    return true;
  }

  /** Reports the descriptors that ask for it. False when the ring refused. */
  private static report(port: Port, queue: Queue, index: u32, context: Context, first: u32, taken: u32): bool {
    const count = queue.length / TX_DESCRIPTOR_SIZE;
    const copy = port.scratch + SCRATCH_DESCRIPTORS;
    const headWriteback = (<u32>queue.writeback & TDWBAL_HEAD_WB_EN) != 0;
    let head = first;
    let reported = false;
    for (let number: u32 = 0; number < taken; number++) {
      const descriptor = copy + <usize>(number * TX_DESCRIPTOR_SIZE);
      if ((load<u32>(descriptor, TXD_COMMAND) & TXD_DCMD_RS) != 0) {
        reported = true;
        if (!headWriteback) {
          const status = descriptor + TXD_STATUS;
          store<u32>(status, load<u32>(status) | TXD_STA_DD);
          const place = queue.base + <u64>head * TX_DESCRIPTOR_SIZE + TXD_STATUS;
          if (!Receive.transfer(port, context, place, status, 4, true, Batch.owner(CAUSE_TX + index, STOP_RING))) {
            port.stop(queue, CAUSE_TX + index, STOP_RING);
            return false;
          }
        }
      }
      head = head + 1 == count ? 0 : head + 1;
    }
    if (reported) port.state.causes |= 1 << (CAUSE_TX + index);
    return true;
  }

  /** The tag to insert: the descriptor's, or what VMVIR says for the pool (I350 §8.14.17). */
  private static tagOf(port: Port, queue: Queue, pool: u32, command: u32, options: u32): u32 {
    if (port.state.virtual != 0) {
      const action = Filter.tagAction(port, pool);
      if (action == VMVIR_VLANA_ALWAYS) {
        return Bits.of32(port.pool(pool).vmvir, VMVIR_PORT_VLAN_HI, VMVIR_PORT_VLAN_LO);
      }
      if (action == VMVIR_VLANA_NEVER) return NO_TAG;
    }
    if ((command & TXD_DCMD_VLE) == 0) return NO_TAG;
    if ((command & TXD_DCMD_DEXT) == 0) return Bits.of32(options, TXL_VLAN_HI, TXL_VLAN_LO);
    const kept = queue.context(Bits.of32(options, TXD_IDX_HI, TXD_IDX_LO) & (TX_CONTEXTS - 1));
    return Bits.of32(load<u32>(kept), TXC_VLAN_HI, TXC_VLAN_LO);
  }

  /** Sends a whole frame with its offloads. Returns how many it became: 0 when what is asked for cannot be done. */
  static send(port: Port, queue: Queue, index: u32, staged: usize, length: u32, command: u32, options: u32): u32 {
    const pool = index & (POOLS - 1);
    const tag = Gather.tagOf(port, queue, pool, command, options);
    if (Gather.segments(command)) {
      const segments = Offload.segment(port, queue, pool, staged, length, options, tag);
      const receive = ReceiveState.of(port);
      if (segments != 0) receive.segmented++;
      else receive.segmentedFailed++;
      return segments;
    }
    if (!Offload.checksums(queue, staged, length, command, options)) return 0;
    Gather.emit(port, pool, staged, length, tag);
    return 1;
  }

  /** Sends one frame as it goes on the wire, but for tag and padding; there is room for both behind it. */
  static emit(port: Port, pool: u32, frame: usize, length: u32, tag: u32): void {
    const state = port.state;
    let bytes = length;
    const least = tag != NO_TAG ? ETHERNET_FRAME_MIN - VLAN_TAG_SIZE : ETHERNET_FRAME_MIN;
    if ((state.tctl & TCTL_PSP) != 0) bytes = Ethernet.pad(frame, bytes, least);
    const tagged = Tags.of(port, frame, bytes) != NO_TAG;
    if (tag != NO_TAG) bytes = Ethernet.insertTag(frame, bytes, Tags.outer(port, frame, bytes), state.vet, tag);
    if (!Guard.passes(port, pool, frame, bytes, tagged)) return;
    const decision = Switch.forward(port, pool, frame, bytes);
    Transmit.account(port, state, pool, 1, bytes + FRAME_CRC, (decision & POOL_MASK) != 0);
    Lengths.sent(port, bytes);
    const mac = Ethernet.destination(frame);
    if (Ethernet.isBroadcast(mac)) state.txBroadcast++;
    else if (Ethernet.isGroup(mac)) state.txMulticast++;
  }
}
