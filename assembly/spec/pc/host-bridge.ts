// Host bridges of PCs as QEMU presents them: Intel 82441FX (440FX) and 82Q35 (Q35 MCH data sheet §5).

/** 440FX: Host-to-PCI bridge. */
export const DEVICE_I440FX: u32 = 0x1237;
export const I440FX_REVISION: u32 = 0x02;
/** Q35: DRAM controller. */
export const DEVICE_Q35: u32 = 0x29c0;
export const PC_SUBSYSTEM_VENDOR: u32 = 0x1af4;
export const PC_SUBSYSTEM: u32 = 0x1100;

/** Q35 §5.1.16 PCIEXBAR: where configuration space lies in memory. 64 bits. */
export const PCIEXBAR: u32 = 0x60;
export const PCIEXBAR_WIDTH: u32 = 64;
export const PCIEXBAR_ENABLE_HI: u32 = 0;
export const PCIEXBAR_ENABLE_LO: u32 = 0;
export const PCIEXBAR_LENGTH_HI: u32 = 2;
export const PCIEXBAR_LENGTH_LO: u32 = 1;
export const PCIEXBAR_RESERVED3_HI: u32 = 25;
export const PCIEXBAR_RESERVED3_LO: u32 = 3;
/** 64 MiB and 128 MiB windows need the lower two bits of the base, others hold them at 0. */
export const PCIEXBAR_BASE_HI: u32 = 35;
export const PCIEXBAR_BASE_LO: u32 = 26;
export const PCIEXBAR_RESERVED36_HI: u32 = 63;
export const PCIEXBAR_RESERVED36_LO: u32 = 36;
/** 256 MiB, 128 MiB, 64 MiB for 256, 128, 64 buses. */
export const PCIEXBAR_LENGTH_256: u32 = 0;
export const PCIEXBAR_LENGTH_128: u32 = 1;
export const PCIEXBAR_LENGTH_64: u32 = 2;
/** What firmware has not written yet. */
export const PCIEXBAR_DEFAULT: u32 = 0xb000_0000;
