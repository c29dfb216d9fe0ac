// VT-d 5.10 §11.4.7.2–5 Fault Event, §11.4.9.5–8 Invalidation Event and §11.4.11.5–8 Page Request Event
// registers: three blocks of one form.

export const FECTL_REG: u32 = 0x38;
export const FEDATA_REG: u32 = 0x3c;
export const FEADDR_REG: u32 = 0x40;
export const FEUADDR_REG: u32 = 0x44;

export const IECTL_REG: u32 = 0xa0;
export const IEDATA_REG: u32 = 0xa4;
export const IEADDR_REG: u32 = 0xa8;
export const IEUADDR_REG: u32 = 0xac;

export const PECTL_REG: u32 = 0xe0;
export const PEDATA_REG: u32 = 0xe4;
export const PEADDR_REG: u32 = 0xe8;
export const PEUADDR_REG: u32 = 0xec;

/** Interrupt mask; set at reset. */
export const EVENT_CONTROL_IM_HI: u32 = 31;
export const EVENT_CONTROL_IM_LO: u32 = 31;
/** Interrupt pending, read-only. */
export const EVENT_CONTROL_IP_HI: u32 = 30;
export const EVENT_CONTROL_IP_LO: u32 = 30;
export const EVENT_CONTROL_RESERVED_HI: u32 = 29;
export const EVENT_CONTROL_RESERVED_LO: u32 = 0;

export const EVENT_DATA_RESERVED_HI: u32 = 31;
export const EVENT_DATA_RESERVED_LO: u32 = 16;
export const EVENT_DATA_IMD_HI: u32 = 15;
export const EVENT_DATA_IMD_LO: u32 = 0;

export const EVENT_ADDRESS_MA_HI: u32 = 31;
export const EVENT_ADDRESS_MA_LO: u32 = 2;
export const EVENT_ADDRESS_RESERVED_HI: u32 = 1;
export const EVENT_ADDRESS_RESERVED_LO: u32 = 0;

export const EVENT_UPPER_ADDRESS_MUA_HI: u32 = 31;
export const EVENT_UPPER_ADDRESS_MUA_LO: u32 = 0;
