// TCP, UDP and SCTP headers: byte offsets and values (RFC 9293, RFC 768, RFC 9260).

export const SOURCE_PORT: u32 = 0;
export const DESTINATION_PORT: u32 = 2;
/** Both ports. */
export const PORTS_SIZE: u32 = 4;

export const TCP_SEQUENCE: u32 = 4;
/** The header's length in dwords is in bits 7:4. */
export const TCP_OFFSET: u32 = 12;
export const TCP_OFFSET_HI: u32 = 7;
export const TCP_OFFSET_LO: u32 = 4;
export const TCP_FLAGS: u32 = 13;
/** The word with the header's length has four flags more, and those at TCP_FLAGS: 12 in all. */
export const TCP_ALL_FLAGS_HI: u32 = 11;
export const TCP_ALL_FLAGS_LO: u32 = 0;
export const TCP_FIN: u32 = 0x01;
export const TCP_SYN: u32 = 0x02;
export const TCP_RST: u32 = 0x04;
export const TCP_PSH: u32 = 0x08;
export const TCP_ACK: u32 = 0x10;
export const TCP_URG: u32 = 0x20;
export const TCP_CWR: u32 = 0x80;
export const TCP_CHECKSUM: u32 = 16;
export const TCP_HEADER: u32 = 20;

export const UDP_LENGTH: u32 = 4;
export const UDP_CHECKSUM: u32 = 6;
export const UDP_HEADER: u32 = 8;

export const SCTP_CHECKSUM: u32 = 8;
export const SCTP_HEADER: u32 = 12;
