// IPv6 headers with their extensions (I350 §7.1.7.1.4, §7.1.2.8.1).

import { Bits } from "../core/bits";
import { RFCTL_IPV6_EX_DIS } from "../spec/igb/receive-offload";
import { RXP_IPV6, RXP_IPV6E } from "../spec/igb/rx-packet";
import {
  AUTHENTICATION_UNIT,
  EXTENSION_LENGTH,
  EXTENSION_UNIT,
  IP_VERSION_HI,
  IP_VERSION_LO,
  IPV6_ADDRESS_SIZE,
  IPV6_DESTINATION,
  IPV6_HEADER,
  IPV6_LENGTH,
  IPV6_NEXT,
  IPV6_SOURCE,
  IPV6_VERSION,
  OPTION_HOME_ADDRESS,
  OPTION_PAD,
  OPTIONS_START,
  PROTOCOL_AUTHENTICATION,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_FRAGMENT,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ROUTING,
  ROUTING_ADDRESS,
  ROUTING_SEGMENTS_LEFT,
  ROUTING_TYPE,
  ROUTING_TYPE_HOME,
} from "../spec/net/ip";
import { Checksum } from "./checksum";
import { Packet } from "./packet";
import { ReceiveState } from "./receive-state";
import { Port } from "./state";

/** Extension headers that are looked at. */
const EXTENSIONS: u32 = 8;

export class Ipv6 {
  /** The header at `at` of a packet, and what follows it. */
  static parse(port: Port, packet: Packet, at: u32): void {
    const frame = packet.frame;
    if (at + IPV6_HEADER > packet.end) return;
    if (Bits.of32(<u32>load<u8>(frame + at), IP_VERSION_HI, IP_VERSION_LO) != IPV6_VERSION) return;
    const end = at + IPV6_HEADER + Checksum.get16(frame + at + IPV6_LENGTH);
    if (end > packet.end) return;
    packet.ip = at;
    packet.end = end;
    packet.kind |= RXP_IPV6;
    packet.source = at + IPV6_SOURCE;
    packet.destination = at + IPV6_DESTINATION;
    const extended = (ReceiveState.of(port).rfctl & RFCTL_IPV6_EX_DIS) == 0;
    let next = <u32>load<u8>(frame + at + IPV6_NEXT);
    let place = at + IPV6_HEADER;
    for (let count: u32 = 0; Ipv6.isExtension(next, count); count++) {
      if (count == EXTENSIONS || place + EXTENSION_UNIT > end) return;
      packet.kind |= RXP_IPV6E;
      if (!extended) return;
      if (next == PROTOCOL_FRAGMENT) {
        packet.fragment = true;
        packet.header = place;
        return;
      }
      const units = <u32>load<u8>(frame + place + EXTENSION_LENGTH);
      const size = EXTENSION_UNIT + units * (next == PROTOCOL_AUTHENTICATION ? AUTHENTICATION_UNIT : EXTENSION_UNIT);
      if (place + size > end) return;
      if (next == PROTOCOL_ROUTING) Ipv6.routing(packet, place, size);
      else if (next == PROTOCOL_DESTINATION_OPTIONS) Ipv6.options(packet, place, size);
      next = <u32>load<u8>(frame + place);
      place += size;
    }
    packet.carry(next, place);
  }

  /** Hop-by-hop options come first or not at all. */
  @inline private static isExtension(next: u32, count: u32): bool {
    if (next == PROTOCOL_HOP_BY_HOP) return count == 0;
    return (
      next == PROTOCOL_DESTINATION_OPTIONS ||
      next == PROTOCOL_ROUTING ||
      next == PROTOCOL_FRAGMENT ||
      next == PROTOCOL_AUTHENTICATION
    );
  }

  /** With segments left the destination is not the last one; type 2 tells a mobile node's home address. */
  private static routing(packet: Packet, place: u32, size: u32): void {
    const header = packet.frame + place;
    if (load<u8>(header + ROUTING_SEGMENTS_LEFT) != 0) packet.unchecked = true;
    const home = <u32>load<u8>(header + ROUTING_TYPE) == ROUTING_TYPE_HOME;
    if (home && size >= ROUTING_ADDRESS + IPV6_ADDRESS_SIZE) packet.destination = place + ROUTING_ADDRESS;
  }

  /** The home address option tells a mobile node's home address. */
  private static options(packet: Packet, place: u32, size: u32): void {
    const frame = packet.frame;
    const end = place + size;
    let at = place + OPTIONS_START;
    while (at + OPTIONS_START <= end) {
      const type = <u32>load<u8>(frame + at);
      if (type == OPTION_PAD) {
        at++;
        continue;
      }
      const length = <u32>load<u8>(frame + at + 1);
      if (type == OPTION_HOME_ADDRESS && length == IPV6_ADDRESS_SIZE && at + OPTIONS_START + length <= end) {
        packet.source = at + OPTIONS_START;
        packet.unchecked = true;
      }
      at += OPTIONS_START + length;
    }
  }
}
