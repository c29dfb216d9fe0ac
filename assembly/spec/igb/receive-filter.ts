// Filters that choose a receive queue outside VT mode (I350 §8.11; 82576 §8.11).

/** EtherType filter n at 5CB0h + 4n. */
export const ETQF: u32 = 0x5cb0;
export const ETQF_COUNT: u32 = 8;
export const ETQF_ETYPE_HI: u32 = 15;
export const ETQF_ETYPE_LO: u32 = 0;
export const ETQF_QUEUE_HI: u32 = 18;
export const ETQF_QUEUE_LO: u32 = 16;
export const ETQF_FILTER_ENABLE: u32 = 0x0400_0000;
export const ETQF_IMMEDIATE_INTERRUPT: u32 = 0x2000_0000;
/** Frames of this type are IEEE 1588 messages: their time is kept. */
export const ETQF_1588: u32 = 0x4000_0000;
export const ETQF_QUEUE_ENABLE: u32 = 0x8000_0000;
export const ETQF_MASK: u32 = 0xe7ff_ffff;

/** Tuple filter n at 59E0h + 4n: two fields are compared on the I350 (TTQF), five on the 82576 (FTQF). */
export const TTQF: u32 = 0x59e0;
export const TTQF_COUNT: u32 = 8;
export const TTQF_PROTOCOL_HI: u32 = 7;
export const TTQF_PROTOCOL_LO: u32 = 0;
export const TTQF_QUEUE_ENABLE: u32 = 0x0000_0100;
/** The frame's pool is not compared. */
export const TTQF_VF_BP: u32 = 0x0000_8000;
export const TTQF_QUEUE_HI: u32 = 19;
export const TTQF_QUEUE_LO: u32 = 16;
export const TTQF_1588: u32 = 0x0800_0000;
/** What is not compared: protocol; and, on the 82576, source address, destination address, source port. */
export const TTQF_PROTOCOL_BP: u32 = 0x1000_0000;
export const FTQF_SOURCE_ADDRESS_BP: u32 = 0x2000_0000;
export const FTQF_DESTINATION_ADDRESS_BP: u32 = 0x4000_0000;
export const FTQF_SOURCE_PORT_BP: u32 = 0x8000_0000;
/** None of these four is compared, the filter does nothing. */
export const TTQF_RESET: u32 = 0xf000_0000;

/** Immediate interrupt filter n at 5A80h + 4n: the destination port of tuple filter n. */
export const IMIR: u32 = 0x5a80;
export const IMIR_PORT_HI: u32 = 15;
export const IMIR_PORT_LO: u32 = 0;
export const IMIR_IMMEDIATE_INTERRUPT: u32 = 0x0001_0000;
/** The port is not compared. */
export const IMIR_PORT_BP: u32 = 0x0002_0000;
/** Of several filters that match the one with the highest priority counts. */
export const IMIR_PRIORITY_HI: u32 = 31;
export const IMIR_PRIORITY_LO: u32 = 29;
export const IMIR_MASK: u32 = 0xe003_ffff;
export const IMIREXT: u32 = 0x5aa0;
/** The frame has to be shorter than this. */
export const IMIREXT_SIZE_HI: u32 = 11;
export const IMIREXT_SIZE_LO: u32 = 0;
export const IMIREXT_SIZE_BP: u32 = 0x0000_1000;
/** TCP flags of which one has to be set: URG, ACK, PSH, RST, SYN, FIN from bit 13 up. */
export const IMIREXT_FLAGS_HI: u32 = 18;
export const IMIREXT_FLAGS_LO: u32 = 13;
export const IMIREXT_CTRL_BP: u32 = 0x0008_0000;
export const IMIREXT_MASK: u32 = 0x000f_ffff;
/** Frames of this VLAN priority or a higher one interrupt at once. */
export const IMIRVP: u32 = 0x5ac0;
export const IMIRVP_PRIORITY_HI: u32 = 2;
export const IMIRVP_PRIORITY_LO: u32 = 0;
export const IMIRVP_ENABLE: u32 = 0x0000_0008;
export const IMIRVP_MASK: u32 = 0x0000_000f;
/** Source address, destination address, source port of tuple filter n (82576), in network order. */
export const SAQF: u32 = 0x5980;
export const DAQF: u32 = 0x59a0;
export const SPQF: u32 = 0x59c0;
export const SPQF_MASK: u32 = 0x0000_ffff;

/** TCP segments with SYN and without ACK. */
export const SYNQF: u32 = 0x55fc;
export const SYNQF_ENABLE: u32 = 0x0000_0001;
export const SYNQF_QUEUE_HI: u32 = 4;
export const SYNQF_QUEUE_LO: u32 = 1;
export const SYNQF_MASK: u32 = 0x0000_001f;

/** A queue for each VLAN priority, 4 bits apart: the queue, and whether it is valid. */
export const VLAPQF: u32 = 0x55b0;
export const VLAPQF_STRIDE: u32 = 4;
export const VLAPQF_QUEUE_HI: u32 = 2;
export const VLAPQF_QUEUE_LO: u32 = 0;
export const VLAPQF_VALID: u32 = 0x0000_0008;
