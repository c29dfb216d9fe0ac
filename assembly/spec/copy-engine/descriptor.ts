// The copy engine's work descriptor, 32 bytes in a queue's ring.
//
//   00 │ flags, opcode      │ length
//   08 │ source, or the pattern of a fill
//   10 │ destination
//   18 │ status, by the engine │ bytes done, by the engine

export const DESCRIPTOR_SIZE: u32 = 32;

export const DESCRIPTOR_CONTROL: u32 = 0x00;
export const DESCRIPTOR_OPCODE_HI: u32 = 7;
export const DESCRIPTOR_OPCODE_LO: u32 = 0;
/** Interrupt (the queue's vector) when done. */
export const DESCRIPTOR_INTERRUPT_HI: u32 = 8;
export const DESCRIPTOR_INTERRUPT_LO: u32 = 8;
/** A missing page is asked for; otherwise it ends the descriptor. */
export const DESCRIPTOR_BLOCK_HI: u32 = 9;
export const DESCRIPTOR_BLOCK_LO: u32 = 9;
export const DESCRIPTOR_RESERVED_HI: u32 = 31;
export const DESCRIPTOR_RESERVED_LO: u32 = 10;
/** Bytes. */
export const DESCRIPTOR_LENGTH: u32 = 0x04;
export const DESCRIPTOR_SOURCE: u32 = 0x08;
export const DESCRIPTOR_DESTINATION: u32 = 0x10;
export const DESCRIPTOR_STATUS: u32 = 0x18;
export const DESCRIPTOR_DONE: u32 = 0x1c;
/** Bytes from DESCRIPTOR_STATUS on that the engine writes. */
export const DESCRIPTOR_REPORT_SIZE: u32 = 8;

export const OPCODE_NOP: u32 = 0;
export const OPCODE_COPY: u32 = 1;
/** Repeats the 8 bytes in place of the source. */
export const OPCODE_FILL: u32 = 2;

export const STATUS_SUCCESS: u32 = 1;
/** A page was missing, or software answered a page request with Invalid Request or Response Failure. */
export const STATUS_PAGE_FAULT: u32 = 2;
/** A translation request was completed with Completer Abort, or with less than the smallest translation unit. */
export const STATUS_TRANSLATION: u32 = 3;
/** A read or write was refused. */
export const STATUS_ACCESS: u32 = 4;
/** The opcode or a reserved bit is none, or the queue's PASID is not enabled. */
export const STATUS_INVALID: u32 = 5;
