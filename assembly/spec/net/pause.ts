// MAC control frames (IEEE 802.3 clause 31 and annex 31B).

export const ETHERTYPE_MAC_CONTROL: u32 = 0x8808;
/** Where they go, first byte lowest: 01:80:C2:00:00:01. */
export const PAUSE_ADDRESS_LOW: u32 = 0x00c2_8001;
export const PAUSE_ADDRESS_HIGH: u32 = 0x0000_0100;
/** Behind the type: opcode, and PAUSE's time in 512 bit times. */
export const CONTROL_OPCODE: u32 = 14;
export const OPCODE_PAUSE: u32 = 1;
export const CONTROL_TIME: u32 = 16;
export const CONTROL_HEADER: u32 = 18;
