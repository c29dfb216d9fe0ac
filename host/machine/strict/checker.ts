// Holds every use of a unit's caches against the tables in memory. Whatever differs is stale: software changed a
// structure and left out an invalidation. Which structure that was, the entries tell that the checker saw when the
// caches and memory still agreed.
import { PASID_HI, PASID_LO, PASID_PRESENT } from "../../../assembly/spec/abi/iommu.ts";
import { USE_CONTEXT_STALE, USE_PASID_STALE } from "../../../assembly/spec/abi/strict.ts";
import * as irta from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import { IRTE_SIZE } from "../../../assembly/spec/vtd/irte.ts";
import { hex, hex64, join32 } from "../../core/address.ts";
import { bits } from "../../core/bits.ts";
import type { DmaUse } from "../../core/engine.ts";
import { explainRequest, MALFORMED } from "../explain/explain.ts";
import type { Read } from "../explain/trail.ts";
import type { ExplainedStep, Explanation } from "../explain/types.ts";
import type { UnitView } from "../explain/unit-view.ts";
import { faultText } from "../fault.ts";
import type { IommuCapabilities } from "../iommu-capabilities.ts";
import type { UseWatcher } from "../module-memory.ts";
import * as missing from "./missing.ts";
import type { MissingInvalidation, StaleUse } from "./types.ts";

/** Entries that are remembered at a time: a bound, not a limit of what is found. */
const SEEN_MAX = 0x4_0000;
/** Flags that hardware sets itself. */
const FLAGS: ReadonlySet<string> = new Set(["A", "D", "EA"]);
const PAGE_SIZE = 4096;
const DWORD = 4;

/** An entry as it was when caches and memory agreed. */
interface Seen {
  structure: string;
  fields: ReadonlyMap<string, string>;
}

function fieldsOf(step: ExplainedStep): Map<string, string> {
  return new Map(step.fields.filter(({ name }) => !FLAGS.has(name)).map(({ name, value }) => [name, value]));
}

function numberOf(fields: ReadonlyMap<string, string> | undefined, name: string): number | undefined {
  const value = fields?.get(name);
  return value === undefined ? undefined : Number(value);
}

export class StrictChecker implements UseWatcher {
  readonly #view: () => UnitView;
  readonly #read: Read;
  readonly #capabilities: Readonly<Pick<IommuCapabilities, "cachingMode" | "maximumAddressMask">>;
  readonly #seen = new Map<number, Seen>();
  /** Of each invalidation that is missing, by its text: what was found stale for want of it, */
  readonly #missed = new Map<string, number>();
  /** and of what was found stale: which are missing. */
  readonly #stale = new Map<string, Set<string>>();
  #reports: StaleUse[] = [];

  /** @param view the unit's registers, as they are; `read` memory without effects. */
  constructor(
    view: () => UnitView,
    read: Read,
    capabilities: Readonly<Pick<IommuCapabilities, "cachingMode" | "maximumAddressMask">>,
  ) {
    this.#view = view;
    this.#read = read;
    this.#capabilities = capabilities;
  }

  /** What was found since the last call. */
  take(): StaleUse[] {
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  use(use: DmaUse): void {
    if (use.access === 0) return;
    const { requesterId, access, reason, stale } = use;
    const pasid = (use.pasid & PASID_PRESENT) === 0 ? undefined : bits(use.pasid, PASID_HI, PASID_LO);
    const iova = { lo: use.iovaLo, hi: use.iovaHi };
    const explanation = explainRequest(this.#view(), this.#read, { requesterId, pasid, iova, access });
    const { verdict, steps } = explanation;
    const hpa = join32(use.hpaLo, use.hpaHi);
    const key = `${requesterId} ${use.pasid} ${use.iovaHi} ${Math.floor(use.iovaLo / PAGE_SIZE)}`;
    if (verdict.kind !== "allowed" && verdict.kind !== "refused") return;
    if (verdict.kind === "refused" && verdict.condition === MALFORMED) return;
    const same = verdict.kind === "allowed" ? reason === 0 && verdict.hpa === hpa : reason === verdict.reason;
    if (same && stale === 0) {
      this.#agreed(key);
      this.#remember(steps);
      return;
    }
    const found = this.#missing(use, explanation);
    // What is refused although nothing that was seen changed has reasons of its own.
    if (found === undefined && (reason !== 0 || same)) return;
    const which = found ?? missing.globalInvalidation();
    const address = hex64(use.iovaLo, use.iovaHi);
    const report: StaleUse = {
      requesterId,
      ...(pasid === undefined ? {} : { pasid }),
      iova: address,
      cached: reason === 0 ? `${address} is ${hex(hpa)}` : `refused, ${hex(reason)}: ${faultText(reason)}`,
      actual: verdict.kind === "allowed" ? verdict.why : `refused, ${hex(verdict.reason)}: ${verdict.why}`,
      missing: which,
    };
    this.#report(key, report);
  }

  useEntry(requesterId: number, index: number, words: Uint32Array): void {
    const { lo, hi } = this.#view().interruptTable;
    const base = join32(bits(lo, 31, irta.IRTA_IRTA_LO) * 2 ** irta.IRTA_IRTA_LO, bits(hi, 19, 0));
    const entry = this.#read(base + index * IRTE_SIZE, IRTE_SIZE / DWORD, { kind: "interrupt", domainId: 0 });
    const key = `interrupt ${index}`;
    if (entry === undefined || words.every((word, place) => word === entry[place])) {
      this.#agreed(key);
      return;
    }
    const text = (of: ArrayLike<number>): string =>
      `IRTE ${index}: ${hex64(of[2] as number, of[3] as number)} ${hex64(of[0] as number, of[1] as number)}`;
    const which = missing.interruptInvalidation(index);
    this.#report(key, { requesterId, cached: text(words), actual: text(entry), missing: which });
  }

  /** A missing invalidation is reported once, until all that it left stale is put right. */
  #report(key: string, report: StaleUse): void {
    const { text } = report.missing;
    const count = this.#missed.get(text) ?? 0;
    const wanting = this.#stale.get(key) ?? new Set();
    if (count === 0) this.#reports.push(report);
    if (wanting.has(text)) return;
    this.#missed.set(text, count + 1);
    this.#stale.set(key, wanting.add(text));
  }

  /** Caches and memory say the same of it again. */
  #agreed(key: string): void {
    for (const text of this.#stale.get(key) ?? []) {
      const left = (this.#missed.get(text) ?? 1) - 1;
      if (left === 0) this.#missed.delete(text);
      else this.#missed.set(text, left);
    }
    this.#stale.delete(key);
  }

  /** Entries that caches may hold now; those that are not present only in Caching Mode. */
  #remember(steps: readonly ExplainedStep[]): void {
    if (this.#seen.size > SEEN_MAX) this.#seen.clear();
    for (const step of inOrder(steps)) {
      if (step.address === undefined) continue;
      const fields = fieldsOf(step);
      const present = ["P", "R", "W", "LP", "UP"].some((name) => (numberOf(fields, name) ?? 0) !== 0);
      if (present || this.#capabilities.cachingMode)
        this.#seen.set(step.address, { structure: step.structure, fields });
      else this.#seen.delete(step.address);
    }
  }

  /** Which invalidation would have prevented it; undefined when nothing on the way changed. */
  #missing(use: DmaUse, { steps, verdict }: Explanation): MissingInvalidation | undefined {
    const all = inOrder(steps);
    const seenOf = (step: ExplainedStep): Seen | undefined => {
      const seen = step.address === undefined ? undefined : this.#seen.get(step.address);
      return seen?.structure.split(" ")[0] === step.structure.split(" ")[0] ? seen : undefined;
    };
    const now = (name: string): ExplainedStep | undefined => steps.find(({ structure }) => structure.endsWith(name));
    const context = now("context-entry");
    const table = now("PASID-table entry");
    const old = (step: ExplainedStep | undefined, name: string): number | undefined =>
      step === undefined ? undefined : (numberOf(seenOf(step)?.fields, name) ?? numberOf(fieldsOf(step), name));
    const domainId = old(table ?? context, "DID");
    if ((use.stale & USE_CONTEXT_STALE) !== 0) {
      return missing.contextInvalidation(use.requesterId, context === undefined ? undefined : old(context, "DID"));
    }
    const requested = (use.pasid & PASID_PRESENT) === 0 ? undefined : bits(use.pasid, PASID_HI, PASID_LO);
    const pasid = requested ?? old(context, "RID_PASID");
    const iova = { lo: use.iovaLo, hi: use.iovaHi };
    const { maximumAddressMask } = this.#capabilities;
    const space = { requesterId: use.requesterId, domainId: domainId ?? 0, pasid, iova, maximumAddressMask };
    if ((use.stale & USE_PASID_STALE) !== 0) return missing.pasidInvalidation(space.domainId, pasid ?? 0);
    const hasFirst = all.some(({ structure }) => structure.startsWith("FS-"));
    for (const step of all) {
      const seen = seenOf(step);
      if (seen === undefined || !differs(seen.fields, fieldsOf(step))) continue;
      if (!isPaging(step)) {
        const current = numberOf(fieldsOf(table ?? context ?? step), "DID") ?? space.domainId;
        return missing.spaceInvalidation({ ...space, domainId: current }, hasFirst);
      }
      const leaf = step.structure.endsWith("-PTE") || numberOf(seen.fields, "PS") === 1;
      return missing.pageInvalidation(space, step, leaf, hasFirst);
    }
    return verdict.kind === "allowed" && use.reason === 0 ? missing.spaceInvalidation(space, hasFirst) : undefined;
  }
}

/** Steps in the order in which they are met: those within one come before it. */
function inOrder(steps: readonly ExplainedStep[]): ExplainedStep[] {
  return steps.flatMap((step) => [...inOrder(step.within), step]);
}

function isPaging({ structure }: ExplainedStep): boolean {
  return structure.startsWith("SS-") || structure.startsWith("FS-");
}

/** Of an entry that is not present any more, P and FPD alone are told. */
function differs(one: ReadonlyMap<string, string>, two: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of one) if (two.get(name) !== value) return true;
  return false;
}
