// Time stamps of frames (I350 §7.8, §8.16; 82576 §7.12, §8.15). The clock itself is another room's.

export const TSYNCTXCTL: u32 = 0xb614;
/** TXSTMP holds a stamp. Reading TXSTMPH clears it. */
export const TSYNCTXCTL_VALID: u32 = 0x0000_0001;
export const TSYNCTXCTL_ENABLE: u32 = 0x0000_0010;
export const TSYNCRXCTL: u32 = 0xb620;
/** RXSTMP holds a stamp. Reading RXSTMPH clears it. */
export const TSYNCRXCTL_VALID: u32 = 0x0000_0001;
export const TSYNCRXCTL_TYPE_HI: u32 = 3;
export const TSYNCRXCTL_TYPE_LO: u32 = 1;
/** Version 2 over Ethernet, of one message type. */
export const TSYNC_TYPE_L2_V2: u32 = 0;
/** Version 1 over UDP, of one control value. */
export const TSYNC_TYPE_L4_V1: u32 = 1;
/** Version 2 over both, of one message type. */
export const TSYNC_TYPE_L2_L4_V2: u32 = 2;
export const TSYNC_TYPE_ALL: u32 = 4;
/** Version 2, event messages. */
export const TSYNC_TYPE_EVENT_V2: u32 = 5;
export const TSYNCRXCTL_ENABLE: u32 = 0x0000_0010;

export const TSYNCRXCFG: u32 = 0x5f50;
export const TSYNCRXCFG_CONTROL_HI: u32 = 7;
export const TSYNCRXCFG_CONTROL_LO: u32 = 0;
export const TSYNCRXCFG_MESSAGE_HI: u32 = 11;
export const TSYNCRXCFG_MESSAGE_LO: u32 = 8;

/** Captured stamps, and the sender of the received message: source UUID, and sequence number in RXSATRH's upper half. */
export const RXSTMPL: u32 = 0xb624;
export const RXSTMPH: u32 = 0xb628;
export const RXSATRL: u32 = 0xb62c;
export const RXSATRH: u32 = 0xb630;
export const TXSTMPL: u32 = 0xb618;
export const TXSTMPH: u32 = 0xb61c;

/** What stands before a frame in its buffer: 8 bytes of 0, the time. */
export const STAMP_SIZE: u32 = 16;
export const STAMP_TIME: u32 = 8;
