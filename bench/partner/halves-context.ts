// The context cache of the careful JavaScript: root-entry and context-entry, one line for each requester.
import type { UnitIdentity } from "../scene/machine.ts";
import type { HalvesMap } from "./halves-map.ts";

const PAGE = ~0xfff;
/** Of a tag's upper half: valid, identity, domain-id above the 13 bits that are left of the address. */
const VALID = 0x8000_0000 | 0;
const IDENTITY = 0x4000_0000;
const DOMAIN = 13;
/** Of a line's second word. */
const GENERATION = 20;
/** The line of every requester while translation is disabled. */
const DISABLED = 65536 << 2;

/** The reserved bits in the upper half of an address. */
export function reservedHigh(hostAddressWidth: number): number {
  return -1 << (hostAddressWidth - 32);
}

export class HalvesContexts {
  readonly #lines: Int32Array;
  readonly #map: HalvesMap;
  readonly #rootLo: number;
  readonly #reservedHi: number;
  readonly #supported: number;
  readonly #passThrough: boolean;
  readonly #deviceTlb: boolean;
  readonly #reservedDomain: number;

  /** Lines have four words: tag, generation and levels, table in two halves; one for each requester ID, and DISABLED. */
  constructor(lines: Int32Array, map: HalvesMap, rootTable: number, { hostAddressWidth, capLo, ecapLo }: UnitIdentity) {
    this.#lines = lines;
    this.#map = map;
    this.#rootLo = rootTable;
    this.#reservedHi = reservedHigh(hostAddressWidth);
    this.#supported = (capLo >>> 8) & 31;
    this.#passThrough = (ecapLo & 0x40) !== 0;
    this.#deviceTlb = (ecapLo & 4) !== 0;
    this.#reservedDomain = 0xffff & (-1 << (4 + 2 * (capLo & 7)));
    this.#lines[DISABLED] = VALID | IDENTITY;
  }

  /** Fills a line with what the entries say, for a generation. Returns the reason of a refusal, or 0. */
  decide(requesterId: number, line: number, generation: number): number {
    const map = this.#map;
    const contexts = this.#lines;
    if (this.#rootLo & 0xc80) return 0x30;
    const rootAt = map.word((this.#rootLo & PAGE) + ((requesterId >>> 8) << 4), 0);
    if (rootAt < 0) return 0x08;
    const words = map.words;
    const root = words[rootAt] as number;
    const rootHi = words[rootAt + 1] as number;
    if ((root & 1) === 0) return 0x01;
    if ((root & 0xffe) | (rootHi & this.#reservedHi) | (words[rootAt + 2] as number) | (words[rootAt + 3] as number)) {
      return 0x0a;
    }
    const at = map.word((root & PAGE) + ((requesterId & 0xff) << 4), rootHi);
    if (at < 0) return 0x09;
    const entry = words[at] as number;
    const entryHi = words[at + 1] as number;
    const upper = words[at + 2] as number;
    if ((entry & 1) === 0) return 0x02;
    const type = (entry >>> 2) & 3;
    const domain = (upper >>> 8) & 0xffff;
    let reserved =
      (entry & 0xff0) | (upper & 0xff00_0080) | (words[at + 3] as number) | (domain & this.#reservedDomain);
    if (type !== 2) reserved |= entryHi & this.#reservedHi;
    if (reserved) return 0x0b;
    if (type === 3 || (type === 2 && !this.#passThrough) || (type === 1 && !this.#deviceTlb)) return 0x03;
    const width = upper & 7;
    if (width < 1 || width > 3 || ((this.#supported >>> width) & 1) === 0) return 0x03;
    contexts[line] = VALID | (type === 2 ? IDENTITY : 0) | (domain << DOMAIN);
    contexts[line + 1] = (generation << GENERATION) | (width + 2);
    contexts[line + 2] = entry & PAGE;
    contexts[line + 3] = entryHi;
    return 0;
  }
}
