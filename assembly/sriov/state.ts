// A port's state as structs at the offsets of spec/abi/port. What a cursor or a pointer holds never outlives a call.

import { Bits } from "../core/bits";
import { MemoryMap } from "../core/memory-map";
import { Unit } from "../iommu/unit";
import {
  CAUSE_TX,
  CONTEXT_SIZE,
  COUNT_NO_BUFFER,
  COUNT_RX_FRAMES,
  COUNT_STOPS,
  CURSOR_SIZE,
  MAC_SLOT_SIZE,
  POOL_LOOP_TX_OCTETS,
  POOL_RX_MULTICAST,
  POOL_SIZE,
  PORT_BROADCAST,
  PORT_BURST,
  PORT_CTRL,
  PORT_CURSORS,
  PORT_FLOW_SIZE,
  PORT_FLOWS,
  PORT_LINK,
  PORT_MACS,
  PORT_PLAIN,
  PORT_POOLS,
  PORT_PROFILE,
  PORT_RX_QUEUES,
  PORT_SENDER,
  PORT_STATE,
  PORT_TX_QUEUES,
  PORT_VIRTUAL,
  PORT_VLANS,
  PORT_WVBR,
  PROFILE_I350,
  QUEUE_CONTEXTS,
  QUEUE_CONTROL,
  QUEUE_DROPS,
  QUEUE_FLAG_STOPPED,
  QUEUE_FLAGS,
  QUEUE_REASON_HI,
  QUEUE_REASON_LO,
  QUEUE_REQUESTER,
  QUEUE_SIZE,
  QUEUE_SRRCTL,
  QUEUES_MAX,
} from "../spec/abi/port";
import { PORT_POLICY } from "../spec/abi/port-policy";
import { Policy } from "./policy";

export const PAGE: u32 = 4096;
/** Frames that one queue may send before it is another's turn. */
export const BURST: u32 = 64;

/** A receive queue as the current burst sees it. */
@unmanaged
export class Cursor {
  /** The burst it was opened for. */
  burst: u32;
  /** Descriptors from `descriptor` on that lie side by side and are the device's. */
  left: u32;
  descriptor: usize;
  context: usize;
  /** Bytes of one receive buffer. */
  bufferSize: u32;
  /** The descriptors are advanced ones in this memory. */
  direct: bool;
  /** Frames and octets (without CRC) that the burst put here directly, not counted yet. */
  frames: u32;
  octets: u32;
}

@unmanaged
class Pool {
  vmolr: u32;
  dvmolr: u32;
  vmvir: u32;
  spoofed: u32;
  rxFrames: u32;
  rxOctets: u32;
  loopRxFrames: u32;
  loopRxOctets: u32;
  txFrames: u32;
  txOctets: u32;
  loopTxFrames: u32;
  loopTxOctets: u32;
  rxMulticast: u32;
  reserved0: u32;
  reserved1: u64;
}

/** A descriptor ring, of either direction. */
@unmanaged
export class Queue {
  base: u64;
  length: u32;
  head: u32;
  tail: u32;
  control: u32;
  flags: u32;
  requester: u32;
  /** Receive: SRRCTL; transmit: TDWBAL. */
  srrctl: u32;
  /** Receive: frames that found no descriptor; transmit: TDWBAH. */
  drops: u32;
  contexts: u64;

  @inline context(index: u32): usize {
    return changetype<usize>(this) + QUEUE_CONTEXTS + <usize>index * CONTEXT_SIZE;
  }

  @inline get writeback(): u64 {
    return load<u64>(changetype<usize>(this) + QUEUE_SRRCTL);
  }

  @inline get stopped(): bool {
    return (this.flags & QUEUE_FLAG_STOPPED) != 0;
  }
}

@unmanaged
export class Port {
  unit: Unit;
  map: MemoryMap;
  scratch: usize;
  egress: usize;
  ingress: usize;
  burst: u32;
  sender: u32;

  @inline cursor(index: u32): Cursor {
    return changetype<Cursor>(changetype<usize>(this) + PORT_CURSORS + <usize>index * CURSOR_SIZE);
  }
  @inline flow(index: u32): usize {
    return changetype<usize>(this) + PORT_FLOWS + <usize>index * PORT_FLOW_SIZE;
  }
  @inline get state(): Control {
    return changetype<Control>(changetype<usize>(this) + PORT_STATE);
  }
  @inline get policy(): Policy {
    return changetype<Policy>(changetype<usize>(this) + PORT_POLICY);
  }
  @inline pool(index: u32): Pool {
    return changetype<Pool>(changetype<usize>(this) + PORT_POOLS + <usize>index * POOL_SIZE);
  }
  @inline tx(index: u32): Queue {
    return changetype<Queue>(changetype<usize>(this) + PORT_TX_QUEUES + <usize>index * QUEUE_SIZE);
  }
  @inline rx(index: u32): Queue {
    return changetype<Queue>(changetype<usize>(this) + PORT_RX_QUEUES + <usize>index * QUEUE_SIZE);
  }
  @inline word(offset: u32, index: u32): u32 {
    return load<u32>(changetype<usize>(this) + offset + ((<usize>index) << 2));
  }
  @inline macSlot(slot: u32): usize {
    return changetype<usize>(this) + PORT_MACS + <usize>slot * MAC_SLOT_SIZE;
  }
  @inline vlan(vid: u32): u32 {
    return <u32>load<u16>(changetype<usize>(this) + PORT_VLANS + ((<usize>vid) << 1));
  }

  /**
   * Takes a queue out of service until its control register is written: bit `cause` of PORT_STOPS tells the host. A
   * transmit queue may be blocked beyond that.
   */
  stop(queue: Queue, cause: u32, reason: u32): void {
    queue.flags =
      (queue.flags & ~Bits.mask32(QUEUE_REASON_HI, QUEUE_REASON_LO)) | QUEUE_FLAG_STOPPED | (reason << QUEUE_REASON_LO);
    const state = this.state;
    state.stops |= 1 << cause;
    state.stopCount++;
    if (cause >= CAUSE_TX) {
      state.wvbr |= this.policy.block(cause - CAUSE_TX, reason, state.profile == PROFILE_I350);
    }
  }
}

/** Control, registers, derived masks and counters, from PORT_STATE on. */
@unmanaged
export class Control {
  profile: u32;
  queues: u32;
  pending: u32;
  causes: u32;
  stops: u32;
  next: u32;
  ctrl: u32;
  rctl: u32;
  tctl: u32;
  rlpml: u32;
  vet: u32;
  mrqc: u32;
  vtCtl: u32;
  rplolr: u32;
  txswc: u32;
  vfre: u32;
  vfte: u32;
  qde: u32;
  wvbr: u32;
  broadcast: u32;
  multicast: u32;
  overflowMulticast: u32;
  overflowUnicast: u32;
  untagged: u32;
  strip: u32;
  plain: u32;
  direct: u32;
  virtual: u32;
  link: u32;
  noBuffer: u32;
  reserved2: u64;
  rxFrames: u32;
  txFrames: u32;
  rxOctets: u64;
  txOctets: u64;
  rxBroadcast: u32;
  rxMulticast: u32;
  txBroadcast: u32;
  txMulticast: u32;
  missed: u32;
  oversize: u32;
  undersize: u32;
  filtered: u32;
  spoofed: u32;
  egress: u32;
  egressLost: u32;
  ingress: u32;
  delivered: u32;
  stopCount: u32;
}

if (offsetof<Port>("burst") != PORT_BURST) ERROR("PORT_BURST");
if (offsetof<Port>("sender") != PORT_SENDER) ERROR("PORT_SENDER");
if (offsetof<Cursor>() != CURSOR_SIZE) ERROR("CURSOR_SIZE");
if (PORT_CURSORS + QUEUES_MAX * CURSOR_SIZE > PORT_FLOWS) ERROR("PORT_FLOWS");
if (PORT_FLOWS + QUEUES_MAX * PORT_FLOW_SIZE > PORT_STATE) ERROR("PORT_STATE");
if (offsetof<Pool>() != POOL_SIZE) ERROR("POOL_SIZE");
if (offsetof<Pool>("loopTxOctets") != POOL_LOOP_TX_OCTETS) ERROR("POOL_LOOP_TX_OCTETS");
if (offsetof<Pool>("rxMulticast") != POOL_RX_MULTICAST) ERROR("POOL_RX_MULTICAST");
if (offsetof<Queue>("control") != QUEUE_CONTROL) ERROR("QUEUE_CONTROL");
if (offsetof<Queue>("flags") != QUEUE_FLAGS) ERROR("QUEUE_FLAGS");
if (offsetof<Queue>("requester") != QUEUE_REQUESTER) ERROR("QUEUE_REQUESTER");
if (offsetof<Queue>("srrctl") != QUEUE_SRRCTL) ERROR("QUEUE_SRRCTL");
if (offsetof<Queue>("drops") != QUEUE_DROPS) ERROR("QUEUE_DROPS");
if (offsetof<Queue>("contexts") != QUEUE_CONTEXTS) ERROR("QUEUE_CONTEXTS");
if (offsetof<Control>("profile") + PORT_STATE != PORT_PROFILE) ERROR("PORT_PROFILE");
if (offsetof<Control>("ctrl") + PORT_STATE != PORT_CTRL) ERROR("PORT_CTRL");
if (offsetof<Control>("wvbr") + PORT_STATE != PORT_WVBR) ERROR("PORT_WVBR");
if (offsetof<Control>("broadcast") + PORT_STATE != PORT_BROADCAST) ERROR("PORT_BROADCAST");
if (offsetof<Control>("plain") + PORT_STATE != PORT_PLAIN) ERROR("PORT_PLAIN");
if (offsetof<Control>("virtual") + PORT_STATE != PORT_VIRTUAL) ERROR("PORT_VIRTUAL");
if (offsetof<Control>("link") + PORT_STATE != PORT_LINK) ERROR("PORT_LINK");
if (offsetof<Control>("noBuffer") + PORT_STATE != COUNT_NO_BUFFER) ERROR("COUNT_NO_BUFFER");
if (offsetof<Control>("rxFrames") + PORT_STATE != COUNT_RX_FRAMES) ERROR("COUNT_RX_FRAMES");
if (offsetof<Control>("stopCount") + PORT_STATE != COUNT_STOPS) ERROR("COUNT_STOPS");
