// Who the copy engine says it is. The vendor ID is the one that emulators use for devices of their own.

export const VENDOR_ID: u32 = 0x1234;
export const DEVICE_ID: u32 = 0xc0e1;
export const SUBSYSTEM_ID: u32 = 0x0001;
/** System peripheral, other. */
export const CLASS_CODE: u32 = 0x08_8000;
