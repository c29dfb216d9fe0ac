// VT-d 5.10 §7.1.3 Table 30 (DMA) and §5.1.4.1 Table 15 (interrupts): the FR field of a fault record.

export const FAULT_ROOT_NOT_PRESENT: u32 = 0x01;
export const FAULT_CONTEXT_NOT_PRESENT: u32 = 0x02;
/** AW or TT not supported, or the top second-stage table could not be read. */
export const FAULT_CONTEXT_INVALID: u32 = 0x03;
/** The address is beyond the smaller of MGAW and AGAW, or beyond HAW for pass-through. */
export const FAULT_ADDRESS_BEYOND_WIDTH: u32 = 0x04;
export const FAULT_WRITE_DENIED: u32 = 0x05;
export const FAULT_READ_DENIED: u32 = 0x06;
export const FAULT_TABLE_ACCESS: u32 = 0x07;
export const FAULT_ROOT_ACCESS: u32 = 0x08;
export const FAULT_CONTEXT_ACCESS: u32 = 0x09;
export const FAULT_ROOT_RESERVED: u32 = 0x0a;
export const FAULT_CONTEXT_RESERVED: u32 = 0x0b;
export const FAULT_ENTRY_RESERVED: u32 = 0x0c;
/** A translation request or a translated request that the context's TT blocks. */
export const FAULT_TYPE_BLOCKED: u32 = 0x0d;
/** The output address lies in the interrupt address range. */
export const FAULT_INTERRUPT_RANGE: u32 = 0x0e;

export const FAULT_INTERRUPT_REQUEST_RESERVED: u32 = 0x20;
export const FAULT_INTERRUPT_INDEX: u32 = 0x21;
export const FAULT_INTERRUPT_NOT_PRESENT: u32 = 0x22;
export const FAULT_INTERRUPT_TABLE_ACCESS: u32 = 0x23;
export const FAULT_INTERRUPT_ENTRY_RESERVED: u32 = 0x24;
export const FAULT_INTERRUPT_COMPATIBILITY: u32 = 0x25;
export const FAULT_INTERRUPT_SOURCE: u32 = 0x26;
/** The posted-interrupt descriptor could not be read or written, */
export const FAULT_POSTED_ACCESS: u32 = 0x27;
/** or has a reserved bit set. */
export const FAULT_POSTED_RESERVED: u32 = 0x28;
/** A request in the interrupt range that is not a valid interrupt request. */
export const FAULT_INTERRUPT_MALFORMED: u32 = 0x29;

/** RTADDR_REG programmed with a mode that the hardware lacks. */
export const FAULT_ROOT_ADDRESS_INVALID: u32 = 0x30;
/** A request with PASID while RTADDR_REG.TTM is legacy mode. */
export const FAULT_PASID_IN_LEGACY_MODE: u32 = 0x31;
/** A page request while RTADDR_REG.TTM is legacy mode. */
export const FAULT_PAGE_REQUEST_IN_LEGACY_MODE: u32 = 0x32;
/** Any request while RTADDR_REG.TTM is abort-DMA mode. */
export const FAULT_ABORT_DMA: u32 = 0x33;

export const FAULT_SCALABLE_ROOT_ACCESS: u32 = 0x38;
/** LP or UP, whichever half of the bus the requester is in. */
export const FAULT_SCALABLE_ROOT_NOT_PRESENT: u32 = 0x39;
export const FAULT_SCALABLE_ROOT_RESERVED: u32 = 0x3a;

export const FAULT_SCALABLE_CONTEXT_ACCESS: u32 = 0x40;
export const FAULT_SCALABLE_CONTEXT_NOT_PRESENT: u32 = 0x41;
export const FAULT_SCALABLE_CONTEXT_RESERVED: u32 = 0x42;
/** PRE without DTE, EPTR without PASIDE, or RID_PASID beyond PDTS. */
export const FAULT_SCALABLE_CONTEXT_INVALID: u32 = 0x43;
/** A translation request or translated request while DTE is clear. */
export const FAULT_DEVICE_TLB_DISABLED: u32 = 0x44;
/** A request with PASID while PASIDE is clear. */
export const FAULT_PASID_DISABLED: u32 = 0x45;
/** The PASID lies beyond the directory, whose size is PDTS. */
export const FAULT_PASID_BEYOND_DIRECTORY: u32 = 0x46;
/** A page request while PRE is clear. */
export const FAULT_PAGE_REQUEST_DISABLED: u32 = 0x47;
/** A request with the PASID that RID_PASID names. */
export const FAULT_PASID_IS_RID_PASID: u32 = 0x48;
/** A translated request with PASID while EPTR is clear. */
export const FAULT_PASID_IN_TRANSLATED_REQUEST: u32 = 0x49;

export const FAULT_PASID_DIRECTORY_ACCESS: u32 = 0x50;
export const FAULT_PASID_DIRECTORY_NOT_PRESENT: u32 = 0x51;
export const FAULT_PASID_DIRECTORY_RESERVED: u32 = 0x52;

export const FAULT_PASID_ENTRY_ACCESS: u32 = 0x58;
export const FAULT_PASID_ENTRY_NOT_PRESENT: u32 = 0x59;
export const FAULT_PASID_ENTRY_RESERVED: u32 = 0x5a;
/** AW, PGTT or FSPM not supported, or a nested FSPTPTR beyond the guest address width. */
export const FAULT_PASID_ENTRY_INVALID: u32 = 0x5b;
/** ER while ECAP_REG.ERS is clear. */
export const FAULT_EXECUTE_UNSUPPORTED: u32 = 0x5c;
/** PR while the entry's SRE is clear. */
export const FAULT_SUPERVISOR_DISABLED: u32 = 0x5d;

export const FAULT_FIRST_STAGE_ACCESS: u32 = 0x70;
export const FAULT_FIRST_STAGE_NOT_PRESENT: u32 = 0x71;
export const FAULT_FIRST_STAGE_RESERVED: u32 = 0x72;
/** The table that FSPTPTR names could not be read. */
export const FAULT_FIRST_STAGE_TOP_ACCESS: u32 = 0x73;
/** Nested: an entry's ADDR lies beyond the guest address width. */
export const FAULT_NESTED_ADDRESS_BEYOND_WIDTH: u32 = 0x74;
/** Nested: the second stage lets the table that FSPTPTR names not be read, */
export const FAULT_NESTED_TOP_READ_DENIED: u32 = 0x75;
/** another first-stage table, */
export const FAULT_NESTED_READ_DENIED: u32 = 0x76;
/** or an accessed or dirty flag not be written. */
export const FAULT_NESTED_FLAG_WRITE_DENIED: u32 = 0x77;

export const FAULT_SECOND_STAGE_ACCESS: u32 = 0x78;
/** R and W are both 0, in an entry or all entries together. */
export const FAULT_SECOND_STAGE_NOT_PRESENT: u32 = 0x79;
export const FAULT_SECOND_STAGE_RESERVED: u32 = 0x7a;
/** The table that SSPTPTR names could not be read. */
export const FAULT_SECOND_STAGE_TOP_ACCESS: u32 = 0x7b;
/** An accessed or dirty flag must be set in a second stage whose walks do not snoop, */
export const FAULT_SECOND_STAGE_FLAG_NO_SNOOP: u32 = 0x7c;
/** or could not be written. */
export const FAULT_SECOND_STAGE_FLAG_ACCESS: u32 = 0x7d;

export const FAULT_NOT_CANONICAL: u32 = 0x80;
/** U/S is 0 for a request without PR. */
export const FAULT_USER_DENIED: u32 = 0x81;
/** Pass-through or a translated request: the address is beyond HAW. */
export const FAULT_HOST_ADDRESS_BEYOND_WIDTH: u32 = 0x83;
/** Second stage: the address is beyond the smaller of MGAW and AGAW. */
export const FAULT_GUEST_ADDRESS_BEYOND_WIDTH: u32 = 0x84;
export const FAULT_SCALABLE_WRITE_DENIED: u32 = 0x85;
export const FAULT_SCALABLE_READ_DENIED: u32 = 0x86;
/** The output address lies in the interrupt address range. */
export const FAULT_SCALABLE_INTERRUPT_RANGE: u32 = 0x87;
/** The PASID is wider than ECAP_REG.PSS allows. */
export const FAULT_PASID_BEYOND_WIDTH: u32 = 0x89;

/** An accessed or dirty flag must be set in a first stage whose walks do not snoop, */
export const FAULT_FIRST_STAGE_FLAG_NO_SNOOP: u32 = 0x90;
/** or could not be written. */
export const FAULT_FIRST_STAGE_FLAG_ACCESS: u32 = 0x91;
