// The thermal sensor's registers in the PF's BAR0 (I350 §8.2.25 to §8.2.29). Temperatures in degrees Celsius.

/** Junction temperature. */
export const THMJT: u32 = 0x8100;
export const THMJT_TEMPERATURE_HI: u32 = 8;
export const THMJT_TEMPERATURE_LO: u32 = 0;
/** The value is good. */
export const THMJT_VALID: u32 = 0x8000_0000;
/** Thresholds. */
export const THLOWTC: u32 = 0x8104;
export const THMIDTC: u32 = 0x8108;
export const THHIGHTC: u32 = 0x810c;
export const THTC_TEMPERATURE_HI: u32 = 8;
export const THTC_TEMPERATURE_LO: u32 = 0;
export const THTC_MASK: u32 = 0x0000_01ff;
export const THLOWTC_RESET: u32 = 100;
export const THMIDTC_RESET: u32 = 105;
export const THHIGHTC_RESET: u32 = 110;
/** What the sensor did: the PHY was switched off, the speed was lowered. Cleared by writing 1. */
export const THSTAT: u32 = 0x8110;
export const THSTAT_PWR_DOWN: u32 = 0x0000_0001;
export const THSTAT_LINK_THROTTLE: u32 = 0x0000_0002;
