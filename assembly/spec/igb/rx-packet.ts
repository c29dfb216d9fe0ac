// Dwords 0 and 1 of an advanced receive descriptor as written back (I350 §7.1.5.2; 82576 §7.1.5.2).
//
//     31      30..21      20..17    16..4        3..0       │ 63..32
//   | SPH | HDR_LEN     | 0      | packet type | RSS type |  RSS hash, or packet checksum 63:48 and IP identification 47:32

export const RXP_RSS_TYPE_HI: u32 = 3;
export const RXP_RSS_TYPE_LO: u32 = 0;
export const RXP_TYPE_HI: u32 = 16;
export const RXP_TYPE_LO: u32 = 4;
export const RXP_RESERVED_HI: u32 = 20;
export const RXP_RESERVED_LO: u32 = 17;
export const RXP_HEADER_LENGTH_HI: u32 = 30;
export const RXP_HEADER_LENGTH_LO: u32 = 21;
/** The header was found. */
export const RXP_SPH: u32 = 0x8000_0000;
/** In the upper dword, while RXCSUM.PCSD is clear. */
export const RXP_IP_ID_HI: u32 = 15;
export const RXP_IP_ID_LO: u32 = 0;
export const RXP_CHECKSUM_HI: u32 = 31;
export const RXP_CHECKSUM_LO: u32 = 16;

// Packet type.
export const RXP_IPV4: u32 = 0x0001;
/** IPv4 with options. */
export const RXP_IPV4E: u32 = 0x0002;
export const RXP_IPV6: u32 = 0x0004;
/** IPv6 with extension headers. */
export const RXP_IPV6E: u32 = 0x0008;
export const RXP_TCP: u32 = 0x0010;
export const RXP_UDP: u32 = 0x0020;
export const RXP_SCTP: u32 = 0x0040;
/** The type is that of an EtherType filter, whose number is in 2:0. */
export const RXP_L2: u32 = 0x0800;
export const RXP_ETQF_HI: u32 = 2;
export const RXP_ETQF_LO: u32 = 0;
/** The frame came with a VLAN tag. */
export const RXP_VPKT: u32 = 0x1000;

// RSS type.
export const RSS_NONE: u32 = 0;
export const RSS_IPV4_TCP: u32 = 1;
export const RSS_IPV4: u32 = 2;
export const RSS_IPV6_TCP: u32 = 3;
export const RSS_IPV6_EX: u32 = 4;
export const RSS_IPV6: u32 = 5;
export const RSS_IPV6_TCP_EX: u32 = 6;
export const RSS_IPV4_UDP: u32 = 7;
export const RSS_IPV6_UDP: u32 = 8;
export const RSS_IPV6_UDP_EX: u32 = 9;
