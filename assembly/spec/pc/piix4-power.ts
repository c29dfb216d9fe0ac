// Intel 82371AB (PIIX4) power management as PCs of QEMU's kind place it: general purpose event block 0 (ACPI 6.5 §4.8.4.1).

export const GPE0_BASE: u32 = 0xafe0;
/** Two bytes of status, in each of which a 1 clears a bit, then two of enables. */
export const GPE0_STATUS_SIZE: u32 = 2;
export const GPE0_SIZE: u32 = 4;
