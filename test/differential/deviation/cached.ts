// What QEMU's IOTLB may hold of an access's page.
import * as context from "../../../assembly/spec/vtd/context-entry.ts";
import type { Case, Step } from "../case.ts";
import { whole } from "../generate/choice.ts";
import { covers, entriesBefore } from "../iotlb.ts";
import { get, isWrite, requesterOf } from "../memory.ts";
import type { Look } from "./deviation.ts";

/** Whether an earlier access of the other direction, by the same requester, went through the same page. */
export function cachedForTheOther({ pair, access, accessIndex, memory }: Look): boolean {
  if (access.op === "message") return false;
  const requester = requesterOf(access);
  if (pair.test.kind === "scalable")
    return entriesBefore(pair.test, accessIndex).some((entry) => covers(entry, access));
  const [low, high] = memory.context(requester);
  const top = low & whole(context.CONTEXT_SSPTPTR_HI, context.CONTEXT_SSPTPTR_LO);
  const levels = Number(get(high, context.CONTEXT_AW_HI - 64, context.CONTEXT_AW_LO - 64)) + 2;
  const iova = BigInt(access.iova);
  const shift = memory.secondStagePage(top, levels, iova);
  return shift !== undefined && earlierOther(pair.test, accessIndex, access, 1n << BigInt(shift));
}

/** Whether an earlier access of the other direction, by the same requester, was to the same page of `size` bytes. */
function earlierOther(test: Case, index: number, access: Step & { op: "dma" | "probe" }, size: bigint): boolean {
  return test.steps.slice(0, index).some((step) => {
    if (step.op !== "dma" && step.op !== "probe") return false;
    if (requesterOf(step) !== requesterOf(access) || isWrite(step) === isWrite(access)) return false;
    return BigInt(step.iova) / size === BigInt(access.iova) / size;
  });
}
