// Which error the AER registers show: the oldest one that software has not cleared, with its TLP's header
// (PCIe 6.0 §6.2.4.2). With Multiple Header Recording, later ones wait in a queue.
import * as aer from "../../assembly/spec/pci/aer.ts";
import { bits, replace } from "../core/bits.ts";
import { FormatError } from "../core/errors.ts";
import { checkStateNumber } from "../core/snapshot.ts";
import { bit, flag } from "./bits.ts";
import type { PciFunction } from "./function.ts";
import type { TlpHeader } from "./tlp.ts";

/** Headers that can wait behind the one that is shown; the specification leaves the number open. */
const CAPACITY = 7;
const NO_HEADER: TlpHeader = [0, 0, 0, 0];

interface Recorded {
  error: number;
  header: number[];
}

export class HeaderLog {
  readonly #fn: PciFunction;
  readonly #offset: number;
  #waiting: Recorded[] = [];

  /** @param offset of the AER capability. */
  constructor(fn: PciFunction, offset: number) {
    this.#fn = fn;
    this.#offset = offset;
    if (!bit(this.#control, aer.AERCTL_MULTIPLE_HEADER_CAPABLE_LO)) return;
    fn.config.onWrite(offset + aer.UE_STATUS, 4, (previous) => this.#cleared(previous));
    fn.onReset((kind) => {
      if (kind === "cold") this.#waiting = [];
    });
    fn.addPart("header-log", {
      save: () => this.#waiting.map(({ error, header }) => ({ error, header: [...header] })),
      restore: (state: Recorded[]) => {
        for (const number of state.flatMap(({ error, header }) => [error, ...header]))
          checkStateNumber(fn.name, number);
        if (state.length > CAPACITY) throw new FormatError(fn.name, `${state.length} headers wait, not ${CAPACITY}`);
        this.#waiting = state.map(({ error, header }) => ({ error, header: [...header] }));
      },
    });
  }

  /** Logs an unmasked error whose status bit was `before` it in `status`. False when no place was left for its header. */
  record(error: number, header: TlpHeader | undefined, before: number): boolean {
    if (!bit(before, this.#first)) {
      this.#show({ error, header: [...(header ?? NO_HEADER)] });
      return true;
    }
    if (!bit(this.#control, aer.AERCTL_MULTIPLE_HEADER_ENABLE_LO)) return true;
    if (this.#waiting.length === CAPACITY) return false;
    this.#waiting.push({ error, header: [...(header ?? NO_HEADER)] });
    return true;
  }

  get #control(): number {
    return this.#fn.config.get(this.#offset + aer.AERCTL, 4);
  }

  get #first(): number {
    return bits(this.#control, aer.AERCTL_FIRST_ERROR_HI, aer.AERCTL_FIRST_ERROR_LO);
  }

  /** Software cleared the status bit of the error that was shown: the next one comes up. */
  #cleared(previous: number): void {
    const { config } = this.#fn;
    const status = config.get(this.#offset + aer.UE_STATUS, 4);
    if (!bit(previous, this.#first) || bit(status, this.#first)) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    // A status bit stays set while a record of its error waits.
    for (const { error } of [next, ...this.#waiting]) config.setBits(this.#offset + aer.UE_STATUS, 4, flag(error));
    this.#show(next);
  }

  #show({ error, header }: Recorded): void {
    const { config } = this.#fn;
    const { AERCTL_FIRST_ERROR_HI, AERCTL_FIRST_ERROR_LO } = aer;
    config.set(
      this.#offset + aer.AERCTL,
      4,
      replace(this.#control, error, AERCTL_FIRST_ERROR_HI, AERCTL_FIRST_ERROR_LO),
    );
    for (const [i, dword] of header.entries()) config.set(this.#offset + aer.HEADER_LOG + 4 * i, 4, dword);
  }
}
