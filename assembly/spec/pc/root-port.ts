// QEMU's generic PCI Express root port.

export const ROOT_PORT_VENDOR: u32 = 0x1b36;
export const ROOT_PORT_DEVICE: u32 = 0x000c;
