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

  /** log2 of the page that second-stage tables map at an address, whatever rights they give; undefined without one. */
  secondStagePage(top: bigint, levels: number, iova: bigint): number | undefined {
    let table = top;
    for (let level = levels - 1; level >= 0; level--) {
      const shift = 12 + level * ss.SS_INDEX_WIDTH;
      const entry = this.word(table + field(11, 3, iova >> BigInt(shift)));
      if (get(entry, ss.SS_W_HI, ss.SS_R_LO) === 0n) return undefined;
      if (level === 0 || get(entry, ss.SS_PS_HI, ss.SS_PS_LO) === 1n) return shift;
      table = entry & whole(ss.SS_ADDR_HI, ss.SS_ADDR_LO);
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

/** Whether a step reads or writes memory for a device. */
export function isWrite(step: Step & { op: "dma" | "probe" | "message" }): boolean {
  return step.op !== "dma" || step.direction === "write";
}
