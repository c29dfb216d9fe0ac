// Which part of a read moved no data, and what its buffer holds instead.

import { CONTEXT_FPD_HI, CONTEXT_FPD_LO } from "../../../assembly/spec/vtd/context-entry.ts";
import { GCMD_TE_LO } from "../../../assembly/spec/vtd/global.ts";
import { SS_R_LO } from "../../../assembly/spec/vtd/second-stage.ts";
import type { Case, EduNumber, Step } from "../case.ts";
import { whole } from "../generate/choice.ts";
import { RAM } from "../machine.ts";
import { get, MemoryBefore, pagesOf, requesterOf } from "../memory.ts";
import type { Seen } from "../run.ts";
import { ScalableRules } from "../scalable-rules.ts";

type Read = Step & { op: "dma" };

/**
 * Where the bytes of a device's slot begin that no memory gave: behind the fault that ours recorded, where the tables
 * lead to no memory, or anywhere where FPD lets a refusal go without record. Undefined where all were read.
 */
export function refusedFrom(test: Case, seen: Seen, device: EduNumber, slot: number): number | undefined {
  const index = test.steps.findLastIndex(
    (step) => step.op === "dma" && step.direction === "read" && step.device === device && step.slot === slot,
  );
  const read = test.steps[index] as Read | undefined;
  if (read === undefined) return undefined;
  const first = BigInt(read.iova);
  const look = seen.steps[index + 1];
  const record = look?.kind === "faults" ? look.record : undefined;
  const pages = pagesOf(read);
  if (record?.sourceId === requesterOf(read)) {
    const information = BigInt(record.information);
    // FI has no bits above the widest address.
    const page = pages.find((iova) => ((iova ^ information) & whole(38, 12)) === 0n);
    if (page !== undefined) return Number(page - first);
  }
  const memory = new MemoryBefore(test, index);
  const unread = pages.find((iova) => !reachesMemory(test, memory, read, iova));
  return unread === undefined ? undefined : Number(unread - first);
}

/** Whether a page of a read leads to memory, without a refusal that may go without record. */
function reachesMemory(test: Case, memory: MemoryBefore, read: Read, iova: bigint): boolean {
  const requester = requesterOf(read);
  if (get(memory.register("GCMD"), GCMD_TE_LO, GCMD_TE_LO) === 0n) return iova < RAM;
  if (test.kind === "scalable") {
    const { place } = new ScalableRules(memory, test.platform, "specification").decide({
      requester,
      iova,
      write: false,
    });
    return place !== undefined && place.hpa < RAM;
  }
  const [low] = memory.context(requester);
  const place = memory.legacyPlace(requester, iova);
  const quiet = get(low, CONTEXT_FPD_HI, CONTEXT_FPD_LO) === 1n;
  return place !== undefined && place.hpa < RAM && get(place.rights, SS_R_LO, SS_R_LO) === 1n && !quiet;
}
