// Explanations of one unit's requests, for a machine that runs and for the state of one that was saved.
import * as abi from "../../../assembly/spec/abi/iommu.ts";
import * as irta from "../../../assembly/spec/vtd/interrupt-table-address.ts";
import * as irte from "../../../assembly/spec/vtd/irte.ts";
import { extract } from "../../core/bits.ts";
import { FormatError } from "../../core/errors.ts";
import type { MachineState } from "../machine.ts";
import { restoreMemory } from "../memory-image.ts";
import { halvesOf } from "./address.ts";
import { annotateMessage, annotateRequest, type UnitWord } from "./caches.ts";
import { explainMessage, explainRequest, judgeMessage, judgeRequest } from "./explain.ts";
import type { Read } from "./trail.ts";
import type { ExplainInterruptRequest, ExplainRequest, Explanation } from "./types.ts";
import { type UnitView, viewRegisters } from "./unit-view.ts";

const REQUESTERS = 0x1_0000;
const PER_BUS = 256;
/** Conditions of a requester that no table says anything of. */
const UNKNOWN = /^(LRT|SRT|RTA)\.|^(LCT|SCT)\.[12]$/;
const NO_BUS = /^(LRT|SRT|RTA)\./;

/** A requester that the tables know. */
export interface KnownRequester {
  requesterId: number;
  /** What its context-entry says, in words. */
  note: string;
}

export class Explainer {
  readonly view: UnitView;
  readonly #word: UnitWord;
  readonly #read: Read;

  /** @param word gives the unit's words, see assembly/spec/abi/iommu.ts; `read` those of RAM. */
  constructor(word: UnitWord, hostAddressWidth: number, read: Read) {
    this.view = viewRegisters(word, hostAddressWidth);
    this.#word = word;
    this.#read = read;
  }

  /** As IommuUnit.explain. */
  explain(request: ExplainRequest): Explanation {
    const explained = explainRequest(this.view, this.#read, request);
    annotateRequest(this.#word, request, halvesOf(request.iova), explained);
    return explained;
  }

  /** As IommuUnit.explainInterrupt. */
  explainInterrupt(request: ExplainInterruptRequest): Explanation {
    const explained = explainMessage(this.view, this.#read, request);
    annotateMessage(this.#word, explained, (address, words) => {
      const read: Read = (hpa, dwords, place) => (hpa === address ? words : this.#read(hpa, dwords, place));
      return judgeMessage(this.view, read, request);
    });
    return explained;
  }

  /** The requesters that have a context-entry which is present, ascending; none without translation. */
  requesters(): KnownRequester[] {
    const known: KnownRequester[] = [];
    if (!this.view.translating) return known;
    for (let requesterId = 0; requesterId < REQUESTERS; requesterId++) {
      const request = { requesterId, iova: 0, access: abi.ACCESS_READ };
      const verdict = judgeRequest(this.view, this.#read, request);
      const condition = verdict.kind === "refused" ? verdict.condition : "";
      const half = requesterId % (PER_BUS / 2) === 0;
      if (half && NO_BUS.test(condition)) requesterId += PER_BUS / 2 - 1;
      if (UNKNOWN.test(condition)) continue;
      const step = this.explain(request).steps.find(({ structure }) => structure.endsWith("context-entry"));
      known.push({ requesterId, note: step?.note ?? "" });
    }
    return known;
  }

  /** The indices of interrupt-remapping entries that are present, ascending. */
  interruptIndices(): number[] {
    const { lo, hi } = this.view.interruptTable;
    const table = [lo, hi];
    if (!this.view.remapping) return [];
    const base = extract(table, 31, 12) * 2 ** 12 + extract(table, 63, 32) * 2 ** 32;
    const count = 2 ** (extract(table, irta.IRTA_S_HI, irta.IRTA_S_LO) + 1);
    return [...Array(count).keys()].filter((index) => {
      const words = this.#read(base + index * irte.IRTE_SIZE, 2, { kind: "interrupt", domainId: 0 });
      return words !== undefined && extract(words, irte.IRTE_P_HI, irte.IRTE_P_LO) === 1;
    });
  }
}

/**
 * The explainer of a saved machine: its unit's registers and the RAM that was saved with it; RAM of an embedder is not.
 * Throws FormatError for what is no state of a machine.
 */
export function explainerOf(state: MachineState): Explainer {
  try {
    const { iommu } = JSON.parse(state.shape) as { iommu: { hostAddressWidth: number } };
    const bytes = new Uint8Array(abi.UNIT_SIZE);
    for (const piece of state.iommu.pieces) {
      bytes.set(piece.bytes, piece.offset);
    }
    const words = new Uint32Array(bytes.buffer);
    const ram = state.ram.map(({ base, image }) => {
      const memory = new Uint8Array(image.size);
      restoreMemory(memory, image);
      return { base, words: new Uint32Array(memory.buffer) };
    });
    const read: Read = (hpa, dwords) => {
      const region = ram.find(({ base, words }) => hpa >= base && hpa + dwords * 4 <= base + words.byteLength);
      const first = region === undefined ? 0 : (hpa - region.base) / 4;
      return region?.words.subarray(first, first + dwords);
    };
    return new Explainer((offset) => words[offset >>> 2] as number, iommu.hostAddressWidth, read);
  } catch (error) {
    throw new FormatError("snapshot", `is not the state of such a machine (${(error as Error).message})`);
  }
}
