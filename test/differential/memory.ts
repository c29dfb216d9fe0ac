// What a case has put into memory before one of its steps, and the structures that lie there.
import * as context from "../../assembly/spec/vtd/context-entry.ts";
import * as root from "../../assembly/spec/vtd/root-entry.ts";
import * as ss from "../../assembly/spec/vtd/second-stage.ts";
import type { Case, Step } from "./case.ts";
import { field, whole } from "./generate/choice.ts";
import { EDU_FUNCTIONS, PROBE_DEVICE, requesterId } from "./machine.ts";

/** The field `hi:lo` of a word. */
export function get(word: bigint, hi: number, lo: number): bigint {
  return (word >> BigInt(lo)) & whole(hi - lo, 0);
}

const PAGE = 4096n;

/** Where legacy mode leads a request: a page of `size` bytes, with the R and W bits that all its entries have. */
export interface LegacyPlace {
  hpa: bigint;
  size: bigint;
  domain: number;
  rights: bigint;
}

export class MemoryBefore {
  readonly #words = new Map<bigint, bigint>();
  readonly #registers = new Map<string, bigint>();

  readonly platform: string;

  constructor(test: Case, index: number) {
    this.platform = test.platform;
    for (const step of test.steps.slice(0, index)) {
      if (step.op === "register") this.#registers.set(step.name, BigInt(step.value));
      if (step.op !== "words") continue;
      for (const [at, word] of step.words.entries()) this.#words.set(BigInt(step.at) + BigInt(at * 8), BigInt(word));
    }
  }

  word(at: bigint): bigint {
    return this.#words.get(at) ?? 0n;
  }

  register(name: string): bigint {
    return this.#registers.get(name) ?? 0n;
  }

  /** The two words of a requester's context entry in legacy mode. */
  context(requester: number): [bigint, bigint] {
    const table = this.register("RTADDR") & ~0xfffn;
    const entry = this.word(table + BigInt((requester >> 8) * root.ROOT_ENTRY_SIZE));
    const at =
      (entry & whole(root.ROOT_CTP_HI, root.ROOT_CTP_LO)) + BigInt((requester & 0xff) * context.CONTEXT_ENTRY_SIZE);
    return [this.word(at), this.word(at + 8n)];
  }

  /** Where legacy mode leads a request, as far as present entries tell; undefined where it leads nowhere. */
  legacyPlace(requester: number, iova: bigint): LegacyPlace | undefined {
    const [low, high] = this.context(requester);
    if (get(low, context.CONTEXT_P_HI, context.CONTEXT_P_LO) === 0n) return undefined;
    const domain = Number(get(high, context.CONTEXT_DID_HI - 64, context.CONTEXT_DID_LO - 64));
    const both = whole(ss.SS_W_HI, ss.SS_R_LO);
    if (get(low, context.CONTEXT_TT_HI, context.CONTEXT_TT_LO) === BigInt(context.CONTEXT_TT_PASS_THROUGH))
      return { hpa: iova, size: PAGE, domain, rights: both };
    let rights = both;
    let table = low & whole(context.CONTEXT_SSPTPTR_HI, context.CONTEXT_SSPTPTR_LO);
    for (
      let level = Number(get(high, context.CONTEXT_AW_HI - 64, context.CONTEXT_AW_LO - 64)) + 1;
      level >= 0;
      level--
    ) {
      const shift = BigInt(12 + level * ss.SS_INDEX_WIDTH);
      const entry = this.word(table + field(11, 3, iova >> shift));
      rights &= entry;
      if ((entry & both) === 0n) return undefined;
      const address = entry & whole(ss.SS_ADDR_HI, ss.SS_ADDR_LO);
      if (level === 0 || get(entry, ss.SS_PS_HI, ss.SS_PS_LO) === 1n) {
        const inside = (1n << shift) - 1n;
        return { hpa: (address & ~inside) | (iova & inside), size: inside + 1n, domain, rights };
      }
      table = address;
    }
    return undefined;
  }
}

/** The access that a look at the faults belongs to: the last one before it. */
export function accessBefore(
  test: Case,
  index: number,
): { index: number; step: Step & { op: "dma" | "probe" | "message" } } | undefined {
  for (let at = index - 1; at >= 0; at--) {
    const step = test.steps[at] as Step;
    if (step.op === "dma" || step.op === "probe" || step.op === "message") return { index: at, step };
  }
  return undefined;
}

export function requesterOf(step: Step & { op: "dma" | "probe" | "message" }): number {
  return requesterId(step.op === "probe" ? { device: PROBE_DEVICE, fn: 0 } : EDU_FUNCTIONS[step.device]);
}

/** The first address in each page that an access reaches. */
export function pagesOf(step: Step & { op: "dma" | "probe" }): bigint[] {
  const first = BigInt(step.iova);
  const last = (first + BigInt(step.length) - 1n) & ~(PAGE - 1n);
  return last > first ? [first, last] : [first];
}

/** Whether a step reads or writes memory for a device. */
export function isWrite(step: Step & { op: "dma" | "probe" | "message" }): boolean {
  return step.op !== "dma" || step.direction === "write";
}
