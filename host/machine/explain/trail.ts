// The way of one request through the tables: reads entries, writes down what it sees, and ends in a refusal.
import { hex, hex64 } from "../../core/address.ts";
import { extract } from "../../core/bits.ts";
import { faultText } from "../fault.ts";
import {
  DMA_CLAUSE,
  DMA_CONDITIONS,
  type DmaCondition,
  INTERRUPT_CLAUSE,
  INTERRUPT_CONDITIONS,
  type InterruptCondition,
} from "./conditions.ts";
import type { ExplainedField, ExplainedStep, Refusal } from "./types.ts";
import type { UnitView } from "./unit-view.ts";

/** What kind of table an entry lies in; caches keep the kinds apart. */
export interface Place {
  kind: "context" | "pasid" | "first-stage" | "second-stage" | "interrupt" | "descriptor";
  /** The domain-id that caches tag a paging entry with; 0 for other kinds. */
  domainId: number;
}

/**
 * Reads `dwords` words of memory at an HPA, a multiple of 8 below 2^52, without any effect; undefined where no RAM is.
 */
export type Read = (hpa: number, dwords: number, place: Place) => ArrayLike<number> | undefined;

/** A structure of the specification: its fields without those that are reserved or ignored. */
export interface Structure {
  name: string;
  clause: string;
  /** Bytes of an entry. */
  size: number;
  fields: readonly (readonly [name: string, hi: number, lo: number])[];
  /** The bit without which only P and FPD mean something; undefined when there is none. */
  present: number | undefined;
}

/** Thrown inside a walk, caught where the walk began. */
export class Refused {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    this.refusal = refusal;
  }
}

const DWORD = 4;

export class Trail {
  readonly unit: UnitView;
  /** FPD of an entry that the request was processed through. */
  suppressing = false;
  readonly #read: Read;
  /** Where steps go; undefined when nobody wants them. */
  #steps: ExplainedStep[] | undefined;
  #within: ExplainedStep[] = [];

  /** @param steps receives the steps; undefined when only the verdict counts. */
  constructor(unit: UnitView, read: Read, steps: ExplainedStep[] | undefined) {
    this.unit = unit;
    this.#read = read;
    this.#steps = steps;
  }

  /**
   * Reads entry `index` of the table at `table`; undefined when it cannot be read, or its address is beyond HAW. What
   * format it has may depend on the entry itself, its size may not.
   */
  entry(
    format: Structure | ((words: ArrayLike<number>) => Structure),
    table: number,
    index: number,
    place: Place,
  ): Entry | undefined {
    const { size } = typeof format === "function" ? format([]) : format;
    const address = table + index * size;
    const reachable = address < 2 ** this.unit.hostAddressWidth;
    const words = reachable ? this.#read(address, size / DWORD, place) : undefined;
    if (this.#steps !== undefined) {
      const structure = typeof format === "function" ? format(words ?? []) : format;
      this.#steps.push({
        structure: structure.name,
        clause: structure.clause,
        index,
        address,
        raw: words === undefined ? undefined : rawOf(words),
        fields: words === undefined ? [] : fieldsOf(structure, words),
        note: words === undefined ? "no memory that tables can be read from" : "",
        within: this.#within,
        caches: [],
      });
      this.#within = [];
    }
    return words === undefined ? undefined : new Entry(words);
  }

  /** Writes down a register as a step. */
  register(name: string, clause: string, words: ArrayLike<number>, fields: Structure["fields"], note: string): void {
    this.#steps?.push({
      structure: name,
      clause,
      index: undefined,
      address: undefined,
      raw: rawOf(words),
      fields: fields.map((field) => decode(words, field)),
      note,
      within: [],
      caches: [],
    });
  }

  /** Says what the last entry means. */
  note(text: string): void {
    const last = this.#steps?.at(-1);
    if (last !== undefined) last.note = text;
  }

  /** Whether notes are wanted. */
  get recording(): boolean {
    return this.#steps !== undefined;
  }

  /** The steps of `walk` belong to the entry that is read after it. */
  nested<Result>(walk: () => Result): Result {
    const steps = this.#steps;
    if (steps === undefined) return walk();
    const inner: ExplainedStep[] = [];
    this.#steps = inner;
    try {
      const result = walk();
      this.#steps = steps;
      this.#within = inner;
      return result;
    } catch (refused) {
      this.#steps = steps;
      steps.push(...inner);
      throw refused;
    }
  }

  /** Ends the walk of a DMA request. */
  refuse(condition: DmaCondition): never {
    const { reason, qualified } = DMA_CONDITIONS[condition];
    throw this.#refusal(reason, qualified, condition, DMA_CLAUSE);
  }

  /** Ends the walk of an interrupt request. */
  block(condition: InterruptCondition): never {
    const { reason, qualified } = INTERRUPT_CONDITIONS[condition];
    throw this.#refusal(reason, qualified, condition, INTERRUPT_CLAUSE);
  }

  #refusal(reason: number, qualified: boolean, condition: string, clause: string): Refused {
    return new Refused({
      kind: "refused",
      reason,
      why: faultText(reason),
      condition,
      clause,
      qualified,
      suppressed: qualified && this.suppressing,
    });
  }
}

/** An entry that was read. */
export class Entry {
  readonly words: ArrayLike<number>;

  constructor(words: ArrayLike<number>) {
    this.words = words;
  }

  /** The field `hi:lo`, at most 32 bits. */
  get(hi: number, lo: number): number {
    return extract(this.words, hi, lo);
  }

  is(bit: number): boolean {
    return extract(this.words, bit, bit) === 1;
  }

  /** Whether any of the bits `hi:lo`, however many, is set; an empty range has none. */
  any(hi: number, lo: number): boolean {
    for (let at = lo; at <= hi; ) {
      const top = Math.min(hi, at | 31);
      if (extract(this.words, top, at) !== 0) return true;
      at = top + 1;
    }
    return false;
  }

  /** The address whose bits `hi:lo` of a 64-bit word stand at the same places of word `word`; below 2^52 once checked. */
  address(hi: number, lo: number, word = 0): number {
    const base = word * 64;
    const low = lo < 32 ? extract(this.words, base + 31, base + lo) * 2 ** lo : 0;
    return low + extract(this.words, base + hi, base + 32) * 2 ** 32;
  }
}

function rawOf(words: ArrayLike<number>): string[] {
  return Array.from({ length: words.length >>> 1 }, (_, place) =>
    hex64(words[2 * place] as number, words[2 * place + 1] as number),
  );
}

function fieldsOf({ fields, present }: Structure, words: ArrayLike<number>): ExplainedField[] {
  const absent = present !== undefined && extract(words, present, present) === 0;
  const shown = absent ? fields.filter(([name]) => name === "P" || name === "FPD") : fields;
  return shown.map((field) => decode(words, field));
}

/** A field's bits in place, in hexadecimal; an address field keeps its place. */
function decode(words: ArrayLike<number>, [name, hi, lo]: readonly [string, number, number]): ExplainedField {
  const bits = hi === lo ? String(hi) : `${hi}:${lo}`;
  if (hi - lo < 32) return { name, bits, value: hex(extract(words, hi, lo)) };
  const shift = lo % 64;
  const low = shift < 32 ? extract(words, lo - shift + 31, lo) * 2 ** shift : 0;
  const high = extract(words, hi, lo - shift + 32);
  return { name, bits, value: hex64(low, high) };
}
