// What the module tells of while MAP_TRACED is set: kinds of hostTrace, and the fields of their detail.

/** A DMA request was refused, at its address. */
export const TRACE_FAULT: u32 = 0;
/** Invalidated: context-cache lines, */
export const TRACE_CONTEXTS: u32 = 1;
/** translations, from the address on, */
export const TRACE_TRANSLATIONS: u32 = 2;
/** interrupt entries. In place of a requester ID stands the domain-id, or the first index. */
export const TRACE_INTERRUPT_ENTRIES: u32 = 3;
/** Invalidated in scalable mode: decisions of the PASID cache, and translations of a PASID from the address on. */
export const TRACE_PASIDS: u32 = 4;
export const TRACE_SPACES: u32 = 5;

/** Of TRACE_FAULT: the fault reason, and the ACCESS_ bits that were wanted. */
export const TRACE_REASON_HI: u32 = 15;
export const TRACE_REASON_LO: u32 = 0;
export const TRACE_ACCESS_HI: u32 = 17;
export const TRACE_ACCESS_LO: u32 = 16;
/** Of the others: the granularity performed (GRANULARITY_, or all of a PASID), and the PASID of the last two. */
export const TRACE_GRANULARITY_HI: u32 = 1;
export const TRACE_GRANULARITY_LO: u32 = 0;
export const TRACE_GRANULARITY_PASID: u32 = 0;
export const TRACE_PASID_HI: u32 = 23;
export const TRACE_PASID_LO: u32 = 4;
