// Checks of a received packet's checksums, and the checksum that its descriptor reports (I350 §7.1.7; 82576 §7.1.11).

import { Bits } from "../core/bits";
import {
  RFCTL_IPV6XSUM_DIS,
  RXCSUM_CRCOFL,
  RXCSUM_IPOFLD,
  RXCSUM_IPPCSE,
  RXCSUM_PCSD,
  RXCSUM_PCSS_HI,
  RXCSUM_PCSS_LO,
  RXCSUM_TUOFLD,
} from "../spec/igb/receive-offload";
import {
  RXD_ERR_IPE,
  RXD_ERR_L4E,
  RXD_STAT_IPCS,
  RXD_STAT_L4I,
  RXD_STAT_UDPCS,
  RXD_STAT_UDPV,
} from "../spec/igb/rx-descriptor";
import { RXP_CHECKSUM_LO, RXP_IPV4, RXP_SCTP, RXP_TCP } from "../spec/igb/rx-packet";
import {
  IPV4_ADDRESS_SIZE,
  IPV4_ID,
  IPV4_SOURCE,
  IPV6_ADDRESS_SIZE,
  IPV6_SOURCE,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../spec/net/ip";
import { SCTP_CHECKSUM, UDP_CHECKSUM, UDP_HEADER } from "../spec/net/transport";
import { Checksum } from "./checksum";
import { Packet } from "./packet";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";

/** The sum of what a right checksum covers, itself included. */
const RIGHT: u32 = 0xffff;

export class Integrity {
  /** Status and error bits of the checks that are made: IPCS, L4I, UDPCS, UDPV, IPE, L4E. */
  static check(port: Port, packet: Packet): u32 {
    const rxcsum = ReceiveState.of(port).rxcsum;
    const frame = packet.frame;
    let status: u32 = 0;
    if ((packet.kind & RXP_IPV4) != 0 && (rxcsum & RXCSUM_IPOFLD) != 0) {
      status |= RXD_STAT_IPCS;
      const sum = Checksum.sum(0, frame + packet.network, packet.networkLength);
      if (Checksum.fold(sum) != RIGHT) status |= RXD_ERR_IPE;
    }
    if (packet.fragment) return status | Integrity.fragment(rxcsum, packet);
    if (packet.transport == 0 || packet.unchecked) return status;
    if (packet.overIpv6 && (ReceiveState.of(port).rfctl & RFCTL_IPV6XSUM_DIS) != 0) return status;
    return status | Integrity.transport(rxcsum, packet);
  }

  private static transport(rxcsum: u32, packet: Packet): u32 {
    const place = packet.frame + packet.transport;
    const length = packet.end - packet.transport;
    if (packet.kind & RXP_SCTP) {
      if ((rxcsum & RXCSUM_CRCOFL) == 0) return 0;
      const told = load<u32>(place + SCTP_CHECKSUM);
      store<u32>(place + SCTP_CHECKSUM, 0);
      const right = Checksum.crc32c(place, length) == told;
      store<u32>(place + SCTP_CHECKSUM, told);
      return right ? RXD_STAT_L4I : RXD_STAT_L4I | RXD_ERR_L4E;
    }
    if ((rxcsum & RXCSUM_TUOFLD) == 0) return 0;
    const tcp = (packet.kind & RXP_TCP) != 0;
    // UDP without a checksum.
    if (!tcp && load<u16>(place + UDP_CHECKSUM) == 0) return 0;
    const ip = packet.frame + packet.ip;
    let sum: u64 = (tcp ? PROTOCOL_TCP : PROTOCOL_UDP) + length;
    sum = packet.overIpv6
      ? Checksum.sum(sum, ip + IPV6_SOURCE, 2 * IPV6_ADDRESS_SIZE)
      : Checksum.sum(sum, ip + IPV4_SOURCE, 2 * IPV4_ADDRESS_SIZE);
    const right = Checksum.fold(Checksum.sum(sum, place, length)) == RIGHT;
    return RXD_STAT_L4I | (tcp ? 0 : RXD_STAT_UDPCS) | (right ? 0 : RXD_ERR_L4E);
  }

  /** Fragments of UDP datagrams (I350 §7.1.7.2). */
  private static fragment(rxcsum: u32, packet: Packet): u32 {
    if (!Integrity.payloadSum(rxcsum, packet)) return 0;
    const udp = packet.first && packet.protocol == PROTOCOL_UDP && packet.payload + UDP_HEADER <= packet.end;
    const told = udp && load<u16>(packet.frame + packet.payload + UDP_CHECKSUM) != 0;
    return RXD_STAT_UDPCS | (told ? RXD_STAT_UDPV : 0);
  }

  /** Whether the descriptor has the IP payload's sum. */
  @inline private static payloadSum(rxcsum: u32, packet: Packet): bool {
    return (
      (rxcsum & RXCSUM_IPPCSE) != 0 && (rxcsum & RXCSUM_PCSD) == 0 && packet.fragment && (packet.kind & RXP_IPV4) != 0
    );
  }

  /**
   * The dword that RXCSUM.PCSD leaves to the packet checksum: the IP payload's and identification for fragments with
   * IPPCSE, otherwise that of everything from PCSS on. 0 for other packets with IPPCSE. It is the sum's complement, as
   * Linux's e1000e found.
   */
  static packetChecksum(port: Port, packet: Packet): u32 {
    const rxcsum = ReceiveState.of(port).rxcsum;
    const frame = packet.frame;
    if (Integrity.payloadSum(rxcsum, packet)) {
      const sum = Checksum.complement(Checksum.sum(0, frame + packet.payload, packet.end - packet.payload));
      return (sum << RXP_CHECKSUM_LO) | Checksum.get16(frame + packet.network + IPV4_ID);
    }
    if (rxcsum & RXCSUM_IPPCSE) return 0;
    const start = Bits.of32(rxcsum, RXCSUM_PCSS_HI, RXCSUM_PCSS_LO);
    if (start >= packet.length) return 0;
    return Checksum.complement(Checksum.sum(0, frame + start, packet.length - start)) << RXP_CHECKSUM_LO;
  }
}
