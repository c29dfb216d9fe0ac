// The port's layer 2 switch: which pools a frame goes to, and whether it goes to the wire (I350 §7.8.3, 82576 §7.10.3).
// Which of a pool's queues takes a frame is steering.ts's matter.

import { Bits } from "../core/bits";
import { PORT_MTA, PORT_UTA, SCRATCH_STRIPPED, VLAN_LISTED, VLAN_LOCAL } from "../spec/abi/port";
import { CTRL_VME } from "../spec/igb/device";
import {
  FRAME_CRC,
  RCTL_BAM,
  RCTL_LPE,
  RCTL_MO_HI,
  RCTL_MO_LO,
  RCTL_MPE,
  RCTL_RXEN,
  RCTL_UPE,
  RCTL_VFE,
  RLPML_MASK,
  RX_FRAME_MAX,
  RX_FRAME_MIN,
  RX_PACKET_BUFFER,
} from "../spec/igb/receive";
import {
  POOL_MASK,
  RPLOLR_STRVLAN,
  TABLE_BIT_LO,
  TABLE_WORD_HI,
  TXSWC_LLE_HI,
  TXSWC_LLE_LO,
  TXSWC_LOOPBACK_EN,
  VMOLR_LPE,
  VMOLR_RLPML_HI,
  VMOLR_RLPML_LO,
  VT_CTL_DEF_PL_HI,
  VT_CTL_DEF_PL_LO,
  VT_CTL_DIS_DEF_POOL,
  VT_CTL_IGNORE_MAC,
  VT_CTL_REP_EN,
} from "../spec/igb/virtualization";
import { ETHERNET_ADDRESSES, ETHERNET_HEADER, VLAN_TAG_SIZE } from "../spec/net/ethernet";
import { Batch } from "./batch";
import { Ethernet, NO_TAG } from "./ethernet";
import { Filter } from "./filter";
import { Frames } from "./frames";
import { Lengths } from "./lengths";
import { Mirror, NO_VLAN } from "./mirror";
import { Pause } from "./pause";
import { Receive } from "./receive";
import { Reception } from "./reception";
import { Control, Port } from "./state";
import { Tags } from "./tags";

/** In place of a pool: the frame came from the wire. */
const WIRE: u32 = 0xff;
/** In a decision: the frame goes to the wire. Below it one bit for each pool. */
const TO_WIRE: u32 = 0x100;
/** RCTL.MO: how far the hash's lowest bit lies from bit 32 of the address. */
const HASH_SHIFTS: u32 = 0x0_2_3_4;

export class Switch {
  /**
   * Decides where a frame of `length` bytes goes that `source` (a pool, or WIRE) sent: pools in 7:0, TO_WIRE. As many of
   * its first 20 bytes as it has are at `frame`.
   */
  static decide(port: Port, source: u32, frame: usize, length: u32): u32 {
    const state = port.state;
    const mac = Ethernet.destination(frame);
    const tag = Tags.of(port, frame, length);
    if (source != WIRE && (state.virtual == 0 || (state.txswc & TXSWC_LOOPBACK_EN) == 0)) return TO_WIRE;
    if ((state.rctl & RCTL_RXEN) == 0) return source == WIRE ? 0 : TO_WIRE;
    if (tag != NO_TAG && state.rctl & RCTL_VFE && !Filter.vlanAllowed(port, Ethernet.vid(tag))) {
      return source == WIRE ? 0 : TO_WIRE;
    }
    if (state.virtual == 0) return Switch.single(port, state, mac);
    const policy = port.policy;
    // A tagged frame in a VLAN that no entry of VLVF names (82576 §7.10.3; Linux igb).
    let stray = false;
    let wire: u32 = source == WIRE ? 0 : TO_WIRE;
    let pools: u32 = 0;
    if (state.vtCtl & VT_CTL_IGNORE_MAC) pools = POOL_MASK;
    else if (Ethernet.isBroadcast(mac)) pools = state.broadcast;
    else {
      pools = Filter.poolsOf(port, mac);
      if (Ethernet.isGroup(mac)) {
        pools |= state.multicast;
        if (Switch.hashed(port, state, PORT_MTA, mac)) pools |= state.overflowMulticast;
      } else if (pools != 0) {
        wire = 0;
        pools |= policy.unicast;
      } else {
        pools = policy.unicast;
        if (Switch.hashed(port, state, PORT_UTA, mac)) pools |= state.overflowUnicast;
      }
    }
    if (state.rctl & RCTL_VFE) {
      if (tag == NO_TAG) pools &= state.untagged;
      else {
        const vlan = port.vlan(Ethernet.vid(tag));
        pools &= vlan | policy.anyVlan;
        stray = (vlan & VLAN_LISTED) == 0;
        if (vlan & VLAN_LOCAL) wire = 0;
      }
    }
    pools &= POOL_MASK;
    const astray = pools == 0 && (stray || !Ethernet.isGroup(mac));
    if (source == WIRE && astray && (state.vtCtl & VT_CTL_DIS_DEF_POOL) == 0) {
      pools = 1 << Bits.of32(state.vtCtl, VT_CTL_DEF_PL_HI, VT_CTL_DEF_PL_LO);
    }
    if (source != WIRE) {
      const own: u32 = 1 << source;
      const toSelf = !Ethernet.isGroup(mac) && (Bits.of32(state.txswc, TXSWC_LLE_HI, TXSWC_LLE_LO) & own) != 0;
      if (!toSelf) pools &= ~own;
    }
    // Without replication a frame goes to one pool: the lowest.
    if ((state.vtCtl & VT_CTL_REP_EN) == 0) pools &= 0 - pools;
    if (policy.mirroring != 0) {
      const vid = tag == NO_TAG ? NO_VLAN : Ethernet.vid(tag);
      pools |= Mirror.pools(port, policy, pools, source == WIRE, wire != 0, vid);
    }
    return (pools & state.vfre & ~policy.linkless) | wire;
  }

  /** Without VT mode: everything that RCTL and the exact addresses let in goes to queue 0. */
  private static single(port: Port, state: Control, mac: u64): u32 {
    let accepted: bool;
    if (Ethernet.isBroadcast(mac)) accepted = (state.rctl & (RCTL_BAM | RCTL_MPE)) != 0;
    else if (Filter.find(port, mac) != 0) accepted = true;
    else if (Ethernet.isGroup(mac)) {
      accepted = (state.rctl & RCTL_MPE) != 0 || Switch.hashed(port, state, PORT_MTA, mac);
    } else accepted = (state.rctl & RCTL_UPE) != 0 || Switch.hashed(port, state, PORT_UTA, mac);
    return accepted ? 1 : 0;
  }

  /** Whether the table at `offset` (MTA or UTA) has the address's hash (I350 §8.10.16). */
  private static hashed(port: Port, state: Control, offset: u32, mac: u64): bool {
    const shift = (HASH_SHIFTS >> (Bits.of32(state.rctl, RCTL_MO_HI, RCTL_MO_LO) << 2)) & 0xf;
    return Filter.inTable(port, offset, Bits.of32(<u32>((mac >> 32) >> shift), TABLE_WORD_HI, TABLE_BIT_LO));
  }

  /** The longest frame that a pool takes, with the CRC. */
  @inline static limit(port: Port, state: Control, pool: u32, tagged: bool): u32 {
    const extra: u32 = tagged ? VLAN_TAG_SIZE : 0;
    if (state.virtual == 0) {
      return state.rctl & RCTL_LPE ? state.rlpml & RLPML_MASK : RX_FRAME_MAX + extra;
    }
    const vmolr = port.pool(pool).vmolr;
    return vmolr & VMOLR_LPE ? Bits.of32(vmolr, VMOLR_RLPML_HI, VMOLR_RLPML_LO) : RX_FRAME_MAX + extra;
  }

  /** Carries a whole frame in linear memory to wherever it goes. Returns the decision. */
  static forward(port: Port, source: u32, frame: usize, length: u32): u32 {
    const decision = Switch.decide(port, source, frame, length);
    Switch.carry(port, source, frame, length, decision);
    return decision;
  }

  private static carry(port: Port, source: u32, frame: usize, length: u32, decision: u32): void {
    const state = port.state;
    if (decision & TO_WIRE) Switch.send(port, frame, length);
    const pools = decision & POOL_MASK;
    if (pools == 0) {
      if (decision == 0) state.filtered++;
      return;
    }
    const replicated = popcnt(pools) > 1;
    const tag = Tags.of(port, frame, length);
    const bare = length - Tags.outer(port, frame, length);
    let oversize: u32 = 0;
    for (let left = pools; left != 0; left &= left - 1) {
      const pool = ctz(left);
      if (bare + FRAME_CRC > Switch.limit(port, state, pool, tag != NO_TAG)) {
        oversize |= 1 << pool;
        continue;
      }
      Switch.toPool(port, state, pool, source, frame, length, tag, replicated);
    }
    if (oversize == pools) state.oversize++;
  }

  /** Whether a receiver of a frame from the wire makes it wait. */
  private static waits(port: Port, frame: usize, length: u32, decision: u32): bool {
    for (let left = decision & POOL_MASK; left != 0; left &= left - 1) {
      if (Reception.waits(port, ctz(left), frame, length)) return true;
    }
    return false;
  }

  private static toPool(
    port: Port,
    state: Control,
    pool: u32,
    source: u32,
    frame: usize,
    length: u32,
    brought: u32,
    replicated: bool,
  ): void {
    let strip: bool;
    if (state.virtual == 0) strip = (state.ctrl & CTRL_VME) != 0;
    else if (replicated) strip = (state.rplolr & RPLOLR_STRVLAN) != 0 || ((state.strip >> pool) & 1) != 0;
    else strip = ((state.strip >> pool) & 1) != 0;
    let from = frame;
    let bytes = length;
    let tag = NO_TAG;
    // What is left is a frame still.
    if (brought != NO_TAG && strip && length >= ETHERNET_HEADER + VLAN_TAG_SIZE) {
      if (((port.policy.hidden >> pool) & 1) == 0) tag = brought;
      const before = ETHERNET_ADDRESSES + Tags.outer(port, frame, length);
      from = port.scratch + SCRATCH_STRIPPED;
      bytes = length - VLAN_TAG_SIZE;
      memory.copy(from, frame, before);
      memory.copy(from + before, frame + before + VLAN_TAG_SIZE, bytes - before);
    }
    const loopback = source != WIRE;
    if (!Reception.frame(port, pool, from, bytes, tag, loopback)) return;
    Switch.count(port, state, pool, frame, length, loopback);
  }

  /** Counts a frame that a pool received. */
  static count(port: Port, state: Control, index: u32, frame: usize, length: u32, loopback: bool): void {
    const pool = port.pool(index);
    const octets = length + FRAME_CRC;
    if (loopback) {
      pool.loopRxFrames++;
      pool.loopRxOctets += octets;
    } else {
      pool.rxFrames++;
      pool.rxOctets += octets;
    }
    const mac = Ethernet.destination(frame);
    if (Ethernet.isGroup(mac)) {
      pool.rxMulticast++;
      if (Ethernet.isBroadcast(mac)) state.rxBroadcast++;
      else state.rxMulticast++;
    }
    state.delivered++;
    state.rxFrames++;
    state.rxOctets += octets;
    Lengths.received(port, length);
  }

  /** Hands a frame to the uplink. Without a link it is lost. */
  static send(port: Port, frame: usize, length: u32): void {
    const state = port.state;
    if (state.link != 0 && changetype<Frames>(port.egress).append(frame, length)) state.egress++;
    else state.egressLost++;
  }

  /**
   * Takes at most `budget` frames from the uplink, or fewer when the first of them waits for descriptors. Returns how
   * many. Deviation: what is beyond the packet buffer's size makes the oldest frame go, not the newest.
   */
  static receive(port: Port, budget: u32): u32 {
    const state = port.state;
    const frames = changetype<Frames>(port.ingress);
    let done: u32 = 0;
    Pause.watch(port);
    if (frames.peek() == 0) return 0;
    const batch = Batch.of(port);
    batch.open();
    while (done < budget) {
      const record = frames.peek();
      if (record == 0) break;
      const length = load<u32>(record);
      if (length + FRAME_CRC < RX_FRAME_MIN) state.undersize++;
      else if (!Pause.takes(port, record + 8, length)) {
        const decision = Switch.decide(port, WIRE, record + 8, length);
        if (frames.used <= RX_PACKET_BUFFER && Switch.waits(port, record + 8, length, decision)) {
          Receive.unbuffered(port);
          break;
        }
        Switch.carry(port, WIRE, record + 8, length, decision);
      }
      frames.drop(length);
      state.ingress++;
      done++;
    }
    batch.close(port);
    if (done != 0) Pause.watch(port);
    return done;
  }
}
