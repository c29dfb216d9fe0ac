// The VFs' vectors in the PF's extended interrupt registers: in IOV mode the topmost bits are theirs, three for each VF,
// and the PF's software only reads them (I350 §7.3.1, §8.8; 82576 §7.3.1, §8.8). With GPIE.Multiple_MSIX reading EICR
// clears nothing, so that no other vector's cause is lost (§8.8.15). EICS does not set the cause that ICR stands for.
import { EIAC, EIAM, EICR, EICR_OTHER, EICS, EIMC, EIMS } from "../../../assembly/spec/igb/interrupt.ts";
import { PF_VF_VECTORS_TOP, VF_VECTORS, VTEICR_MASK } from "../../../assembly/spec/igb/vf.ts";
import type { InterruptBlock } from "./interrupts.ts";
import type { PfInterrupts } from "./pf-interrupts.ts";
import type { RegisterFile } from "./register-file.ts";

/** The lowest of a VF's bits. */
function shiftOf(vf: number): number {
  return PF_VF_VECTORS_TOP - VF_VECTORS * (vf + 1);
}

/** Answers EICS to EICR of the PF. `present` are the blocks of the VFs that there are. */
export function hookSharedVectors(
  file: RegisterFile,
  pf: PfInterrupts,
  present: () => readonly InterruptBlock[],
): void {
  const own = pf.block;
  const vfs = (): readonly InterruptBlock[] => (pf.msix ? present() : []);
  const lent = (): number => vfs().reduce((bits, _, vf) => bits | (VTEICR_MASK << shiftOf(vf)), 0);
  const share = (
    offset: number,
    read: (block: InterruptBlock) => number,
    write: (value: number) => void,
    take: () => number = () => read(own),
  ): void =>
    file.hook(offset, {
      read: () =>
        vfs().reduce((bits, block, vf) => bits | ((read(block) & VTEICR_MASK) << shiftOf(vf)), take() & ~lent()) >>> 0,
      write: (value) => write((value & ~lent()) >>> 0),
    });
  share(
    EICS,
    ({ eicr }) => eicr,
    (value) => own.setBySoftware(value & ~EICR_OTHER),
  );
  share(
    EIMS,
    ({ eims }) => eims,
    (value) => own.enable(value),
  );
  share(
    EIMC,
    ({ eims }) => eims,
    (value) => own.disable(value),
  );
  share(
    EIAC,
    ({ eiac }) => eiac,
    (value) => own.setAutoClear(value),
  );
  share(
    EIAM,
    ({ eiam }) => eiam,
    (value) => own.setAutoMask(value),
  );
  share(
    EICR,
    ({ eicr }) => eicr,
    (value) => own.clear(value),
    () => (pf.msix ? own.eicr : own.readCauses()),
  );
}
