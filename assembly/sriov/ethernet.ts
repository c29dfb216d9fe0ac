// Ethernet frames as bytes in linear memory.

import { Bits } from "../core/bits";
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  IP_VERSION_HI,
  IP_VERSION_LO,
  IPV4_VERSION,
} from "../spec/net/ip";

/** Offset of the type field, or of the tag. */
export const TYPE_OFFSET: u32 = 12;
/** Destination and source address. */
export const ADDRESSES: u32 = 12;
export const SOURCE_OFFSET: u32 = 6;
export const TAG_SIZE: u32 = 4;
/** "No tag", above every 16-bit tag. */
export const NO_TAG: u32 = 0x1_0000;
/** Shortest frame without the CRC. */
export const FRAME_MIN: u32 = 60;
/** Shortest that has both addresses and a type. */
export const HEADER: u32 = 14;
const MAC: u64 = 0xffff_ffff_ffff;
const BROADCAST: u64 = 0xffff_ffff_ffff;
const GROUP: u64 = 1;
const VID: u32 = 0x0fff;

export class Ethernet {
  /** The destination address, first byte lowest. */
  @inline static destination(frame: usize): u64 {
    return load<u64>(frame) & MAC;
  }

  /** The source address, first byte lowest. */
  @inline static source(frame: usize): u64 {
    return <u64>load<u32>(frame + SOURCE_OFFSET) | ((<u64>load<u16>(frame + SOURCE_OFFSET + 4)) << 32);
  }

  @inline static isGroup(mac: u64): bool {
    return (mac & GROUP) != 0;
  }

  @inline static isBroadcast(mac: u64): bool {
    return mac == BROADCAST;
  }

  /** The type field in host order. */
  @inline static type(frame: usize): u32 {
    return <u32>bswap<u16>(load<u16>(frame + TYPE_OFFSET));
  }

  /**
   * Whether a frame without a tag has nothing that a receiver's descriptor would tell of: `type` is its type field, and
   * it has more than a header.
   */
  @inline static opaque(frame: usize, type: u32): bool {
    if (type < ETHERTYPE_MIN) return false;
    if (type == ETHERTYPE_IPV4)
      return Bits.of32(<u32>load<u8>(frame + HEADER), IP_VERSION_HI, IP_VERSION_LO) != IPV4_VERSION;
    return type != ETHERTYPE_IPV6;
  }

  /** The tag control information of a tagged frame, in host order. */
  @inline static tag(frame: usize): u32 {
    return <u32>bswap<u16>(load<u16>(frame + TYPE_OFFSET + 2));
  }

  @inline static vid(tag: u32): u32 {
    return tag & VID;
  }

  /**
   * Puts a tag into the frame at `frame`, behind an outer tag of `outer` bytes; there is room for 4 more bytes. Returns the
   * new length.
   */
  static insertTag(frame: usize, length: u32, outer: u32, type: u32, tag: u32): u32 {
    const before = ADDRESSES + outer;
    memory.copy(frame + before + TAG_SIZE, frame + before, length - before);
    store<u16>(frame + before, bswap<u16>(<u16>type));
    store<u16>(frame + before + 2, bswap<u16>(<u16>tag));
    return length + TAG_SIZE;
  }

  /** Fills a frame shorter than `least` bytes with zeros. Returns the new length. */
  static pad(frame: usize, length: u32, least: u32): u32 {
    if (length >= least) return length;
    memory.fill(frame + length, 0, least - length);
    return least;
  }
}
