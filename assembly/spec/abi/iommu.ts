// How an IOMMU unit lies in linear memory: assembly/iommu works on it; the host lays out the register
// tables, reads counters and snapshots the state.
//
//   unit ─┬─ wiring (48 bytes, written by iommuInit, never in a snapshot)
//         ├─ counters, events, scalar state
//         ├─ registers: values, then RW masks, W1C masks and reset values, 1024 dwords each
//         ├─ interrupt entry cache   24 B × 512
//         ├─ paging-structure caches 16 B × 1024, two of them
//         ├─ IOTLB                   16 B × 8192
//         ├─ context cache           16 B × 65536, one per requester ID
//         ├─ paging-structure caches 16 B × 256, two of them, for the upper levels
//         ├─ scalable-mode contexts  32 B × 1024
//         ├─ PASID cache             64 B × 4096, sets of 16
//         └─ ATS                     invalidations of device TLBs and messages to endpoints

/** A read is allowed, or wanted. */
export const ACCESS_READ: u32 = 1;
/** A write is allowed, or wanted. */
export const ACCESS_WRITE: u32 = 2;
/** Of a request with PASID: to execute what is read (ER), */
export const ACCESS_EXECUTE: u32 = 4;
/** and with supervisor privilege (PR). */
export const ACCESS_PRIVILEGED: u32 = 8;

/** The PASID argument of a request: 0 for one without PASID, otherwise this bit and the PASID in bits 19:0, */
export const PASID_PRESENT: u32 = 0x8000_0000;
/** and, where no access is given besides, ACCESS_EXECUTE and ACCESS_PRIVILEGED as these bits. */
export const PASID_EXECUTE: u32 = 0x4000_0000;
export const PASID_PRIVILEGED: u32 = 0x2000_0000;
export const PASID_HI: u32 = 19;
export const PASID_LO: u32 = 0;

/** First byte of what the unit remembers of the map's regions; all zero, it remembers nothing. It ends at UNIT_STATE. */
export const UNIT_REMEMBERED: u32 = 4;

/** First byte of the state, which a snapshot copies from here to UNIT_SIZE. */
export const UNIT_STATE: u32 = 48;

/** Counters, u64 each: page translations asked for, */
export const UNIT_TRANSLATIONS: u32 = 48;
/** those that the IOTLB did not answer, */
export const UNIT_MISSES: u32 = 56;
/** those of them that no walk decided, */
export const UNIT_UNWALKED: u32 = 64;
/** DMA requests refused, */
export const UNIT_FAULTS: u32 = 72;
/** interrupt requests seen, */
export const UNIT_INTERRUPTS: u32 = 80;
/** interrupt requests blocked, */
export const UNIT_INTERRUPTS_BLOCKED: u32 = 88;
/** invalidation commands executed, by register or from the queue. */
export const UNIT_INVALIDATIONS: u32 = 96;

/** Event messages that are due (EVENT_ bits): whoever called into the module sends and clears them. */
export const UNIT_EVENTS: u32 = 104;
export const EVENT_FAULT: u32 = 1;
export const EVENT_INVALIDATION: u32 = 2;
export const EVENT_PAGE_REQUEST: u32 = 4;

/** The reason of the last refused request: a FAULT_ number. */
export const UNIT_LAST_REASON: u32 = 108;

/** The MAP_GENERATION that the region numbers in the IOTLB belong to: under another one they are not used. */
export const UNIT_MAP_GENERATION: u32 = 112;
/** Scalars that repeat what GSTS_REG says: TES and IRES. */
export const UNIT_TRANSLATING: u32 = 116;
export const UNIT_REMAPPING: u32 = 120;
/** Scalars with a range: 1 to CONTEXT_GENERATION_MAX, */
export const UNIT_CONTEXT_GENERATION: u32 = 124;
export const CONTEXT_GENERATION_MAX: u32 = 4095;
/** 0 to CAP_REG.NFR, */
export const UNIT_FAULT_INDEX: u32 = 128;
/** 0 or 1. */
export const UNIT_TABLE_ERROR: u32 = 132;
/** RTADDR_REG as the last SRTP latched it, u64, */
export const UNIT_ROOT_TABLE: u32 = 136;
/** and IRTA_REG as the last SIRTP did. */
export const UNIT_INTERRUPT_TABLE: u32 = 144;
/** Scalars that the unit's capabilities decide, in four stretches; each ends where the next name says. */
export const UNIT_DERIVED: u32 = 152;
/** 0 or 1, twice. */
export const UNIT_USED: u32 = 192;
export const UNIT_DERIVED_MASKS: u32 = 200;
export const UNIT_BUSES: u32 = 216;
export const UNIT_DERIVED_FORMAT: u32 = 248;
/** Generation of valid scalable-mode contexts, the number of the last use of the PASID cache, and 0 or 1. */
export const UNIT_SCALABLE: u32 = 296;
export const UNIT_PASIDS_USED: u32 = 304;
/** 1 in strict mode: every use of a cache is shown to the host, and IOTLB tags are without IOTLB_VALID. */
export const UNIT_STRICT: u32 = 308;
export const UNIT_DERIVED_SCALABLE: u32 = 312;
export const UNIT_SCALARS_END: u32 = 416;

export const UNIT_REGISTERS: u32 = 512;
export const UNIT_REGISTER_BYTES: u32 = 4096;
export const UNIT_RW_MASKS: u32 = 4608;
export const UNIT_W1C_MASKS: u32 = 8704;
export const UNIT_RESET_VALUES: u32 = 12800;

export const UNIT_INTERRUPT_CACHE: u32 = 16896;
export const INTERRUPT_CACHE_ENTRIES: u32 = 512;
export const INTERRUPT_CACHE_ENTRY_SIZE: u32 = 24;
/** Of a line's tag, u64: set in one that is in use, above the index. The entry's two words follow. */
export const INTERRUPT_CACHE_VALID: u32 = 0x1_0000;

export const PAGING_CACHE_ENTRIES: u32 = 1024;
export const PAGING_CACHE_ENTRY_SIZE: u32 = 16;
export const UNIT_PAGING_CACHE_1G: u32 = 29184;
export const UNIT_PAGING_CACHE_2M: u32 = 45568;

export const UNIT_IOTLB: u32 = 61952;
export const IOTLB_ENTRIES: u32 = 8192;
export const IOTLB_ENTRY_SIZE: u32 = 16;
/** log2 of IOTLB_ENTRIES. */
export const IOTLB_INDEX_WIDTH: u32 = 13;

/** Bits of an IOTLB tag: untranslated, of a line of the PASID cache; IOVA 56:12; domain-id or that line. */
export const IOTLB_TAG_IDENTITY: u32 = 62;
export const IOTLB_TAG_SPACE: u32 = 61;
export const IOTLB_TAG_ADDRESS_HI: u32 = 60;
export const IOTLB_TAG_ADDRESS_LO: u32 = 16;
export const IOTLB_TAG_OWNER_HI: u32 = 15;
export const IOTLB_TAG_OWNER_LO: u32 = 0;

/** Bit of an IOTLB tag: the line is in use. */
export const IOTLB_VALID_HI: u32 = 63;
export const IOTLB_VALID_LO: u32 = 63;
/** Bits of an IOTLB value, which follows its tag: region, HPA page, ACCESS_ bits granted. */
export const IOTLB_REGION_HI: u32 = 62;
export const IOTLB_REGION_LO: u32 = 52;
export const IOTLB_PAGE_HI: u32 = 51;
export const IOTLB_PAGE_LO: u32 = 12;
export const IOTLB_GRANTED_HI: u32 = 1;
export const IOTLB_GRANTED_LO: u32 = 0;
/** Of a line that grants nothing: the ACCESS_ bits whose refusal it holds (Caching Mode). */
export const IOTLB_REFUSED_HI: u32 = 3;
export const IOTLB_REFUSED_LO: u32 = 2;

export const UNIT_CONTEXT_CACHE: u32 = 193024;
export const CONTEXT_CACHE_ENTRIES: u32 = 65536;
export const CONTEXT_CACHE_ENTRY_SIZE: u32 = 16;
/** Bits of a line's second word, which follows a tag as above: its UNIT_CONTEXT_GENERATION, table and levels. */
export const CONTEXT_GENERATION_HI: u32 = 63;
export const CONTEXT_GENERATION_LO: u32 = 52;
export const CONTEXT_TABLE_HI: u32 = 51;
export const CONTEXT_TABLE_LO: u32 = 12;
export const CONTEXT_LEVELS_HI: u32 = 2;
export const CONTEXT_LEVELS_LO: u32 = 0;
/** In place of levels: the decision is in the PASID cache, or it is a refusal. */
export const CONTEXT_ELSEWHERE: u32 = 6;
export const CONTEXT_REFUSED: u32 = 7;

/** Paging-structure caches of the upper levels: 512 GiB and 256 TiB regions. */
export const PAGING_CACHE_UPPER_ENTRIES: u32 = 256;
export const UNIT_PAGING_CACHE_512G: u32 = 1241600;
export const UNIT_PAGING_CACHE_256T: u32 = 1245696;

export const UNIT_SCALABLE_CONTEXTS: u32 = 1249792;
export const SCALABLE_CONTEXT_ENTRIES: u32 = 1024;
export const SCALABLE_CONTEXT_ENTRY_SIZE: u32 = 32;
/** log2 of SCALABLE_CONTEXT_ENTRIES. */
export const SCALABLE_CONTEXT_INDEX_WIDTH: u32 = 10;

export const UNIT_PASID_CACHE: u32 = 1282560;
export const PASID_CACHE_ENTRIES: u32 = 4096;
export const PASID_CACHE_ENTRY_SIZE: u32 = 64;
/** Offsets in a line: the second stage's tag; the key, with its requester in the upper word; PGTT in bits 2:0. */
export const PASID_CACHE_SECOND_TAG: u32 = 16;
export const PASID_CACHE_KEY: u32 = 32;
export const PASID_CACHE_KEY_USED: u32 = 0x8000_0000;
export const PASID_CACHE_KEY_PRIVILEGED: u32 = 0x4000_0000;
export const PASID_CACHE_ATTRIBUTES: u32 = 60;
export const PASID_CACHE_TYPE_MASK: u32 = 7;
export const PASID_CACHE_DECIDED: u32 = 0x8000_0000;
export const PASID_CACHE_WAYS: u32 = 16;
/** log2 of the number of sets. */
export const PASID_CACHE_INDEX_WIDTH: u32 = 8;

/** What spec/abi/ats.ts lays out: ATS_SIZE bytes. */
export const UNIT_ATS: u32 = 1544704;

export const UNIT_SIZE: u32 = 1556992;

/** What iommuRemap leaves at `out`, u32 each: where and how the interrupt is to be delivered. */
export const REMAP_DESTINATION: u32 = 0;
export const REMAP_VECTOR: u32 = 4;
export const REMAP_DELIVERY_MODE: u32 = 8;
export const REMAP_TRIGGER_MODE: u32 = 12;
export const REMAP_DESTINATION_MODE: u32 = 16;
export const REMAP_REDIRECTION_HINT: u32 = 20;
/** 1 for a destination of 32 bits (IRTA_REG.EIME), 0 for one of 8. */
export const REMAP_WIDE: u32 = 24;
export const REMAP_SIZE: u32 = 28;

/** What it leaves there of a posted interrupt, besides its notification in the fields above: NOTIFICATION_, u32, */
export const REMAP_NOTIFICATION: u32 = 28;
/** the descriptor's HPA, u64, */
export const REMAP_DESCRIPTOR: u32 = 32;
/** and the vector that was set in it, u32. */
export const REMAP_POSTED_VECTOR: u32 = 40;
export const REMAP_POSTED_SIZE: u32 = 44;

/** The notification is to be sent. */
export const NOTIFICATION_SENT: u32 = 1;
/** None, because one is outstanding (ON). */
export const NOTIFICATION_OUTSTANDING: u32 = 2;
/** None, because they are suppressed (SN) and the interrupt is not urgent. */
export const NOTIFICATION_SUPPRESSED: u32 = 3;

/** iommuRemap refused the request; the reason is at UNIT_LAST_REASON. */
export const REMAP_BLOCKED: u32 = 0;
/** The request is to be delivered as `out` says. */
export const REMAP_DELIVER: u32 = 1;
/** The request bypasses remapping: deliver the message as it is. */
export const REMAP_UNCHANGED: u32 = 2;
/** The request was posted to the descriptor that `out` names. */
export const REMAP_POSTED: u32 = 3;
