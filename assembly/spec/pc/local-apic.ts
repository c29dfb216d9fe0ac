// A processor's local APIC as memory (Intel SDM 3A §11.4.1, §11.6.1): what is needed to interrupt oneself.

export const LOCAL_APIC_BASE: u32 = 0xfee0_0000;
/** Interrupt Command Register, low half: a write sends an interrupt. */
export const APIC_ICR_LOW: u32 = 0x300;
export const APIC_ICR_LOW_WIDTH: u32 = 32;
export const APIC_ICR_VECTOR_HI: u32 = 7;
export const APIC_ICR_VECTOR_LO: u32 = 0;
export const APIC_ICR_DELIVERY_MODE_HI: u32 = 10;
export const APIC_ICR_DELIVERY_MODE_LO: u32 = 8;
export const APIC_ICR_DESTINATION_MODE_HI: u32 = 11;
export const APIC_ICR_DESTINATION_MODE_LO: u32 = 11;
export const APIC_ICR_DELIVERY_STATUS_HI: u32 = 12;
export const APIC_ICR_DELIVERY_STATUS_LO: u32 = 12;
export const APIC_ICR_RESERVED13_HI: u32 = 13;
export const APIC_ICR_RESERVED13_LO: u32 = 13;
export const APIC_ICR_LEVEL_HI: u32 = 14;
export const APIC_ICR_LEVEL_LO: u32 = 14;
export const APIC_ICR_TRIGGER_MODE_HI: u32 = 15;
export const APIC_ICR_TRIGGER_MODE_LO: u32 = 15;
export const APIC_ICR_RESERVED16_HI: u32 = 17;
export const APIC_ICR_RESERVED16_LO: u32 = 16;
export const APIC_ICR_SHORTHAND_HI: u32 = 19;
export const APIC_ICR_SHORTHAND_LO: u32 = 18;
export const APIC_ICR_RESERVED20_HI: u32 = 31;
export const APIC_ICR_RESERVED20_LO: u32 = 20;
/** Shorthand: to the sender itself. */
export const SHORTHAND_SELF: u32 = 1;
/** Vectors below are exceptions' (Intel SDM 3A §11.5.2). */
export const FIRST_INTERRUPT_VECTOR: u32 = 16;
/** Delivery modes that carry a vector. */
export const DELIVERY_FIXED: u32 = 0;
export const DELIVERY_LOWEST_PRIORITY: u32 = 1;
