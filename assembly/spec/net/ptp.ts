// IEEE 1588 messages: byte offsets in their header, and values.

/** Message type of version 2 in bits 3:0. */
export const PTP_MESSAGE: u32 = 0;
export const PTP_MESSAGE_HI: u32 = 3;
export const PTP_MESSAGE_LO: u32 = 0;
/** Those below are event messages. */
export const PTP_GENERAL: u32 = 8;
export const PTP_PATH_DELAY_REQUEST: u32 = 2;
export const PTP_PATH_DELAY_RESPONSE: u32 = 3;
export const PTP_VERSION: u32 = 1;
export const PTP_VERSION_HI: u32 = 3;
export const PTP_VERSION_LO: u32 = 0;
/** Source UUID: two bytes, then four. */
export const PTP_SOURCE_HIGH: u32 = 22;
export const PTP_SOURCE_LOW: u32 = 24;
export const PTP_SEQUENCE: u32 = 30;
/** Control of version 1. */
export const PTP_CONTROL: u32 = 32;
/** Shortest message. */
export const PTP_SIZE: u32 = 36;
