// VT-d 5.10 §5.1.2.2 interrupt requests in remappable format (Tables 13 and 14): address and data, 32 bits each.

/** FEEh. */
export const REQUEST_ADDRESS_IDENTIFIER_HI: u32 = 31;
export const REQUEST_ADDRESS_IDENTIFIER_LO: u32 = 20;
/** Handle[14:0]. */
export const REQUEST_ADDRESS_HANDLE_LOW_HI: u32 = 19;
export const REQUEST_ADDRESS_HANDLE_LOW_LO: u32 = 5;
/** 1 remappable, 0 compatibility. */
export const REQUEST_ADDRESS_FORMAT_HI: u32 = 4;
export const REQUEST_ADDRESS_FORMAT_LO: u32 = 4;
/** The data holds a subhandle. */
export const REQUEST_ADDRESS_SHV_HI: u32 = 3;
export const REQUEST_ADDRESS_SHV_LO: u32 = 3;
/** Handle[15]. */
export const REQUEST_ADDRESS_HANDLE_HIGH_HI: u32 = 2;
export const REQUEST_ADDRESS_HANDLE_HIGH_LO: u32 = 2;
export const REQUEST_ADDRESS_IGNORED_HI: u32 = 1;
export const REQUEST_ADDRESS_IGNORED_LO: u32 = 0;
/** Reserved with SHV, else ignored. */
export const REQUEST_DATA_RESERVED_HI: u32 = 31;
export const REQUEST_DATA_RESERVED_LO: u32 = 16;
export const REQUEST_DATA_SUBHANDLE_HI: u32 = 15;
export const REQUEST_DATA_SUBHANDLE_LO: u32 = 0;

/** Bits of a handle that stand in HANDLE_LOW. */
export const REQUEST_HANDLE_LOW_WIDTH: u32 = 15;
