// Frames of one flow that a burst moves between memories outside: they come from one ring, go to one ring, and their
// headers are those of the first one, which the module has seen. The module says where each frame lies and where it goes;
// the host moves those that have that header, up to the first that has another, and writes their descriptors.
//
//   +0 header, 14 bytes │ +16 regions, u32 each: source ─ +20 target ─ +24 receive ring ─ +28 transmit ring
//   +32 receive descriptor ─ +36 end of its ring ─ +40 start of it │ +44 report ─ +48 end ─ +52 start │ +56 written
//   +64 one entry for each frame: +0 source ─ +4 target ─ +8 length ─ +12 status
//
// Places are below 4 GiB and multiples of 4: offsets in their region, or pointers for TRANSFER_POINTER.

/** Both Ethernet addresses and the type. */
export const FLOW_HEADER: u32 = 0;
export const FLOW_HEADER_SIZE: u32 = 14;
export const FLOW_SOURCE_REGION: u32 = 16;
export const FLOW_TARGET_REGION: u32 = 20;
export const FLOW_RING_REGION: u32 = 24;
export const FLOW_REPORT_REGION: u32 = 28;
/** The first receive descriptor; behind the one before FLOW_RING_END comes that at FLOW_RING_START. */
export const FLOW_RING: u32 = 32;
export const FLOW_RING_END: u32 = 36;
export const FLOW_RING_START: u32 = 40;
/** Dword 3 of the first transmit descriptor, and likewise. */
export const FLOW_REPORT: u32 = 44;
export const FLOW_REPORT_END: u32 = 48;
export const FLOW_REPORT_START: u32 = 52;
/** A receive descriptor becomes 0, 0, this, the frame's length. */
export const FLOW_WRITTEN: u32 = 56;
export const FLOW_FRAMES: u32 = 64;

/** As large as a descriptor: where neither ring turns, an entry lies as far from its descriptors as the next one. */
export const FLOW_FRAME_SIZE: u32 = 16;
export const FLOW_FRAME_SOURCE: u32 = 0;
export const FLOW_FRAME_TARGET: u32 = 4;
/** Bytes of the frame, at least 16. */
export const FLOW_FRAME_LENGTH: u32 = 8;
/** What is written at the report's place; 0 for nothing. */
export const FLOW_FRAME_STATUS: u32 = 12;
