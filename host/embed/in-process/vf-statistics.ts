// A VF's own counters: 32 bits wide, never cleared, wrapping; their driver adds up the differences (I350 §8.26.30 on).
import {
  VFGORC,
  VFGORLBC,
  VFGOTC,
  VFGOTLBC,
  VFGPRC,
  VFGPRLBC,
  VFGPTC,
  VFGPTLBC,
  VFMPRC,
} from "../../../assembly/spec/igb/vf.ts";
import type { Snapshotable } from "../../core/ports.ts";
import type { Registers } from "./guest.ts";

/** What the card counted for a VF since its driver started. Octets include each frame's CRC. */
export interface VfCounts {
  rxFrames: number;
  rxOctets: number;
  txFrames: number;
  txOctets: number;
  rxMulticast: number;
  loopbackRxFrames: number;
  loopbackRxOctets: number;
  loopbackTxFrames: number;
  loopbackTxOctets: number;
}

const COUNTERS: Readonly<VfCounts> = {
  rxFrames: VFGPRC,
  rxOctets: VFGORC,
  txFrames: VFGPTC,
  txOctets: VFGOTC,
  rxMulticast: VFMPRC,
  loopbackRxFrames: VFGPRLBC,
  loopbackRxOctets: VFGORLBC,
  loopbackTxFrames: VFGPTLBC,
  loopbackTxOctets: VFGOTLBC,
};
const NAMES = Object.keys(COUNTERS) as (keyof VfCounts)[];

export interface VfStatisticsState {
  counts: VfCounts;
  last: VfCounts;
}

export class VfStatistics implements Snapshotable<VfStatisticsState> {
  readonly #registers: Registers;
  #counts: VfCounts = zero();
  #last: VfCounts = zero();

  constructor(registers: Registers) {
    this.#registers = registers;
  }

  /** After a reset: the registers may have started anew. */
  rebase(): void {
    for (const name of NAMES) this.#last[name] = this.#registers.read(COUNTERS[name]);
  }

  /** Reads the registers. Called at least once in the time that the fastest takes to wrap (34 s at 1 Gb/s). */
  update(): VfCounts {
    for (const name of NAMES) {
      const now = this.#registers.read(COUNTERS[name]);
      this.#counts[name] += (now - this.#last[name]) >>> 0;
      this.#last[name] = now;
    }
    return { ...this.#counts };
  }

  save(): VfStatisticsState {
    return { counts: { ...this.#counts }, last: { ...this.#last } };
  }

  restore(state: VfStatisticsState): void {
    this.#counts = { ...state.counts };
    this.#last = { ...state.last };
  }
}

function zero(): VfCounts {
  return Object.fromEntries(NAMES.map((name) => [name, 0])) as unknown as VfCounts;
}
