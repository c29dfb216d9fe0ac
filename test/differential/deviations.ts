// Where QEMU 11.1 leaves VT-d 5.10: what it does instead, and exactly when that explains a difference.
import type { Deviation } from "./deviation/deviation.ts";
import { DMA_DEVIATIONS } from "./deviation/dma.ts";
import { INTERRUPT_DEVIATIONS } from "./deviation/interrupts.ts";
import { QUEUE_DEVIATIONS } from "./deviation/queue.ts";
import { REGISTER_DEVIATIONS } from "./deviation/registers.ts";
import { SCALABLE_DEVIATIONS } from "./deviation/scalable.ts";

/** In the order in which they are tried. */
export const DEVIATIONS: readonly Deviation[] = [
  ...DMA_DEVIATIONS,
  ...REGISTER_DEVIATIONS,
  ...SCALABLE_DEVIATIONS,
  ...INTERRUPT_DEVIATIONS,
  ...QUEUE_DEVIATIONS,
];
