// A list of frames that a burst moves from or to memory outside. The module says where each frame lies; the host fetches
// its header; the module decides; the host puts the frame where it goes and writes the descriptors.
//
//   +0 source u64 ─ +8 target u64 │ +16 header, 16 bytes │ +32 length u16 ─ +34 simple u8 ─ +35 refused u8 ─ +36 status u32
//   +40 regions, u16 each: source ─ +42 target ─ +44 receive ring ─ +46 report │ +48 receive descriptor u64 ─ +56 report u64
//
// Places are offsets in their region, or pointers for TRANSFER_POINTER. Region 0 in place of a target: the frame goes
// nowhere.

export const DELIVERY_SIZE: u32 = 64;
export const DELIVERY_SOURCE: u32 = 0;
export const DELIVERY_TARGET: u32 = 8;
/** The frame's first bytes, as the host fetched them: they decide where it goes, and go there themselves. */
export const DELIVERY_HEADER: u32 = 16;
export const DELIVERY_HEADER_SIZE: u32 = 16;
/** Bytes of the frame, at least DELIVERY_HEADER_SIZE. They become dword 3 of the receive descriptor. */
export const DELIVERY_LENGTH: u32 = 32;
export const DELIVERY_LENGTH_HI: u32 = 15;
export const DELIVERY_LENGTH_LO: u32 = 0;
/**
 * In the same dword. 0: nothing is known. DELIVERY_SIMPLE_SINGLE: all places are below 4 GiB and multiples of 4.
 * DELIVERY_SIMPLE_ALIKE: and the regions are those of the entry before, which is not 0 either, and both descriptors lie
 * DELIVERY_STRIDE bytes behind that entry's; their places and regions are not in this one.
 */
export const DELIVERY_SIMPLE_HI: u32 = 23;
export const DELIVERY_SIMPLE_LO: u32 = 16;
export const DELIVERY_SIMPLE_SINGLE: u32 = 1;
export const DELIVERY_SIMPLE_ALIKE: u32 = 2;
export const DELIVERY_STRIDE: u32 = 16;
/**
 * In the same dword, what the host could not do: DELIVERY_REFUSED_ bits. SOURCE: the frame's bytes were not there to be
 * read; its receiver got a descriptor that says so (RXE).
 */
export const DELIVERY_REFUSED_HI: u32 = 31;
export const DELIVERY_REFUSED_LO: u32 = 24;
export const DELIVERY_REFUSED_FRAME: u32 = 0x0000_0001;
export const DELIVERY_REFUSED_REPORT: u32 = 0x0000_0002;
export const DELIVERY_REFUSED_SOURCE: u32 = 0x0000_0004;
/** What is written at the report's place; 0 for nothing. */
export const DELIVERY_STATUS: u32 = 36;
/** Regions of source and target in one dword, of receive descriptor and report in the next. */
export const DELIVERY_REGIONS: u32 = 40;
export const DELIVERY_SOURCE_REGION_HI: u32 = 15;
export const DELIVERY_SOURCE_REGION_LO: u32 = 0;
export const DELIVERY_TARGET_REGION_HI: u32 = 31;
export const DELIVERY_TARGET_REGION_LO: u32 = 16;
export const DELIVERY_RING_REGIONS: u32 = 44;
export const DELIVERY_RING_REGION_HI: u32 = 15;
export const DELIVERY_RING_REGION_LO: u32 = 0;
export const DELIVERY_REPORT_REGION_HI: u32 = 31;
export const DELIVERY_REPORT_REGION_LO: u32 = 16;
/** The receive descriptor. It becomes 0, 0, the dword that is the list's, the length. */
export const DELIVERY_RING: u32 = 48;
export const DELIVERY_WRITEBACK_SIZE: u32 = 16;
/** The transmit descriptor's dword 3. */
export const DELIVERY_REPORT: u32 = 56;
