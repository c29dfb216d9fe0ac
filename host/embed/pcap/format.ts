// The numbers of capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).

/** First word of a pcap file, times in microseconds. */
export const PCAP_MAGIC_US = 0xa1b2c3d4;
/** First word of a pcap file, times in nanoseconds. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;
export const PCAP_VERSION_MAJOR = 2;
export const PCAP_VERSION_MINOR = 4;
export const PCAP_HEADER_SIZE = 24;
export const PCAP_RECORD_SIZE = 16;

/** Fields of the pcap file header. */
export const PCAP_OFFSET_MAJOR = 4;
export const PCAP_OFFSET_MINOR = 6;
export const PCAP_OFFSET_SNAP_LENGTH = 16;
export const PCAP_OFFSET_LINK_TYPE = 20;

/** Fields of the link type word: the type, "FCS length is given", and that length in 16-bit words. */
export const PCAP_LINK_TYPE_MASK = 0xffff;
export const PCAP_FCS_GIVEN = 0x0400_0000;
export const PCAP_FCS_WORDS_SHIFT = 28;

/** The longest packet that libpcap and Wireshark accept. */
export const MAX_PACKET = 262_144;
export const LINKTYPE_ETHERNET = 1;

/** Block types of pcapng; every other one is skipped. */
export const BLOCK_SECTION_HEADER = 0x0a0d0d0a;
export const BLOCK_INTERFACE = 1;
export const BLOCK_PACKET_OBSOLETE = 2;
export const BLOCK_PACKET_SIMPLE = 3;
export const BLOCK_PACKET_ENHANCED = 6;

/** A block's type, length and trailing length: its bytes beyond the body. */
export const BLOCK_OVERHEAD = 12;
export const BLOCK_BODY = 8;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const PCAPNG_VERSION_MAJOR = 1;

/** Section Length of a section that ends where the next one begins; both halves. */
export const SECTION_LENGTH_UNKNOWN = 0xffff_ffff;

/** Option codes of the interface block. */
export const OPTION_END = 0;
export const OPTION_INTERFACE_NAME = 2;
export const OPTION_TIME_RESOLUTION = 9;
export const OPTION_FCS_LENGTH = 13;
export const OPTION_TIME_OFFSET = 14;
/** In the resolution: the exponent is of 2 instead of 10. */
export const TIME_RESOLUTION_BINARY = 0x80;
export const TIME_RESOLUTION_DEFAULT = 6;
export const TIME_RESOLUTION_NANOSECONDS = 9;

/** Option code of the enhanced packet block, and its values for the direction. */
export const OPTION_PACKET_FLAGS = 2;
export const PACKET_INBOUND = 1;
export const PACKET_OUTBOUND = 2;

/** First words (big-endian) of files that are captures of other kinds or wrapped ones, for a clear refusal. */
export const FOREIGN: readonly { magic: number; bytes: number; name: string }[] = [
  { magic: 0xa1b2cd34, bytes: 4, name: "the modified pcap format of patched libpcap (records of 24 bytes)" },
  { magic: 0x34cdb2a1, bytes: 4, name: "the modified pcap format of patched libpcap (records of 24 bytes)" },
  { magic: 0x1c0001ac, bytes: 4, name: "IXIA's pcap format" },
  { magic: 0xac01001c, bytes: 4, name: "IXIA's pcap format" },
  { magic: 0x1c0001ab, bytes: 4, name: "IXIA's pcap format" },
  { magic: 0xab01001c, bytes: 4, name: "IXIA's pcap format" },
  { magic: 0x736e6f6f, bytes: 4, name: "a snoop capture" },
  { magic: 0x474d4255, bytes: 4, name: "a Network Monitor capture" },
  { magic: 0x28b52ffd, bytes: 4, name: "compressed by zstd" },
  { magic: 0x1f8b, bytes: 2, name: "compressed by gzip" },
];
