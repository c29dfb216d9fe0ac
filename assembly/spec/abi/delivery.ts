// A list of frames that a burst moves from or to memory outside. The module says where each frame lies; the host fetches
// its header; the module decides; the host puts the frame where it goes and writes the descriptors.
//
//   +0 source u64 ─ +8 its region ─ +12 length │ +16 header, 16 bytes │ +32 target u64 ─ +40 its region ─ +44 ring's region
//   +48 receive descriptor u64 ─ +56 report u64 │ +64 write-back, 16 bytes │ +80 report's region ─ +84 status
//   +88 simple ─ +92 refused
//
// Places are offsets in their region, or pointers for TRANSFER_POINTER. Region 0 in place of a target: the frame goes
// nowhere.

export const DELIVERY_SIZE: u32 = 96;
export const DELIVERY_SOURCE: u32 = 0;
export const DELIVERY_SOURCE_REGION: u32 = 8;
/** Bytes of the frame, at least DELIVERY_HEADER_SIZE. */
export const DELIVERY_LENGTH: u32 = 12;
/** The frame's first bytes, as the host fetched them: they decide where it goes, and go there themselves. */
export const DELIVERY_HEADER: u32 = 16;
export const DELIVERY_HEADER_SIZE: u32 = 16;
export const DELIVERY_TARGET: u32 = 32;
export const DELIVERY_TARGET_REGION: u32 = 40;
/** The receive descriptor. */
export const DELIVERY_RING_REGION: u32 = 44;
export const DELIVERY_RING: u32 = 48;
/** The transmit descriptor's dword 3. */
export const DELIVERY_REPORT: u32 = 56;
/** What the receive descriptor becomes; the first half is 0. */
export const DELIVERY_WRITEBACK: u32 = 64;
export const DELIVERY_WRITEBACK_SIZE: u32 = 16;
export const DELIVERY_REPORT_REGION: u32 = 80;
/** What is written at DELIVERY_REPORT; 0 for nothing. */
export const DELIVERY_STATUS: u32 = 84;
/**
 * 0: nothing is known. DELIVERY_SIMPLE_SINGLE: all places are below 4 GiB and multiples of 4. DELIVERY_SIMPLE_ALIKE: and
 * the regions are those of the entry before, which is not 0 either.
 */
export const DELIVERY_SIMPLE: u32 = 88;
export const DELIVERY_SIMPLE_SINGLE: u32 = 1;
export const DELIVERY_SIMPLE_ALIKE: u32 = 2;
/** What the host could not do: DELIVERY_REFUSED_ bits. */
export const DELIVERY_REFUSED: u32 = 92;
export const DELIVERY_REFUSED_FRAME: u32 = 0x0000_0001;
export const DELIVERY_REFUSED_REPORT: u32 = 0x0000_0002;
