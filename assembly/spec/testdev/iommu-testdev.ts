// QEMU's iommu-testdev: IDs, and the registers behind BAR 0, dwords all.

export const TESTDEV_VENDOR: u32 = 0x1b36;
export const TESTDEV_DEVICE: u32 = 0x0005;
export const TESTDEV_CLASS: u32 = 0x00ff00;
export const TESTDEV_SUBSYSTEM_VENDOR: u32 = 0x1af4;
export const TESTDEV_SUBSYSTEM: u32 = 0x1100;
/** Bytes of BAR 0. */
export const TESTDEV_BAR0_SIZE: u32 = 0x1000;

/** A read lets an armed transfer happen. */
export const TESTDEV_TRIGGER: u32 = 0x00;
export const TESTDEV_IOVA_LO: u32 = 0x04;
export const TESTDEV_IOVA_HI: u32 = 0x08;
/** Bytes. */
export const TESTDEV_LENGTH: u32 = 0x0c;
export const TESTDEV_RESULT: u32 = 0x10;
export const TESTDEV_DOORBELL: u32 = 0x14;
export const TESTDEV_DOORBELL_ARM: u32 = 0x1;
export const TESTDEV_ATTRIBUTES: u32 = 0x18;
export const TESTDEV_ATTRIBUTES_SECURE_HI: u32 = 0;
export const TESTDEV_ATTRIBUTES_SECURE_LO: u32 = 0;
export const TESTDEV_ATTRIBUTES_SPACE_HI: u32 = 2;
export const TESTDEV_ATTRIBUTES_SPACE_LO: u32 = 1;
export const TESTDEV_ATTRIBUTES_VALID_HI: u32 = 3;
export const TESTDEV_ATTRIBUTES_VALID_LO: u32 = 3;
export const TESTDEV_SPACE_SECURE: u32 = 0;
export const TESTDEV_SPACE_NONSECURE: u32 = 1;
/** Where the data is read back from, untranslated. */
export const TESTDEV_GPA_LO: u32 = 0x1c;
export const TESTDEV_GPA_HI: u32 = 0x20;

/** What a transfer writes, little-endian, again and again. */
export const TESTDEV_PATTERN: u32 = 0x1234_5678;

export const TESTDEV_RESULT_OK: u32 = 0;
export const TESTDEV_RESULT_IDLE: u32 = 0xffff_ffff;
export const TESTDEV_RESULT_BUSY: u32 = 0xffff_fffe;
export const TESTDEV_RESULT_BAD_LENGTH: u32 = 0xdead_0001;
export const TESTDEV_RESULT_WRITE_FAILED: u32 = 0xdead_0002;
export const TESTDEV_RESULT_READ_FAILED: u32 = 0xdead_0003;
export const TESTDEV_RESULT_MISMATCH: u32 = 0xdead_0004;
export const TESTDEV_RESULT_NOT_ARMED: u32 = 0xdead_0005;
export const TESTDEV_RESULT_BAD_ATTRIBUTES: u32 = 0xdead_0006;
