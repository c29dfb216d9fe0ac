// A unit in scalable mode with one page mapped twice: for requests without PASID by a second stage, for those of one
// PASID by a first stage. Tests of refusals spoil one thing in it.
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";
import { RAM_BASE, READ } from "./harness.ts";
import { FIRST, Scalable, SECOND } from "./scalable.ts";

export const RID = 0x0215;
export const PASID = 0x4c5;
export const IOVA = 0x12_3456_7890;
export const PAGE = 0x12_3456_7000;
export const TARGET = RAM_BASE + 0x5000;
export let s: Scalable;
export let directory: number;
export let second: number;
export let first: number;

/** Builds it anew. */
export async function start(options: IommuOptions = {}): Promise<void> {
  s = await Scalable.create(options);
  directory = s.h.page();
  second = s.h.page();
  first = s.h.page();
  s.context(RID, { directory });
  s.pasid(directory, 0, { type: SECOND, second });
  s.pasid(directory, PASID, { type: FIRST, first, domainId: 9 });
  s.h.mapPage(second, 4, PAGE, TARGET);
  s.mapFirst(first, 4, PAGE, TARGET);
  s.enable();
}

/** Sets bits of the 512-bit entry at an address. */
export function set(at: number, bit: number): void {
  const word = at + (bit >>> 6) * 8;
  s.h.write64(word, s.h.read64(word) | (1n << BigInt(bit & 63)));
}

export const plain = (access = READ): number => s.translate(RID, IOVA, access);
export const tagged = (access = READ, pasid = PASID): number => s.translate(RID, IOVA, access, pasid);
