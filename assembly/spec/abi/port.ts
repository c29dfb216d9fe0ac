// How one port of a card (a PF with its VFs) lies in linear memory. The host lays it out, writes registers into
// it and reads causes and counters from it; assembly/sriov moves the frames.
//
//   port ── +0 wiring: pointers, cursors, flows ─ +400h state: control │ pools │ tx queues │ rx queues │ filters │ derived
//
// Everything from PORT_STATE on is plain data: a snapshot copies it as it is.

/** Wiring. */
export const PORT_UNIT: u32 = 0;
export const PORT_MAP: u32 = 4;
/** PORT_SCRATCH_SIZE bytes that ports may share. */
export const PORT_SCRATCH: u32 = 8;
/** The uplink's two frame rings. */
export const PORT_EGRESS: u32 = 12;
export const PORT_INGRESS: u32 = 16;
/** The current burst's number: what a cursor holds is good for one burst. */
export const PORT_BURST: u32 = 20;
/** The transmit queue that the current burst is of. */
export const PORT_SENDER: u32 = 24;
/** One cursor for each receive queue. */
export const PORT_CURSORS: u32 = 64;
export const CURSOR_SIZE: u32 = 32;

/** For each transmit queue the header of the flow that it sent last, of FLOW_HEADER_SIZE bytes; zeroes for none. */
export const PORT_FLOWS: u32 = 576;
export const PORT_FLOW_SIZE: u32 = 16;

export const PORT_STATE: u32 = 1024;

// Control.
export const PORT_PROFILE: u32 = 1024;
export const PROFILE_I350: u32 = 0;
export const PROFILE_82576: u32 = 1;
/** Transmit queues: 8 or 16. */
export const PORT_QUEUES: u32 = 1028;
/** Transmit queues whose tail was written, one bit each: the doorbells. */
export const PORT_PENDING: u32 = 1032;
/** Causes since the host took them: receive queue n in bit n, transmit queue n in bit CAUSE_TX + n. */
export const PORT_CAUSES: u32 = 1036;
export const CAUSE_TX: u32 = 16;
/** Queues that were stopped since the host took them: bits as in PORT_CAUSES. */
export const PORT_STOPS: u32 = 1040;
/** The transmit queue whose turn is next. */
export const PORT_NEXT: u32 = 1044;
// Registers, as the PF's driver wrote them.
export const PORT_CTRL: u32 = 1048;
export const PORT_RCTL: u32 = 1052;
export const PORT_TCTL: u32 = 1056;
export const PORT_RLPML: u32 = 1060;
export const PORT_VET: u32 = 1064;
export const PORT_MRQC: u32 = 1068;
export const PORT_VT_CTL: u32 = 1072;
export const PORT_RPLOLR: u32 = 1076;
export const PORT_TXSWC: u32 = 1080;
export const PORT_VFRE: u32 = 1084;
export const PORT_VFTE: u32 = 1088;
export const PORT_QDE: u32 = 1092;
export const PORT_WVBR: u32 = 1096;
// What portUpdate() derives from them: masks of pools.
export const PORT_BROADCAST: u32 = 1100;
export const PORT_MULTICAST: u32 = 1104;
export const PORT_OVERFLOW_MULTICAST: u32 = 1108;
export const PORT_OVERFLOW_UNICAST: u32 = 1112;
export const PORT_UNTAGGED: u32 = 1116;
export const PORT_STRIP: u32 = 1120;
/** Pools whose single-buffer, untagged frames need no more than the MAC table, as senders and as receivers. */
export const PORT_PLAIN: u32 = 1124;
export const PORT_DIRECT: u32 = 1128;
/** VT mode: pools are in use. */
export const PORT_VIRTUAL: u32 = 1132;
/** 1 while the wire is plugged in: frames for it leave. */
export const PORT_LINK: u32 = 1136;
/** Frames that found no receive descriptor when they came, whether they waited or not. */
export const COUNT_NO_BUFFER: u32 = 1140;
// Counters of the port. The 64-bit ones are two u32, low half first.
export const COUNT_RX_FRAMES: u32 = 1152;
export const COUNT_TX_FRAMES: u32 = 1156;
export const COUNT_RX_OCTETS: u32 = 1160;
export const COUNT_TX_OCTETS: u32 = 1168;
export const COUNT_RX_BROADCAST: u32 = 1176;
export const COUNT_RX_MULTICAST: u32 = 1180;
export const COUNT_TX_BROADCAST: u32 = 1184;
export const COUNT_TX_MULTICAST: u32 = 1188;
/** Frames from the wire for which the packet buffer had no room. */
export const COUNT_MISSED: u32 = 1192;
/** Frames longer than any addressee takes. */
export const COUNT_OVERSIZE: u32 = 1196;
export const COUNT_UNDERSIZE: u32 = 1200;
/** Frames that no filter let in. */
export const COUNT_FILTERED: u32 = 1204;
/** Frames dropped as forged. */
export const COUNT_SPOOFED: u32 = 1208;
/** Frames that left by the uplink, and those that were lost: its ring had no room, or the wire was not plugged in. */
export const COUNT_EGRESS: u32 = 1212;
export const COUNT_EGRESS_LOST: u32 = 1216;
export const COUNT_INGRESS: u32 = 1220;
/** Frames delivered to receive queues. */
export const COUNT_DELIVERED: u32 = 1224;
/** Queues stopped. */
export const COUNT_STOPS: u32 = 1228;
/** Frames received and sent by length: LENGTH_CLASSES counters each. */
export const COUNT_RX_LENGTHS: u32 = 1232;
export const COUNT_TX_LENGTHS: u32 = 1256;

/** Pools: 8 rows. */
export const PORT_POOLS: u32 = 1280;
export const POOL_SIZE: u32 = 64;
export const POOL_VMOLR: u32 = 0;
export const POOL_DVMOLR: u32 = 4;
export const POOL_VMVIR: u32 = 8;
export const POOL_SPOOFED: u32 = 12;
// Counters: frames and octets from the uplink, from other pools, sent, and sent to other pools.
export const POOL_RX_FRAMES: u32 = 16;
export const POOL_RX_OCTETS: u32 = 20;
export const POOL_LOOP_RX_FRAMES: u32 = 24;
export const POOL_LOOP_RX_OCTETS: u32 = 28;
export const POOL_TX_FRAMES: u32 = 32;
export const POOL_TX_OCTETS: u32 = 36;
export const POOL_LOOP_TX_FRAMES: u32 = 40;
export const POOL_LOOP_TX_OCTETS: u32 = 44;
export const POOL_RX_MULTICAST: u32 = 48;

/** Queues: 16 transmit rows, 16 receive rows. */
export const PORT_TX_QUEUES: u32 = 1792;
export const PORT_RX_QUEUES: u32 = 2816;
export const QUEUES_MAX: u32 = 16;
export const QUEUE_SIZE: u32 = 64;
export const QUEUE_BASE: u32 = 0;
export const QUEUE_LENGTH: u32 = 8;
export const QUEUE_HEAD: u32 = 12;
export const QUEUE_TAIL: u32 = 16;
/** TXDCTL or RXDCTL. */
export const QUEUE_CONTROL: u32 = 20;
export const QUEUE_FLAGS: u32 = 24;
/** The function that owns the queue may make DMA requests. */
export const QUEUE_FLAG_DMA: u32 = 0x0000_0001;
/** The queue was stopped; bits 15:8 say why. Writing its control register clears both. */
export const QUEUE_FLAG_STOPPED: u32 = 0x0000_0002;
export const QUEUE_REASON_HI: u32 = 15;
export const QUEUE_REASON_LO: u32 = 8;
/** The ring's length is 0. */
export const STOP_LENGTH: u32 = 1;
/** Head or tail is beyond the ring. */
export const STOP_INDEX: u32 = 2;
/** The ring could not be read or written. */
export const STOP_RING: u32 = 3;
/** A buffer could not be read or written. */
export const STOP_BUFFER: u32 = 4;
/** A descriptor makes no sense: its type, its context, or less than a frame. */
export const STOP_DESCRIPTOR: u32 = 5;
/** A forged frame, where the PF's driver wants its queue to stop. */
export const STOP_FORGED: u32 = 6;
/** A frame that is too long, one that has no end, and one whose offloads cannot be done. */
export const STOP_SIZE: u32 = 7;
export const STOP_UNENDED: u32 = 8;
export const STOP_OFFLOAD: u32 = 9;
export const QUEUE_REQUESTER: u32 = 28;
/** Transmit: TDWBAL/H. Receive: SRRCTL, then frames that found no descriptor. */
export const QUEUE_WRITEBACK: u32 = 32;
export const QUEUE_SRRCTL: u32 = 32;
export const QUEUE_DROPS: u32 = 36;
/** Transmit: two contexts, dwords 0, 2 and 3 of the context descriptor each. */
export const QUEUE_CONTEXTS: u32 = 40;
export const CONTEXT_SIZE: u32 = 12;
export const CONTEXT_DWORD2: u32 = 4;
export const CONTEXT_DWORD3: u32 = 8;

/** Filters, as written: RAL/RAH pairs, VLVF, MTA, UTA, VFTA. */
export const PORT_RAR: u32 = 3840;
export const PORT_RARS: u32 = 32;
export const PORT_VLVF: u32 = 4096;
export const PORT_MTA: u32 = 4224;
export const PORT_UTA: u32 = 4736;
export const PORT_VFTA: u32 = 5248;

/**
 * Derived: MAC table (open addressing: u64 MAC, u32 pools, u32 1), and for each VLAN ID u16: pools, local in bit 8,
 * bit 9 when some VLVF entry names it.
 */
export const PORT_MACS: u32 = 5760;
export const MAC_SLOTS: u32 = 128;
export const MAC_SLOT_SIZE: u32 = 16;
export const MAC_SLOT_POOLS: u32 = 8;
export const MAC_SLOT_USED: u32 = 12;
export const PORT_VLANS: u32 = 7808;
export const VLAN_LOCAL: u32 = 0x0100;
export const VLAN_LISTED: u32 = 0x0200;
/** From 16000 to 17024, and from 17408 on: spec/abi/port-offload; between them spec/abi/port-policy. */
export const PORT_SIZE: u32 = 19456;

/** Segments that one frame may be cut into. */
export const TX_SEGMENTS_MAX: u32 = 4096;

/** A frame ring: header, then records (u32 length, u32 0, the frame, padded to 8 bytes). */
export const FRAMES_HEAD: u32 = 0;
export const FRAMES_TAIL: u32 = 4;
/** Bytes of the record area, a multiple of 8. */
export const FRAMES_CAPACITY: u32 = 8;
export const FRAMES_DATA: u32 = 64;
export const FRAMES_RECORD: u32 = 8;
/** In place of a length: the next record is at the start of the area. */
export const FRAMES_SKIP: u32 = 0xffff_ffff;

/**
 * Scratch of the data path: one frame, segment, stripped frame, descriptors and their copies, deliveries, transfers, and
 * what a batch reads ahead and writes behind.
 */
export const PORT_SCRATCH_SIZE: u32 = 0x6_0000;
export const SCRATCH_FRAME: u32 = 0;
/** Room at SCRATCH_FRAME. */
export const SCRATCH_FRAME_SIZE: u32 = 0x1_8000;
export const SCRATCH_SEGMENT: u32 = 0x1_8000;
export const SCRATCH_STRIPPED: u32 = 0x1_c000;
export const SCRATCH_RECEIVE: u32 = 0x2_0000;
/** Of the frame that is being received: time stamp, CRC, how it is laid out, what descriptors say, its headers. */
export const SCRATCH_STAMP: u32 = 0x2_0040;
export const SCRATCH_CRC: u32 = 0x2_0080;
export const SCRATCH_LAYOUT: u32 = 0x2_00c0;
export const SCRATCH_WRITEBACK: u32 = 0x2_0100;
export const SCRATCH_PACKET: u32 = 0x2_0200;
export const SCRATCH_DESCRIPTORS: u32 = 0x2_1000;
/** The addressees of a burst: a byte for each frame, then u32: all of them as a mask. */
export const SCRATCH_ADDRESSEES: u32 = 0x2_2000;
/** The part of the transmit ring that the burst works on. */
export const SCRATCH_SENDER: u32 = 0x2_3000;
export const SCRATCH_FLOW: u32 = 0x2_3800;
/** What a batch has to write: how much, the transfers, and bytes that are nowhere else. */
export const SCRATCH_BATCH: u32 = 0x2_4000;
export const SCRATCH_BATCH_LIST: u32 = 0x2_4040;
export const SCRATCH_DELIVERIES: u32 = 0x2_8000;
export const SCRATCH_LIST: u32 = 0x2_c000;
export const SCRATCH_BATCH_DATA: u32 = 0x3_0000;
export const SCRATCH_BATCH_REPORTS: u32 = 0x3_6000;
/** Copies of receive descriptors, for each receive queue. */
export const SCRATCH_RINGS: u32 = 0x3_8000;
/** Transmit descriptors that were fetched ahead, and the frames that they are of. */
export const SCRATCH_STAGE: u32 = 0x4_0000;
export const SCRATCH_STAGE_FRAMES: u32 = 0x4_1000;
