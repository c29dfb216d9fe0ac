// VT-d 5.10 §7.1.3 Table 30 (DMA) and §5.1.4.1 Table 10 (interrupts): the FR field of a fault record. Reasons of
// host permission tables are left out.

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
/** The posted-interrupt descriptor could not be read or written. */
export const FAULT_INTERRUPT_DESCRIPTOR_ACCESS: u32 = 0x27;
export const FAULT_INTERRUPT_DESCRIPTOR_RESERVED: u32 = 0x28;
/** A request in the interrupt range that is not a valid interrupt request. */
export const FAULT_INTERRUPT_MALFORMED: u32 = 0x29;
/** ECAP_REG.EIMER demands IRTA_REG.EIME. */
export const FAULT_INTERRUPT_EXTENDED_REQUIRED: u32 = 0x2a;
/** ECAP_REG.IRREQ demands interrupt remapping. */
export const FAULT_INTERRUPT_REMAPPING_REQUIRED: u32 = 0x2b;

/** RTADDR_REG programmed with a mode that the hardware lacks. */
export const FAULT_ROOT_ADDRESS_INVALID: u32 = 0x30;
/** A request with PASID while RTADDR_REG.TTM is legacy mode. */
export const FAULT_PASID_IN_LEGACY_MODE: u32 = 0x31;
/** A page request while RTADDR_REG.TTM is legacy mode. */
export const FAULT_PAGE_REQUEST_IN_LEGACY_MODE: u32 = 0x32;
/** Any request while RTADDR_REG.TTM is abort-DMA mode. */
export const FAULT_DMA_ABORTED: u32 = 0x33;
/** A request to execute, of hardware from version 8 on. */
export const FAULT_EXECUTE_REQUEST: u32 = 0x34;

// Scalable mode: root table,
export const FAULT_SM_ROOT_ACCESS: u32 = 0x38;
export const FAULT_SM_ROOT_NOT_PRESENT: u32 = 0x39;
export const FAULT_SM_ROOT_RESERVED: u32 = 0x3a;

// context table,
export const FAULT_SM_CONTEXT_ACCESS: u32 = 0x40;
export const FAULT_SM_CONTEXT_NOT_PRESENT: u32 = 0x41;
export const FAULT_SM_CONTEXT_RESERVED: u32 = 0x42;
/** PRE without DTE, EPTR without PASIDE, or a RID_PASID beyond PDTS. */
export const FAULT_SM_CONTEXT_INVALID: u32 = 0x43;
/** A translation request or translated request with DTE clear. */
export const FAULT_SM_DEVICE_TLB_DISABLED: u32 = 0x44;
/** A request with PASID with PASIDE clear. */
export const FAULT_SM_PASID_DISABLED: u32 = 0x45;
/** A PASID beyond PDTS. */
export const FAULT_SM_PASID_BEYOND_DIRECTORY: u32 = 0x46;
/** A page request with PRE clear. */
export const FAULT_SM_PAGE_REQUEST_DISABLED: u32 = 0x47;
/** A request with PASID that is RID_PASID. */
export const FAULT_SM_PASID_OF_REQUESTER: u32 = 0x48;
/** A translated request with PASID with EPTR clear. */
export const FAULT_SM_TRANSLATED_PASID_DISABLED: u32 = 0x49;

// PASID directory,
export const FAULT_SM_DIRECTORY_ACCESS: u32 = 0x50;
export const FAULT_SM_DIRECTORY_NOT_PRESENT: u32 = 0x51;
export const FAULT_SM_DIRECTORY_RESERVED: u32 = 0x52;

// PASID table,
export const FAULT_SM_PASID_ACCESS: u32 = 0x58;
export const FAULT_SM_PASID_NOT_PRESENT: u32 = 0x59;
export const FAULT_SM_PASID_RESERVED: u32 = 0x5a;
/** AW, PGTT or FSPM not supported, or a nested FSPTPTR beyond the second stage's width. */
export const FAULT_SM_PASID_INVALID: u32 = 0x5b;
/** A request to execute without ECAP_REG.ERS. */
export const FAULT_SM_EXECUTE: u32 = 0x5c;
/** A privileged request with SRE clear. */
export const FAULT_SM_SUPERVISOR: u32 = 0x5d;

// first stage,
export const FAULT_FS_TABLE_ACCESS: u32 = 0x70;
export const FAULT_FS_NOT_PRESENT: u32 = 0x71;
export const FAULT_FS_RESERVED: u32 = 0x72;
export const FAULT_FS_TOP_ACCESS: u32 = 0x73;
/** Nested: an entry's address is beyond the second stage's width. */
export const FAULT_FS_ADDRESS_BEYOND_WIDTH: u32 = 0x74;
/** Nested: the second stage lacks read permission for the top table, */
export const FAULT_FS_TOP_READ_DENIED: u32 = 0x75;
/** for a table below, */
export const FAULT_FS_TABLE_READ_DENIED: u32 = 0x76;
/** write permission for a table whose accessed or dirty bits must be set. */
export const FAULT_FS_TABLE_WRITE_DENIED: u32 = 0x77;

// second stage,
export const FAULT_SS_TABLE_ACCESS: u32 = 0x78;
/** An entry, or all of them together, grant neither read nor write. */
export const FAULT_SS_NOT_PRESENT: u32 = 0x79;
export const FAULT_SS_RESERVED: u32 = 0x7a;
export const FAULT_SS_TOP_ACCESS: u32 = 0x7b;
/** Accessed or dirty bits must be set in tables that are not snooped. */
export const FAULT_SS_NOT_SNOOPED: u32 = 0x7c;
/** Accessed or dirty bits could not be set. */
export const FAULT_SS_UPDATE: u32 = 0x7d;

// and in general.
export const FAULT_SM_NOT_CANONICAL: u32 = 0x80;
/** A user request met a first-stage entry for supervisors. */
export const FAULT_SM_USER_DENIED: u32 = 0x81;
/** The address is beyond HAW: pass-through and translated requests. */
export const FAULT_SM_BEYOND_HOST_WIDTH: u32 = 0x83;
/** The address is beyond the second stage's width. */
export const FAULT_SM_BEYOND_WIDTH: u32 = 0x84;
export const FAULT_SM_WRITE_DENIED: u32 = 0x85;
export const FAULT_SM_READ_DENIED: u32 = 0x86;
/** The output address lies in the interrupt address range. */
export const FAULT_SM_INTERRUPT_RANGE: u32 = 0x87;
/** A PASID wider than ECAP_REG.PSS tells. */
export const FAULT_SM_PASID_TOO_WIDE: u32 = 0x89;
/** Accessed or dirty bits must be set in first-stage tables that are not snooped. */
export const FAULT_FS_NOT_SNOOPED: u32 = 0x90;
/** Accessed or dirty bits of the first stage could not be set. */
export const FAULT_FS_UPDATE: u32 = 0x91;
