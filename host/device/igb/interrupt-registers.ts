// A block of extended interrupt registers behind a BAR.
import type { InterruptBlock } from "./interrupts.ts";
import type { RegisterFile } from "./register-file.ts";

/** Where the six registers of a block lie. */
export interface InterruptRegisters {
  eics: number;
  eims: number;
  eimc: number;
  eiac: number;
  eiam: number;
  eicr: number;
}

/** Puts a block's registers behind a BAR. */
export function hookInterrupts(file: RegisterFile, block: InterruptBlock, at: InterruptRegisters): void {
  // I350 §8.8.4, §8.8.6: what sets causes shows them, and what clears the mask shows it, with no effect of reading.
  file.hook(at.eics, { read: () => block.eicr, write: (value) => block.setBySoftware(value) });
  file.hook(at.eims, { read: () => block.eims, write: (value) => block.enable(value) });
  file.hook(at.eimc, { read: () => block.eims, write: (value) => block.disable(value) });
  file.hook(at.eiac, { read: () => block.eiac, write: (value) => block.setAutoClear(value) });
  file.hook(at.eiam, { read: () => block.eiam, write: (value) => block.setAutoMask(value) });
  file.hook(at.eicr, { read: () => block.readCauses(), write: (value) => block.clear(value) });
}
