// A received frame taken apart: which headers it has and where (I350 §7.1.5.2 packet type, §7.1.7.1, appendix of packet
// types). Offsets are from the frame's first byte. Deviation: NFS is not told from other TCP and UDP.

import { Bits } from "../core/bits";
import { SCRATCH_PACKET } from "../spec/abi/port";
import { PORT_ETQF } from "../spec/abi/port-offload";
import { ETQF_ETYPE_HI, ETQF_ETYPE_LO } from "../spec/igb/receive-filter";
import {
  PSRTYPE_IPV4,
  PSRTYPE_IPV4_IPV6,
  PSRTYPE_IPV4_IPV6_TCP,
  PSRTYPE_IPV4_IPV6_UDP,
  PSRTYPE_IPV4_TCP,
  PSRTYPE_IPV4_UDP,
  PSRTYPE_IPV6,
  PSRTYPE_IPV6_TCP,
  PSRTYPE_IPV6_UDP,
  RFCTL_IPV6_DIS,
} from "../spec/igb/receive-offload";
import {
  RXP_ETQF_LO,
  RXP_IPV4,
  RXP_IPV4E,
  RXP_IPV6,
  RXP_L2,
  RXP_SCTP,
  RXP_TCP,
  RXP_UDP,
  RXP_VPKT,
} from "../spec/igb/rx-packet";
import { ETHERNET_TYPE, VLAN_TAG_SIZE } from "../spec/net/ethernet";
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  IP_VERSION_HI,
  IP_VERSION_LO,
  IPV4_DESTINATION,
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_MF,
  IPV4_FRAGMENT_OFFSET_HI,
  IPV4_FRAGMENT_OFFSET_LO,
  IPV4_HEADER,
  IPV4_IHL_HI,
  IPV4_IHL_LO,
  IPV4_IHL_MIN,
  IPV4_LENGTH,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
  IPV4_VERSION,
  PROTOCOL_IPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  SNAP_HIGH,
  SNAP_LOW,
  SNAP_SIZE,
} from "../spec/net/ip";
import { SCTP_HEADER, TCP_HEADER, TCP_OFFSET, TCP_OFFSET_HI, TCP_OFFSET_LO, UDP_HEADER } from "../spec/net/transport";
import { Checksum } from "./checksum";
import { NO_TAG } from "./ethernet";
import { Ipv6 } from "./ipv6";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";
import { Tags } from "./tags";

@unmanaged
export class Packet {
  /** The frame, without CRC. */
  frame: usize;
  length: u32;
  /** IP and transport headers, and whether there is a tag: RXP_ bits. */
  kind: u32;
  /** The packet type of an EtherType filter, 0 when none matches. */
  etype: u32;
  /** The type, or length, behind the tags. */
  type: u32;
  /** The tag, stripped or not; NO_TAG for none. */
  tag: u32;
  /** The tag is no longer in the frame. */
  stripped: bool;
  /** What follows type or SNAP header. */
  network: u32;
  /** The IP header that the transport header follows, and IPv4's identification header; 0: no IP. */
  ip: u32;
  /** Bytes of the IPv4 header at `network`. */
  networkLength: u32;
  /** Where IPv4's payload starts. */
  payload: u32;
  /** The transport header and its protocol; 0: none that can be told. */
  transport: u32;
  protocol: u32;
  /** Where the IP packet ends; what follows pads. */
  end: u32;
  /** A fragment of an IPv4 datagram, and the first one. */
  fragment: bool;
  first: bool;
  /** Transport checksums make no sense: the final addresses are elsewhere. */
  unchecked: bool;
  /** Which kind of header PSRTYPE may split off, and its length. */
  split: u32;
  header: u32;
  /** Addresses that RSS takes. */
  source: u32;
  destination: u32;
  /** RSS: type, hash, and the index that the table gives for it. */
  rssType: u32;
  hash: u32;
  rssIndex: u32;

  @inline static of(port: Port): Packet {
    return changetype<Packet>(port.scratch + SCRATCH_PACKET);
  }

  /** Takes the frame at `frame` apart. `tag` is the tag that was stripped from it, NO_TAG for none. */
  static parse(port: Port, frame: usize, length: u32, tag: u32): Packet {
    const packet = Packet.of(port);
    packet.frame = frame;
    packet.length = length;
    packet.kind = 0;
    packet.etype = 0;
    packet.tag = tag;
    packet.stripped = tag != NO_TAG;
    packet.ip = 0;
    packet.networkLength = 0;
    packet.transport = 0;
    packet.protocol = 0;
    packet.end = length;
    packet.fragment = false;
    packet.first = false;
    packet.unchecked = false;
    packet.split = 0;
    packet.header = 0;
    packet.rssType = 0;
    packet.hash = 0;
    packet.rssIndex = 0;
    packet.link(port);
    if (!packet.matchEtype(port)) packet.internet(port);
    if (packet.tag != NO_TAG) packet.kind |= RXP_VPKT;
    return packet;
  }

  /** Tags, type, SNAP header. */
  private link(port: Port): void {
    const frame = this.frame;
    const length = this.length;
    let at = ETHERNET_TYPE;
    let type = Checksum.get16(frame + at);
    const outer = Tags.outer(port, frame, length);
    if (outer != 0 && at + outer + 2 <= length) {
      at += outer;
      type = Checksum.get16(frame + at);
    }
    if (this.tag == NO_TAG && type == port.state.vet && at + VLAN_TAG_SIZE + 2 <= length) {
      this.tag = Checksum.get16(frame + at + 2);
      at += VLAN_TAG_SIZE;
      type = Checksum.get16(frame + at);
    }
    at += 2;
    if (type < ETHERTYPE_MIN && at + SNAP_SIZE <= length) {
      const high = bswap<u32>(load<u32>(frame + at));
      if (high == SNAP_HIGH && Checksum.get16(frame + at + 4) == SNAP_LOW) {
        type = Checksum.get16(frame + at + 6);
        at += SNAP_SIZE;
      }
    }
    this.type = type;
    this.network = at;
    this.payload = at;
  }

  /** EtherType filters; the last one that matches counts (I350 §7.1.2.3). */
  private matchEtype(port: Port): bool {
    const etypes = ReceiveState.of(port).etypes;
    let matched = false;
    for (let left = etypes; left != 0; left &= left - 1) {
      const index = ctz(left);
      if (Bits.of32(port.word(PORT_ETQF, index), ETQF_ETYPE_HI, ETQF_ETYPE_LO) != this.type) continue;
      this.etype = RXP_L2 | (index << RXP_ETQF_LO);
      matched = true;
    }
    return matched;
  }

  private internet(port: Port): void {
    const at = this.network;
    if (this.type == ETHERTYPE_IPV4) this.ipv4(port);
    else if (this.type == ETHERTYPE_IPV6 && (ReceiveState.of(port).rfctl & RFCTL_IPV6_DIS) == 0) {
      Ipv6.parse(port, this, at);
      if (this.kind & RXP_TCP) this.split = PSRTYPE_IPV6_TCP;
      else if (this.kind & RXP_UDP) this.split = PSRTYPE_IPV6_UDP;
      else if (this.fragment) this.split = PSRTYPE_IPV6;
    }
  }

  private ipv4(port: Port): void {
    const at = this.network;
    const frame = this.frame;
    if (at + IPV4_HEADER > this.length) return;
    const first = <u32>load<u8>(frame + at);
    const words = Bits.of32(first, IPV4_IHL_HI, IPV4_IHL_LO);
    const size = words << 2;
    if (Bits.of32(first, IP_VERSION_HI, IP_VERSION_LO) != IPV4_VERSION || words < IPV4_IHL_MIN) return;
    const total = Checksum.get16(frame + at + IPV4_LENGTH);
    if (total < size || at + total > this.length) return;
    this.ip = at;
    this.networkLength = size;
    this.payload = at + size;
    this.end = at + total;
    this.source = at + IPV4_SOURCE;
    this.destination = at + IPV4_DESTINATION;
    this.kind = RXP_IPV4 | (words > IPV4_IHL_MIN ? RXP_IPV4E : 0);
    const word = Checksum.get16(frame + at + IPV4_FRAGMENT);
    const offset = Bits.of32(word, IPV4_FRAGMENT_OFFSET_HI, IPV4_FRAGMENT_OFFSET_LO);
    const protocol = <u32>load<u8>(frame + at + IPV4_PROTOCOL);
    this.protocol = protocol;
    if (offset != 0 || (word & IPV4_FRAGMENT_MF) != 0) {
      this.fragment = true;
      this.first = offset == 0;
      this.split = PSRTYPE_IPV4;
      this.header = this.payload;
      return;
    }
    if (protocol != PROTOCOL_IPV6) {
      this.carry(protocol, this.payload);
      if (this.kind & RXP_TCP) this.split = PSRTYPE_IPV4_TCP;
      else if (this.kind & RXP_UDP) this.split = PSRTYPE_IPV4_UDP;
    } else if ((ReceiveState.of(port).rfctl & RFCTL_IPV6_DIS) == 0) {
      // RSS looks at the outer addresses.
      const source = this.source;
      const destination = this.destination;
      Ipv6.parse(port, this, this.payload);
      this.source = source;
      this.destination = destination;
      if (this.kind & RXP_TCP) this.split = PSRTYPE_IPV4_IPV6_TCP;
      else if (this.kind & RXP_UDP) this.split = PSRTYPE_IPV4_IPV6_UDP;
      else if (this.fragment) this.split = PSRTYPE_IPV4_IPV6;
      this.fragment = false;
    }
  }

  /** The transport header at `at`. */
  carry(protocol: u32, at: u32): void {
    let size: u32 = 0;
    let bit: u32 = 0;
    if (protocol == PROTOCOL_TCP) {
      if (at + TCP_HEADER > this.end) return;
      size = Bits.of32(<u32>load<u8>(this.frame + at + TCP_OFFSET), TCP_OFFSET_HI, TCP_OFFSET_LO) << 2;
      if (size < TCP_HEADER) return;
      bit = RXP_TCP;
    } else if (protocol == PROTOCOL_UDP) {
      size = UDP_HEADER;
      bit = RXP_UDP;
    } else if (protocol == PROTOCOL_SCTP) {
      size = SCTP_HEADER;
      bit = RXP_SCTP;
    } else return;
    if (at + size > this.end) return;
    this.kind |= bit;
    this.protocol = protocol;
    this.transport = at;
    this.header = at + size;
  }

  /** The packet type (I350 §7.1.5.2). */
  @inline get reported(): u32 {
    return this.etype != 0 ? this.etype | (this.kind & RXP_VPKT) : this.kind;
  }

  /** Whether the transport's addresses are IPv6's. */
  @inline get overIpv6(): bool {
    return (this.kind & RXP_IPV6) != 0;
  }
}
