// QEMU's firmware configuration device (docs/specs/fw_cfg) on a PC: a 16-bit selector and a port that reads the
// selected item byte by byte.

export const FW_CFG_SELECTOR: u32 = 0x510;
export const FW_CFG_DATA: u32 = 0x511;

/** Items by key, little-endian numbers. */
export const FW_CFG_KEY_SIGNATURE: u32 = 0x00;
export const FW_CFG_KEY_ID: u32 = 0x01;
/** 16 bytes. */
export const FW_CFG_KEY_UUID: u32 = 0x02;
export const FW_CFG_KEY_RAM_SIZE: u32 = 0x03;
export const FW_CFG_KEY_PROCESSORS: u32 = 0x05;
export const FW_CFG_KEY_BOOT_MENU: u32 = 0x0e;
export const FW_CFG_KEY_MAX_PROCESSORS: u32 = 0x0f;
/** The directory of files: big-endian numbers. */
export const FW_CFG_KEY_FILES: u32 = 0x19;
/** "QEMU" as its bytes lie. */
export const FW_CFG_SIGNATURE: u32 = 0x554d_4551;
/** FW_CFG_KEY_ID: the interface by ports, without the one by DMA. */
export const FW_CFG_ID_TRADITIONAL: u32 = 0x1;

/** The directory: a count, then its entries; names end with a zero. */
export const FW_CFG_COUNT_SIZE: u32 = 4;
export const FW_CFG_ENTRY_SIZE: u32 = 64;
export const FW_CFG_ENTRY_LENGTH: u32 = 0;
export const FW_CFG_ENTRY_KEY: u32 = 4;
export const FW_CFG_ENTRY_NAME: u32 = 8;
/** The first file's key. */
export const FW_CFG_FIRST_FILE: u32 = 0x20;
