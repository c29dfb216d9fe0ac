// What QEMU's IOTLB may hold of an access's page.
import { hex } from "../case.ts";
import { covers, entriesBefore, legacyEntriesBefore } from "../iotlb.ts";
import { pagesOf } from "../memory.ts";
import type { Look } from "./deviation.ts";

/**
 * Whether an earlier access by the same requester left its page there, and nothing has invalidated it since. One that
 * is denied can only have been of the other direction.
 */
export function cachedForTheOther({ pair, access, accessIndex }: Look): boolean {
  if (access.op === "message") return false;
  const { test } = pair;
  const entries = test.kind === "scalable" ? entriesBefore(test, accessIndex) : legacyEntriesBefore(test, accessIndex);
  const pages = test.kind === "scalable" ? [BigInt(access.iova)] : pagesOf(access);
  return entries.some((entry) => pages.some((iova) => covers(entry, { ...access, iova: hex(iova) })));
}
