// What QEMU's IOTLB holds in the course of a case, and what walks in scalable mode leave in the tables because of it.
import * as inv from "../../assembly/spec/vtd/descriptors.ts";
import { GCMD_SRTP_LO } from "../../assembly/spec/vtd/global.ts";
import * as registers from "../../assembly/spec/vtd/iotlb-registers.ts";
import * as pasid from "../../assembly/spec/vtd/pasid-descriptors.ts";
import * as ss from "../../assembly/spec/vtd/second-stage.ts";
import type { Case, Step } from "./case.ts";
import { whole } from "./generate/choice.ts";
import { get, isWrite, MemoryBefore, pagesOf, requesterOf } from "./memory.ts";
import { type Dialect, ScalableRules } from "./scalable-rules.ts";

interface Entry {
  requester: number;
  domain: number;
  first: bigint;
  last: bigint;
}

/** Whether an entry covers an access. */
export function covers({ requester, first, last }: Entry, access: Step & { op: "dma" | "probe" }): boolean {
  const iova = BigInt(access.iova);
  return requester === requesterOf(access) && iova >= first && iova <= last;
}

/** The entries before step `index`. */
export function entriesBefore(test: Case, index: number): Entry[] {
  return follow(test, index, "qemu").entries;
}

/** The entries before step `index` of a case in legacy mode. */
export function legacyEntriesBefore(test: Case, index: number): Entry[] {
  let entries: Entry[] = [];
  for (const [at, step] of test.steps.slice(0, index).entries()) {
    if (step.op === "register") {
      const kept = survivors(step, test.steps[at - 1]);
      if (kept !== undefined) entries = entries.filter(kept);
    }
    if (step.op !== "dma" && step.op !== "probe") continue;
    const requester = requesterOf(step);
    const right = isWrite(step) ? 1n << BigInt(ss.SS_W_LO) : 1n << BigInt(ss.SS_R_LO);
    for (const iova of pagesOf(step)) {
      const place = new MemoryBefore(test, at).legacyPlace(requester, iova);
      if (place === undefined || (place.rights & right) === 0n) continue;
      const first = iova - (iova % place.size);
      entries.push({ requester, domain: place.domain, first, last: first + place.size - 1n });
    }
  }
  return entries;
}

/** What a case leaves in the tables that it wrote: walks set flags; QEMU's IOTLB answers without setting any. */
export function tablesAfter(test: Case, dialect: Dialect): Map<bigint, bigint> {
  return follow(test, test.steps.length, dialect).words;
}

function follow(test: Case, end: number, dialect: Dialect): { words: Map<bigint, bigint>; entries: Entry[] } {
  const words = new Map<bigint, bigint>();
  let entries: Entry[] = [];
  for (const [index, step] of test.steps.slice(0, end).entries()) {
    if (step.op === "words") {
      for (const [place, word] of step.words.entries()) words.set(BigInt(step.at) + BigInt(place * 8), BigInt(word));
    } else if (step.op === "register") {
      const kept = survivors(step, test.steps[index - 1]);
      if (kept !== undefined) entries = entries.filter(kept);
    } else if (step.op === "dma" || step.op === "probe") {
      if (dialect === "qemu" && entries.some((entry) => covers(entry, step))) continue;
      const requester = requesterOf(step);
      const request = { requester, iova: BigInt(step.iova), write: isWrite(step) };
      const verdict = new ScalableRules(new MemoryBefore(test, index), test.platform, dialect).decide(request);
      for (const [at, flags] of verdict.flags) {
        const word = words.get(at) ?? 0n;
        // QEMU takes an entry for done that has one of the flags.
        if (dialect === "specification" || (word & flags) === 0n) words.set(at, word | flags);
      }
      const { place } = verdict;
      if (place?.cached !== true) continue;
      const first = request.iova - (request.iova % place.size);
      entries.push({ requester, domain: place.domain, first, last: first + place.size - 1n });
    }
  }
  return { words, entries };
}

/** Which entries a register write lets stay: SRTP none, a command or a descriptor those that it does not cover. */
function survivors(step: Step & { op: "register" }, before: Step | undefined): ((entry: Entry) => boolean) | undefined {
  if (step.name === "GCMD") {
    return ((BigInt(step.value) >> BigInt(GCMD_SRTP_LO)) & 1n) === 1n ? () => false : undefined;
  }
  if (step.name === "IOTLB") return commandSurvivors(BigInt(step.value), before);
  if (step.name !== "IQT" || before?.op !== "words") return undefined;
  const [low = 0n, high = 0n] = before.words.map(BigInt);
  const type = Number(get(low, inv.IOTLB_INV_TYPE_LOW_HI, inv.IOTLB_INV_TYPE_LOW_LO));
  if (type !== inv.TYPE_IOTLB && type !== pasid.TYPE_PASID_IOTLB) return undefined;
  const granularity = Number(get(low, inv.IOTLB_INV_G_HI, inv.IOTLB_INV_G_LO));
  if (type === inv.TYPE_IOTLB && granularity === inv.GRANULARITY_GLOBAL) return () => false;
  const domain = Number(get(low, inv.IOTLB_INV_DID_HI, inv.IOTLB_INV_DID_LO));
  if (granularity !== inv.GRANULARITY_FINE) return (entry) => entry.domain !== domain;
  const mask = get(high, inv.IOTLB_INV_AM_HI - 64, inv.IOTLB_INV_AM_LO - 64);
  return outside(domain, high & whole(63, 12), mask);
}

/** Likewise of a command through IOTLB_REG, for IVA_REG as the step before writes it. */
function commandSurvivors(command: bigint, before: Step | undefined): ((entry: Entry) => boolean) | undefined {
  if (get(command, registers.IOTLB_IVT_HI, registers.IOTLB_IVT_LO) === 0n) return undefined;
  const granularity = Number(get(command, registers.IOTLB_IIRG_HI, registers.IOTLB_IIRG_LO));
  const domain = Number(get(command, registers.IOTLB_DID_HI, registers.IOTLB_DID_LO));
  if (granularity === inv.GRANULARITY_GLOBAL) return () => false;
  if (granularity === inv.GRANULARITY_DOMAIN) return (entry) => entry.domain !== domain;
  if (granularity !== inv.GRANULARITY_FINE || before?.op !== "register" || before.name !== "IVA") return undefined;
  const pages = BigInt(before.value);
  const mask = get(pages, registers.IVA_AM_HI, registers.IVA_AM_LO);
  return outside(domain, pages & whole(registers.IVA_ADDR_HI, registers.IVA_ADDR_LO), mask);
}

/** The entries that lie outside 2^mask pages of a domain. */
function outside(domain: number, address: bigint, mask: bigint): (entry: Entry) => boolean {
  const size = 4096n << mask;
  const start = address & ~(size - 1n);
  return ({ domain: own, first, last }) => own !== domain || last < start || first >= start + size;
}
