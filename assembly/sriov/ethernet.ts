// Ethernet frames as bytes in linear memory.

import { Bits } from "../core/bits";
import {
  ETHERNET_ADDRESS_GROUP,
  ETHERNET_ADDRESSES,
  ETHERNET_HEADER,
  ETHERNET_SOURCE,
  ETHERNET_TYPE,
  VLAN_TAG_SIZE,
  VLAN_TAG_VID_HI,
  VLAN_TAG_VID_LO,
} from "../spec/net/ethernet";
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  IP_VERSION_HI,
  IP_VERSION_LO,
  IPV4_VERSION,
} from "../spec/net/ip";

/** "No tag", above every 16-bit tag. */
export const NO_TAG: u32 = 0x1_0000;
const MAC: u64 = 0xffff_ffff_ffff;
const BROADCAST: u64 = 0xffff_ffff_ffff;

export class Ethernet {
  /** The destination address, first byte lowest. */
  @inline static destination(frame: usize): u64 {
    return load<u64>(frame) & MAC;
  }

  /** The source address, first byte lowest. */
  @inline static source(frame: usize): u64 {
    return <u64>load<u32>(frame + ETHERNET_SOURCE) | ((<u64>load<u16>(frame + ETHERNET_SOURCE + 4)) << 32);
  }

  @inline static isGroup(mac: u64): bool {
    return (mac & ETHERNET_ADDRESS_GROUP) != 0;
  }

  /** Whether the frame at `frame` goes to a group. */
  @inline static toGroup(frame: usize): bool {
    return (load<u8>(frame) & <u8>ETHERNET_ADDRESS_GROUP) != 0;
  }

  @inline static isBroadcast(mac: u64): bool {
    return mac == BROADCAST;
  }

  /** The type field in host order. */
  @inline static type(frame: usize): u32 {
    return <u32>bswap<u16>(load<u16>(frame + ETHERNET_TYPE));
  }

  /**
   * Whether a frame without a tag has nothing that a receiver's descriptor would tell of: `type` is its type field, and
   * it has more than a header.
   */
  @inline static opaque(frame: usize, type: u32): bool {
    if (type < ETHERTYPE_MIN) return false;
    if (type == ETHERTYPE_IPV4)
      return Bits.of32(<u32>load<u8>(frame + ETHERNET_HEADER), IP_VERSION_HI, IP_VERSION_LO) != IPV4_VERSION;
    return type != ETHERTYPE_IPV6;
  }

  /** The tag control information of a tagged frame, in host order. */
  @inline static tag(frame: usize): u32 {
    return <u32>bswap<u16>(load<u16>(frame + ETHERNET_TYPE + 2));
  }

  @inline static vid(tag: u32): u32 {
    return Bits.of32(tag, VLAN_TAG_VID_HI, VLAN_TAG_VID_LO);
  }

  /**
   * Puts a tag into the frame at `frame`, behind an outer tag of `outer` bytes; there is room for 4 more bytes. Returns the
   * new length.
   */
  static insertTag(frame: usize, length: u32, outer: u32, type: u32, tag: u32): u32 {
    const before = ETHERNET_ADDRESSES + outer;
    memory.copy(frame + before + VLAN_TAG_SIZE, frame + before, length - before);
    store<u16>(frame + before, bswap<u16>(<u16>type));
    store<u16>(frame + before + 2, bswap<u16>(<u16>tag));
    return length + VLAN_TAG_SIZE;
  }

  /** Fills a frame shorter than `least` bytes with zeros. Returns the new length. */
  static pad(frame: usize, length: u32, least: u32): u32 {
    if (length >= least) return length;
    memory.fill(frame + length, 0, least - length);
    return least;
  }
}
