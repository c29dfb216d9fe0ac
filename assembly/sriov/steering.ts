// Which receive queue of a pool, or of the port outside VT mode, a frame goes to (I350 §7.1.2; 82576 §7.1.1).
// And whether it interrupts at once (I350 §7.3.5).

import { Bits } from "../core/bits";
import { PROFILE_82576 } from "../spec/abi/port";
import {
  IMMEDIATES_ETYPES_LO,
  IMMEDIATES_FLEXIBLE,
  IMMEDIATES_PRIORITY,
  IMMEDIATES_TUPLES_LO,
  PORT_DAQF,
  PORT_ETQF,
  PORT_IMIR,
  PORT_IMIREXT,
  PORT_SAQF,
  PORT_SPQF,
  PORT_TTQF,
} from "../spec/abi/port-offload";
import { CTRL_EXT_EXT_VLAN, VET_INNER_HI, VET_INNER_LO } from "../spec/igb/device";
import {
  ETQF_COUNT,
  ETQF_FILTER_ENABLE,
  ETQF_IMMEDIATE_INTERRUPT,
  ETQF_QUEUE_ENABLE,
  ETQF_QUEUE_HI,
  ETQF_QUEUE_LO,
  FTQF_DESTINATION_ADDRESS_BP,
  FTQF_SOURCE_ADDRESS_BP,
  FTQF_SOURCE_PORT_BP,
  IMIR_IMMEDIATE_INTERRUPT,
  IMIR_PORT_BP,
  IMIR_PORT_HI,
  IMIR_PORT_LO,
  IMIR_PRIORITY_HI,
  IMIR_PRIORITY_LO,
  IMIREXT_CTRL_BP,
  IMIREXT_FLAGS_HI,
  IMIREXT_FLAGS_LO,
  IMIREXT_SIZE_BP,
  IMIREXT_SIZE_HI,
  IMIREXT_SIZE_LO,
  IMIRVP_ENABLE,
  IMIRVP_PRIORITY_HI,
  IMIRVP_PRIORITY_LO,
  SYNQF_ENABLE,
  SYNQF_QUEUE_HI,
  SYNQF_QUEUE_LO,
  TTQF_1588,
  TTQF_COUNT,
  TTQF_PROTOCOL_BP,
  TTQF_PROTOCOL_HI,
  TTQF_PROTOCOL_LO,
  TTQF_QUEUE_ENABLE,
  TTQF_QUEUE_HI,
  TTQF_QUEUE_LO,
  VLAPQF_QUEUE_HI,
  VLAPQF_QUEUE_LO,
  VLAPQF_STRIDE,
  VLAPQF_VALID,
} from "../spec/igb/receive-filter";
import {
  MRQC_DEF_Q_HI,
  MRQC_DEF_Q_LO,
  RETA_POOL_QUEUE,
  RETA_QUEUE_MASK_82576,
  RETA_QUEUE_MASK_I350,
  RFCTL_SYNQFP,
  RXCSUM_PCSD,
} from "../spec/igb/receive-offload";
import { RSS_NONE, RXP_ETQF_HI, RXP_ETQF_LO, RXP_IPV4, RXP_IPV6, RXP_TCP } from "../spec/igb/rx-packet";
import { MRQC_ENABLE_HI, MRQC_ENABLE_LO, MRQC_ENABLE_VMDQ_RSS } from "../spec/igb/virtualization";
import { DESTINATION_PORT, SOURCE_PORT, TCP_ACK, TCP_FLAGS, TCP_SYN } from "../spec/net/transport";
import { NO_TAG } from "./ethernet";
import { Flexible, NONE } from "./flexible";
import { Packet } from "./packet";
import { ReceiveState } from "./receive-state";
import { Rss } from "./rss";
import { Control, Port } from "./state";

/** A tag's priority. */
const PRIORITY_LO: u32 = 13;
/** The six flags of IMIREXT in its order, bit 0 first: URG, ACK, PSH, RST, SYN, FIN. */
const FLAGS: u32 = 6;

export class Steering {
  /** Works out which filters are on; due after every change of one. */
  static update(port: Port): void {
    const receive = ReceiveState.of(port);
    port.state.vet = Bits.of32(receive.vetBoth, VET_INNER_HI, VET_INNER_LO);
    receive.etypes = 0;
    for (let index: u32 = 0; index < ETQF_COUNT; index++) {
      if (port.word(PORT_ETQF, index) & ETQF_FILTER_ENABLE) receive.etypes |= 1 << index;
    }
    receive.tuples = 0;
    for (let index: u32 = 0; index < TTQF_COUNT; index++) {
      if (port.word(PORT_TTQF, index) & (TTQF_QUEUE_ENABLE | TTQF_1588)) receive.tuples |= 1 << index;
    }
    receive.flexes = Flexible.used(port);
    receive.immediates = (receive.imirvp & IMIRVP_ENABLE) != 0 ? IMMEDIATES_PRIORITY : 0;
    if (receive.flexes != 0) receive.immediates |= IMMEDIATES_FLEXIBLE;
    for (let index: u32 = 0; index < TTQF_COUNT; index++) {
      const tuple = port.word(PORT_IMIR, index) & IMIR_IMMEDIATE_INTERRUPT;
      if (tuple != 0) receive.immediates |= 1 << (IMMEDIATES_TUPLES_LO + index);
    }
    const both = ETQF_FILTER_ENABLE | ETQF_IMMEDIATE_INTERRUPT;
    for (let index: u32 = 0; index < ETQF_COUNT; index++) {
      if ((port.word(PORT_ETQF, index) & both) == both) receive.immediates |= 1 << (IMMEDIATES_ETYPES_LO + index);
    }
  }

  /** Whether some filter says that the packet's interrupt does not wait (I350 §7.3.5); only if there is one that does. */
  static immediate(port: Port, packet: Packet): bool {
    const receive = ReceiveState.of(port);
    const filters = receive.immediates;
    if ((filters & IMMEDIATES_PRIORITY) != 0 && packet.tag != NO_TAG) {
      const least = Bits.of32(receive.imirvp, IMIRVP_PRIORITY_HI, IMIRVP_PRIORITY_LO);
      if (packet.tag >> PRIORITY_LO >= least) return true;
    }
    if (packet.etype != 0) {
      const filter = Bits.of32(packet.etype, RXP_ETQF_HI, RXP_ETQF_LO);
      if ((filters >> (IMMEDIATES_ETYPES_LO + filter)) & 1) return true;
    }
    if ((filters & IMMEDIATES_FLEXIBLE) != 0 && Flexible.immediate(port, packet)) return true;
    const tuples = Bits.of32(filters, IMMEDIATES_TUPLES_LO + TTQF_COUNT - 1, IMMEDIATES_TUPLES_LO);
    for (let left = tuples; left != 0; left &= left - 1) {
      if (Steering.matches(port, packet, ctz(left))) return true;
    }
    return false;
  }

  /** Whether a frame that is no IP packet needs no look at it: its descriptor says nothing but its length. */
  static simple(port: Port): bool {
    const receive = ReceiveState.of(port);
    const plain = (receive.rxcsum & RXCSUM_PCSD) != 0 && (receive.ctrlExt & CTRL_EXT_EXT_VLAN) == 0;
    return plain && (receive.etypes | receive.immediates) == 0 && !Steering.poolQueues(port.state);
  }

  /** Whether RSS chooses between two queues of each pool. */
  @inline static poolQueues(state: Control): bool {
    return (
      state.profile == PROFILE_82576 && Bits.of32(state.mrqc, MRQC_ENABLE_HI, MRQC_ENABLE_LO) == MRQC_ENABLE_VMDQ_RSS
    );
  }

  /** Whether the queue for a pool's frames is known without a look at them. */
  @inline static fixed(state: Control): bool {
    return state.virtual != 0 && !Steering.poolQueues(state);
  }

  /** The queue for a frame to `pool`, which is 0 outside VT mode. Hashes the packet. */
  static queue(port: Port, pool: u32, packet: Packet): u32 {
    const state = port.state;
    Rss.hash(port, packet);
    if (state.virtual != 0) return Steering.poolQueues(state) ? pool | (packet.rssIndex & RETA_POOL_QUEUE) : pool;
    const queues = state.profile == PROFILE_82576 ? RETA_QUEUE_MASK_82576 : RETA_QUEUE_MASK_I350;
    const chosen = Steering.filtered(port, packet);
    if (chosen != NONE) return chosen & queues;
    if (packet.rssType != RSS_NONE) return packet.rssIndex & queues;
    return Bits.of32(state.mrqc, MRQC_DEF_Q_HI, MRQC_DEF_Q_LO);
  }

  /** The queue that a filter chooses (I350 §7.1.2, in order of their priority), or NONE. */
  private static filtered(port: Port, packet: Packet): u32 {
    if (packet.etype != 0) {
      const filter = port.word(PORT_ETQF, Bits.of32(packet.etype, RXP_ETQF_HI, RXP_ETQF_LO));
      return filter & ETQF_QUEUE_ENABLE ? Bits.of32(filter, ETQF_QUEUE_HI, ETQF_QUEUE_LO) : NONE;
    }
    const syn = Steering.syn(port, packet);
    if (syn != NONE && (ReceiveState.of(port).rfctl & RFCTL_SYNQFP) != 0) return syn;
    const flexible = Flexible.queue(port, packet);
    if (flexible != NONE) return flexible;
    const tuple = Steering.tuple(port, packet);
    if (tuple != NONE) return tuple;
    return syn != NONE ? syn : Steering.priority(port, packet);
  }

  private static syn(port: Port, packet: Packet): u32 {
    const filter = ReceiveState.of(port).synqf;
    if ((filter & SYNQF_ENABLE) == 0 || (packet.kind & RXP_TCP) == 0) return NONE;
    const flags = <u32>load<u8>(packet.frame + packet.transport + TCP_FLAGS);
    if ((flags & (TCP_SYN | TCP_ACK)) != TCP_SYN) return NONE;
    return Bits.of32(filter, SYNQF_QUEUE_HI, SYNQF_QUEUE_LO);
  }

  private static priority(port: Port, packet: Packet): u32 {
    if (packet.tag == NO_TAG) return NONE;
    const entry = ReceiveState.of(port).vlapqf >> ((packet.tag >> PRIORITY_LO) * VLAPQF_STRIDE);
    return entry & VLAPQF_VALID ? Bits.of32(entry, VLAPQF_QUEUE_HI, VLAPQF_QUEUE_LO) : NONE;
  }

  /** Of the tuple filters that match and choose a queue the first one with the highest priority. */
  private static tuple(port: Port, packet: Packet): u32 {
    let chosen = NONE;
    let best: u32 = 0;
    for (let left = ReceiveState.of(port).tuples; left != 0; left &= left - 1) {
      const index = ctz(left);
      const filter = port.word(PORT_TTQF, index);
      const priority = Bits.of32(port.word(PORT_IMIR, index), IMIR_PRIORITY_HI, IMIR_PRIORITY_LO);
      if ((filter & TTQF_QUEUE_ENABLE) == 0 || (chosen != NONE && priority <= best)) continue;
      if (!Steering.matches(port, packet, index)) continue;
      chosen = Bits.of32(filter, TTQF_QUEUE_HI, TTQF_QUEUE_LO);
      best = priority;
    }
    return chosen;
  }

  /** Whether tuple filter `index` (I350 §7.1.2.4, 82576 §7.1.1.4) is the packet's. */
  static matches(port: Port, packet: Packet, index: u32): bool {
    const filter = port.word(PORT_TTQF, index);
    const imir = port.word(PORT_IMIR, index);
    const frame = packet.frame;
    if ((packet.kind & (RXP_IPV4 | RXP_IPV6)) == 0) return false;
    const protocol = Bits.of32(filter, TTQF_PROTOCOL_HI, TTQF_PROTOCOL_LO);
    if ((filter & TTQF_PROTOCOL_BP) == 0 && packet.protocol != protocol) return false;
    if ((imir & IMIR_PORT_BP) == 0) {
      if (packet.transport == 0) return false;
      // The register holds the port as it lies in memory.
      const destination = <u32>load<u16>(frame + packet.transport + DESTINATION_PORT);
      if (destination != Bits.of32(imir, IMIR_PORT_HI, IMIR_PORT_LO)) return false;
    }
    if (port.state.profile == PROFILE_82576 && !Steering.matchesSource(port, packet, index, filter)) return false;
    return Steering.matchesExtension(packet, port.word(PORT_IMIREXT, index));
  }

  /** The 82576's three more fields; addresses are IPv4's. */
  private static matchesSource(port: Port, packet: Packet, index: u32, filter: u32): bool {
    const frame = packet.frame;
    const ipv4 = (packet.kind & RXP_IPV4) != 0;
    if ((filter & FTQF_SOURCE_ADDRESS_BP) == 0) {
      if (!ipv4 || load<u32>(frame + packet.source) != port.word(PORT_SAQF, index)) return false;
    }
    if ((filter & FTQF_DESTINATION_ADDRESS_BP) == 0) {
      if (!ipv4 || load<u32>(frame + packet.destination) != port.word(PORT_DAQF, index)) return false;
    }
    if ((filter & FTQF_SOURCE_PORT_BP) != 0) return true;
    const from = packet.transport;
    return from != 0 && <u32>load<u16>(frame + from + SOURCE_PORT) == port.word(PORT_SPQF, index);
  }

  /** Size and TCP flags (I350 §8.11.2 IMIREXT). */
  private static matchesExtension(packet: Packet, extension: u32): bool {
    if ((extension & IMIREXT_SIZE_BP) == 0) {
      if (packet.length >= Bits.of32(extension, IMIREXT_SIZE_HI, IMIREXT_SIZE_LO)) return false;
    }
    if ((extension & IMIREXT_CTRL_BP) != 0) return true;
    if ((packet.kind & RXP_TCP) == 0) return false;
    const flags = <u32>load<u8>(packet.frame + packet.transport + TCP_FLAGS);
    // IMIREXT has them from URG up, TCP from FIN up.
    let found: u32 = 0;
    for (let bit: u32 = 0; bit < FLAGS; bit++) found |= ((flags >> bit) & 1) << (FLAGS - 1 - bit);
    return (found & Bits.of32(extension, IMIREXT_FLAGS_HI, IMIREXT_FLAGS_LO)) != 0;
  }
}
