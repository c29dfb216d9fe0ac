// IPv4 and IPv6 headers: byte offsets and values (RFC 791, RFC 8200, RFC 6275).

export const ETHERTYPE_IPV4: u32 = 0x0800;
export const ETHERTYPE_IPV6: u32 = 0x86dd;
/** Smaller ones are lengths. */
export const ETHERTYPE_MIN: u32 = 0x0600;
/** LLC and SNAP header of a frame with a length: six bytes, then a type. */
export const SNAP_SIZE: u32 = 8;
export const SNAP_HIGH: u32 = 0xaaaa_0300;
export const SNAP_LOW: u32 = 0x0000;

/** The version, and in IPv4's the header's length in dwords, share the first byte. */
export const IP_VERSION_HI: u32 = 7;
export const IP_VERSION_LO: u32 = 4;
export const IPV4_VERSION: u32 = 4;
export const IPV4_IHL_HI: u32 = 3;
export const IPV4_IHL_LO: u32 = 0;
export const IPV4_IHL_MIN: u32 = 5;
export const IPV4_LENGTH: u32 = 2;
export const IPV4_ID: u32 = 4;
export const IPV4_FRAGMENT: u32 = 6;
/** Of the fragment word: more fragments, and where this one begins. */
export const IPV4_FRAGMENT_MF: u32 = 0x2000;
export const IPV4_FRAGMENT_OFFSET_HI: u32 = 12;
export const IPV4_FRAGMENT_OFFSET_LO: u32 = 0;
export const IPV4_PROTOCOL: u32 = 9;
export const IPV4_CHECKSUM: u32 = 10;
export const IPV4_SOURCE: u32 = 12;
export const IPV4_DESTINATION: u32 = 16;
export const IPV4_ADDRESS_SIZE: u32 = 4;
export const IPV4_HEADER: u32 = 20;

export const IPV6_VERSION: u32 = 6;
export const IPV6_LENGTH: u32 = 4;
export const IPV6_NEXT: u32 = 6;
export const IPV6_SOURCE: u32 = 8;
export const IPV6_DESTINATION: u32 = 24;
export const IPV6_ADDRESS_SIZE: u32 = 16;
export const IPV6_HEADER: u32 = 40;

// Extension headers: next header, then length in 8 bytes without the first 8.
export const EXTENSION_LENGTH: u32 = 1;
export const EXTENSION_UNIT: u32 = 8;
/** The authentication header counts its length in 4 bytes, without the first 8. */
export const AUTHENTICATION_UNIT: u32 = 4;
/** Routing header: type, segments left, and of type 2 the home address. */
export const ROUTING_TYPE: u32 = 2;
export const ROUTING_SEGMENTS_LEFT: u32 = 3;
export const ROUTING_TYPE_HOME: u32 = 2;
export const ROUTING_ADDRESS: u32 = 8;
/** Options of a destination options header: type, length, data. */
export const OPTIONS_START: u32 = 2;
export const OPTION_PAD: u32 = 0;
export const OPTION_HOME_ADDRESS: u32 = 201;

export const PROTOCOL_HOP_BY_HOP: u32 = 0;
export const PROTOCOL_TCP: u32 = 6;
export const PROTOCOL_UDP: u32 = 17;
export const PROTOCOL_IPV6: u32 = 41;
export const PROTOCOL_ROUTING: u32 = 43;
export const PROTOCOL_FRAGMENT: u32 = 44;
export const PROTOCOL_AUTHENTICATION: u32 = 51;
export const PROTOCOL_DESTINATION_OPTIONS: u32 = 60;
export const PROTOCOL_SCTP: u32 = 132;
