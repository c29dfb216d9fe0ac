// Receive offloads: checksums, header split, RSS (I350 §8.10; 82576 §8.10).

export const RXCSUM: u32 = 0x5000;
/** Where the packet checksum starts. */
export const RXCSUM_PCSS_HI: u32 = 7;
export const RXCSUM_PCSS_LO: u32 = 0;
/** IPv4 header checksums are checked. */
export const RXCSUM_IPOFLD: u32 = 0x0000_0100;
/** TCP and UDP checksums are checked. */
export const RXCSUM_TUOFLD: u32 = 0x0000_0200;
/** SCTP's CRC is checked. */
export const RXCSUM_CRCOFL: u32 = 0x0000_0800;
/** IP payload checksum: of fragments of UDP datagrams. */
export const RXCSUM_IPPCSE: u32 = 0x0000_1000;
/** No packet checksum: the RSS hash is in its place. */
export const RXCSUM_PCSD: u32 = 0x0000_2000;
export const RXCSUM_MASK: u32 = 0x0000_3bff;
export const RXCSUM_RESET: u32 = 0x0000_0300;

export const RFCTL: u32 = 0x5008;
/** IPv6 is not recognized. */
export const RFCTL_IPV6_DIS: u32 = 0x0000_0400;
/** TCP and UDP checksums over IPv6 are not checked. */
export const RFCTL_IPV6XSUM_DIS: u32 = 0x0000_0800;
/** IPv6 extension headers are not parsed. */
export const RFCTL_IPV6_EX_DIS: u32 = 0x0001_0000;
/** Frames with a length instead of a type that is too long are taken. */
export const RFCTL_LEF: u32 = 0x0004_0000;
/** The SYN filter goes before the tuple filters. */
export const RFCTL_SYNQFP: u32 = 0x0008_0000;

/** PSRTYPE of pool n at 5480h + 4n: which headers are split from their payload. */
export const PSRTYPE: u32 = 0x5480;
export const PSRTYPE_MAC: u32 = 0x0000_0001;
/** IPv4 fragments. */
export const PSRTYPE_IPV4: u32 = 0x0000_0002;
export const PSRTYPE_IPV4_TCP: u32 = 0x0000_0004;
export const PSRTYPE_IPV4_UDP: u32 = 0x0000_0008;
/** IPv6 in IPv4, fragments. */
export const PSRTYPE_IPV4_IPV6: u32 = 0x0000_0010;
export const PSRTYPE_IPV4_IPV6_TCP: u32 = 0x0000_0020;
export const PSRTYPE_IPV4_IPV6_UDP: u32 = 0x0000_0040;
/** IPv6 fragments. */
export const PSRTYPE_IPV6: u32 = 0x0000_0080;
export const PSRTYPE_IPV6_TCP: u32 = 0x0000_0100;
export const PSRTYPE_IPV6_UDP: u32 = 0x0000_0200;
export const PSRTYPE_MASK: u32 = 0x0007_dbff;
export const PSRTYPE_RESET: u32 = 0x0007_dbfe;

/** Redirection table: 128 entries of 8 bits, indexed by bits 6:0 of the hash. */
export const RETA: u32 = 0x5c00;
export const RETA_WORDS: u32 = 32;
export const RETA_INDEX_MASK: u32 = 0x0000_007f;
/** The queue: of the I350's 8 and the 82576's 16. */
export const RETA_QUEUE_MASK_I350: u32 = 0x0000_0007;
export const RETA_QUEUE_MASK_82576: u32 = 0x0000_000f;
/** Which of a pool's two queues (82576), as a queue number's bit. */
export const RETA_POOL_QUEUE: u32 = 0x0000_0008;
/** The key: 40 bytes in the order of the hash's bits. */
export const RSSRK: u32 = 0x5c80;
export const RSSRK_WORDS: u32 = 10;

/** MRQC: queues by RSS. */
export const MRQC_ENABLE_RSS: u32 = 2;
/** Where frames go for which no filter chooses a queue. */
export const MRQC_DEF_Q_HI: u32 = 5;
export const MRQC_DEF_Q_LO: u32 = 3;
export const MRQC_RSS_IPV4_TCP: u32 = 0x0001_0000;
export const MRQC_RSS_IPV4: u32 = 0x0002_0000;
export const MRQC_RSS_IPV6_TCP_EX: u32 = 0x0004_0000;
export const MRQC_RSS_IPV6_EX: u32 = 0x0008_0000;
export const MRQC_RSS_IPV6: u32 = 0x0010_0000;
export const MRQC_RSS_IPV6_TCP: u32 = 0x0020_0000;
export const MRQC_RSS_IPV4_UDP: u32 = 0x0040_0000;
export const MRQC_RSS_IPV6_UDP: u32 = 0x0080_0000;
export const MRQC_RSS_IPV6_UDP_EX: u32 = 0x0100_0000;
