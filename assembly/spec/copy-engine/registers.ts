// The copy engine's registers, 32 bits each, behind BAR 0. The device is this model's own: no hardware has them.
//
//   000 engine: version, control, delay, counters
//   100 queue 0, 140 queue 1, …: ring, doorbell, PASID, control, status

/** Bytes of BAR 0 and of the MSI-X BAR. */
export const REGISTERS_BAR: u32 = 0;
export const REGISTERS_SIZE: u32 = 0x1000;
export const MSIX_BAR: u32 = 2;
export const MSIX_BAR_SIZE: u32 = 0x1000;
export const MSIX_TABLE_OFFSET: u32 = 0;
export const MSIX_PBA_OFFSET: u32 = 0x800;

/** Read-only: version and number of queues. */
export const VERSION: u32 = 0x00;
export const VERSION_REVISION_HI: u32 = 7;
export const VERSION_REVISION_LO: u32 = 0;
export const VERSION_QUEUES_HI: u32 = 15;
export const VERSION_QUEUES_LO: u32 = 8;
export const VERSION_ATC_ENTRIES_HI: u32 = 31;
export const VERSION_ATC_ENTRIES_LO: u32 = 16;

export const CONTROL: u32 = 0x04;
/** Write 1: as a reset of everything behind BAR 0. Reads 0. */
export const CONTROL_RESET_HI: u32 = 0;
export const CONTROL_RESET_LO: u32 = 0;
/** Invalidations are done but not completed until this is cleared. */
export const CONTROL_HOLD_HI: u32 = 1;
export const CONTROL_HOLD_LO: u32 = 1;
/** Each completion is sent twice: the second is one that nobody expects. */
export const CONTROL_REPEAT_HI: u32 = 2;
export const CONTROL_REPEAT_LO: u32 = 2;
export const CONTROL_RESERVED3_HI: u32 = 7;
export const CONTROL_RESERVED3_LO: u32 = 3;
/** Completions per invalidation, less one. */
export const CONTROL_COMPLETIONS_HI: u32 = 10;
export const CONTROL_COMPLETIONS_LO: u32 = 8;
export const CONTROL_RESERVED11_HI: u32 = 31;
export const CONTROL_RESERVED11_LO: u32 = 11;

/** Nanoseconds from an invalidation to its completion. */
export const DELAY: u32 = 0x08;

/** Read-only counters since reset: translations that the ATC answered, those that it did not, */
export const ATC_HITS: u32 = 0x10;
export const ATC_MISSES: u32 = 0x14;
/** invalidations, page requests, */
export const INVALIDATIONS: u32 = 0x18;
export const PAGE_REQUESTS: u32 = 0x1c;
/** and, not since but now, translations in the ATC. */
export const ATC_USED: u32 = 0x20;

export const QUEUES: u32 = 8;
export const QUEUE_BASE: u32 = 0x100;
export const QUEUE_STRIDE: u32 = 0x40;

/** Of a queue: address of its ring in the queue's address space, a multiple of 4 KiB. */
export const QUEUE_RING_LOW: u32 = 0x00;
export const QUEUE_RING_LOW_RESERVED_HI: u32 = 11;
export const QUEUE_RING_LOW_RESERVED_LO: u32 = 0;
export const QUEUE_RING_LOW_ADDRESS_HI: u32 = 31;
export const QUEUE_RING_LOW_ADDRESS_LO: u32 = 12;
export const QUEUE_RING_HIGH: u32 = 0x04;
/** log2 of the ring's descriptors. */
export const QUEUE_SIZE: u32 = 0x08;
export const QUEUE_SIZE_LOG2_HI: u32 = 3;
export const QUEUE_SIZE_LOG2_LO: u32 = 0;
export const QUEUE_SIZE_RESERVED_HI: u32 = 31;
export const QUEUE_SIZE_RESERVED_LO: u32 = 4;
/** Read-only: the descriptor that is next. */
export const QUEUE_HEAD: u32 = 0x0c;
/** Doorbell: the first descriptor that is not ready. Both count modulo the ring's size. */
export const QUEUE_TAIL: u32 = 0x10;
export const QUEUE_INDEX_HI: u32 = 14;
export const QUEUE_INDEX_LO: u32 = 0;
export const QUEUE_INDEX_RESERVED_HI: u32 = 31;
export const QUEUE_INDEX_RESERVED_LO: u32 = 15;

/** The address space of the queue's requests. Written only while the queue is disabled. */
export const QUEUE_PASID: u32 = 0x14;
export const QUEUE_PASID_VALUE_HI: u32 = 19;
export const QUEUE_PASID_VALUE_LO: u32 = 0;
export const QUEUE_PASID_RESERVED_HI: u32 = 29;
export const QUEUE_PASID_RESERVED_LO: u32 = 20;
export const QUEUE_PASID_PRIVILEGED_HI: u32 = 30;
export const QUEUE_PASID_PRIVILEGED_LO: u32 = 30;
export const QUEUE_PASID_PRESENT_HI: u32 = 31;
export const QUEUE_PASID_PRESENT_LO: u32 = 31;

export const QUEUE_CONTROL: u32 = 0x18;
/** Set: the queue starts at descriptor 0. Cleared: it is abandoned, with its page requests. */
export const QUEUE_CONTROL_ENABLE_HI: u32 = 0;
export const QUEUE_CONTROL_ENABLE_LO: u32 = 0;
/** Write 1: after the descriptor that is under way a Stop Marker is sent, and ENABLE and this are cleared. */
export const QUEUE_CONTROL_STOP_HI: u32 = 1;
export const QUEUE_CONTROL_STOP_LO: u32 = 1;
export const QUEUE_CONTROL_RESERVED_HI: u32 = 31;
export const QUEUE_CONTROL_RESERVED_LO: u32 = 2;

/** Read-only: what the queue does, and why it halted. */
export const QUEUE_STATUS: u32 = 0x1c;
export const QUEUE_STATUS_STATE_HI: u32 = 3;
export const QUEUE_STATUS_STATE_LO: u32 = 0;
export const QUEUE_STATUS_RESERVED4_HI: u32 = 7;
export const QUEUE_STATUS_RESERVED4_LO: u32 = 4;
/** A STATUS_ code of a descriptor: what befell the ring itself. */
export const QUEUE_STATUS_ERROR_HI: u32 = 15;
export const QUEUE_STATUS_ERROR_LO: u32 = 8;
export const QUEUE_STATUS_RESERVED16_HI: u32 = 31;
export const QUEUE_STATUS_RESERVED16_LO: u32 = 16;

export const STATE_DISABLED: u32 = 0;
export const STATE_IDLE: u32 = 1;
export const STATE_RUNNING: u32 = 2;
/** Waits for the response to a page request. */
export const STATE_WAITING: u32 = 3;
/** Halted by an error; only disabling it helps. */
export const STATE_HALTED: u32 = 4;
