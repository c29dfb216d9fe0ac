// VT-d 5.10 §3.15 Handling Requests to Reserved System Memory / §5.1: addresses that are interrupt requests.

/** First address of the interrupt address range, 1 MiB. */
export const INTERRUPT_RANGE_BASE: u32 = 0xfee0_0000;
/** Last address of the interrupt address range. */
export const INTERRUPT_RANGE_LIMIT: u32 = 0xfeef_ffff;
