// What a unit's caches hold for a request that was explained (VT-d 5.10 §6.2, §6.4), and whether memory still says so.
// Only looked at: nothing is filled, touched or dropped.
import * as abi from "../../../assembly/spec/abi/iommu.ts";
import { hex, hex64 } from "../../core/address.ts";
import { bits, extract } from "../../core/bits.ts";
import { accessText } from "./access.ts";
import type { ExplainedStep, ExplainRequest, Explanation, Halves, Verdict } from "./types.ts";

/** The u32 at a byte offset of a unit in linear memory. */
export type UnitWord = (offset: number) => number;

/** The verdict if the interrupt entry at an HPA were these words. */
export type JudgeEntry = (address: number, words: readonly number[]) => Verdict;

const PAGE_SHIFT = 12;
const PAGE_SIZE = 4096;
const TAG_BITS = 57;
/** IOTLB_VALID in the tag's high half. */
const VALID = 2 ** (abi.IOTLB_VALID_LO - 32);
const BOTH = abi.ACCESS_READ | abi.ACCESS_WRITE;
const REFUSAL = "a refusal";
const INVALIDATION = "VT-d 5.10 §6.5";
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
  const decided = owner !== undefined && iotlbEntry(word, owner, request.access & BOTH, address, explained);
  if (!decided) answerByEntries(explained);
}

/** A context-entry or PASID-table entry that is held and stale leads the unit, unless the IOTLB has its page. */
function answerByEntries(explained: Explanation): void {
  const held = explained.steps.flatMap(({ caches }) => caches).find(({ stale, cache }) => stale && cache !== "IOTLB");
  if (held === undefined) return;
  const { cache, holds } = held;
  const refused = holds === REFUSAL;
  const why = refused ? "the unit refuses it" : `the unit goes by ${holds}`;
  explained.answer = { kind: refused ? "refused" : "walked", cache, why: until(why, cache), clause: INVALIDATION };
}

function until(what: string, cache: string): string {
  return `${what}, which its ${cache} holds, until an invalidation covers it`;
}

/** Adds what the interrupt entry cache holds to the steps of an explained interrupt request. */
export function annotateMessage(word: UnitWord, explained: Explanation, judge: JudgeEntry): void {
  const { steps, verdict } = explained;
  const step = steps.find(({ structure }) => structure.startsWith("IRTE"));
  if (step?.index === undefined) return;
  const line = abi.UNIT_INTERRUPT_CACHE + (step.index % abi.INTERRUPT_CACHE_ENTRIES) * abi.INTERRUPT_CACHE_ENTRY_SIZE;
  if (word(line) !== abi.INTERRUPT_CACHE_VALID + step.index) return;
  const words = [8, 12, 16, 20].map((offset) => word(line + offset));
  const [low, second, third, high] = words as [number, number, number, number];
  const held = [hex64(low, second), hex64(third, high)];
  const stale = held.join() !== step.raw?.join();
  const used = verdict.kind !== "refused" || verdict.reason !== 0;
  const cache = "interrupt entry cache";
  step.caches.push({ cache, holds: held.join(" "), used, stale });
  if (!stale || step.address === undefined) return;
  const { kind, why } = judge(step.address, words);
  explained.answer = { kind, cache, why: until(`the unit decides: ${why}`, cache), clause: INVALIDATION };
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
    step.caches.push({ cache: "context cache", holds: REFUSAL, used: true, stale: isPresent(step) });
    return undefined;
  }
  const domain = extract([tag.lo], abi.IOTLB_TAG_OWNER_HI, abi.IOTLB_TAG_OWNER_LO);
  const passes = extract([tag.lo, tag.hi], abi.IOTLB_TAG_IDENTITY, abi.IOTLB_TAG_IDENTITY) === 1;
  const table = hex64(extract(info, 31, abi.CONTEXT_TABLE_LO) * PAGE_SIZE, extract(info, abi.CONTEXT_TABLE_HI, 32));
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
  const { UNIT_PASID_CACHE, PASID_CACHE_ENTRIES, PASID_CACHE_ENTRY_SIZE, PASID_CACHE_KEY } = abi;
  const lines = word(abi.UNIT_PASIDS_USED) === 0 ? 0 : PASID_CACHE_ENTRIES;
  for (let index = 0; index < lines; index++) {
    const line = UNIT_PASID_CACHE + index * PASID_CACHE_ENTRY_SIZE;
    if (word(line + PASID_CACHE_KEY) !== low) continue;
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

/** The IOTLB's entry for the page. Returns whether it decides the request. */
function iotlbEntry(word: UnitWord, owner: Owner, access: number, address: Halves, explained: Explanation): boolean {
  const last = explained.steps.at(-1);
  const value = iotlbValue(word, owner, address);
  if (last === undefined || value === undefined) return false;
  const { verdict } = explained;
  const granted = extract(value, abi.IOTLB_GRANTED_HI, abi.IOTLB_GRANTED_LO);
  const cache = "IOTLB";
  if (granted === 0) {
    const used = extract(value, abi.IOTLB_REFUSED_HI, abi.IOTLB_REFUSED_LO) === access;
    const stale = used && verdict.kind === "allowed";
    last.caches.push({ cache, holds: REFUSAL, used, stale });
    const why = until("the unit refuses it", cache);
    if (stale) explained.answer = { kind: "refused", cache, why, clause: INVALIDATION };
    return used;
  }
  const page = extract(value, 31, abi.IOTLB_PAGE_LO) * PAGE_SIZE + extract(value, abi.IOTLB_PAGE_HI, 32) * 2 ** 32;
  const used = (access & ~granted) === 0;
  const now = verdict.kind === "allowed" ? verdict.hpa - (verdict.hpa % PAGE_SIZE) : undefined;
  const beyond = verdict.kind === "allowed" && (granted & ~verdict.granted) !== 0;
  const stale = used && (now !== page || beyond);
  last.caches.push({ cache, holds: `the page at ${hex(page)}, for ${accessText(granted)}`, used, stale });
  if (stale) {
    const hpa = page + (address.lo % PAGE_SIZE);
    const what = `the unit answers ${hex(hpa)}, for ${accessText(granted)}`;
    explained.answer = { kind: "allowed", cache, hpa, granted, why: until(what, cache), clause: INVALIDATION };
  }
  return used;
}

/** What the IOTLB holds for the page of an address; undefined when nothing. */
function iotlbValue(word: UnitWord, owner: Owner, address: Halves): [lo: number, hi: number] | undefined {
  if (address.hi >= 2 ** (TAG_BITS - 32)) return undefined;
  const page = (address.lo >>> PAGE_SHIFT) * 2 ** abi.IOTLB_TAG_ADDRESS_LO;
  const lo = (page % 2 ** 32) + bits(owner.tag.lo, abi.IOTLB_TAG_OWNER_HI, abi.IOTLB_TAG_OWNER_LO);
  const hi =
    (owner.tag.hi | (address.hi * 2 ** (abi.IOTLB_TAG_ADDRESS_LO - PAGE_SHIFT) + Math.floor(page / 2 ** 32))) >>> 0;
  // In strict mode tags have no IOTLB_VALID, and lines that hold nothing have no value.
  const marked = word(abi.UNIT_STRICT) === 0 ? hi : (hi & ~VALID) >>> 0;
  const { UNIT_IOTLB, IOTLB_ENTRIES, IOTLB_ENTRY_SIZE } = abi;
  const entries = word(abi.UNIT_USED) === 0 ? 0 : IOTLB_ENTRIES;
  for (let index = 0; index < entries; index++) {
    const entry = UNIT_IOTLB + index * IOTLB_ENTRY_SIZE;
    if (word(entry) !== lo || word(entry + 4) !== marked) continue;
    const value: [number, number] = [word(entry + 8), word(entry + 12)];
    if (value[0] !== 0 || value[1] !== 0) return value;
  }
  return undefined;
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
