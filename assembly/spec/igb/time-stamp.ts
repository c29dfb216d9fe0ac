// What stands before a frame in its receive buffer (I350 §7.1.6): 8 bytes of 0, then the time, SYSTIML first.

export const STAMP_SIZE: u32 = 16;
export const STAMP_TIME: u32 = 8;
