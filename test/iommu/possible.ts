// The outcomes that a request may have while caches hold what tables said earlier: the explanation of
// host/machine/explain, written from the specification, is asked once for every choice among the values that a word of
// a table has had since it could last be dropped from all caches.
import { judgeMessage, judgeRequest, MALFORMED } from "../../host/machine/explain/explain.ts";
import type { Place, Read } from "../../host/machine/explain/trail.ts";
import type { ExplainInterruptRequest, ExplainRequest, Verdict } from "../../host/machine/explain/types.ts";
import type { UnitView } from "../../host/machine/explain/unit-view.ts";

/** The possible values of the 64-bit word at an address; undefined where nothing can be read. */
export type Words = (address: number, place: Place) => readonly bigint[] | undefined;

/** `hpa <hex>` or `fault <hex>`. */
export type Outcome = string;

/** More choices than this are not tried: the outcome is then not judged. */
const LIMIT = 20_000;

/** What a verdict is to a device: where the request went, or why it did not. */
export function outcomeOf(verdict: Verdict, address: bigint): Outcome {
  if (verdict.kind === "allowed") return `hpa ${verdict.hpa.toString(16)}`;
  // IommuUnit.translate leaves the interrupt range as it is: what lies there is decided with the length of the request.
  if (verdict.kind === "refused" && verdict.condition === MALFORMED) return `hpa ${address.toString(16)}`;
  if (verdict.kind === "refused") return `fault ${verdict.reason.toString(16)}`;
  if (verdict.kind === "remapped") return `interrupt ${JSON.stringify(verdict.interrupt)}`;
  return verdict.kind === "interrupt-range" ? `hpa ${address.toString(16)}` : verdict.kind;
}

/** The verdicts on a DMA request, one for every choice of words; the first is that of the first values. */
export function verdictsOf(unit: UnitView, words: Words, request: ExplainRequest): Generator<Verdict> {
  return choices(words, (read) => judgeRequest(unit, read, request));
}

/** The verdicts on an interrupt request likewise. */
export function messageVerdictsOf(unit: UnitView, words: Words, request: ExplainInterruptRequest): Generator<Verdict> {
  return choices(words, (read) => judgeMessage(unit, read, request));
}

/** Whether `wanted` is among the outcomes; otherwise all of them. */
export function isPossible(verdicts: Iterable<Verdict>, address: bigint, wanted: Outcome): true | Set<Outcome> {
  const found = new Set<Outcome>();
  let tried = 0;
  for (const verdict of verdicts) {
    const outcome = outcomeOf(verdict, address);
    if (outcome === wanted) return true;
    found.add(outcome);
    if (++tried === LIMIT) return true;
  }
  return found;
}

/** Runs `judge` with every combination of the values of the words that it reads. */
function* choices(words: Words, judge: (read: Read) => Verdict): Generator<Verdict> {
  const chosen: number[] = [];
  const counts: number[] = [];
  for (;;) {
    let depth = 0;
    const read: Read = (hpa, dwords, place) => {
      const out = new Uint32Array(dwords);
      for (let word = 0; word < dwords / 2; word++) {
        const values = words(hpa + word * 8, place);
        if (values === undefined) return undefined;
        let choice = 0;
        if (values.length > 1) {
          counts[depth] = values.length;
          choice = chosen[depth] ??= 0;
          depth++;
        }
        const value = values[choice] as bigint;
        out[2 * word] = Number(value & 0xffff_ffffn);
        out[2 * word + 1] = Number(value >> 32n);
      }
      return out;
    };
    yield judge(read);
    chosen.length = depth;
    while (chosen.length > 0 && (chosen.at(-1) as number) + 1 === counts[chosen.length - 1]) chosen.pop();
    if (chosen.length === 0) return;
    chosen[chosen.length - 1] = (chosen.at(-1) as number) + 1;
  }
}
