// Advanced receive descriptors, 16 bytes (I350 §7.1.5; 82576 §7.1.5).
//
//   read        +0 packet buffer address                     +8 header buffer address
//   write-back  +0 RSS type, packet type, header length, RSS hash  +8 status and error 31:0, length 47:32, VLAN 63:48

export const RX_DESCRIPTOR_SIZE: u32 = 16;
/** Byte offset of the upper half, where the status is. */
export const RXD_UPPER: u32 = 8;

export const RXD_STAT_DD: u32 = 0x0000_0001;
export const RXD_STAT_EOP: u32 = 0x0000_0002;
/** The VLAN field holds the tag that was stripped. */
export const RXD_STAT_VP: u32 = 0x0000_0008;
/** The UDP checksum was checked, or the IP payload's is in the descriptor. */
export const RXD_STAT_UDPCS: u32 = 0x0000_0010;
/** TCP's or UDP's checksum, or SCTP's CRC, was checked. */
export const RXD_STAT_L4I: u32 = 0x0000_0020;
/** The IPv4 header checksum was checked. */
export const RXD_STAT_IPCS: u32 = 0x0000_0040;
/** No exact filter let the frame in. */
export const RXD_STAT_PIF: u32 = 0x0000_0080;
/** The frame has an outer VLAN tag (CTRL_EXT.EXT_VLAN). */
export const RXD_STAT_VEXT: u32 = 0x0000_0200;
/** The first fragment of a UDP datagram, with a checksum. */
export const RXD_STAT_UDPV: u32 = 0x0000_0400;
/** The CRC was stripped. */
export const RXD_STAT_STRIPCRC: u32 = 0x0000_1000;
/** The time of reception stands before the frame. */
export const RXD_STAT_TSIP: u32 = 0x0000_8000;
/** The time of reception is in RXSTMP. */
export const RXD_STAT_TS: u32 = 0x0001_0000;
/** The frame came from another function of this port. */
export const RXD_STAT_LB: u32 = 0x0004_0000;
/** The header does not fit into its buffer. */
export const RXD_ERR_HBO: u32 = 0x0080_0000;
/** The check that L4I tells of failed. */
export const RXD_ERR_L4E: u32 = 0x2000_0000;
/** The IPv4 header checksum is wrong. */
export const RXD_ERR_IPE: u32 = 0x4000_0000;
/** Receive error. */
export const RXD_ERR_RXE: u32 = 0x8000_0000;
export const RXD_LENGTH_HI: u32 = 47;
export const RXD_LENGTH_LO: u32 = 32;
export const RXD_VLAN_HI: u32 = 63;
export const RXD_VLAN_LO: u32 = 48;

// Legacy write-back: dword 2 is length 15:0 and checksum 31:16, dword 3 status 7:0, errors 15:8, VLAN 31:16.
export const RXL_LENGTH: u32 = 8;
export const RXL_CHECKSUM_LO: u32 = 16;
/** Of the advanced status and error dword those in the legacy one: L4E, IPE and RXE are 15:13 there. */
export const RXL_ERRORS_HI: u32 = 15;
export const RXL_ERRORS_LO: u32 = 8;
export const RXL_ERRORS_FROM: u32 = 24;
export const RXL_STATUS: u32 = 12;
export const RXL_STATUS_HI: u32 = 7;
export const RXL_STATUS_LO: u32 = 0;
export const RXL_VLAN_LO: u32 = 16;
