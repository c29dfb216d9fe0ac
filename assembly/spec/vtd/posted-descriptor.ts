// VT-d 5.10 §9.11 Posted Interrupt Descriptor (PID), 512 bits, aligned to its size.
//
//   PIR[255:0] ── 256 bits, one a vector ── ON 256, SN 257 ── NV 279:272 ── NDST 319:288 ── reserved to 511

export const PID_SIZE: u32 = 64;

export const PID_RESERVED_320_HI: u32 = 511;
export const PID_RESERVED_320_LO: u32 = 320;
/** Physical APIC ID for the notification; in xAPIC mode only bits 303:296, the others are reserved. */
export const PID_NDST_HI: u32 = 319;
export const PID_NDST_LO: u32 = 288;
export const PID_RESERVED_280_HI: u32 = 287;
export const PID_RESERVED_280_LO: u32 = 280;
/** Notification vector. */
export const PID_NV_HI: u32 = 279;
export const PID_NV_LO: u32 = 272;
export const PID_RESERVED_258_HI: u32 = 271;
export const PID_RESERVED_258_LO: u32 = 258;
/** Suppress notifications that are not urgent. */
export const PID_SN_HI: u32 = 257;
export const PID_SN_LO: u32 = 257;
/** A notification is outstanding. */
export const PID_ON_HI: u32 = 256;
export const PID_ON_LO: u32 = 256;
/** Posted interrupt requests, one bit a vector. */
export const PID_PIR_HI: u32 = 255;
export const PID_PIR_LO: u32 = 0;

/** NDST in xAPIC mode. */
export const PID_NDST_XAPIC_HI: u32 = 303;
export const PID_NDST_XAPIC_LO: u32 = 296;

/** Byte offset of the 64 bits that hold ON, SN, NV and NDST. */
export const PID_CONTROL: u32 = 32;
/** First bit of them. */
export const PID_CONTROL_LO: u32 = 256;
