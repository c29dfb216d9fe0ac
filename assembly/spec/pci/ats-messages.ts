// What the requests, completions and messages of Address Translation Services and the Page Request Interface carry
// (PCIe 6.0 §10.2 to §10.4).

/** §10.2.1 Address Type (AT) of a memory request. */
export const ADDRESS_TYPE_UNTRANSLATED: u32 = 0;
export const ADDRESS_TYPE_TRANSLATION_REQUEST: u32 = 1;
export const ADDRESS_TYPE_TRANSLATED: u32 = 2;

/** §2.2.9.1 Completion Status: successful, unsupported request, completer abort. */
export const COMPLETION_SUCCESS: u32 = 0;
export const COMPLETION_UNSUPPORTED: u32 = 1;
export const COMPLETION_ABORT: u32 = 4;

/** §10.2.3.2 Translation completion data entry, 64 bits. */
export const TRANSLATION_WIDTH: u32 = 64;
export const TRANSLATION_R_HI: u32 = 0;
export const TRANSLATION_R_LO: u32 = 0;
export const TRANSLATION_W_HI: u32 = 1;
export const TRANSLATION_W_LO: u32 = 1;
/** Untranslated access only. */
export const TRANSLATION_U_HI: u32 = 2;
export const TRANSLATION_U_LO: u32 = 2;
export const TRANSLATION_EXE_HI: u32 = 3;
export const TRANSLATION_EXE_LO: u32 = 3;
export const TRANSLATION_PRIV_HI: u32 = 4;
export const TRANSLATION_PRIV_LO: u32 = 4;
export const TRANSLATION_GLOBAL_HI: u32 = 5;
export const TRANSLATION_GLOBAL_LO: u32 = 5;
export const TRANSLATION_RESERVED6_HI: u32 = 9;
export const TRANSLATION_RESERVED6_LO: u32 = 6;
/** Non-snooped accesses are not allowed. */
export const TRANSLATION_N_HI: u32 = 10;
export const TRANSLATION_N_LO: u32 = 10;
/** More than 4 KiB: the lowest 0 of the address field, at bit n, says 2^(n + 1) bytes. */
export const TRANSLATION_S_HI: u32 = 11;
export const TRANSLATION_S_LO: u32 = 11;
export const TRANSLATION_ADDRESS_HI: u32 = 63;
export const TRANSLATION_ADDRESS_LO: u32 = 12;

/** §10.3.1 Invalidate Request body, 64 bits. */
export const INVALIDATE_WIDTH: u32 = 64;
export const INVALIDATE_GLOBAL_HI: u32 = 0;
export const INVALIDATE_GLOBAL_LO: u32 = 0;
export const INVALIDATE_RESERVED1_HI: u32 = 10;
export const INVALIDATE_RESERVED1_LO: u32 = 1;
/** More than 4 KiB, as TRANSLATION_S says it. */
export const INVALIDATE_S_HI: u32 = 11;
export const INVALIDATE_S_LO: u32 = 11;
export const INVALIDATE_ADDRESS_HI: u32 = 63;
export const INVALIDATE_ADDRESS_LO: u32 = 12;
/** ITags of a requester, and of an invalidate completion: one bit of the ITag vector each. */
export const INVALIDATE_TAGS: u32 = 32;
/** Completions of one request: 1 to 8, of which 8 is written as 0. */
export const INVALIDATE_COMPLETIONS_MAX: u32 = 8;

/** §10.4.1 Page Request message body, 64 bits. Without R and W, and with L, it is a Stop Marker. */
export const PAGE_REQUEST_WIDTH: u32 = 64;
export const PAGE_REQUEST_R_HI: u32 = 0;
export const PAGE_REQUEST_R_LO: u32 = 0;
export const PAGE_REQUEST_W_HI: u32 = 1;
export const PAGE_REQUEST_W_LO: u32 = 1;
/** Last of its group. */
export const PAGE_REQUEST_L_HI: u32 = 2;
export const PAGE_REQUEST_L_LO: u32 = 2;
export const PAGE_REQUEST_GROUP_HI: u32 = 11;
export const PAGE_REQUEST_GROUP_LO: u32 = 3;
export const PAGE_REQUEST_ADDRESS_HI: u32 = 63;
export const PAGE_REQUEST_ADDRESS_LO: u32 = 12;

/** §10.4.2 Response codes of a PRG Response; the others mean RESPONSE_FAILURE. */
export const RESPONSE_SUCCESS: u32 = 0;
export const RESPONSE_INVALID_REQUEST: u32 = 1;
export const RESPONSE_FAILURE: u32 = 15;
