// One's complement sums (RFC 1071) and cyclic redundancy checks over linear memory.

/** CRC-32 of Ethernet and CRC-32C of SCTP, reflected. */
const ETHERNET: u32 = 0xedb8_8320;
const CASTAGNOLI: u32 = 0x82f6_3b78;
/** What a one's complement sum adds up: words of 16 bits. */
const WORD_WIDTH: u64 = 16;
const WORD: u64 = 0xffff;

export class Checksum {
  /** Adds the 16-bit words of `length` bytes, first byte highest, to a one's complement sum that is not folded. */
  static sum(start: u64, place: usize, length: u32): u64 {
    // Summed with the first byte lowest, and turned round at the end: the sum does not mind.
    let at: u32 = 0;
    // Eight words at a time; a lane holds the sum of 512 KiB, more than any frame.
    let lanes = i32x4.splat(0);
    for (; at + 16 <= length; at += 16) {
      lanes = i32x4.add(lanes, i32x4.extadd_pairwise_i16x8_u(v128.load(place + at)));
    }
    let total: u64 = <u64>(<u32>i32x4.extract_lane(lanes, 0)) + <u64>(<u32>i32x4.extract_lane(lanes, 1));
    total += <u64>(<u32>i32x4.extract_lane(lanes, 2)) + <u64>(<u32>i32x4.extract_lane(lanes, 3));
    for (; at + 2 <= length; at += 2) total += <u64>load<u16>(place + at);
    if (at < length) total += <u64>load<u8>(place + at);
    return start + <u64>bswap<u16>(<u16>Checksum.folded(total));
  }

  /** A sum as 16 bits. */
  static fold(total: u64): u32 {
    return <u32>Checksum.folded(total);
  }

  /** Adds what is above the lowest word to it until nothing is left there. */
  @inline private static folded(total: u64): u64 {
    let value = total;
    while (value >> WORD_WIDTH != 0) value = (value & WORD) + (value >> WORD_WIDTH);
    return value;
  }

  /** The complement of a sum: what goes into a header. */
  @inline static complement(total: u64): u32 {
    return ~Checksum.fold(total) & <u32>WORD;
  }

  /** Stores 16 bits, first byte highest. */
  @inline static put16(place: usize, value: u32): void {
    store<u16>(place, bswap<u16>(<u16>value));
  }

  /** Loads 16 bits, first byte highest. */
  @inline static get16(place: usize): u32 {
    return <u32>bswap<u16>(load<u16>(place));
  }

  /** SCTP's CRC of `length` bytes, as it is stored: first byte lowest. */
  static crc32c(place: usize, length: u32): u32 {
    return ~Checksum.crc(0xffff_ffff, place, length, CASTAGNOLI);
  }

  /** The frame check sequence of `length` bytes, as it follows them: first byte lowest. */
  static frameCheck(place: usize, length: u32): u32 {
    return ~Checksum.crc(0xffff_ffff, place, length, ETHERNET);
  }

  /** Goes on with a CRC that is not complemented. */
  private static crc(start: u32, place: usize, length: u32, polynomial: u32): u32 {
    let crc = start;
    for (let at: u32 = 0; at < length; at++) {
      crc ^= <u32>load<u8>(place + at);
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (polynomial & (0 - (crc & 1)));
    }
    return crc;
  }
}
