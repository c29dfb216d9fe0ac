// What a deviation is, and how one that shows after an access is found.
import type { Outcome, Step } from "../case.ts";
import type { Pair } from "../compare.ts";
import { whole } from "../generate/choice.ts";
import { PLATFORMS } from "../machine.ts";
import { accessBefore, isWrite, MemoryBefore, requesterOf } from "../memory.ts";

export interface Deviation {
  name: string;
  /** The clause that decides. */
  clause: string;
  /** What QEMU does. */
  qemu: string;
  /** QEMU's outcome as it would be without this deviation; undefined where it does not apply. */
  without(pair: Pair): Outcome | undefined;
}

export type Access = Step & { op: "dma" | "probe" | "message" };
export type Faults = Outcome & { kind: "faults" };
export type Registers = Outcome & { kind: "registers" };
export interface Look {
  pair: Pair;
  access: Access;
  accessIndex: number;
  qemu: Faults;
  ours: Faults;
  memory: MemoryBefore;
  /** Bits of an address that the unit translates at most. */
  width: number;
}

/** For deviations that show in what a look at the faults finds after an access. */
export function afterAccess(explain: (look: Look) => Outcome | undefined): (pair: Pair) => Outcome | undefined {
  return (pair) => {
    const { test, index, qemu, ours, part } = pair;
    if (part !== "step" || qemu?.kind !== "faults" || ours?.kind !== "faults") return undefined;
    const access = accessBefore(test, index);
    if (access === undefined) return undefined;
    const memory = new MemoryBefore(test, access.index);
    const width = Number(PLATFORMS[test.platform]?.["aw-bits"] ?? "48");
    return explain({ pair, access: access.step, accessIndex: access.index, qemu, ours, memory, width });
  };
}

/**
 * Our look where the deviation is about whether there is a fault and which: its record has to be of this access all
 * the same, and the rest of QEMU's has to agree with it. Undefined where it is not so.
 */
export function judgedAs({ access, qemu, ours, width }: Look): Outcome | undefined {
  if (ours.record === undefined) return qemu.record === undefined ? undefined : ours;
  const { sourceId, type, information } = ours.record;
  if (sourceId !== requesterOf(access)) return undefined;
  if (access.op !== "message") {
    const page = BigInt(access.iova) & whole(width - 1, 12);
    // A read is T1=1, T2=0; a write both clear (§11.4.7.6).
    if (BigInt(information) !== page || type !== (isWrite(access) ? 0 : 2)) return undefined;
  }
  return qemu.record === undefined ? ours : { ...qemu, record: { ...qemu.record, reason: ours.record.reason } };
}
