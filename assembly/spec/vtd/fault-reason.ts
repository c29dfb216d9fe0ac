// VT-d 5.10 §7.1.3 Table 30 (DMA, legacy mode and root table address) and §5.1.4.1 Table 10 (interrupts):
// the FR field of a fault record.

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
/** A request in the interrupt range that is not a valid interrupt request. */
export const FAULT_INTERRUPT_MALFORMED: u32 = 0x29;

/** RTADDR_REG programmed with a mode that the hardware lacks. */
export const FAULT_ROOT_ADDRESS_INVALID: u32 = 0x30;
/** A request with PASID while RTADDR_REG.TTM is legacy mode. */
export const FAULT_PASID_IN_LEGACY_MODE: u32 = 0x31;
