// QEMU's firmware configuration device (docs/specs/fw_cfg) on a PC: a 16-bit selector and a port that reads the
// selected item byte by byte.

export const FW_CFG_SELECTOR: u32 = 0x510;
export const FW_CFG_DATA: u32 = 0x511;

/** Items by key, little-endian numbers. */
export const FW_CFG_KEY_SIGNATURE: u32 = 0x00;
export const FW_CFG_KEY_ID: u32 = 0x01;
export const FW_CFG_KEY_RAM_SIZE: u32 = 0x03;
export const FW_CFG_KEY_PROCESSORS: u32 = 0x05;
export const FW_CFG_KEY_MAX_PROCESSORS: u32 = 0x0f;
/** The directory of files: big-endian numbers. */
export const FW_CFG_KEY_FILES: u32 = 0x19;
/** "QEMU" as its bytes lie. */
export const FW_CFG_SIGNATURE: u32 = 0x554d_4551;
/** FW_CFG_KEY_ID: the interface by ports, without the one by DMA. */
export const FW_CFG_ID_TRADITIONAL: u32 = 0x1;
