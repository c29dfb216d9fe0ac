// What a unit knows of ATS, behind its caches: outstanding invalidations of device TLBs, and messages to endpoints that
// the host has to send. The host drains the messages whenever the module has worked on the unit.
//
//   UNIT_ATS ─┬─ scalars
//             ├─ invalidations: 32, one per ITag
//             ├─ messages: a ring of 64
//             └─ one bit per requester

/** Bytes, from UNIT_ATS on. */
export const ATS_SIZE: u32 = 12288;

/** Scalars, u32 each: ITags that are allocated, one bit each; */
export const ATS_TAGS: u32 = 0;
/** messages that wait, and which of the ring is the first; */
export const ATS_MESSAGE_COUNT: u32 = 4;
export const ATS_MESSAGE_FIRST: u32 = 8;
/** AT of the request that is being decided, for fault records. */
export const ATS_ADDRESS_TYPE: u32 = 12;

/** 1 while the queue waits for completions, an ITag, or room for a message. */
export const ATS_QUEUE_WAITS: u32 = 16;
/** Work that the queue may still do until software looks at the unit again. */
export const ATS_QUEUE_BUDGET: u32 = 20;

/** Outstanding invalidations by ITag. */
export const ATS_INVALIDATIONS: u32 = 64;
export const ATS_INVALIDATION_SIZE: u32 = 16;
/** u32: whose device TLB; u32: completions that came; f64: when it times out, in ns, which the host writes. */
export const ATS_INVALIDATION_REQUESTER: u32 = 0;
export const ATS_INVALIDATION_COMPLETIONS: u32 = 4;
export const ATS_INVALIDATION_DEADLINE: u32 = 8;

export const ATS_MESSAGES: u32 = 576;
export const ATS_MESSAGE_SIZE: u32 = 32;
export const ATS_MESSAGE_LIMIT: u32 = 64;
/** Of a message, u32 each: ATS_INVALIDATE or ATS_GROUP_RESPONSE, */
export const ATS_MESSAGE_KIND: u32 = 0;
export const ATS_MESSAGE_REQUESTER: u32 = 4;
/** 0 or PASID_PRESENT with the PASID, */
export const ATS_MESSAGE_PASID: u32 = 8;
/** the ITag; or the response code, */
export const ATS_MESSAGE_CODE: u32 = 12;
/** the message's body, two halves; of a response the page request group index. */
export const ATS_MESSAGE_BODY: u32 = 16;

/** A bit per requester ID: the legacy-mode context-entry in the context cache serves its device TLB (TT 01b). */
export const ATS_SERVED: u32 = 4096;
export const ATS_SERVED_SIZE: u32 = 8192;

export const ATS_INVALIDATE: u32 = 1;
export const ATS_GROUP_RESPONSE: u32 = 2;

/** iommuPageRequest: hardware sends no response; otherwise a RESPONSE_ code that it sends itself. */
export const RESPONSE_NONE: u32 = 0xffff_ffff;
