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
/** The frame came from another function of this port. */
export const RXD_STAT_LB: u32 = 0x0004_0000;
export const RXD_LENGTH_HI: u32 = 47;
export const RXD_LENGTH_LO: u32 = 32;
export const RXD_VLAN_HI: u32 = 63;
export const RXD_VLAN_LO: u32 = 48;

// Legacy write-back: dword 2 is length 15:0 and checksum 31:16, dword 3 status 7:0, errors 15:8, VLAN 31:16.
export const RXL_LENGTH: u32 = 8;
export const RXL_STATUS: u32 = 12;
export const RXL_STATUS_HI: u32 = 7;
export const RXL_STATUS_LO: u32 = 0;
export const RXL_VLAN_LO: u32 = 16;
