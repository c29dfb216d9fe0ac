// QEMU's educational device (docs/specs/edu): IDs, and registers behind BAR 0. Registers below 80h are dwords, those
// from there on 64 bits wide.

export const EDU_VENDOR: u32 = 0x1234;
export const EDU_DEVICE: u32 = 0x11e8;
export const EDU_REVISION: u32 = 0x10;
export const EDU_CLASS: u32 = 0x00ff00;
export const EDU_SUBSYSTEM_VENDOR: u32 = 0x1af4;
export const EDU_SUBSYSTEM: u32 = 0x1100;
/** Bytes of BAR 0. */
export const EDU_BAR0_SIZE: u32 = 0x10_0000;

/** Version 1.0 and the letters "edu" as far as a dword holds them. */
export const EDU_ID: u32 = 0x00;
export const EDU_ID_VALUE: u32 = 0x0100_00ed;
/** Reads the inverse of what was written. */
export const EDU_LIVENESS: u32 = 0x04;
/** n is written, n! is read, modulo 2^32. */
export const EDU_FACTORIAL: u32 = 0x08;
export const EDU_STATUS: u32 = 0x20;
export const EDU_STATUS_COMPUTING: u32 = 0x01;
export const EDU_STATUS_INTERRUPT: u32 = 0x80;
export const EDU_INTERRUPT_STATUS: u32 = 0x24;
export const EDU_INTERRUPT_FACTORIAL: u32 = 0x001;
export const EDU_INTERRUPT_DMA: u32 = 0x100;
export const EDU_INTERRUPT_RAISE: u32 = 0x60;
export const EDU_INTERRUPT_ACKNOWLEDGE: u32 = 0x64;
export const EDU_DMA_SOURCE: u32 = 0x80;
export const EDU_DMA_DESTINATION: u32 = 0x88;
export const EDU_DMA_COUNT: u32 = 0x90;
export const EDU_DMA_COMMAND: u32 = 0x98;
export const EDU_DMA_REGISTERS_END: u32 = 0xa0;
export const EDU_DMA_COMMAND_RUN: u32 = 0x1;
/** From the device's buffer to memory; clear: from memory to the buffer. */
export const EDU_DMA_COMMAND_TO_MEMORY: u32 = 0x2;
export const EDU_DMA_COMMAND_INTERRUPT: u32 = 0x4;
/** Where the device's buffer lies in its own address space. */
export const EDU_BUFFER: u32 = 0x4_0000;
export const EDU_BUFFER_SIZE: u32 = 0x1000;
/** Bits of an address that a transfer keeps unless the device is told otherwise. */
export const EDU_DMA_MASK: u32 = 0x0fff_ffff;
