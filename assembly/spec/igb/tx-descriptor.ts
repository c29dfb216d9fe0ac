// Transmit descriptors, 16 bytes (I350 §7.2.2; 82576 §7.2.2). Bit numbers are those of the second 8 bytes' two dwords.
//
//        63                                   0
//   +0   | buffer address                      |   context: dword 0 VLAN 31:16, MACLEN 15:9, IPLEN 8:0
//   +8   | PAYLEN, POPTS, IDX, STA | DCMD, DTYP, DTALEN |

export const TX_DESCRIPTOR_SIZE: u32 = 16;
/** Byte offsets of dword 2, length and command, and dword 3, status and options. */
export const TXD_COMMAND: u32 = 8;
export const TXD_STATUS: u32 = 12;

// Dword 2 of every format.
export const TXD_DCMD_EOP: u32 = 0x0100_0000;
export const TXD_DCMD_IFCS: u32 = 0x0200_0000;
export const TXD_DCMD_RS: u32 = 0x0800_0000;
/** Advanced format (clear: legacy). */
export const TXD_DCMD_DEXT: u32 = 0x2000_0000;
export const TXD_DCMD_VLE: u32 = 0x4000_0000;
/** Segment the frame (TSO or UFO). */
export const TXD_DCMD_TSE: u32 = 0x8000_0000;
export const TXD_DTYP_MASK: u32 = 0x00f0_0000;
export const TXD_DTYP_CONTEXT: u32 = 0x0020_0000;
export const TXD_DTYP_DATA: u32 = 0x0030_0000;
/** Advanced: the time of sending is kept. */
export const TXD_MAC_TSTAMP: u32 = 0x0008_0000;
/** Bytes of this buffer. */
export const TXD_DTALEN_HI: u32 = 15;
export const TXD_DTALEN_LO: u32 = 0;

// Dword 3 of a data descriptor.
export const TXD_STA_DD: u32 = 0x0000_0001;
export const TXD_IDX_HI: u32 = 6;
export const TXD_IDX_LO: u32 = 4;
/** Insert the IPv4 header checksum. */
export const TXD_POPTS_IXSM: u32 = 0x0000_0100;
/** Insert the TCP, UDP or SCTP checksum. */
export const TXD_POPTS_TXSM: u32 = 0x0000_0200;
export const TXD_PAYLEN_HI: u32 = 31;
export const TXD_PAYLEN_LO: u32 = 14;

// Context descriptor: dword 0, 2 and 3.
export const TXC_IPLEN_HI: u32 = 8;
export const TXC_IPLEN_LO: u32 = 0;
export const TXC_MACLEN_HI: u32 = 15;
export const TXC_MACLEN_LO: u32 = 9;
export const TXC_VLAN_HI: u32 = 31;
export const TXC_VLAN_LO: u32 = 16;
/** The packet is IPv4. */
export const TXC_TUCMD_IPV4: u32 = 0x0000_0400;
export const TXC_TUCMD_L4T_HI: u32 = 12;
export const TXC_TUCMD_L4T_LO: u32 = 11;
export const TXC_L4T_UDP: u32 = 0;
export const TXC_L4T_TCP: u32 = 1;
export const TXC_L4T_SCTP: u32 = 2;
export const TXC_IDX_HI: u32 = 6;
export const TXC_IDX_LO: u32 = 4;
export const TXC_L4LEN_HI: u32 = 15;
export const TXC_L4LEN_LO: u32 = 8;
export const TXC_MSS_HI: u32 = 31;
export const TXC_MSS_LO: u32 = 16;
/** Contexts that a queue keeps. */
export const TX_CONTEXTS: u32 = 2;

// Legacy descriptor: dword 2 and 3.
/** Insert the checksum of everything from CSS at CSO. */
export const TXL_CMD_IC: u32 = 0x0400_0000;
export const TXL_CSO_HI: u32 = 23;
export const TXL_CSO_LO: u32 = 16;
export const TXL_LENGTH_HI: u32 = 15;
export const TXL_LENGTH_LO: u32 = 0;
export const TXL_CSS_HI: u32 = 15;
export const TXL_CSS_LO: u32 = 8;
export const TXL_VLAN_HI: u32 = 31;
export const TXL_VLAN_LO: u32 = 16;
