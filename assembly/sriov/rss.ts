// Receive side scaling: the Toeplitz hash and its type (I350 §7.1.2.8; 82576 §7.1.2.8).

import { Bits } from "../core/bits";
import { PROFILE_82576 } from "../spec/abi/port";
import { PORT_RETA, PORT_RSSRK } from "../spec/abi/port-offload";
import {
  MRQC_ENABLE_RSS,
  MRQC_RSS_IPV4,
  MRQC_RSS_IPV4_TCP,
  MRQC_RSS_IPV4_UDP,
  MRQC_RSS_IPV6,
  MRQC_RSS_IPV6_EX,
  MRQC_RSS_IPV6_TCP,
  MRQC_RSS_IPV6_TCP_EX,
  MRQC_RSS_IPV6_UDP,
  MRQC_RSS_IPV6_UDP_EX,
  RETA_INDEX_MASK,
} from "../spec/igb/receive-offload";
import {
  RSS_IPV4,
  RSS_IPV4_TCP,
  RSS_IPV4_UDP,
  RSS_IPV6,
  RSS_IPV6_EX,
  RSS_IPV6_TCP,
  RSS_IPV6_TCP_EX,
  RSS_IPV6_UDP,
  RSS_IPV6_UDP_EX,
  RSS_NONE,
  RXP_IPV4,
  RXP_IPV6,
  RXP_TCP,
  RXP_UDP,
} from "../spec/igb/rx-packet";
import { MRQC_ENABLE_HI, MRQC_ENABLE_LO, MRQC_ENABLE_VMDQ_RSS } from "../spec/igb/virtualization";
import { IPV4_ADDRESS_SIZE, IPV6_ADDRESS_SIZE, IPV6_DESTINATION, IPV6_SOURCE } from "../spec/net/ip";
import { PORTS_SIZE } from "../spec/net/transport";
import { Packet } from "./packet";
import { Port } from "./state";

export class Rss {
  /** Whether frames are hashed: RSS alone, or with the 82576's pools. */
  @inline static enabled(port: Port): bool {
    const mode = Bits.of32(port.state.mrqc, MRQC_ENABLE_HI, MRQC_ENABLE_LO);
    return mode == MRQC_ENABLE_RSS || (mode == MRQC_ENABLE_VMDQ_RSS && port.state.profile == PROFILE_82576);
  }

  /** Works out type, hash and index of a packet. Without a type all are 0. */
  static hash(port: Port, packet: Packet): void {
    if (!Rss.enabled(port)) return;
    const type = Rss.typeOf(port.state.mrqc, packet);
    packet.rssType = type;
    if (type == RSS_NONE) return;
    const ipv4 = type == RSS_IPV4 || type == RSS_IPV4_TCP || type == RSS_IPV4_UDP;
    const ex = type == RSS_IPV6_EX || type == RSS_IPV6_TCP_EX || type == RSS_IPV6_UDP_EX;
    const size = ipv4 ? IPV4_ADDRESS_SIZE : IPV6_ADDRESS_SIZE;
    const source = ipv4 || ex ? packet.source : packet.ip + IPV6_SOURCE;
    const destination = ipv4 || ex ? packet.destination : packet.ip + IPV6_DESTINATION;
    const key = changetype<usize>(port) + PORT_RSSRK;
    let hash = Rss.toeplitz(key, 0, packet.frame + source, size);
    hash ^= Rss.toeplitz(key, size, packet.frame + destination, size);
    if (type != RSS_IPV4 && type != RSS_IPV6 && type != RSS_IPV6_EX) {
      hash ^= Rss.toeplitz(key, 2 * size, packet.frame + packet.transport, PORTS_SIZE);
    }
    packet.hash = hash;
    packet.rssIndex = <u32>load<u8>(changetype<usize>(port) + PORT_RETA + (hash & RETA_INDEX_MASK));
  }

  /** The first function that is enabled for the packet (I350 §8.10.20 MRQC). Fragments and tunnels have no ports. */
  private static typeOf(mrqc: u32, packet: Packet): u32 {
    const kind = packet.kind;
    const ported = !packet.fragment && packet.transport != 0;
    if (kind & RXP_IPV4) {
      const outer = ported && (kind & RXP_IPV6) == 0;
      if (outer && (kind & RXP_TCP) != 0 && (mrqc & MRQC_RSS_IPV4_TCP) != 0) return RSS_IPV4_TCP;
      if (outer && (kind & RXP_UDP) != 0 && (mrqc & MRQC_RSS_IPV4_UDP) != 0) return RSS_IPV4_UDP;
      return mrqc & MRQC_RSS_IPV4 ? RSS_IPV4 : RSS_NONE;
    }
    if ((kind & RXP_IPV6) == 0) return RSS_NONE;
    if (ported && (kind & RXP_TCP) != 0) {
      if (mrqc & MRQC_RSS_IPV6_TCP_EX) return RSS_IPV6_TCP_EX;
      if (mrqc & MRQC_RSS_IPV6_TCP) return RSS_IPV6_TCP;
    }
    if (ported && (kind & RXP_UDP) != 0) {
      if (mrqc & MRQC_RSS_IPV6_UDP_EX) return RSS_IPV6_UDP_EX;
      if (mrqc & MRQC_RSS_IPV6_UDP) return RSS_IPV6_UDP;
    }
    if (mrqc & MRQC_RSS_IPV6_EX) return RSS_IPV6_EX;
    return mrqc & MRQC_RSS_IPV6 ? RSS_IPV6 : RSS_NONE;
  }

  /** The hash of `length` bytes, a multiple of 4, that stand at `from` in the input; `from` + `length` is 36 at most. */
  private static toeplitz(key: usize, from: u32, input: usize, length: u32): u32 {
    let hash: u32 = 0;
    for (let at: u32 = 0; at < length; at += 4) {
      const data = bswap<u32>(load<u32>(input + at));
      // 32 bits of the key for each bit of the data, the first bits of both highest.
      const high = <u64>bswap<u32>(load<u32>(key + from + at));
      let window = (high << 32) | <u64>bswap<u32>(load<u32>(key + from + at + 4));
      for (let bits = data; bits != 0; bits <<= 1) {
        if (bits >> 31) hash ^= <u32>(window >> 32);
        window <<= 1;
      }
    }
    return hash;
  }
}
