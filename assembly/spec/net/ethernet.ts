// Ethernet frames: byte offsets, sizes and values (IEEE 802.3 §3, IEEE 802.1Q §9), and of ARP's packets (RFC 826).

export const ETHERNET_ADDRESS_SIZE: u32 = 6;
/** Of an address's first byte: a group's, not one station's. */
export const ETHERNET_ADDRESS_GROUP: u32 = 0x01;
export const ETHERNET_SOURCE: u32 = 6;
/** Destination and source address. */
export const ETHERNET_ADDRESSES: u32 = 12;
/** The type field, or the tag. */
export const ETHERNET_TYPE: u32 = 12;
/** Shortest frame that has both addresses and a type. */
export const ETHERNET_HEADER: u32 = 14;
/** Shortest frame without the CRC. */
export const ETHERNET_FRAME_MIN: u32 = 60;

export const ETHERTYPE_ARP: u32 = 0x0806;
export const ETHERTYPE_VLAN: u32 = 0x8100;
/** Type and tag control information. */
export const VLAN_TAG_SIZE: u32 = 4;
export const VLAN_TAG_VID_HI: u32 = 11;
export const VLAN_TAG_VID_LO: u32 = 0;

export const ARP_OPERATION: u32 = 6;
export const ARP_OPERATION_REQUEST: u32 = 1;
/** The IPv4 address that is asked for. */
export const ARP_TARGET: u32 = 24;
