// What was asked of the unit, what may come of it, and how both are named when they do not agree.
import type { Change } from "./memory.ts";

/** Possibilities that are tried for one page or interrupt. */
export const CHOICES = 48;
/** Bits that walks may set in an entry: A, D, EA of the first stage, A, D of the second. */
export const FLAGS = 0x760n;

/** What one page of a request may become. */
export interface Possible {
  places: Set<number>;
  refused: boolean;
  /** Not everything was tried. */
  open: boolean;
}

export interface Asked {
  requesterId: number;
  pasid: number | undefined;
  iova: bigint;
}

export const halves = (iova: bigint): { lo: number; hi: number } => ({
  lo: Number(iova & 0xffff_ffffn),
  hi: Number(iova >> 32n),
});

/** Whether a change is one that a walk makes when it sets accessed and dirty flags. */
export function isFlags(before: bigint, after: bigint): boolean {
  return (before & ~after) === 0n && (after & ~before & ~FLAGS) === 0n;
}

/** Whether a byte is one that was written, or that and flags which a walk set. */
export function isFlagged(is: number, written: number, address: number): boolean {
  const flags = Number((FLAGS >> BigInt(8 * (address % 8))) & 0xffn);
  return (written & ~is) === 0 && (is & ~written & ~flags) === 0;
}

/** The interrupt range, where no page is. */
export function isMessage({ pasid }: Asked, iova: bigint): boolean {
  return pasid === undefined && iova >> 20n === 0xfeen;
}

export const shown = ({ requesterId, pasid, iova }: Asked): string =>
  `${requesterId.toString(16)} pasid ${pasid?.toString(16)} iova ${iova.toString(16)}`;

export const describe = (changes: readonly Change[]): string =>
  changes
    .map(({ address, before, after }) => `${address.toString(16)}: ${before.toString(16)} → ${after.toString(16)}`)
    .join(", ");
