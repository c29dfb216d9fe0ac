// What a unit's caches hold for a request that was explained (VT-d 5.10 §6.2, §6.4), and whether memory still says so.
// Only looked at: nothing is filled, touched or dropped.
import * as abi from "../../../assembly/spec/abi/iommu.ts";
import { hex, hex64 } from "../../core/address.ts";
import { extract } from "../../core/bits.ts";
import { accessText } from "./access.ts";
import type { ExplainedStep, ExplainRequest, Explanation, Halves } from "./types.ts";

/** The u32 at a byte offset of a unit in linear memory. */
export type UnitWord = (offset: number) => number;

const PAGE_SHIFT = 12;
const TAG_BITS = 57;
/** IOTLB_VALID in the tag's high half. */
const VALID = 2 ** (abi.IOTLB_VALID_LO - 32);
const BOTH = abi.ACCESS_READ | abi.ACCESS_WRITE;
const TYPES = ["nothing", "first stage", "second stage", "nested", "pass-through"];

/** What the next request of a requester is decided by, from a cache. */
interface Owner {
  /** Upper bits and owner of the IOTLB tags of its pages. */
  tag: Halves;
}

/** Adds what the caches hold to the steps of an explained DMA request. */
export function annotateRequest(
  word: UnitWord,
  request: ExplainRequest,
  address: Halves,
  explained: Explanation,
): void {
  const { steps } = explained;
  const context = steps.find(({ structure }) => structure.endsWith("context-entry"));
  const entry = steps.find(({ structure }) => structure.endsWith("PASID-table entry"));
  const short = request.pasid === undefined ? contextLine(word, request.requesterId, entry ?? context) : undefined;
  const owner =
    short ?? (entry === undefined || context === undefined ? undefined : pasidLine(word, request, context, entry));
  if (owner !== undefined) iotlbEntry(word, owner, request.access & BOTH, address, explained);
}

/** Adds what the interrupt entry cache holds to the steps of an explained interrupt request. */
export function annotateMessage(word: UnitWord, { steps, verdict }: Explanation): void {
  const step = steps.find(({ structure }) => structure.startsWith("IRTE"));
  if (step?.index === undefined) return;
  const line = abi.UNIT_INTERRUPT_CACHE + (step.index % abi.INTERRUPT_CACHE_ENTRIES) * abi.INTERRUPT_CACHE_ENTRY_SIZE;
  if (word(line) !== abi.INTERRUPT_CACHE_VALID + step.index) return;
  const held = [8, 16].map((offset) => hex64(word(line + offset), word(line + offset + 4)));
  const stale = held.join() !== step.raw?.join();
  const used = verdict.kind !== "refused" || verdict.reason !== 0;
  step.caches.push({ cache: "interrupt entry cache", holds: held.join(" "), used, stale });
}

/** The requester's line of the context cache, unless the PASID cache has what it needs. */
function contextLine(word: UnitWord, requesterId: number, step: ExplainedStep | undefined): Owner | undefined {
  const line = abi.UNIT_CONTEXT_CACHE + requesterId * abi.CONTEXT_CACHE_ENTRY_SIZE;
  const tag = { lo: word(line), hi: word(line + 4) };
  const info = [word(line + 8), word(line + 12)];
  const generation = extract(info, abi.CONTEXT_GENERATION_HI, abi.CONTEXT_GENERATION_LO);
  const levels = extract(info, abi.CONTEXT_LEVELS_HI, abi.CONTEXT_LEVELS_LO);
  if (step === undefined || generation !== word(abi.UNIT_CONTEXT_GENERATION)) return undefined;
  if (levels === abi.CONTEXT_ELSEWHERE) return undefined;
  if (levels === abi.CONTEXT_REFUSED) {
    step.caches.push({ cache: "context cache", holds: "a refusal", used: true, stale: isPresent(step) });
    return undefined;
  }
  const domain = extract([tag.lo], abi.IOTLB_TAG_OWNER_HI, abi.IOTLB_TAG_OWNER_LO);
  const passes = extract([tag.lo, tag.hi], abi.IOTLB_TAG_IDENTITY, abi.IOTLB_TAG_IDENTITY) === 1;
  const table = hex64(
    extract(info, 31, abi.CONTEXT_TABLE_LO) * 2 ** PAGE_SHIFT,
    extract(info, abi.CONTEXT_TABLE_HI, 32),
  );
  const same =
    fieldOf(step, "DID") === domain &&
    (passes
      ? fieldOf(step, "TT") === 2 || fieldOf(step, "PGTT") === 4
      : textOf(step, "SSPTPTR") === table && (fieldOf(step, "AW") ?? 0) + 2 === levels);
  const holds = passes ? `domain ${domain}, pass-through` : `domain ${domain}, ${levels} levels from ${table}`;
  step.caches.push({ cache: "context cache", holds, used: true, stale: !same });
  return { tag: { lo: domain, hi: tag.hi } };
}

/** The line of the PASID cache for the request's address space. */
function pasidLine(
  word: UnitWord,
  { requesterId, pasid, access }: ExplainRequest,
  context: ExplainedStep,
  step: ExplainedStep,
): Owner | undefined {
  const privileged = pasid === undefined ? fieldOf(context, "RID_PRIV") === 1 : (access & abi.ACCESS_PRIVILEGED) !== 0;
  const low =
    (pasid === undefined ? (fieldOf(context, "RID_PASID") ?? 0) : abi.PASID_PRESENT + pasid) +
    (privileged ? abi.PASID_CACHE_KEY_PRIVILEGED : 0);
  for (let index = 0; index < abi.PASID_CACHE_ENTRIES; index++) {
    const line = abi.UNIT_PASID_CACHE + index * abi.PASID_CACHE_ENTRY_SIZE;
    if (word(line + abi.PASID_CACHE_KEY) !== low) continue;
    if (word(line + abi.PASID_CACHE_KEY + 4) !== abi.PASID_CACHE_KEY_USED + requesterId) continue;
    const attributes = word(line + abi.PASID_CACHE_ATTRIBUTES);
    const decided = attributes >= abi.PASID_CACHE_DECIDED;
    const type = attributes & abi.PASID_CACHE_TYPE_MASK;
    const domain = extract([word(line + abi.PASID_CACHE_SECOND_TAG)], abi.IOTLB_TAG_OWNER_HI, abi.IOTLB_TAG_OWNER_LO);
    if (decided) {
      const stale = fieldOf(step, "DID") !== domain || fieldOf(step, "PGTT") !== type;
      step.caches.push({ cache: "PASID cache", holds: `domain ${domain}, ${TYPES[type]}`, used: true, stale });
    }
    return { tag: { lo: word(line), hi: word(line + 4) } };
  }
  return undefined;
}

/** The IOTLB's entry for the page. */
function iotlbEntry(word: UnitWord, owner: Owner, access: number, address: Halves, explained: Explanation): void {
  const last = explained.steps.at(-1);
  if (last === undefined || address.hi >= 2 ** (TAG_BITS - 32)) return;
  const page = (address.lo >>> PAGE_SHIFT) * 2 ** abi.IOTLB_TAG_ADDRESS_LO;
  const lo = (page % 2 ** 32) + (owner.tag.lo & 0xffff);
  const hi =
    (owner.tag.hi | (address.hi * 2 ** (abi.IOTLB_TAG_ADDRESS_LO - PAGE_SHIFT) + Math.floor(page / 2 ** 32))) >>> 0;
  // In strict mode tags have no IOTLB_VALID.
  const marked = word(abi.UNIT_STRICT) === 0 ? hi : (hi & ~VALID) >>> 0;
  if (lo === 0 && marked === 0) return;
  for (let index = 0; index < abi.IOTLB_ENTRIES; index++) {
    const entry = abi.UNIT_IOTLB + index * abi.IOTLB_ENTRY_SIZE;
    if (word(entry) !== lo || word(entry + 4) !== marked) continue;
    const value = [word(entry + 8), word(entry + 12)];
    const granted = extract(value, abi.IOTLB_GRANTED_HI, abi.IOTLB_GRANTED_LO);
    const hpa =
      extract(value, 31, abi.IOTLB_PAGE_LO) * 2 ** PAGE_SHIFT + extract(value, abi.IOTLB_PAGE_HI, 32) * 2 ** 32;
    const { verdict } = explained;
    const used = granted !== 0 && (access & ~granted) === 0;
    const now = verdict.kind === "allowed" ? verdict.hpa - (verdict.hpa % 2 ** PAGE_SHIFT) : undefined;
    const beyond = verdict.kind === "allowed" && (granted & ~verdict.granted) !== 0;
    const holds = granted === 0 ? "a refusal" : `the page at ${hex(hpa)}, for ${accessText(granted)}`;
    const stale = granted === 0 ? verdict.kind === "allowed" : used && (now !== hpa || beyond);
    last.caches.push({ cache: "IOTLB", holds, used: used || granted === 0, stale });
    return;
  }
}

/** The value of a field, below 2^53; undefined where the step does not show it. */
function fieldOf(step: ExplainedStep, name: string): number | undefined {
  const text = textOf(step, name);
  return text === undefined ? undefined : Number(text);
}

function textOf(step: ExplainedStep, name: string): string | undefined {
  return step.fields.find((field) => field.name === name)?.value;
}

function isPresent(step: ExplainedStep): boolean {
  return fieldOf(step, "P") === 1;
}
